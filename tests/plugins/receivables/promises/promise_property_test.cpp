// SPDX-License-Identifier: Apache-2.0
// Goal: promises never use more money than was paid, and what became of them follows from the facts
// alone. Method: random accounts and promises, judged in any order and on every day.
#include <rapidcheck.h>
#include <algorithm>

#include <catch2/catch.hpp>

#include "promises/promise.hpp"

using namespace dunlin;
using namespace dunlin::receivables;

namespace {

constexpr int32_t days_span = 40;

Date random_day() {
    return Date(*rc::gen::inRange(0, days_span));
}

Account random_account() {
    Account account;
    account.customer_id = 1;
    for (int64_t id = 1; id <= 3; ++id) {
        account.items.push_back({1, id, *rc::gen::inRange<int64_t>(1, 1000), Currency("EUR"),
                                 Date(0), never, Date(5), Date(0), "invoice"});
        if (*rc::gen::inRange(0, 6) == 0) account.items.back().void_on = random_day();
    }
    const auto payments = *rc::gen::inRange<int64_t>(0, 6);
    for (int64_t id = 10; id < 10 + payments; ++id) {
        Item paid{1,
                  id,
                  -*rc::gen::inRange<int64_t>(1, 1000),
                  Currency("EUR"),
                  random_day(),
                  never,
                  Date(0),
                  Date(0),
                  *rc::gen::inRange(0, 5) ? "payment" : "credit_note"};
        if (*rc::gen::inRange(0, 5) == 0) paid.void_on = paid.posted_on + 7;
        auto left = -paid.amount;
        for (int64_t target = 1; target <= 3 && left > 0; ++target) {
            Allocation one;
            one.customer_id = 1;
            one.id = id * 10 + target;
            one.source_id = id;
            one.target_id = target;
            one.amount = *rc::gen::inRange<int64_t>(0, left + 1);
            if (one.amount == 0) continue;
            left -= one.amount;
            if (*rc::gen::arbitrary<bool>()) one.given_on = random_day();
            if (*rc::gen::inRange(0, 4) == 0) one.reversed_on = random_day();
            const auto days = live_days(one, paid.live(),
                                        account.items[static_cast<std::size_t>(target - 1)].live());
            one.effective_on = days.from;
            one.until_on = days.until;
            account.allocations.push_back(one);
        }
        account.items.push_back(paid);
    }
    return account;
}

std::vector<Promise> random_promises() {
    std::vector<Promise> out;
    const auto n = *rc::gen::inRange<int64_t>(1, 6);
    for (int64_t id = 1; id <= n; ++id) {
        Promise one;
        one.customer_id = 1;
        one.id = id;
        one.item_id = *rc::gen::inRange<int64_t>(0, 4);
        one.currency = "EUR";
        one.amount = *rc::gen::inRange<int64_t>(1, 1000);
        one.made_on = random_day();
        one.due_on = one.made_on + *rc::gen::inRange(0, 20);
        one.rules.grace_days = *rc::gen::inRange(0, 4);
        one.rules.enough_per_mille = *rc::gen::element<int64_t>(1000, 950, 1);
        if (*rc::gen::inRange(0, 4) == 0) one.ended_on = one.made_on + *rc::gen::inRange(0, 10);
        out.push_back(one);
    }
    return out;
}

std::string text_of(const std::vector<Verdict>& verdicts) {
    std::string out;
    for (const auto& one : verdicts) {
        out.append(word_of(one.state))
            .append(" " + std::to_string(one.kept) + "/" + std::to_string(one.needed) + ";");
    }
    return out;
}

std::vector<Verdict> judged(const std::vector<Promise>& promises, const Account& account,
                            Date as_of) {
    return judge(promises, promise_facts(account, as_of), as_of);
}

}  // namespace

TEST_CASE("promises never use more of a payment than there is of it, nor more than promised") {
    CHECK(rc::check([] {
        const auto account = random_account();
        const auto promises = random_promises();
        for (int32_t day = 0; day < 2 * days_span; day += 3) {
            std::map<int64_t, int64_t> used, paid;
            for (const auto& item : account.items) {
                if (item.kind != "payment" || !item.live().hold(Date(day))) continue;
                paid[item.id] = -item.amount;
            }
            const auto verdicts = judged(promises, account, Date(day));
            for (std::size_t i = 0; i < verdicts.size(); ++i) {
                int64_t sum = 0;
                for (const auto& one : verdicts[i].used) {
                    sum += one.amount;
                    used[one.payment_id] += one.amount;
                    RC_ASSERT(one.amount > 0);
                    RC_ASSERT(one.valued_on >= promises[i].made_on);
                    RC_ASSERT(one.valued_on <= promises[i].last_day());
                }
                RC_ASSERT(sum == verdicts[i].kept);
                RC_ASSERT(sum <= promises[i].amount);
            }
            for (const auto& [payment_id, amount] : used) RC_ASSERT(amount <= paid[payment_id]);
        }
    }));
}

TEST_CASE("neither the order of facts nor that of promises changes a verdict") {
    CHECK(rc::check([] {
        auto account = random_account();
        const auto promises = random_promises();
        const auto as_of = random_day() + 20;
        const auto before = judged(promises, account, as_of);
        std::reverse(account.items.begin(), account.items.end());
        const auto turn = *rc::gen::inRange<std::size_t>(0, account.allocations.size() + 1);
        std::rotate(account.allocations.begin(),
                    account.allocations.begin() + static_cast<std::ptrdiff_t>(turn),
                    account.allocations.end());
        std::vector<Promise> turned(promises.rbegin(), promises.rend());
        auto after = judged(turned, account, as_of);
        std::reverse(after.begin(), after.end());
        RC_ASSERT(text_of(after) == text_of(before));
    }));
}

TEST_CASE("what is posted later leaves the verdicts of every earlier day as they were") {
    CHECK(rc::check([] {
        auto account = random_account();
        const auto promises = random_promises();
        const auto later = *rc::gen::inRange(1, 2 * days_span);
        std::vector<std::string> before;
        for (int32_t day = 0; day < later; ++day) {
            before.push_back(text_of(judged(promises, account, Date(day))));
        }
        account.items.push_back(
            {1, 90, -500, Currency("EUR"), Date(later), never, Date(0), Date(0), "payment"});
        Allocation one;
        one.customer_id = 1;
        one.id = 900;
        one.source_id = 90;
        one.target_id = 1;
        one.amount = 100;
        one.effective_on = Date(later);
        account.allocations.push_back(one);
        for (auto& allocation : account.allocations) {
            if (allocation.until_on == never) allocation.until_on = Date(later + 1);
        }
        for (int32_t day = 0; day < later; ++day) {
            RC_ASSERT(text_of(judged(promises, account, Date(day))) ==
                      before[static_cast<std::size_t>(day)]);
        }
    }));
}

TEST_CASE("more money never keeps less of what was promised") {
    CHECK(rc::check([] {
        auto account = random_account();
        const auto promises = random_promises();
        const auto as_of = Date(2 * days_span);
        const auto before = judged(promises, account, as_of);
        account.items.push_back(
            {1, 90, -5000, Currency("EUR"), random_day(), never, Date(0), Date(0), "payment"});
        const auto after = judged(promises, account, as_of);
        int64_t sum_before = 0, sum_after = 0;
        for (std::size_t i = 0; i < promises.size(); ++i) {
            sum_before += before[i].kept;
            sum_after += after[i].kept;
        }
        RC_ASSERT(sum_after >= sum_before);
    }));
}
