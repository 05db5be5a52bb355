// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/date.hpp>
#include <dunlin/money.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace dunlin::receivables {

/// The days on which something counts: from the first on, up to and without the last.
struct Days {
    Date from;
    Date until = never;
    bool hold(Date day) const { return from <= day && day < until; }
};

/// One document or movement of a customer's account. Amounts are in 1/10000 of the currency's unit:
/// positive where the customer owes it (a charge), negative where it reduces the debt (a credit).
struct Item {
    int64_t customer_id = 0;
    int64_t id = 0;
    int64_t amount = 0;
    Currency currency;
    Date posted_on;
    Date void_on = never;
    Date due_on;
    Date issued_on;
    std::string kind;
    Days live() const { return {posted_on, void_on}; }
    bool is_charge() const { return amount > 0; }
};

/// A part of a credit that settles a part of a charge of the same customer and currency.
struct Allocation {
    int64_t customer_id = 0;
    int64_t id = 0;
    int64_t source_id = 0;
    int64_t target_id = 0;
    int64_t instalment_id = 0;
    int64_t amount = 0;
    Date given_on = never;  // What the source says it is effective on; never: it does not say.
    Date reversed_on = never;
    Date effective_on;
    Date until_on = never;
    Days live() const { return {effective_on, until_on}; }
};

/// A part of an item with a due date of its own.
struct Instalment {
    int64_t id = 0;
    int64_t sequence = 0;
    Date due_on;
    int64_t amount = 0;
};

/// What was settled of an item, and by what.
struct Settlement {
    int64_t instalment_id = 0;
    int64_t amount = 0;
    bool is_payment = false;
};

/// One row of an item's schedule with what is left of it.
struct Part {
    Date due_on;
    int64_t amount = 0;
    int64_t paid = 0;
    int64_t credited = 0;
    int64_t open() const { return amount - paid - credited; }
};

/// The days of an allocation: never before either document counts, never after either ceased to,
/// so that residuals always add up to the ledger.
Days live_days(const Allocation& allocation, const Days& source, const Days& target);

/// What is left of an item: a charge less what settles it, a credit less (towards zero) what it
/// settled. Allocations that do not touch the item are ignored.
int64_t residual(const Item& item, std::span<const Allocation> allocations, Date as_of);

/// One use of an amount over some days.
struct Use {
    Days days;
    int64_t amount = 0;
};

/// The most that is in use on any one day.
int64_t peak(std::span<const Use> uses);

/// Spreads what was settled over the schedule: what names an instalment goes there first, the rest
/// to the oldest due. A schedule that does not add up to the item is completed by a part due with
/// the item, or cut from its end, so that the parts are always the item's amount.
std::vector<Part> spread(int64_t amount, Date due_on, std::vector<Instalment> schedule,
                         std::span<const Settlement> settled);

/// Upper edges of ageing buckets in days late, inclusive: {0, 30, 60} makes not due, 1-30, 31-60
/// and over 60.
class Buckets {
public:
    explicit Buckets(std::vector<int32_t> edges);
    std::size_t count() const { return edges_.size() + 1; }
    std::size_t of(int32_t days_late) const;
    std::string name(std::size_t bucket) const;
    const std::vector<int32_t>& edges() const { return edges_; }

private:
    std::vector<int32_t> edges_;
};

/// Days late on a day: zero on the due date itself, negative before it.
inline int32_t days_late(Date due_on, Date as_of) {
    return as_of - due_on;
}

/// The account of one customer, complete.
struct Account {
    int64_t customer_id = 0;
    std::vector<Item> items;
    std::vector<Allocation> allocations;
    std::multimap<int64_t, Instalment> schedule;  // By item.
};

/// Ageing of one account in one currency, from first principles.
struct Aged {
    std::vector<int64_t> buckets;
    int64_t unapplied = 0;  // Credits not used yet; zero or negative.
    int64_t ledger = 0;     // Sum of the live items.
    int64_t balance() const {
        int64_t sum = unapplied;
        for (const auto amount : buckets) sum += amount;
        return sum;
    }
};
std::map<Currency, Aged> age(const Account& account, Date as_of, const Buckets& buckets);

/// Something in an account that must not be so.
struct Finding {
    int64_t customer_id = 0;
    int64_t id = 0;
    std::string code;
    std::string text;
};
/// Recomputes what can be derived and holds it against what is stored.
std::vector<Finding> audit(const Account& account);

/// A reason why an open amount, or a part of it, must not be collected now.
struct Claim {
    int64_t customer_id = 0;
    int64_t id = 0;
    int64_t item_id = 0;  // 0: the whole account.
    std::string kind;
    std::optional<int64_t> amount;  // Nothing: all of it.
    std::string currency;
    Date from_on, until_on = never, lifted_on = never;
    std::string owner, reference;
};

/// An open charge and how much of it is under claims.
struct OpenAmount {
    int64_t item_id = 0;
    std::string currency;
    Date due_on;
    int64_t open = 0;
    int64_t claimed = 0;
    int64_t disputed = 0;
};
/// Lays claims on the open charges of one customer: those on an item first, then those on the whole
/// account, the oldest due first.
void lay_claims(std::vector<OpenAmount>& charges, std::span<const Claim> claims);

/// What may be collected of an open amount under claims: never below zero.
int64_t collectable(int64_t open, int64_t claimed);

}  // namespace dunlin::receivables
