// SPDX-License-Identifier: Apache-2.0
// The rules of the ledger on their own, without a store: what is open, in which bucket, and what
// an audit finds.
#include "ledger.hpp"

#include <catch2/catch.hpp>

using namespace dunlin;
using namespace dunlin::receivables;

namespace {

int64_t units(const char* text) {
    return Money::parse_units(text);
}
Date on(const char* text) {
    return Date::parse(text);
}

Item item(int64_t id, const char* amount, const char* posted, const char* due) {
    return {1, id, units(amount), Currency("EUR"), on(posted), never, on(due), on(posted), "x"};
}

Allocation allocation(int64_t id, int64_t source, int64_t target, const char* amount,
                      const Item& from, const Item& to) {
    Allocation out;
    out.customer_id = 1;
    out.id = id;
    out.source_id = source;
    out.target_id = target;
    out.amount = units(amount);
    const auto days = live_days(out, from.live(), to.live());
    out.effective_on = days.from;
    out.until_on = days.until;
    return out;
}

std::vector<std::string> opens(const std::vector<Part>& parts) {
    std::vector<std::string> out;
    for (const auto& part : parts) {
        out.push_back(Money::text_of(part.paid, 0) + "/" + Money::text_of(part.credited, 0) + "/" +
                      Money::text_of(part.open(), 0));
    }
    return out;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a day on a bucket's edge falls into the lower bucket") {
    const Buckets buckets({0, 30, 60, 90});
    const auto [days, name] = GENERATE(table<int, const char*>({{-1, "not_due"},
                                                                {0, "not_due"},
                                                                {1, "1-30"},
                                                                {30, "1-30"},
                                                                {31, "31-60"},
                                                                {60, "31-60"},
                                                                {61, "61-90"},
                                                                {90, "61-90"},
                                                                {91, "91+"}}));

    CHECK(buckets.name(buckets.of(days)) == name);
}

TEST_CASE("bucket edges that do not ascend from zero are refused") {
    CHECK_THROWS_AS(Buckets({}), Error);
    CHECK_THROWS_AS(Buckets({30, 60}), Error);
    CHECK_THROWS_AS(Buckets({0, 60, 30}), Error);
    CHECK_THROWS_AS(Buckets({0, 30, 30}), Error);
}

TEST_CASE("A9 days overdue count from the day after the due date") {
    CHECK(days_late(on("2025-04-16"), on("2025-05-23")) == 37);
    CHECK(days_late(on("2025-03-18"), on("2025-05-23")) == 66);
    CHECK(days_late(on("2025-05-23"), on("2025-05-23")) == 0);
}

TEST_CASE("A1 an invoice paid later is open on the days before") {
    const auto invoice = item(1, "100", "2020-04-30", "2020-05-30");
    const auto payment = item(2, "-100", "2020-06-30", "2020-06-30");
    const std::vector paid{allocation(3, 2, 1, "100", payment, invoice)};

    CHECK(residual(invoice, paid, on("2020-05-31")) == units("100"));
    CHECK(residual(invoice, paid, on("2020-06-29")) == units("100"));
    CHECK(residual(invoice, paid, on("2020-06-30")) == 0);
}

TEST_CASE("A2 part payments before and after the invoice leave the rest in its bucket") {
    const auto invoice = item(1, "10000", "2016-11-30", "2017-02-28");
    const Item payments[] = {item(2, "-1500", "2016-11-09", "2016-11-09"),
                             item(3, "-1000", "2016-11-30", "2016-11-30"),
                             item(4, "-2000", "2017-01-30", "2017-01-30")};
    Account account{1, {invoice}, {}, {}};
    for (const auto& payment : payments) {
        account.items.push_back(payment);
        account.allocations.push_back(allocation(payment.id + 10, payment.id, 1,
                                                 Money::text_of(-payment.amount, 0).c_str(),
                                                 payment, invoice));
    }

    const auto aged = age(account, on("2017-04-04"), Buckets({0, 30, 60, 90})).at(Currency("EUR"));

    CHECK(aged.buckets == std::vector<int64_t>{0, 0, units("5500"), 0, 0});
    CHECK(days_late(invoice.due_on, on("2017-04-04")) == 35);
    CHECK(audit(account).empty());
}

TEST_CASE("A6 instalments are settled oldest first and show what was paid and credited") {
    const std::vector<Instalment> thirds{{1, 1, Date(30), units("50")},
                                         {2, 2, Date(60), units("30")},
                                         {3, 3, Date(90), units("20")}};
    const std::vector<Settlement> paid{{0, units("40"), true}};

    CHECK(opens(spread(units("100"), Date(30), thirds, paid)) ==
          Texts{"40/0/10", "0/0/30", "0/0/20"});
}

TEST_CASE("A6 a credit note against the invoice goes on where the payment ended") {
    const std::vector<Instalment> schedule{{1, 1, Date(30), units("60")},
                                           {2, 2, Date(60), units("100")},
                                           {3, 3, Date(90), units("40")}};
    const std::vector<Settlement> settled{{0, units("40"), true}, {0, units("100"), false}};

    CHECK(opens(spread(units("200"), Date(30), schedule, settled)) ==
          Texts{"40/20/0", "0/80/20", "0/0/40"});
}

TEST_CASE("a settlement that names an instalment goes there before older ones") {
    const std::vector<Instalment> schedule{{1, 1, Date(30), units("50")},
                                           {2, 2, Date(60), units("50")}};
    const std::vector<Settlement> settled{{2, units("60"), true}};

    CHECK(opens(spread(units("100"), Date(30), schedule, settled)) == Texts{"10/0/40", "50/0/0"});
}

TEST_CASE("a schedule that does not add up is completed or cut to the item's amount") {
    const std::vector<Instalment> low{{1, 1, Date(30), units("60")}};
    const std::vector<Instalment> high{{1, 1, Date(30), units("60")},
                                       {2, 2, Date(60), units("60")}};

    CHECK(opens(spread(units("100"), Date(90), low, {})) == Texts{"0/0/60", "0/0/40"});
    CHECK(opens(spread(units("100"), Date(90), high, {})) == Texts{"0/0/60", "0/0/40"});
}

TEST_CASE("a cancelled invoice takes its allocation along and frees the payment") {
    auto invoice = item(1, "100", "2026-01-01", "2026-01-31");
    const auto payment = item(2, "-100", "2026-01-10", "2026-01-10");
    invoice.void_on = on("2026-02-01");
    const std::vector paid{allocation(3, 2, 1, "100", payment, invoice)};

    CHECK(residual(invoice, paid, on("2026-01-31")) == 0);
    CHECK(residual(payment, paid, on("2026-01-31")) == 0);
    CHECK(residual(invoice, paid, on("2026-02-01")) == 0);
    CHECK(residual(payment, paid, on("2026-02-01")) == -units("100"));
}

TEST_CASE("the peak of uses counts a day's end before its begin") {
    const std::vector<Use> uses{
        {{Date(1), Date(10)}, 5}, {{Date(10), never}, 7}, {{Date(3), Date(4)}, 1}};

    CHECK(peak(uses) == 7);
    CHECK(peak({}) == 0);
}

TEST_CASE("an audit names an allocation above its payment and one with wrong days") {
    const auto invoice = item(1, "100", "2026-01-01", "2026-01-31");
    const auto payment = item(2, "-50", "2026-01-10", "2026-01-10");
    Account account{1, {invoice, payment}, {allocation(3, 2, 1, "60", payment, invoice)}, {}};

    CHECK(audit(account).at(0).code == "over_allocated");
    account.allocations[0].amount = units("50");
    account.allocations[0].effective_on = on("2026-01-05");
    CHECK(audit(account).at(0).code == "wrong_days");
}

TEST_CASE("claims take the oldest charge first and never more than is open") {
    std::vector<OpenAmount> charges{{1, "EUR", Date(20), units("100")},
                                    {2, "EUR", Date(10), units("50")}};
    Claim whole;
    whole.amount = units("80");
    whole.kind = "promise";
    Claim dispute;
    dispute.item_id = 1;
    dispute.kind = "dispute";

    lay_claims(charges, std::vector{whole, dispute});

    CHECK(charges[0].claimed == units("50"));
    CHECK(charges[1].claimed == units("100"));
    CHECK(charges[1].disputed == units("100"));
    CHECK(collectable(units("100"), units("120")) == 0);
}

TEST_CASE("claims on an item come before those on the account, and a dispute counts in any order") {
    std::vector<OpenAmount> charges{{1, "EUR", Date(10), units("100")},
                                    {2, "EUR", Date(20), units("100")}};
    Claim whole, promise, dispute;
    whole.amount = units("120");
    promise.item_id = dispute.item_id = 1;
    promise.kind = "promise";
    dispute.kind = "dispute";
    dispute.amount = units("40");

    lay_claims(charges, std::vector{whole, promise, dispute});
    CHECK(charges[0].claimed == units("100"));
    CHECK(charges[0].disputed == units("40"));
    CHECK(charges[1].claimed == units("100"));
    CHECK(charges[1].disputed == 0);
}
