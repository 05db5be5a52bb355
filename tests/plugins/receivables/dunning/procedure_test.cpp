// SPDX-License-Identifier: Apache-2.0
// Procedures as data, and what a customer is written on a day, from facts alone.
#include "dunning/procedure.hpp"

#include <catch2/catch.hpp>

#include <list>

#include "dunning/decide.hpp"

using namespace dunlin;
using namespace dunlin::receivables::dunning;
using Catch::Contains;

namespace {

constexpr int64_t unit = Money::scale;
const Date due = Date::parse("2026-01-31");

Json level(int number, int days, const Json& more = Json::object()) {
    Json out{{"level", number}, {"days", days}, {"channel", "email"}, {"template", "t"}};
    out.update(more);
    return out;
}

using Levels = std::vector<Json>;  // A list of one in braces would be that one.

std::string refusal(const Levels& levels) {
    try {
        parse_procedure({{"levels", levels}}, "p", 1);
        return "";
    } catch (const Error& e) {
        return e.what();
    }
}

/// A procedure whose intervals are out of the way.
Procedure procedure(const Levels& levels, Json body = Json::object()) {
    body["levels"] = levels;
    for (const char* key : {"item_interval_days", "customer_interval_days"}) {
        if (!body.contains(key)) body[key] = 0;
    }
    return parse_procedure(body, "p", 1);
}

OpenCharge charge(int64_t id, int64_t amount, Date due_on = due) {
    OpenCharge out;
    out.item_id = id;
    out.currency = "EUR";
    out.kind = "invoice";
    out.due_on = due_on;
    out.original = out.open = amount * unit;
    out.procedure = "p";
    return out;
}

OpenCredit credit(int64_t amount, const char* kind) {
    return {99, 0, "EUR", kind, due, -amount * unit};
}

Decision decided(const CustomerFacts& customer, const Procedure& by, Date as_of) {
    static std::list<Procedures> kept;  // Letters point into them.
    Decision out;
    decide(customer, kept.emplace_back(Procedures{{"p", by}}), as_of, out);
    return out;
}

CustomerFacts customer_with(std::vector<OpenCharge> charges) {
    CustomerFacts out;
    out.id = 7;
    out.charges = std::move(charges);
    return out;
}

/// The level the one charge reaches; 0 without a letter.
int64_t level_on(const OpenCharge& one, const Procedure& by, Date as_of) {
    const auto out = decided(customer_with({one}), by, as_of);
    return out.letters.empty() ? 0 : out.letters[0].level->number;
}

/// Why the one charge is left out; "" when it is not.
std::string reason(const CustomerFacts& customer, const Procedure& by, Date as_of) {
    const auto out = decided(customer, by, as_of);
    return out.held.empty() ? "" : out.held[0].reason;
}

}  // namespace

TEST_CASE("a procedure with overlapping, unordered or unreachable levels is refused by its level") {
    CHECK(refusal({}) == "a procedure needs a level");
    CHECK_THAT(refusal({level(1, 5), level(2, 5)}), Contains("level 2") && Contains("overlaps"));
    CHECK_THAT(refusal({level(1, 20), level(2, 5)}), Contains("level 2: begins before level 1"));
    CHECK_THAT(refusal({level(1, 5), level(3, 20)}), Contains("level 3") && Contains("hole"));
    CHECK_THAT(refusal({level(2, 5)}), Contains("the first level is level 1"));
    CHECK_THAT(refusal({level(1, 5, {{"clock", "previous"}})}), Contains("no letter to count"));
    CHECK_THAT(refusal({level(1, 30, {{"clock", "end_of_month"}}), level(2, 40)}),
               Contains("level 2: overlaps level 1"));
    CHECK_THAT(refusal({level(1, 5, {{"channel", "pigeon"}})}), Contains("channel \"pigeon\""));
    CHECK_THAT(refusal({level(1, 5, {{"template", ""}})}), Contains("name a template"));
    CHECK_THAT(refusal({level(1, -3, {{"interest", true}})}), Contains("nothing is late before"));
    CHECK_THAT(refusal({level(1, -3, {{"clock", "end_of_month"}})}), Contains("level 1"));
    CHECK_THAT(refusal({level(1, 5, {{"minimum", {{"EUX", "1"}}}})}), Contains("not a currency"));
    CHECK_THAT(refusal({level(
                   1, 5, {{"criteria", Json::array({Json{{"fact", "mood"}, {"at_least", 1}}})}})}),
               Contains("level 1") && Contains("mood"));
    CHECK(refusal({level(1, -3), level(2, 5), level(3, 20)}).empty());
    CHECK(refusal((*default_procedure("standard"))["levels"].get<Levels>()).empty());
}

