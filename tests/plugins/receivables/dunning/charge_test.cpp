// SPDX-License-Identifier: Apache-2.0
// Fees, interest and fixed sums, by the numbers that others published.
#include "dunning/charge.hpp"

#include <rapidcheck/catch.h>
#include <catch2/catch.hpp>

using namespace dunlin;
using namespace dunlin::receivables;
using namespace dunlin::receivables::dunning;
using Catch::Contains;

namespace {

constexpr int64_t unit = Money::scale;
const Date due = Date::parse("2024-01-10");

std::string text(int64_t units) {
    return Money::text_of(units, 2);
}

ChargePolicy charges(Json body) {
    return parse_charges(body, "c", 1);
}

/// Interest on an amount over so many days from 2024-01-10 on.
std::string bears(const char* amount, const char* rate, int32_t days, Json body = Json::object()) {
    body["rate"] = rate;
    const auto policy = charges(body);
    const Stretch whole{due, due + days, Money::parse_units(amount), policy.rate};
    return text(interest(std::vector{whole}, policy.rule, Currency("GBP")));
}

/// One invoice, what is charged for it, and the letter about it.
struct Case {
    explicit Case(const Json& policy, const Json& level = {{"interest", true}}) {
        Json first{{"level", 1}, {"days", 1}, {"channel", "email"}, {"template", "t"}};
        first.update(level);
        procedure = parse_procedure({{"levels", Json::array({first})}}, "p", 1);
        charge_policy = charges(policy);
        history.due_on = due;
    }
    Letter on(Date as_of) {
        OpenCharge charge;
        charge.item_id = 1;
        charge.currency = currency;
        charge.kind = "invoice";
        charge.due_on = due;
        charge.original = history.amount;
        charge.open = part_open(as_of);
        charge.claimed = claimed;
        charge.procedure = "p";
        customer.charges = {charge};
        Decision out;
        procedures = {{"p", procedure}};
        decide(customer, procedures, as_of, out);  // Letters point into them.
        auto letter = out.letters.at(0);
        add_charges(letter, customer, charge_policy, {{1, history}}, before, as_of);
        return letter;
    }
    int64_t part_open(Date as_of) const {
        auto open = history.amount;
        for (const auto& one : history.settled) open -= one.days.hold(as_of) ? one.amount : 0;
        return open;
    }
    /// What release() keeps of a letter.
    void release(const Letter& letter, Date as_of) {
        const auto& line = letter.lines[0];
        if (line.fixed_sum != 0) before.items[1].has_fixed_sum = true;
        if (line.interest_from) before.items[1].interest_until[0] = as_of;
        before.claimable[{0, currency}] =
            letter.earlier_charges + letter.fee + letter.interest + letter.fixed_sums;
    }
    std::string currency = "EUR";
    int64_t claimed = 0;
    CustomerFacts customer;
    Procedures procedures;
    Procedure procedure;
    ChargePolicy charge_policy;
    ItemHistory history{100 * unit, due, {}, {}, {}};
    Charged before;
};

const Json ten_percent{{"rate", "10"}};
const Json tenth_a_day{{"rate", "36.5"}};  // Of a percent.
const Json free_of_charge{{"rate", "0"}};

}  // namespace

TEST_CASE("charges that cannot be computed are refused with the entry") {
    const auto refusal = [](const Json& body) {
        try {
            charges(body);
            return std::string();
        } catch (const Error& e) {
            return std::string(e.what());
        }
    };
    CHECK_THAT(refusal({{"basis", "statutory"}, {"rate", "8"}}), Contains("reference rates"));
    CHECK_THAT(refusal({{"day_count", "366"}}), Contains("day count"));
    CHECK_THAT(refusal({{"rounding", "up"}}), Contains("rounding"));
    CHECK_THAT(refusal({{"rate", "-1"}}), Contains("percentage"));
    CHECK_THAT(refusal({{"rate", "8"},
                        {"reference", Json::array({Json{{"half_year", "2024"}, {"rate", "1"}}})}}),
               Contains("half-year"));
    const auto twice = Json::array({Json{{"half_year", "2024-1"}, {"rate", "1"}},
                                    Json{{"half_year", "2024-1"}, {"rate", "2"}}});
    CHECK_THAT(refusal({{"reference", twice}}), Contains("there twice"));
    const Json sums{{"GBP", Json::array({Json{{"at_least", "5"}, {"sum", "40"}}})}};
    CHECK_THAT(refusal({{"fixed_sums", sums}}), Contains("ascend from 0"));
    CHECK_THAT(refusal({{"basis", "statutory"},
                        {"reference", Json::array({Json{{"half_year", "2024-1"}, {"rate", "1"}}})},
                        {"consumer_interest", "terms"}}),
               Contains("between businesses"));
    for (const char* name : {"none", "uk_statutory", "eu_directive"}) {
        CHECK(refusal(*default_charges(name)).empty());
    }
}

