// SPDX-License-Identifier: Apache-2.0
// Goal: whatever happens to an account, its ageing adds up to its ledger on every day, and what
// is posted later never changes an earlier day. Method: random accounts, every day of their span.
#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include "ledger.hpp"

using namespace dunlin;
using namespace dunlin::receivables;

namespace {

constexpr int32_t days_span = 60;

Date random_day(int32_t from = 0) {
    return Date(*rc::gen::inRange(from, from + days_span));
}

Item random_item(int64_t id) {
    const bool is_charge = *rc::gen::arbitrary<bool>();
    const auto size = *rc::gen::inRange<int64_t>(1, 10000000);
    const auto posted = random_day();
    Item item{1,
              id,
              is_charge ? size : -size,
              Currency(*rc::gen::element("EUR", "USD")),
              posted,
              never,
              posted + *rc::gen::inRange(0, 40),
              posted,
              is_charge ? "invoice" : "payment"};
    if (*rc::gen::inRange(0, 4) == 0) item.void_on = random_day(posted.days());
    if (*rc::gen::inRange(0, 10) == 0) item.posted_on = never;  // A draft.
    return item;
}

/// An allocation between random items of one currency, of what is free in both on its days.
void add_random_allocation(Account& account, int64_t id) {
    const auto& source = *rc::gen::elementOf(account.items);
    const auto& target = *rc::gen::elementOf(account.items);
    if (source.amount > 0 || target.amount < 0 || source.currency != target.currency) return;
    Allocation out;
    out.customer_id = 1;
    out.id = id;
    out.source_id = source.id;
    out.target_id = target.id;
    if (*rc::gen::arbitrary<bool>()) out.given_on = random_day();
    if (*rc::gen::inRange(0, 3) == 0) out.reversed_on = random_day(20);
    const auto days = live_days(out, source.live(), target.live());
    out.effective_on = days.from;
    out.until_on = days.until;
    auto free = std::min(-source.amount, target.amount);
    for (const auto* end : {&source, &target}) {
        std::vector<Use> uses;
        for (const auto& other : account.allocations) {
            if (other.source_id != end->id && other.target_id != end->id) continue;
            uses.push_back({other.live(), other.amount});
        }
        free = std::min(free, std::abs(end->amount) - peak(uses));
    }
    if (free <= 0) return;
    out.amount = *rc::gen::inRange<int64_t>(1, free + 1);
    account.allocations.push_back(out);
}

Account random_account() {
    Account account;
    account.customer_id = 1;
    const auto items = *rc::gen::inRange(1, 8);
    for (int64_t id = 1; id <= items; ++id) account.items.push_back(random_item(id));
    const auto allocations = *rc::gen::inRange(0, 12);
    for (int64_t id = 100; id < 100 + allocations; ++id) add_random_allocation(account, id);
    for (const auto& item : account.items) {
        if (!item.is_charge() || *rc::gen::inRange(0, 3) != 0) continue;
        const auto parts = *rc::gen::inRange(1, 4);
        for (int64_t part = 1; part <= parts; ++part) {
            account.schedule.emplace(item.id,
                                     Instalment{item.id * 10 + part, part, item.due_on + 30,
                                                *rc::gen::inRange<int64_t>(0, item.amount + 1)});
        }
    }
    return account;
}

}  // namespace

TEST_CASE("buckets and unapplied credits add up to residuals and to the ledger on every day") {
    CHECK(rc::check([] {
        const auto account = random_account();
        const Buckets buckets({0, 10, 20, 30});
        for (int32_t day = -1; day < 2 * days_span + 41; ++day) {
            const Date as_of(day);
            std::map<Currency, int64_t> residuals;
            for (const auto& item : account.items) {
                residuals[item.currency] += residual(item, account.allocations, as_of);
            }
            for (const auto& [currency, aged] : age(account, as_of, buckets)) {
                RC_ASSERT(aged.balance() == aged.ledger);
                RC_ASSERT(residuals[currency] == aged.ledger);
            }
        }
        RC_ASSERT(audit(account).empty());
    }));
}

TEST_CASE("a residual never changes its sign") {
    CHECK(rc::check([] {
        const auto account = random_account();
        for (int32_t day = 0; day < 2 * days_span; ++day) {
            for (const auto& item : account.items) {
                const auto left = residual(item, account.allocations, Date(day));
                const bool is_within = item.is_charge() ? left >= 0 && left <= item.amount
                                                        : left <= 0 && left >= item.amount;
                RC_ASSERT(is_within);
            }
        }
    }));
}

TEST_CASE("what is posted later leaves every earlier day as it was") {
    CHECK(rc::check([] {
        auto account = random_account();
        const Buckets buckets({0, 10, 20});
        const auto later = *rc::gen::inRange(1, days_span);
        std::vector<std::map<Currency, int64_t>> before;
        const auto balances = [&](int32_t day) {
            std::map<Currency, int64_t> out;
            for (const auto& [currency, aged] : age(account, Date(day), buckets)) {
                for (std::size_t i = 0; i < aged.buckets.size(); ++i) {
                    out[currency] = out[currency] * 31 + aged.buckets[i];
                }
                out[currency] = out[currency] * 31 + aged.unapplied;
            }
            return out;
        };
        for (int32_t day = 0; day < later; ++day) before.push_back(balances(day));

        const auto added = static_cast<std::size_t>(*rc::gen::inRange(1, 5));
        for (std::size_t i = 0; i < added; ++i) {
            auto item = random_item(500 + static_cast<int64_t>(i));
            if (item.posted_on < Date(later)) item.posted_on = Date(later);
            account.items.push_back(item);
            add_random_allocation(account, 600 + static_cast<int64_t>(i));
            auto& last = account.allocations;
            if (!last.empty() && last.back().id >= 600 && last.back().effective_on < Date(later)) {
                last.back().effective_on = Date(later);
            }
        }

        for (int32_t day = 0; day < later; ++day) {
            RC_ASSERT(balances(day) == before[static_cast<std::size_t>(day)]);
        }
    }));
}
