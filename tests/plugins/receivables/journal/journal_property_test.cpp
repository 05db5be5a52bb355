// SPDX-License-Identifier: Apache-2.0
// Goal: whatever is decided, changed and erased, and whenever months are exported, each entry is
// balanced, what was exported stays as it was, and the accounts are what the ledger says on every
// day. Method: random decisions over half a year, changed between exports.
#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include <algorithm>

#include "journal/journal.hpp"

using namespace dunlin;
using namespace dunlin::receivables;
using namespace dunlin::receivables::journal;

namespace {

const Date first_day = Date::parse("2026-01-01");
constexpr int32_t days_span = 180;

Date random_day() {
    return first_day + *rc::gen::inRange(0, days_span);
}

Standing random_standing(int64_t id) {
    Standing one;
    one.key = "item/" + std::to_string(id);
    one.begins = "begun";
    one.ends = "ended";
    one.customer_id = *rc::gen::inRange<int64_t>(1, 3);
    one.company_id = *rc::gen::inRange<int64_t>(0, 2);
    one.currency = *rc::gen::element("EUR", "USD");
    one.amount = *rc::gen::inRange<int64_t>(-500000, 500000);
    one.days = {random_day(), never};
    if (*rc::gen::arbitrary<bool>()) one.days.until = random_day();
    one.debit = *rc::gen::element(Role::receivable, Role::charges);
    one.credit = *rc::gen::element(Role::transfer, Role::fee_income);
    return one;
}

/// What the standings say on a day, each counted on the days it holds.
Balance stands(const std::vector<Standing>& standings, Date on) {
    Balance out;
    for (const auto& one : standings) {
        if (!one.days.hold(on)) continue;
        out[{one.debit, one.customer_id, one.company_id, one.currency}] += one.amount;
        out[{one.credit, one.customer_id, one.company_id, one.currency}] -= one.amount;
    }
    std::erase_if(out, [](const auto& sum) { return sum.second == 0; });
    return out;
}

struct Books {
    std::vector<Standing> standings;
    std::vector<Entry> booked;
    std::optional<Date> first_open;
    int64_t last_id = 0;

    std::vector<Entry> open() const { return pending(effects(standings), booked, first_open); }
    void change() {
        const auto change = *rc::gen::inRange(0, 4);
        if (change == 0 || standings.empty()) {
            standings.push_back(random_standing(++last_id));
        } else {
            const auto at = *rc::gen::inRange<std::size_t>(0, standings.size());
            auto& one = standings[at];
            if (change == 1) one.days.until = random_day();
            if (change == 2) one.amount = *rc::gen::inRange<int64_t>(-500000, 500000);
            if (change == 3) standings.erase(standings.begin() + static_cast<std::ptrdiff_t>(at));
        }
    }
    void close(const Period& period) {
        int64_t number = 0;
        for (auto entry : open()) {
            if (!period.holds(entry.booked_on)) continue;
            entry.id = ++last_id;
            entry.number = ++number;
            booked.push_back(entry);
        }
        first_open = period.until;
    }
};

}  // namespace

TEST_CASE("the journal is balanced and is what the ledger says on every day, across exports") {
    CHECK(rc::check([] {
        Books books;
        for (auto month = period_of(first_day); month.from < first_day + days_span;
             month = period_of(month.until)) {
            const auto changes = *rc::gen::inRange(0, 6);
            for (int i = 0; i < changes; ++i) books.change();
            const auto exported = csv_of(books.booked, books.booked);
            const auto count = books.booked.size();
            if (*rc::gen::inRange(0, 3) != 0) books.close(month);
            const std::vector<Entry> before(
                books.booked.begin(), books.booked.begin() + static_cast<std::ptrdiff_t>(count));
            RC_ASSERT(csv_of(before, before) == exported);
        }
        books.change();
        auto all = books.booked;
        const auto open = books.open();
        all.insert(all.end(), open.begin(), open.end());
        for (const auto& entry : all) {
            RC_ASSERT(entry.effect.amount > 0);
            RC_ASSERT(entry.effect.debit != entry.effect.credit);
            RC_ASSERT(entry.booked_on >= entry.effect.on);
            RC_ASSERT(entry.period == period_of(entry.booked_on).name());
        }
        for (const auto& entry : open) {
            const bool is_open = !books.first_open || entry.booked_on >= *books.first_open;
            RC_ASSERT(is_open);
        }
        for (int32_t day = -1; day <= days_span; ++day) {
            RC_ASSERT(balance(all, first_day + day) == stands(books.standings, first_day + day));
        }
    }));
}

TEST_CASE("once all that is open is exported, nothing more is to come") {
    CHECK(rc::check([] {
        Books books;
        for (int i = 0; i < 20; ++i) books.change();
        books.close({first_day, first_day + days_span});
        RC_ASSERT(books.open().empty());
    }));
}

TEST_CASE("a month is a period, and nothing else is") {
    CHECK(parse_period("2026-12").until == Date::parse("2027-01-01"));
    CHECK(parse_period("2024-02").until == Date::parse("2024-03-01"));
    for (const char* wrong : {"2026-13", "2026", "2026-1", "03-2026", "2026-03-01", ""}) {
        CHECK_THROWS_AS(parse_period(wrong), Error);
    }
    CHECK_THROWS_WITH(role_named("fee_incom"), Catch::Contains("did you mean \"fee_income\"?"));
}

TEST_CASE("a reason that begins like a formula is a text in the export") {
    Standing one;
    one.key = "charge/1/waived";
    one.begins = "fee_waived";
    one.currency = "EUR";
    one.amount = 100000;
    one.days.from = first_day;
    one.credit = Role::fee_income;
    one.begun = {"anna", "=HYPERLINK(\"http://x\")"};

    const auto csv = csv_of(pending(effects({one}), {}, {}), {});

    CHECK(csv.find("\"'=HYPERLINK(\"\"http://x\"\")\"") != std::string::npos);
    CHECK(csv.find(",10.00,,EUR,") != std::string::npos);
    CHECK(csv.find(",,10.00,EUR,") != std::string::npos);
}
