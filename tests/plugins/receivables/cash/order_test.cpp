// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <rapidcheck.h>
#include <dunlin/error.hpp>

#include "cash/order.hpp"

using namespace dunlin;
using namespace dunlin::receivables::cash;

namespace {

const Date first = Date::parse("2026-01-10"), second = Date::parse("2026-02-10");

/// Principal 100.00, fee 5.00, interest 0.25: erpnext #36279.
std::vector<Owed> debt() {
    return {{1, Debt::principal, first, 1000000, 0},
            {2, Debt::costs, second, 50000, 0},
            {3, Debt::interest, second, 2500, 0}};
}

int64_t left(int64_t id, const std::vector<Filled>& filled) {
    for (const auto& one : debt()) {
        if (one.id != id) continue;
        int64_t rest = one.open;
        for (const auto& part : filled) rest -= part.id == id ? part.amount : 0;
        return rest;
    }
    return -1;
}

}  // namespace

TEST_CASE("#34: an order that does not exist is refused by name") {
    CHECK_THROWS_WITH(order_named("newest_first"), Catch::Contains("newest_first"));
}

TEST_CASE(
    "I6 #34: of 105.25 a payment of 50.00 leaves no fee, no interest and 55.25 of the principal") {
    const auto filled = fill(500000, debt(), Order::costs_interest_principal);

    CHECK(left(2, filled) == 0);
    CHECK(left(3, filled) == 0);
    CHECK(left(1, filled) == 552500);
}

TEST_CASE("I6: of a consumer loan the interest waits for the principal") {
    const auto filled = fill(500000, debt(), Order::costs_principal_interest);

    CHECK(left(2, filled) == 0);
    CHECK(left(3, filled) == 2500);
    CHECK(left(1, filled) == 550000);
}

TEST_CASE("I6: the debtor's direction comes before the order") {
    const auto filled = fill(500000, debt(), Order::costs_interest_principal, {1});

    CHECK(left(1, filled) == 500000);
    CHECK(left(2, filled) == 50000);
    CHECK(left(3, filled) == 2500);
}

TEST_CASE("I6: 500 of 10,000 and 1,000 of costs and interest all go to the costs") {
    const auto filled = fill(
        5000000, {{1, Debt::principal, first, 100000000, 0}, {2, Debt::costs, second, 10000000, 0}},
        Order::costs_interest_principal);

    CHECK(filled == std::vector<Filled>{{2, 5000000}});
}

TEST_CASE("the oldest come first whatever they are made of") {
    CHECK(fill(500000, debt(), Order::oldest_first) == std::vector<Filled>{{1, 500000}});
}

TEST_CASE("undirected money never fills a disputed part") {
    CHECK(fill(900, {{1, Debt::principal, first, 500, 300}, {2, Debt::principal, second, 500, 0}},
               Order::oldest_first) == std::vector<Filled>{{1, 200}, {2, 500}});
    CHECK(fill(900, {{1, Debt::principal, first, 500, 300}, {2, Debt::principal, second, 500, 0}},
               Order::oldest_first, {1}) == std::vector<Filled>{{1, 500}, {2, 400}});
}

TEST_CASE("no order makes or loses money, or takes more than is open") {
    rc::check([](std::vector<std::pair<uint16_t, uint8_t>> drawn, uint32_t money) {
        std::vector<Owed> owed;
        int64_t room = 0;
        for (const auto& [open, more] : drawn) {
            const auto id = static_cast<int64_t>(owed.size()) + 1;
            const int64_t disputed = more % 4 == 0 ? open / 2 : 0;
            owed.push_back({id, static_cast<Debt>(more % 3), first + more, open, disputed});
            room += open - disputed;
        }
        const auto order = static_cast<Order>(money % 3);
        const auto filled = fill(money, owed, order);
        int64_t used = 0;
        for (const auto& one : filled) {
            RC_ASSERT(one.amount > 0);
            const auto& of = owed[static_cast<std::size_t>(one.id - 1)];
            RC_ASSERT(one.amount <= of.open - of.disputed);
            used += one.amount;
        }
        RC_ASSERT(used == std::min<int64_t>(money, room));
    });
}
