// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dunning/letters.hpp"

namespace dunlin::receivables::dunning {

/// What is to become of items after the last letter.
struct Outcome {
    int64_t customer_id = 0, id = 0;
    std::string kind, state = "proposed", agency;
    int64_t commission = 0;  // In 1/10000 percent of what is paid while it stands.
    std::string reason, proposed_by, decided_by, decide_reason, ended_by, end_reason;
    Date proposed_on, decided_on = never, ended_on = never;
};

struct OutcomeItem {
    int64_t customer_id = 0, outcome_id = 0, item_id = 0, amount = 0;
    std::string currency;
    int64_t claim_id = 0, collected = 0;
    std::string number, kind, state, agency;
    int64_t commission = 0;
    /// What the agency earned by it.
    int64_t earned() const;
};

/// An item whose last letter was written, and which is still to be collected.
struct Finished {
    int64_t customer_id = 0, item_id = 0, part = 0, level = 0;
    std::string procedure, currency, number;
    Date last_letter_on;
    int64_t collectable = 0;
};

class Outcomes {
public:
    explicit Outcomes(Transaction& tx) : tx_(tx) {}
    void insert(const Outcome& outcome, const std::vector<OutcomeItem>& items);
    void save(const Outcome& outcome);
    void set_claim(const OutcomeItem& item, int64_t claim_id);
    std::vector<Outcome> list(int64_t customer_id, int64_t id, const std::string& state,
                              int64_t limit);
    /// Of one outcome, or of all with an agency when its id is 0.
    std::vector<OutcomeItem> items(int64_t customer_id, int64_t outcome_id);

private:
    Transaction& tx_;
};

/// Items of a book for which no further level comes, whose last letter is so many days old.
std::vector<Finished> finished(const Book& book, Policies& policies, Date as_of, int32_t days);

}  // namespace dunlin::receivables::dunning
