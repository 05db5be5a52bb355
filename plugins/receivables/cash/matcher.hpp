// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cash/open_book.hpp"

namespace dunlin::receivables::cash {

/// Where a payment may belong, the likeliest first; at most five. What is ambiguous never reaches
/// the confidence of the policy.
std::vector<Proposal> propose(const OpenBook& book, const Policy& policy, const Receipt& receipt);

/// What becomes of many payments at once: those that name what they pay go first, and what one
/// takes is no longer open for the next. A payment whose first proposal reaches the policy's
/// confidence is taken out of the book.
struct Matched {
    std::vector<Proposal> proposals;
    bool is_applied = false;
};
std::vector<Matched> match_all(OpenBook& book, const Policy& policy,
                               const std::vector<Receipt>& receipts);

}  // namespace dunlin::receivables::cash
