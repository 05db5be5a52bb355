// SPDX-License-Identifier: Apache-2.0
#include "cash/order.hpp"

#include <dunlin/error.hpp>

#include <algorithm>
#include <string>
#include <tuple>

namespace dunlin::receivables::cash {

Order order_named(std::string_view name) {
    if (name == "oldest_first") return Order::oldest_first;
    if (name == "costs_interest_principal") return Order::costs_interest_principal;
    if (name == "costs_principal_interest") return Order::costs_principal_interest;
    throw Error(DUNLIN_E_INVALID, "there is no allocation order \"" + std::string(name) +
                                      "\"; use oldest_first, costs_interest_principal or "
                                      "costs_principal_interest");
}

namespace {

int place_of(Debt debt, Order order) {
    if (order == Order::oldest_first) return 0;
    if (debt == Debt::costs) return 0;
    const bool interest_first = order == Order::costs_interest_principal;
    return (debt == Debt::interest) == interest_first ? 1 : 2;
}

}  // namespace

std::vector<Filled> fill(int64_t amount, std::vector<Owed> owed, Order order,
                         const std::vector<int64_t>& directed) {
    std::vector<Filled> out;
    const auto take = [&](Owed& one, int64_t room) {
        const auto part = std::min(amount, room);
        if (part <= 0) return;
        out.push_back({one.id, part});
        one.open -= part;
        one.disputed = std::min(one.disputed, one.open);
        amount -= part;
    };
    for (const auto id : directed) {
        for (auto& one : owed) {
            if (one.id == id) take(one, one.open);
        }
    }
    std::sort(owed.begin(), owed.end(), [&](const Owed& a, const Owed& b) {
        return std::tuple(place_of(a.debt, order), a.due_on, a.debt, a.id) <
               std::tuple(place_of(b.debt, order), b.due_on, b.debt, b.id);
    });
    for (auto& one : owed) take(one, one.open - one.disputed);
    return out;
}

}  // namespace dunlin::receivables::cash
