// SPDX-License-Identifier: Apache-2.0
// Making promises: what is refused, which level a new one has, and the claim that it places.
#include "promises/promises.hpp"

namespace dunlin::receivables {

PromiseRules parse_promise_rules(const Json& body) {
    PromiseRules out;
    out.name = body.value("name", out.name);
    out.grace_days = body.value("grace_days", out.grace_days);
    out.enough_per_mille = body.value("enough_per_mille", out.enough_per_mille);
    out.has_part = body.value("part_payment", "partly_kept") != std::string_view("broken");
    out.remind_days_before = body.value("remind_days_before", out.remind_days_before);
    out.days_ahead_max = body.value("days_ahead_max", out.days_ahead_max);
    return out;
}

PromiseRules promise_rules(Transaction& tx, const CustomerInfo& customer, Date on) {
    for (const auto& scope : {customer.portfolio, std::string()}) {
        if (const auto policy = tx.policy("promise", scope, on)) {
            auto out = parse_promise_rules(policy->at("body"));
            out.version = policy->at("version");
            return out;
        }
    }
    return {};
}

Claim claim_of(const StoredPromise& one, Date from) {
    const auto& promise = one.promise;
    Claim out;
    out.customer_id = promise.customer_id;
    out.item_id = promise.item_id;
    out.kind = "promise";
    out.amount = promise.amount;
    out.currency = promise.currency;
    out.from_on = from;
    out.until_on = promise.last_day() + 1;
    out.owner = "promise";
    out.reference = std::to_string(promise.id);
    return out;
}

PromiseMaker::PromiseMaker(const Services& services, Transaction& tx, const CustomerInfo& customer,
                           Date on)
    : services_(services), tx_(tx), customer_(customer), on_(on), desk_(tx) {
    Desk(tx).hold_account(customer.id);
    rules_ = promise_rules(tx, customer, on);
    account_ = desk_.judged(customer.id, on);
}

void PromiseMaker::refuse_over(const StoredPromise& one, std::string_view what,
                               int64_t replaced_id) const {
    const auto& promise = one.promise;
    const auto digits = minor_digits(promise.currency);
    // What is promised of the whole account must fit beside what is promised of its items.
    for (const auto item_id : {promise.item_id, int64_t{0}}) {
        const auto open = account_.open(item_id, promise.currency, on_);
        const auto expected = account_.expected(item_id, promise.currency, replaced_id);
        if (promise.amount <= open - expected) continue;
        const auto promised = expected == 0 ? std::string()
                                            : ", and " + Money::text_of(expected, digits) +
                                                  " of it is promised already";
        throw Error(DUNLIN_E_CONFLICT,
                    std::string(item_id == 0 ? "the account" : what) + " has " +
                        Money::text_of(open, digits) + " " + promise.currency + " open" + promised +
                        "; a promise of " + Money::text_of(promise.amount, digits) +
                        " is more than is left: promise less, or replace the other one with "
                        "receivables.supersede_promise");
    }
}

StoredPromise PromiseMaker::make(const ListedItem* item, std::string_view currency,
                                 std::optional<int64_t> amount, Date due_on,
                                 const StoredPromise* replaced) {
    if (due_on < on_) {
        throw Error(DUNLIN_E_INVALID, "the promise is for " + due_on.text() +
                                          ", which is in the past; ask for a day from " +
                                          on_.text() + " on");
    }
    if (due_on - on_ > rules_.days_ahead_max) {
        throw Error(DUNLIN_E_INVALID, "the promise is for " + due_on.text() + ", more than the " +
                                          std::to_string(rules_.days_ahead_max) +
                                          " days ahead that the rules \"" + rules_.name +
                                          "\" allow; agree on an earlier day, or on a plan");
    }
    const auto what = item ? item->kind + " " + item->number : std::string("the account");
    if (item && item->amount <= 0) {
        throw Error(DUNLIN_E_INVALID, "a promise is to pay something owed, not a " + item->kind);
    }
    if (item && item->void_on <= on_) {
        throw Error(DUNLIN_E_CONFLICT, what + " was cancelled on " + item->void_on.text() +
                                           "; nothing of it can be promised");
    }
    StoredPromise out;
    auto& promise = out.promise;
    promise.customer_id = customer_.id;
    promise.item_id = item ? item->id : 0;
    promise.currency = currency;
    promise.made_on = on_;
    promise.due_on = due_on;
    promise.rules = rules_;
    const auto open = account_.open(promise.item_id, currency, on_);
    if (open <= 0) {
        throw Error(DUNLIN_E_CONFLICT, what + " has nothing open in " + std::string(currency) +
                                           "; there is nothing to promise");
    }
    const auto replaced_id = replaced ? replaced->promise.id : 0;
    const auto left = open - account_.expected(promise.item_id, currency, replaced_id);
    promise.amount = amount.value_or(left > 0 ? left : open);
    refuse_over(out, what, replaced_id);
    if (replaced) {
        out.follows_id = replaced->promise.id;
        promise.level = replaced->promise.level + 1;
    } else if (const auto failed =
                   followed_by_new(account_.promises(), account_.verdicts, account_.followed_ids(),
                                   promise.item_id, currency)) {
        out.follows_id = account_.stored[*failed].promise.id;
        promise.level = account_.stored[*failed].promise.level + 1;
    }
    return out;
}

void PromiseMaker::keep(StoredPromise& one) {
    auto& promise = one.promise;
    promise.id = services_.next_id();
    one.judged_on = on_;
    one.known_at = tx_.now_us();
    if (promise.last_day() >= on_) one.claim_id = lay_claim(services_, tx_, claim_of(one, on_));
    desk_.insert(one);
    if (const auto* before = account_.find(one.follows_id)) {
        auto followed = *before;
        followed.followed_by_id = promise.id;
        desk_.update(followed);
    }
    account_ = desk_.judged(customer_.id, on_);
}

}  // namespace dunlin::receivables