TEST_CASE("D13_orb_grace: the last day of grace is not dunned, the day behind it is (JTL)") {
    const auto by = procedure({level(1, 0, {{"grace", 30}})});
    const auto bill = charge(1, 10, Date::parse("2023-01-01"));

    CHECK(level_on(bill, by, Date::parse("2023-01-31")) == 0);
    CHECK(level_on(bill, by, Date::parse("2023-02-01")) == 1);
}

TEST_CASE("D2_oca: the boundaries of the three clocks are inclusive") {
    const auto by = procedure({level(1, 10), level(2, 30, {{"clock", "end_of_month"}}),
                               level(3, 10, {{"clock", "previous"}})});
    auto one = charge(1, 500);

    CHECK(level_on(one, by, due + 9) == 0);
    CHECK(level_on(one, by, due + 10) == 1);
    CHECK(level_on(one, by, due + 365) == 1);  // One level a run, though a year late.
    one.level = 1;
    one.level_on = due + 10;
    CHECK(level_on(one, by, Date::parse("2026-03-30")) == 0);
    CHECK(level_on(one, by, Date::parse("2026-03-31")) == 2);
    one.level = 2;
    one.level_on = Date::parse("2026-03-31");
    CHECK(level_on(one, by, *one.level_on + 9) == 0);
    CHECK(level_on(one, by, *one.level_on + 10) == 3);
    one.level = 3;
    CHECK(level_on(one, by, due + 1000) == 0);
}

TEST_CASE("D4_netsuite: criteria joined by and stop a level that one of them would reach") {
    const auto with = [](const char* match) {
        const auto least = [](const char* fact, const char* amount) {
            return Json{{"fact", fact}, {"at_least", amount}, {"currency", "EUR"}};
        };
        const Json first{least("item_amount", "10"), least("customer_balance", "100")};
        const Json second{{{"fact", "days_overdue"}, {"at_least", 3}},
                          least("item_amount", "30"),
                          least("customer_balance", "100")};
        return procedure({level(1, 1, {{"match", match}, {"criteria", first}}),
                          level(2, 2, {{"match", match}, {"criteria", second}})},
                         {{"sequential", false}});
    };
    std::vector<OpenCharge> ten;
    for (int64_t i = 1; i <= 10; ++i) ten.push_back(charge(i, 10));
    const auto level_of = [&](const char* match) {
        return decided(customer_with(ten), with(match), due + 5).letters.at(0).level->number;
    };

    CHECK(level_of("all") == 1);
    CHECK(level_of("any") == 2);
    ten.pop_back();
    CHECK(decided(customer_with(ten), with("all"), due + 5).letters.empty());
}

TEST_CASE("D5_killbill: levels at 30, 40 and 50 days by their dates") {
    const auto by = procedure({level(1, 30), level(2, 40), level(3, 50)}, {{"sequential", false}});
    const auto one = charge(1, 250, Date::parse("2012-05-31"));
    const auto on = [&](const char* day) { return level_on(one, by, Date::parse(day)); };

    CHECK(on("2012-06-08") + on("2012-06-16") + on("2012-06-24") + on("2012-06-29") == 0);
    CHECK(on("2012-06-30") == 1);
    CHECK(on("2012-07-10") == 2);
    CHECK(on("2012-07-20") == 3);
    CHECK(decided(customer_with({}), by, Date::parse("2012-07-20")).letters.empty());
}

TEST_CASE("D6 #37: the level follows what is open now, not a schedule of what was paid") {
    const auto by = procedure({level(1, 30), level(2, 40)}, {{"sequential", false}});

    // The oldest was paid; what is left is 31 days late and comes to level 1 first.
    CHECK(level_on(charge(2, 10, due + 20), by, due + 51) == 1);
    CHECK(level_on(charge(2, 10, due + 20), by, due + 60) == 2);
}

TEST_CASE("#30: nothing is past due on its due date, nor before due and grace") {
    const auto by = procedure({level(1, 0), level(2, 2, {{"grace", 5}})}, {{"sequential", false}});

    CHECK(level_on(charge(1, 10), by, due) == 0);
    CHECK(level_on(charge(1, 10), by, due + 1) == 1);
    CHECK(level_on(charge(1, 10), by, due + 5) == 1);
    CHECK(level_on(charge(1, 10), by, due + 6) == 2);
}

