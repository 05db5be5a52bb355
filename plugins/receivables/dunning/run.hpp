// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dunning/letters.hpp"

namespace dunlin::receivables::dunning {

/// What these customers are written, with what it costs.
Decision decide(Book& book, Policies& policies, Date as_of);

/// Drafts the letters of the next so many customers of a run, in this transaction; false when the
/// run is through. Whoever calls it again after a crash goes on behind the last committed batch.
bool draft_batch(const Services& services, Transaction& tx, int64_t run_id, int64_t customers);

struct Released {
    int64_t letters = 0;
    int64_t after_customer = 0;
    bool is_done = false;
    std::vector<std::pair<StoredLetter, std::string>> held;  // With the reason.
};
/// Releases drafts of the next so many customers behind one, those that still stand on that day.
Released release_batch(const Services& services, Transaction& tx, const LetterQuery& which,
                       int64_t customers, Date on, Date today, const std::string& by);

/// Takes back what nobody has sent yet and of which nothing is open any more.
void void_gone(const Services& services, Transaction& tx, const std::set<int64_t>& customer_ids,
               bool is_scoped);

}  // namespace dunlin::receivables::dunning
