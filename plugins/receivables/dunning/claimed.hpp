// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/plugin.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ledger.hpp"

namespace dunlin::receivables::dunning {

/// What is claimed of fees, interest and fixed sums on a day.
struct Claimed {
    std::map<std::pair<int64_t, int64_t>, int64_t> by_item;          // Customer and item.
    std::map<std::pair<int64_t, std::string>, int64_t> by_currency;  // Customer and currency.
};
/// Of these customers, as the caller may see them.
Claimed claimed_on(Transaction& tx, const std::vector<int64_t>& customer_ids, Date on);

/// A dispute ended for one side: the charges that it suspended are waived where their policy says
/// so, and otherwise claimed again. How many were waived.
int64_t settle_charges(const Services& services, Transaction& tx, const Claim& claim,
                       const std::string& outcome, const std::string& by);

}  // namespace dunlin::receivables::dunning
