// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dunning/decide.hpp"
#include "ledger.hpp"

namespace dunlin::receivables::dunning {

/// How an item came to what is open of it: what interest is counted on.
struct ItemHistory {
    struct Settled {
        int64_t instalment_id = 0, amount = 0;
        Days days;
    };
    struct Claimed {
        std::optional<int64_t> amount;  // Nothing: all of it.
        Days days;
    };
    int64_t amount = 0;
    Date due_on;
    std::vector<Instalment> schedule;
    std::vector<Settled> settled;
    std::vector<Claimed> claims;
};

/// What was charged on an item before. What was waived was charged all the same.
struct ChargedBefore {
    bool has_fixed_sum = false;
    std::map<int64_t, Date> interest_until{};  // By part.
};

/// By item.
using Histories = std::map<int64_t, ItemHistory>;

/// What a customer was charged before.
struct Charged {
    std::map<int64_t, ChargedBefore> items{};
    /// What is claimable still, by company and currency. A letter that asks for it takes it out.
    std::map<std::pair<int64_t, std::string>, int64_t> claimable{};
};

/// What bore interest of an item, or of an instalment, from one day up to another.
std::vector<Step> steps(const ItemHistory& item, int64_t part, Date from, Date until,
                        const ChargePolicy& policy);

/// What a letter costs by its level.
int64_t fee_of(const Letter& letter);

/// Puts fee, interest and fixed sums on a letter, as far as they may be asked of this customer.
/// Items under a claim bear nothing now; a later letter counts from where the last one ended.
void add_charges(Letter& letter, const CustomerFacts& customer, const ChargePolicy& policy,
                 const Histories& histories, Charged& before, Date as_of);

}  // namespace dunlin::receivables::dunning
