// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands.hpp"
#include "store.hpp"

namespace dunlin::receivables::cash {

/// A credit that its own system is asked to pay out. It waits for a second person, was asked for,
/// is done or was refused, by a person or by that system.
struct Refund {
    ItemKey item;
    int64_t id = 0, amount = 0;
    std::string currency, reason, state = "asked", asked_by, decided_by, decide_reason, outcome;
    Date asked_on;
    int64_t write_back_id = 0, policy_version = 0;
};

class RefundStore {
public:
    explicit RefundStore(Transaction& tx) : tx_(tx) {}
    void insert(const Refund& one);
    void update(const Refund& one);
    /// Of one customer, or of all when it is 0.
    std::vector<Refund> list(int64_t customer_id, const std::string& state, int64_t limit);
    /// What of a credit is neither used nor asked for; what was paid out of it is counted once.
    int64_t free_of(const ItemKey& item, Date today);
    /// What of a credit is asked for and not paid out yet.
    int64_t reserved_of(const ItemKey& item, Date today);
    /// A write-back has its outcome: if it was a refund, that has it, too.
    void settle(int64_t write_back_id, const Json& told);

private:
    Transaction& tx_;
};

/// The handler of a command about refunds; null when it is about something else.
Door refund_door(std::string_view command);

}  // namespace dunlin::receivables::cash