TEST_CASE("#31: a reminder before the due date goes before it and never behind it") {
    const auto by = procedure({level(1, -3), level(2, 60)});

    CHECK(level_on(charge(1, 10), by, due - 60) == 0);
    CHECK(level_on(charge(1, 10), by, due - 4) == 0);
    CHECK(level_on(charge(1, 10), by, due - 3) == 1);
    CHECK(level_on(charge(1, 10), by, due) == 1);
    CHECK(level_on(charge(1, 10), by, due + 1) == 0);
    CHECK(level_on(charge(1, 10), by, due + 60) == 2);
}

TEST_CASE("#32: days that were missed are caught up with one letter") {
    const auto by = procedure({level(1, 5), level(2, 20), level(3, 40)}, {{"sequential", false}});

    const auto out = decided(customer_with({charge(1, 10)}), by, due + 300);
    REQUIRE(out.letters.size() == 1);
    CHECK(out.letters[0].level->number == 3);
}

TEST_CASE("#27: one letter a customer, company and currency, its highest level leads") {
    auto by = procedure({level(1, 5), level(2, 20, {{"template", "second"}})});
    auto old = charge(1, 10), fresh = charge(2, 20, due + 10), dollars = charge(3, 30);
    old.level = 1;
    old.level_on = due + 5;
    dollars.currency = "USD";
    auto other = charge(4, 40);
    other.company_id = 5;

    const auto out = decided(customer_with({old, fresh, dollars, other}), by, due + 20);
    REQUIRE(out.letters.size() == 3);
    CHECK(out.letters[0].level->template_name == "second");
    CHECK(out.letters[0].lines.size() == 2);
    CHECK(out.letters[0].total() == 30 * unit);
    CHECK(out.letters[1].currency == "USD");
    CHECK(out.letters[2].company_id == 5);
}

TEST_CASE("D1_tryton #29: what has a draft is not raised until the draft is released") {
    const auto by = procedure({level(1, 5), level(2, 20), level(3, 40)}, {{"sequential", false}});
    auto one = charge(1, 100);
    one.drafted_level = 1;
    CHECK(level_on(one, by, due + 30) == 1);
    one.drafted_level = 0;
    one.level = 1;
    one.level_on = due + 5;
    CHECK(level_on(one, by, due + 30) == 2);
}

TEST_CASE("#20: what is disputed, promised, planned or blocked is left out with its reason") {
    const auto by = procedure({level(1, 5)});
    const auto with_claim = [&](const char* kind, int64_t claimed) {
        auto one = charge(1, 100);
        one.claimed = claimed * unit;
        one.claim_kind = kind;
        return customer_with({one, charge(2, 50)});
    };
    CHECK(reason(with_claim("dispute", 100), by, due + 5) == "disputed");
    CHECK(reason(with_claim("promise", 100), by, due + 5) == "promised");
    CHECK(reason(with_claim("plan", 100), by, due + 5) == "planned");
    CHECK(reason(with_claim("block", 100), by, due + 5) == "blocked");
    CHECK(reason(with_claim("insolvency", 100), by, due + 5) == "insolvent");
    CHECK(reason(with_claim("other", 100), by, due + 5) == "claimed");
    // The other invoice is written about, and a disputed part leaves the rest.
    CHECK(decided(with_claim("dispute", 100), by, due + 5).letters.at(0).total() == 50 * unit);
    CHECK(decided(with_claim("dispute", 30), by, due + 5).letters.at(0).total() == 120 * unit);
}

TEST_CASE("whoever must not be written to is left out with the reason") {
    const auto by = procedure({level(1, 5)});
    auto customer = customer_with({charge(1, 100)});
    for (const char* status : {"deceased", "insolvent"}) {
        customer.status = status;
        CHECK(reason(customer, by, due + 5) == status);
    }
    customer.status = "active";
    customer.is_blocked = true;
    CHECK(reason(customer, by, due + 5) == "blocked");
    customer.is_blocked = false;
    CHECK(reason(customer, by, due + 4).empty());
    customer.charges[0].kind = "payment";  // Money sent back.
    CHECK(decided(customer, by, due + 500).held.empty());
    CHECK(decided(customer, by, due + 500).letters.empty());
}

TEST_CASE("#24 #41: drafts and self-billed invoices are not dunned") {
    const auto by = procedure({level(1, 5)});
    auto customer = customer_with({charge(1, 100)});
    customer.charges[0].is_draft = true;
    CHECK(reason(customer, by, due + 5) == "draft");
    customer.charges[0].is_draft = false;
    customer.charges[0].kind = "self_billed";
    CHECK(reason(customer, by, due + 5) == "self_billed");
}

