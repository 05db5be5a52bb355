// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/db.hpp>

#include <map>
#include <string>
#include <vector>

#include "promises/promise.hpp"

namespace dunlin::receivables {

/// A promise as it is kept, with what the last judging found.
struct StoredPromise {
    Promise promise;
    int64_t follows_id = 0, followed_by_id = 0, claim_id = 0, contact_id = 0;
    std::string ended_reason, person, note, made_by, source, reference, state = "open";
    int64_t kept = 0;
    Date judged_on, reminded_before_on = never, reminded_on = never;
    int64_t known_at = 0;
};

/// The promises of one customer with the account they are judged on, and their verdicts.
struct JudgedAccount {
    std::vector<StoredPromise> stored;
    PromiseFacts facts;
    std::vector<Verdict> verdicts;
    std::vector<Promise> promises() const;
    std::vector<int64_t> followed_ids() const;
    const StoredPromise* find(int64_t promise_id) const;
    const Verdict& verdict_of(const StoredPromise& one) const {
        return verdicts[static_cast<std::size_t>(&one - stored.data())];
    }
    /// What is left to pay of an item, or of everything in a currency.
    int64_t open(int64_t item_id, std::string_view currency, Date on) const;
    /// The one currency in which something is open; empty when there is none or several.
    std::string only_currency(Date on) const;
    /// What open promises still expect of an item, or in a currency, without one of them.
    int64_t expected(int64_t item_id, std::string_view currency, int64_t without_id) const;
};

/// The tables of promises. Which of them a caller may see is asked of the published view; judged
/// they are on the whole account.
class PromiseDesk {
public:
    explicit PromiseDesk(Transaction& tx) : tx_(tx) {}
    /// All columns of a promise behind its customer.
    static const std::string_view moved_columns;

    /// Judged on a day: these customers, as far as they have promises.
    std::map<int64_t, JudgedAccount> judged(const std::vector<int64_t>& customer_ids, Date as_of);
    JudgedAccount judged(int64_t customer_id, Date as_of);

    struct Query {
        int64_t customer_id = 0, item_id = 0, promise_id = 0;
        Date due_until = never;
        int64_t limit = 1000;
    };
    /// Customer and promise of those that the caller may see, the first due first.
    std::vector<std::pair<int64_t, int64_t>> visible(const Query& query);
    bool may_see(int64_t customer_id, int64_t promise_id);

    void insert(const StoredPromise& one);
    /// What judging and ending change.
    void update(const StoredPromise& one);
    void lift_claim(const StoredPromise& one, Date on);

    /// Customers with promises that may still change, behind one.
    std::vector<int64_t> customers(int64_t after, std::size_t limit);
    /// Those of these customers that have promises.
    std::vector<int64_t> with_promises(const std::vector<int64_t>& customer_ids);
    /// The latest day that promises were judged on.
    Date last_judged();

private:
    Transaction& tx_;
};

}  // namespace dunlin::receivables
