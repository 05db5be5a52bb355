// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/plugin.hpp>

#include <string_view>
#include <vector>

#include "commands.hpp"
#include "promises/desk.hpp"

namespace dunlin::receivables {

/// The handler of a command about promises; null when it is about something else.
Door promise_door(std::string_view command);
/// The job that judges the promises of all customers, or of those that its arguments name.
void judge_promises(const Services& services, const Job& job);
/// Has the promises and the credit holds of these customers judged again once this transaction has
/// committed: their money changed.
void judge_again(Transaction& tx, const std::vector<int64_t>& customer_ids);

/// The rules in force for a customer.
PromiseRules promise_rules(Transaction& tx, const CustomerInfo& customer, Date on);
PromiseRules parse_promise_rules(const Json& body);

/// What keeps a promised amount from being collected, from a day until the promise is judged.
Claim claim_of(const StoredPromise& one, Date from);

/// Makes promises of one customer in the transaction of a call.
class PromiseMaker {
public:
    PromiseMaker(const Services& services, Transaction& tx, const CustomerInfo& customer, Date on);

    /// Fills in what a promise of today has in common with others: rules, level, dates. Refuses one
    /// that is in the past, over the open amount, or about nothing that is owed.
    StoredPromise make(const ListedItem* item, std::string_view currency,
                       std::optional<int64_t> amount, Date due_on,
                       const StoredPromise* replaced = nullptr);
    /// Keeps it with its claim. What it follows is marked.
    void keep(StoredPromise& one);
    JudgedAccount& account() { return account_; }
    PromiseDesk& desk() { return desk_; }
    const PromiseRules& rules() const { return rules_; }

private:
    void refuse_over(const StoredPromise& one, std::string_view what, int64_t replaced_id) const;
    const Services& services_;
    Transaction& tx_;
    const CustomerInfo& customer_;
    Date on_;
    PromiseRules rules_;
    PromiseDesk desk_;
    JudgedAccount account_;
};

/// The promises in a request of promise, log_contact or a visit: "parts", or one.
std::vector<StoredPromise> make_promises(const Services& services, Call& call,
                                         const CustomerInfo& customer, const Json& request,
                                         int64_t contact_id);
Json promise_json(const StoredPromise& one, const Verdict& verdict);
/// Open and failed promises of a customer for its screen.
Json promises_of(Transaction& tx, int64_t customer_id, Date as_of);

/// What judging did.
struct JudgedCount {
    int64_t promises = 0, kept = 0, broken = 0, opened = 0, reminded = 0;
};
/// Judges all promises of these customers and keeps what became of them; twice is once.
void judge_customers(const Services& services, Transaction& tx,
                     const std::vector<int64_t>& customer_ids, Date as_of, JudgedCount& count);

}  // namespace dunlin::receivables