TEST_CASE("#21: the interval of one invoice does not keep the others of the customer back") {
    const auto by = procedure({level(1, 5), level(2, 7)},
                              {{"item_interval_days", 10}, {"customer_interval_days", 2}});
    auto one = charge(1, 10), other = charge(2, 20);
    one.level = 1;
    one.level_on = one.reminded_on = due + 5;
    auto customer = customer_with({one, other});
    customer.reminded_on = due + 5;

    CHECK(decided(customer, by, due + 6).letters.empty());  // Too soon for this customer.
    const auto out = decided(customer, by, due + 7);
    CHECK(out.held.at(0).reason == "reminded_lately");
    REQUIRE(out.letters.size() == 1);
    CHECK(out.letters[0].lines.size() == 2);
    CHECK(out.letters[0].lines[0].is_raised == false);
    CHECK(decided(customer, by, due + 15).letters.at(0).level->number == 2);
}

TEST_CASE("#22 #23: what is partly paid stays dunnable, for its balance") {
    const auto by = procedure({level(1, 5)});
    auto one = charge(1, 100);
    one.open = 40 * unit;

    const auto out = decided(customer_with({one}), by, due + 5);
    CHECK(out.letters.at(0).total() == 40 * unit);
    CHECK(out.letters.at(0).lines[0].original == 100 * unit);
}

TEST_CASE("#25: credit notes reduce the letter, and who has more than is due gets none") {
    const auto by = procedure({level(1, 5)});
    auto customer = customer_with({charge(1, 100)});
    customer.credits = {credit(30, "credit_note")};
    const auto out = decided(customer, by, due + 5);
    CHECK(out.letters.at(0).total() == 70 * unit);
    CHECK(out.letters.at(0).lines.at(1).is_credit);
    CHECK(out.letters.at(0).lines.at(1).collectable == -30 * unit);
    customer.credits = {credit(100, "credit_note")};
    CHECK(reason(customer, by, due + 5) == "credit_balance");
}

TEST_CASE("payments that are not applied yet hold the customer out, or are netted by policy") {
    auto customer = customer_with({charge(1, 100)});
    customer.credits = {credit(30, "payment")};
    CHECK(reason(customer, procedure({level(1, 5)}), due + 5) == "unmatched_payment");
    const auto nets = procedure({level(1, 5)}, {{"unmatched_payments", "net"}});
    CHECK(decided(customer, nets, due + 5).letters.at(0).total() == 70 * unit);
    customer.credits[0].currency = "USD";
    CHECK(decided(customer, procedure({level(1, 5)}), due + 5).letters.size() == 1);
}

TEST_CASE("a minimum holds in its currency and for what is asked for") {
    const auto by = procedure({level(1, 5, {{"minimum", {{"EUR", "50"}}}})});
    auto dollars = charge(2, 10);
    dollars.currency = "USD";
    CHECK(reason(customer_with({charge(1, 49)}), by, due + 5) == "below_minimum");
    CHECK(decided(customer_with({charge(1, 50)}), by, due + 5).letters.size() == 1);
    CHECK(decided(customer_with({dollars}), by, due + 5).letters.size() == 1);
}

TEST_CASE("#26: an invoice newer than the delay is listed by setting only, and not raised") {
    const std::vector<OpenCharge> both{charge(1, 100), charge(2, 50, due + 3)};
    const auto all = decided(customer_with(both), procedure({level(1, 5)}), due + 5);
    CHECK(all.letters.at(0).lines.size() == 2);
    CHECK(all.letters.at(0).lines.at(1).level == 0);
    const auto raised =
        decided(customer_with(both), procedure({level(1, 5)}, {{"shows", "raised"}}), due + 5);
    CHECK(raised.letters.at(0).total() == 100 * unit);
}

TEST_CASE("two procedures of one customer never net the same credit twice") {
    auto second = charge(2, 100);
    second.procedure = "q";
    auto customer = customer_with({charge(1, 100), second});
    customer.credits = {credit(130, "credit_note")};
    Procedures both{{"p", procedure({level(1, 5)})}, {"q", procedure({level(1, 5)})}};
    both["q"].name = "q";
    Decision out;
    decide(customer, both, due + 5, out);

    REQUIRE(out.letters.size() == 1);
    CHECK(out.letters[0].procedure->name == "q");
    CHECK(out.held.at(0).reason == "credit_balance");
    CHECK(out.letters[0].total() == 70 * unit);
}
