// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose.hpp"

namespace dunlin::correspondence {

/// Names the filed PDFs of the items that a letter is about, the last one of each, within the
/// limits of the settings; and of the others why they do not go with it.
void attach(Ledger& ledger, const Settings& settings, int64_t customer_id, const Letter& letter,
            Content& content);

/// For the reason of a message: which documents do not go with it; empty when all do.
std::string told_of_missing(const Content& content);

/// Its bytes. Error data when they are not what was attached, not_found when it is gone.
std::string bytes_of(Transaction& tx, int64_t customer_id, const Attached& attached);

}  // namespace dunlin::correspondence
