// SPDX-License-Identifier: Apache-2.0
#include "promises/promise.hpp"

#include <dunlin/money.hpp>

#include <algorithm>
#include <array>
#include <tuple>
#include <unordered_map>

namespace dunlin::receivables {

std::string_view word_of(PromiseState state) {
    static constexpr std::array<std::string_view, 6> words{"open",   "kept",      "partly_kept",
                                                           "broken", "withdrawn", "superseded"};
    return words.at(static_cast<std::size_t>(state));
}

bool has_failed(PromiseState state) {
    return state == PromiseState::broken || state == PromiseState::partly_kept ||
           state == PromiseState::withdrawn;
}

PromiseFacts promise_facts(const Account& account, Date as_of) {
    std::unordered_map<int64_t, const Item*> items;
    std::unordered_map<int64_t, std::size_t> owed_at, rest_at;
    PromiseFacts out;
    for (const auto& item : account.items) {
        items.emplace(item.id, &item);
        if (item.is_charge() && item.kind != "payment") {
            owed_at.emplace(item.id, out.owed.size());
            out.owed.push_back({item.id,
                                std::string(item.currency.code()),
                                item.amount,
                                item.posted_on,
                                item.void_on,
                                {}});
        } else if (item.kind == "payment" && !item.is_charge() && item.live().hold(as_of)) {
            rest_at.emplace(item.id, out.paid.size());
            out.paid.push_back(
                {item.id, 0, std::string(item.currency.code()), item.posted_on, -item.amount});
        }
    }
    for (const auto& allocation : account.allocations) {
        const auto source = items.find(allocation.source_id);
        if (source == items.end() || !allocation.live().hold(as_of)) continue;
        const auto owed = owed_at.find(allocation.target_id);
        const auto rest = rest_at.find(allocation.source_id);
        if (rest == rest_at.end()) {
            if (owed == owed_at.end()) continue;
            out.owed[owed->second].settled.push_back({allocation.effective_on, allocation.amount});
            continue;
        }
        // Money that was sent back leaves the payment and goes to nothing.
        out.paid[rest->second].amount -= allocation.amount;
        if (owed == owed_at.end()) continue;
        const auto valued_on = source->second->posted_on;
        out.owed[owed->second].settled.push_back({valued_on, allocation.amount});
        auto sum = out.paid[rest->second];
        sum.item_id = allocation.target_id;
        sum.amount = allocation.amount;
        out.paid.push_back(std::move(sum));
    }
    std::erase_if(out.paid, [](const PaidSum& sum) { return sum.amount <= 0; });
    return out;
}

int64_t left_to_pay(const Promise& promise, const std::vector<Owed>& owed, Date on) {
    int64_t left = 0;
    for (const auto& one : owed) {
        const bool is_meant = promise.item_id == 0 ? one.currency == promise.currency &&
                                                         one.posted_on <= promise.made_on
                                                   : one.item_id == promise.item_id;
        if (!is_meant || one.posted_on > on || one.void_on <= on) continue;
        auto rest = one.amount;
        for (const auto& settled : one.settled) {
            if (settled.on <= on) rest -= settled.amount;
        }
        left += std::max<int64_t>(0, rest);
    }
    return left;
}

namespace {

class Judging {
public:
    Judging(std::span<const Promise> promises, const PromiseFacts& facts, Date as_of)
        : promises_(promises), facts_(facts), as_of_(as_of) {
        for (const auto& sum : facts.paid) paid_.push_back(sum);
        std::sort(paid_.begin(), paid_.end(), [](const PaidSum& a, const PaidSum& b) {
            return std::tie(a.valued_on, a.payment_id, a.item_id, a.amount) <
                   std::tie(b.valued_on, b.payment_id, b.item_id, b.amount);
        });
    }

    std::vector<Verdict> run() {
        std::vector<std::size_t> order;
        for (std::size_t i = 0; i < promises_.size(); ++i) order.push_back(i);
        std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            const auto place = [&](const Promise& one) {
                return std::tuple(one.due_on, one.item_id == 0, one.id);
            };
            return place(promises_[a]) < place(promises_[b]);
        });
        std::vector<Verdict> out(promises_.size());
        for (const auto i : order) out[i] = one(promises_[i]);
        return out;
    }

private:
    Verdict one(const Promise& promise) {
        Verdict out;
        out.needed = promise.amount;
        if (promise.made_on > as_of_) return out;
        if (promise.has_ended(as_of_)) {
            out.state = promise.is_superseded ? PromiseState::superseded : PromiseState::withdrawn;
            out.why = promise.is_superseded ? "replaced by another promise" : "taken back";
            return out;
        }
        const auto until = std::min(promise.last_day(), as_of_);
        if (promise.item_id != 0) take(promise, promise.item_id, until, out);
        take(promise, 0, until, out);
        const auto left = left_to_pay(promise, facts_.owed, until);
        out.needed = std::min(promise.amount, out.kept + left);
        if (out.needed == 0) {
            out.state = PromiseState::withdrawn;
            out.why = "nothing was left to pay";
        } else if (out.kept >= multiply_divide(out.needed, promise.rules.enough_per_mille, 1000)) {
            out.state = PromiseState::kept;
        } else if (as_of_ > promise.last_day()) {
            out.state = promise.rules.has_part && out.kept > 0 ? PromiseState::partly_kept
                                                               : PromiseState::broken;
        }
        return out;
    }

    /// Takes money that went to an item, or with 0 what is not applied; of a promise on the account
    /// any.
    void take(const Promise& promise, int64_t item_id, Date until, Verdict& out) {
        for (auto& sum : paid_) {
            if (out.kept == promise.amount) return;
            const bool is_meant = promise.item_id == 0 || sum.item_id == item_id;
            if (!is_meant || sum.amount == 0 || sum.currency != promise.currency) continue;
            if (sum.valued_on < promise.made_on || sum.valued_on > until) continue;
            const auto part = std::min(sum.amount, promise.amount - out.kept);
            sum.amount -= part;
            out.kept += part;
            out.used.push_back(sum);
            out.used.back().amount = part;
        }
    }

    std::span<const Promise> promises_;
    const PromiseFacts& facts_;
    Date as_of_;
    std::vector<PaidSum> paid_;  // With what is left of each.
};

}  // namespace

std::vector<Verdict> judge(std::span<const Promise> promises, const PromiseFacts& facts,
                           Date as_of) {
    return Judging(promises, facts, as_of).run();
}

std::optional<std::size_t> followed_by_new(std::span<const Promise> promises,
                                           std::span<const Verdict> verdicts,
                                           std::span<const int64_t> followed_ids, int64_t item_id,
                                           std::string_view currency) {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < promises.size(); ++i) {
        const auto& one = promises[i];
        const bool is_alike = one.item_id == item_id && one.currency == currency;
        // Not where nothing was left to pay: nobody took that one back.
        const bool has_end = verdicts[i].state != PromiseState::withdrawn || one.ended_on != never;
        const bool is_followed =
            std::find(followed_ids.begin(), followed_ids.end(), one.id) != followed_ids.end();
        if (!is_alike || is_followed || !has_end || !has_failed(verdicts[i].state)) continue;
        const auto place = [&](std::size_t at) {
            return std::tuple(promises[at].level, promises[at].made_on, promises[at].id);
        };
        if (!best || place(i) > place(*best)) best = i;
    }
    return best;
}

}  // namespace dunlin::receivables
