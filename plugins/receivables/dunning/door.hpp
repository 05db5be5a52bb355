// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/plugin.hpp>

#include <optional>
#include <set>

namespace dunlin::receivables::dunning {

/// What goes with a customer who is forgotten.
inline constexpr const char* tables_of_customers[] = {
    "receivables_outcome_item",        "receivables_outcome",
    "receivables_charge_payment",      "receivables_charge",
    "receivables_dunning_state",       "receivables_dunning_block",
    "receivables_dunning_assignment",  "receivables_dunning_held",
    "receivables_dunning_letter_line", "receivables_dunning_letter",
};

/// Answers a command of this room; nothing when it is another room's.
std::optional<Json> answer(const Services& services, Call& call);
/// Runs a job of this room; false when it is another room's.
bool work(const Services& services, const Job& job);
/// Customers' accounts changed in this transaction: letters that nobody has sent yet and of which
/// nothing is open any more are taken back.
void void_gone(const Services& services, Transaction& tx, const std::set<int64_t>& customer_ids,
               bool is_scoped);

}  // namespace dunlin::receivables::dunning