TEST_CASE("I7_uk_statutory: interest is exact in between and rounded where the policy says") {
    CHECK(bears("2000", "13.25", 45) == "32.67");  // Its source rounds 45/365 and says 32.66.
    CHECK(bears("3000", "11.75", 60) == "57.95");
    CHECK(bears("1000", "8.5", 365) == "85.00");
    CHECK(bears("1000", "8.5", 1) == "0.23");
    // Rounded each day, a year of 0.23 is 83.95.
    CHECK(bears("1000", "8.5", 365, {{"rounding", "day"}}) == "83.95");
}

TEST_CASE("I7_uk_statutory: the rates of the table, and a missing one refuses") {
    const auto uk = parse_charges(*default_charges("uk_statutory"), "uk_statutory", 0);
    const auto on = [&](const char* day) { return text(rate_on(uk, Date::parse(day))); };
    CHECK(on("2018-01-01") == "8.50");
    CHECK(on("2022-03-05") == "8.25");
    CHECK(on("2022-07-01") == "9.25");
    CHECK(on("2023-06-30") == "11.50");
    CHECK(on("2023-07-01") == "13.00");
    CHECK(on("2024-01-01") == "13.25");
    CHECK_THROWS_WITH(on("2019-01-01"), Contains("no reference rate for 2019-01-01") &&
                                            Contains("2019-01-01") && Contains("set_charges"));
}

TEST_CASE("I7_uk_statutory: fixed sums by the size of the debt") {
    const auto uk = parse_charges(*default_charges("uk_statutory"), "uk_statutory", 0);
    const auto sum = [&](const char* amount) {
        return fixed_sum(uk, "GBP", Money::parse_units(amount)) / unit;
    };
    CHECK(sum("0.01") == 40);
    CHECK(sum("999.99") == 40);
    CHECK(sum("1000") == 70);
    CHECK(sum("9999.99") == 70);
    CHECK(sum("10000") == 100);
    CHECK(fixed_sum(uk, "EUR", 100 * unit) == 0);
}

TEST_CASE("I7_uk_statutory: the half-year in which it became late, or parted at each change") {
    auto body = *default_charges("uk_statutory");
    const auto late = Date::parse("2023-06-20");  // Due on the day before.
    const auto sum = [&] {
        const auto policy = charges(body);
        const std::vector<Step> one{{late, 36500 * unit}};
        const auto parts = stretches(policy, late, one, late + 20);
        return text(interest(parts, policy.rule, Currency("GBP")));
    };
    CHECK(sum() == "230.00");  // 20 days at 11.5 percent: 11.50 a day.
    body["rate_fix"] = "split";
    CHECK(sum() == "243.50");  // 11 days at 11.5 and 9 at 13.
}

TEST_CASE("day counts: 360, 30/360 and the month's own days") {
    CHECK(bears("36000", "10", 30, {{"day_count", "360"}}) == "300.00");
    CHECK(bears("36500", "10", 30, {{"day_count", "365"}}) == "300.00");
    // From 10 January to 10 March are 60 days of 360, though 2024 has 60 of its own.
    CHECK(bears("36000", "10", 60, {{"day_count", "30/360"}}) == "600.00");
    CHECK(bears("36000", "10", 21, {{"day_count", "30/360"}}) == "200.00");  // To the 31st: 20.
    // 22 of January's 31 days and 29 of February's 29, at 1 percent a month.
    CHECK(bears("3100", "12", 51, {{"day_count", "actual_month"}}) == "53.00");
}

TEST_CASE("I8_business_central: balance due and average daily balance") {
    CHECK(bears("1000", "2", 45, {{"day_count", "balance_due"}}) == "20.00");
    CHECK(bears("1000", "2", 45, {{"day_count", "average_daily_balance"}}) == "30.00");
    CHECK(bears("1000", "2", 15, {{"day_count", "average_daily_balance"}, {"period_days", 30}}) ==
          "10.00");
}

TEST_CASE("I2_erpnext: interest and fee of a letter, and a letter without") {
    Case one(ten_percent, {{"interest", true}, {"fee", {{"fixed", {{"EUR", "10"}}}}}});
    const auto letter = one.on(due + 15);
    CHECK(text(letter.interest) == "0.41");
    CHECK(text(letter.fee) == "10.00");
    CHECK(text(letter.total()) == "110.41");
    const auto without = Case(free_of_charge).on(due + 20);
    CHECK(text(without.interest) == "0.00");
    CHECK(text(without.total()) == "100.00");
}

TEST_CASE("I1_tryton: a percentage is of the line and not of the fee before it") {
    Case one(Json::object(), {{"fee", {{"fixed", {{"EUR", "10"}}}}}});
    const auto first = one.on(due + 5);
    CHECK(text(first.total()) == "110.00");
    one.release(first, due + 5);
    one.procedure.levels[0].fee = {{}, 15 * unit, false};

    const auto second = one.on(due + 10);
    CHECK(text(second.fee) == "15.00");
    CHECK(text(second.earlier_charges) == "10.00");
    CHECK(text(second.total()) == "125.00");
}

