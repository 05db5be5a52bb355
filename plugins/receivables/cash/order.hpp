// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "cash/match.hpp"

namespace dunlin::receivables::cash {

struct Owed {
    int64_t id = 0;
    Debt debt = Debt::principal;
    Date due_on;
    int64_t open = 0;
    int64_t disputed = 0;  // Of what is open.
};

struct Filled {
    int64_t id = 0;
    int64_t amount = 0;
    bool operator==(const Filled&) const = default;
};

/// In which order money fills what is owed.
///   oldest_first               by due date, whatever it is
///   costs_interest_principal   BGB 367 and what most laws say
///   costs_principal_interest   BGB 497, consumer loans
/// Others are refused.
enum class Order { oldest_first, costs_interest_principal, costs_principal_interest };
Order order_named(std::string_view name);

/// Spreads money over what is owed. What the debtor directed goes there first, in that order, also
/// where it is disputed; the rest never fills a disputed part.
std::vector<Filled> fill(int64_t amount, std::vector<Owed> owed, Order order,
                         const std::vector<int64_t>& directed = {});

}  // namespace dunlin::receivables::cash
