// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger.hpp"

namespace dunlin::receivables {

/// When a promise counts as kept. Data, kept as a policy; the rules of the day a promise was made
/// go with it for ever.
struct PromiseRules {
    std::string name = "standard";
    int64_t version = 0;             // Of the policy; 0 for the built-in one.
    int32_t grace_days = 3;          // Money valued so many days late still keeps it.
    int64_t enough_per_mille = 950;  // Of the promised amount.
    bool has_part = true;            // Too little makes it partly kept; otherwise broken.
    int32_t remind_days_before = 1;  // 0: not before the day.
    int32_t days_ahead_max = 90;     // No promise is taken for later.
};

enum class PromiseState { open, kept, partly_kept, broken, withdrawn, superseded };
std::string_view word_of(PromiseState state);
/// Broken, partly kept or withdrawn: what raises the level of the next one.
bool has_failed(PromiseState state);

/// What a customer promised to pay.
struct Promise {
    int64_t customer_id = 0, id = 0;
    int64_t item_id = 0;  // 0: of the whole account.
    std::string currency;
    int64_t amount = 0;
    Date made_on, due_on;
    int64_t level = 1;
    PromiseRules rules;
    Date ended_on = never;  // Withdrawn or superseded while it was open.
    bool is_superseded = false;
    /// The last day on which money may be valued that keeps it.
    Date last_day() const { return due_on + rules.grace_days; }
    bool has_ended(Date as_of) const { return ended_on <= as_of && ended_on <= last_day(); }
};

/// A sum that a customer paid, and what it went to; 0: not applied yet.
struct PaidSum {
    int64_t payment_id = 0, item_id = 0;
    std::string currency;
    Date valued_on;
    int64_t amount = 0;
};

/// Something owed, with what took from it: payments by their value date, credits by the day from
/// which they count.
struct Owed {
    struct Settled {
        Date on;
        int64_t amount = 0;
    };
    int64_t item_id = 0;
    std::string currency;
    int64_t amount = 0;
    Date posted_on, void_on = never;
    std::vector<Settled> settled;
};

/// What an account says about its promises on a day.
struct PromiseFacts {
    std::vector<PaidSum> paid;
    std::vector<Owed> owed;
};
/// From the ledger as it is on a day: what was reversed by then is not there.
PromiseFacts promise_facts(const Account& account, Date as_of);

/// What is left to pay on a day of what a promise is about: its item, or all that was owed in its
/// currency when it was made.
int64_t left_to_pay(const Promise& promise, const std::vector<Owed>& owed, Date on);

/// What became of a promise.
struct Verdict {
    PromiseState state = PromiseState::open;
    int64_t kept = 0;    // Money that came for it, at most what was promised.
    int64_t needed = 0;  // What it had to be: less where less was left to pay.
    std::string_view why;
    std::vector<PaidSum> used;
};

/// Judges the promises of one customer, one verdict for each in order. Those made later than
/// `as_of` stay open with nothing. One sum of money keeps one promise only: the promise that is due
/// first takes first; of one day those on an item before those on the account, then the lower id.
/// It takes what was applied to its item, then what is not applied to anything, the oldest value
/// date first; one on the account takes any.
std::vector<Verdict> judge(std::span<const Promise> promises, const PromiseFacts& facts,
                           Date as_of);

/// The promise that a new one follows, as an index; nothing when it stands alone and has level 1:
/// of those on the same item (or on the account, in the same currency) that failed and that none
/// followed yet, the one of the highest level, then the latest.
std::optional<std::size_t> followed_by_new(std::span<const Promise> promises,
                                           std::span<const Verdict> verdicts,
                                           std::span<const int64_t> followed_ids, int64_t item_id,
                                           std::string_view currency);

}  // namespace dunlin::receivables