TEST_CASE("I5 #36: interest counts from the due date, 202 days and not 232") {
    Case one(tenth_a_day);
    one.history.due_on = due;  // Issued 30 days before.
    CHECK(text(one.on(due + 202).interest) == "20.20");
}

TEST_CASE("#35: interest runs on the reduced balance from the day of a payment") {
    Case one(tenth_a_day);
    one.history.settled = {{0, 60 * unit, {due + 10}}};
    // 10 days on 100 and 10 on 40.
    CHECK(text(one.on(due + 20).interest) == "1.40");
    one.charge_policy.is_of_original = true;
    CHECK(text(one.on(due + 20).interest) == "2.00");
    // A payment that bounced reduces it for the days on which it counted.
    one.charge_policy.is_of_original = false;
    one.history.settled[0].days.until = due + 15;
    CHECK(text(one.on(due + 20).interest) == "1.70");
}

TEST_CASE("the days of a letter before are not charged again") {
    Case one(tenth_a_day);
    const auto first = one.on(due + 10);
    one.release(first, due + 10);
    const auto second = one.on(due + 15);

    CHECK(text(first.interest) == "1.00");
    CHECK(text(second.interest) == "0.50");
    CHECK(text(second.earlier_charges) == "1.00");
    CHECK(text(second.total()) == "101.50");
}

TEST_CASE("statutory sums are asked of businesses only, and once for an invoice") {
    Case one(*default_charges("eu_directive"));
    const auto first = one.on(due + 10);
    CHECK(text(first.fixed_sums) == "40.00");
    CHECK(text(first.interest) == "0.34");
    one.release(first, due + 10);
    CHECK(one.on(due + 20).fixed_sums == 0);
    one.customer.is_company = false;
    one.before = {};
    CHECK(one.on(due + 10).total() == 100 * unit);
}

TEST_CASE("a person is charged where the policy says what allows it, and not otherwise") {
    const Json fee{{"interest", true}, {"fee", {{"fixed", {{"EUR", "5"}}}}}};
    Case one({{"rate", "36.5"}}, fee);
    one.customer.is_company = false;
    CHECK(one.on(due + 10).total() == 100 * unit);
    Case allowed({{"rate", "36.5"}, {"consumer_fees", "terms of 2024"}}, fee);
    allowed.customer.is_company = false;
    CHECK(text(allowed.on(due + 10).total()) == "105.00");
    Case both({{"rate", "36.5"}, {"consumer_fees", "terms"}, {"consumer_interest", "law"}}, fee);
    both.customer.is_company = false;
    CHECK(text(both.on(due + 10).total()) == "106.00");
}

TEST_CASE("a claim suspends charges; on its outcome its days are charged or waived by policy") {
    Case one(tenth_a_day);
    one.claimed = 30 * unit;
    CHECK(one.on(due + 10).interest == 0);
    CHECK(text(one.on(due + 10).total()) == "70.00");
    one.claimed = 0;
    one.history.claims = {{std::nullopt, {due + 5, due + 12}}};
    CHECK(text(one.on(due + 20).interest) == "2.00");
    one.charge_policy.waives_claimed_days = true;
    CHECK(text(one.on(due + 20).interest) == "1.30");
    one.history.claims[0].amount = 50 * unit;
    CHECK(text(one.on(due + 20).interest) == "1.65");
}

TEST_CASE("an instalment bears interest of its own from its own day") {
    ItemHistory item{100 * unit, due + 30, {}, {}, {}};
    item.schedule = {{1, 1, due, 50 * unit}, {2, 2, due + 30, 50 * unit}};
    item.settled = {{0, 20 * unit, {due + 5}}};
    const auto policy = charges({{"rate", "36.5"}});
    const auto first = steps(item, 1, due, due + 10, policy);
    REQUIRE(first.size() == 2);
    CHECK(first[0].base == 50 * unit);
    CHECK(first[1].base == 30 * unit);
    CHECK(steps(item, 2, due, due + 10, policy).at(0).base == 50 * unit);
}

TEST_CASE("interest of one span is that of its halves, rounded at the end") {
    rc::prop("splitting a span changes nothing before it is rounded", [] {
        const auto amount = *rc::gen::inRange<int64_t>(1, 1'000'000'000'000);
        const auto rate = *rc::gen::inRange<int64_t>(1, 300'000);
        const auto days = *rc::gen::inRange<int32_t>(2, 2000);
        const auto cut = *rc::gen::inRange<int32_t>(1, days);
        const InterestRule rule{*rc::gen::element(DayCount::actual_365, DayCount::actual_360,
                                                  DayCount::thirty_360, DayCount::actual_month),
                                Rounding::end, 30};
        const Stretch all{due, due + days, amount, rate};
        const std::vector<Stretch> halves{{due, due + cut, amount, rate},
                                          {due + cut, due + days, amount, rate}};
        const Currency euro("EUR");
        RC_ASSERT(interest(std::vector{all}, rule, euro) == interest(halves, rule, euro));
    });
}
