// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>

#include "cash/store_cash.hpp"

namespace dunlin::receivables::cash {

/// The policy in force, with its version; 0 while the default holds.
struct InForce {
    Policy policy;
    std::vector<ShortReason> reasons;
    int64_t version = 0;
    const ShortReason& reason(const std::string& id) const;
};
InForce policy_in_force(Transaction& tx, Date on);

/// What is decided about one payment.
struct Decision {
    ItemKey payment;
    Proposal proposal;
    std::string decided_by;        // "rules" or who.
    std::string reason{}, note{};  // Why it is short, where a person says so.
};

/// Applies payments to the ledger and takes that back. All of it in one transaction, behind the
/// locks of the accounts that it touches.
class Cashier {
public:
    Cashier(const Services& services, Transaction& tx, const InForce& in_force);

    /// Why each was not applied, "" for those that were. One is applied whole or not at all.
    std::vector<std::string> apply(const std::vector<Decision>& decisions);
    /// Takes back what was applied of a payment from a day on. How many parts it were.
    std::size_t undo(const ItemKey& payment, Date on);
    /// The payment came back: it ends on that day, and what it settled is open again.
    struct Reopened {
        ItemKey charge;
        int64_t amount = 0;
    };
    std::vector<Reopened> bounce(const ItemKey& payment, Date on);
    /// A reason for what was left open.
    void explain(Short one, const ShortReason& reason, const std::string& note,
                 const std::string& decided_by);
    /// One event for each account that was touched.
    void announce();

private:
    void write_short(const Decision& decision, const Line& line, int64_t application_id,
                     const std::string& currency);
    void withdraw_shorts(const Application& application, Date on);
    int64_t place_claim(const Short& one, const char* kind);

    const Services& services_;
    Transaction& tx_;
    const InForce& in_force_;
    Store store_;
    CashStore cash_;
    std::set<int64_t> touched_;
};

}  // namespace dunlin::receivables::cash
