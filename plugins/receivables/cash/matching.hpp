// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cash/cashier.hpp"

namespace dunlin::receivables::cash {

/// Matches all payments that have something left: what is sure enough is applied, the rest waits
/// with its proposals. Running it again, or twice at once, has no further effect.
Json match(const Services& services, Transaction& tx, bool is_preview);

Proposal proposal_of(const Json& stored);

}  // namespace dunlin::receivables::cash
