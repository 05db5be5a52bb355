// SPDX-License-Identifier: Apache-2.0
#include "cash/cashier.hpp"

#include <algorithm>

#include "cash/plan.hpp"
#include "commands.hpp"
#include "dunning/door.hpp"
#include "promises/promises.hpp"
#include "sink.hpp"
#include "views.hpp"

namespace dunlin::receivables::cash {
Cashier::Cashier(const Services& services, Transaction& tx, const InForce& in_force)
    : services_(services), tx_(tx), in_force_(in_force), store_(services, tx), cash_(tx) {}

std::vector<std::string> Cashier::apply(const std::vector<Decision>& decisions) {
    std::vector<ItemKey> keys;
    for (const auto& decision : decisions) {
        keys.push_back(decision.payment);
        for (const auto& line : decision.proposal.lines) {
            keys.emplace_back(line.customer_id, line.item_id);
        }
    }
    Room room(store_, keys);
    Plan plan(services_, tx_, cash_, room, keys);
    std::vector<std::string> out;
    for (const auto& decision : decisions) {
        std::vector<Plan::Part> parts;
        out.push_back(plan.fit(decision, parts));
        if (!out.back().empty()) continue;
        auto reasons = Json::array();
        for (const auto& reason : decision.proposal.reasons) {
            reasons.push_back({{"rule", reason.rule}, {"points", reason.points}});
        }
        for (const auto& part : parts) {
            Application one;
            one.payment = decision.payment;
            one.id = services_.next_id();
            one.charge = {part.line.customer_id, part.line.item_id};
            one.amount = part.line.amount;
            one.currency = room.item(decision.payment)->currency;
            one.kind = decision.proposal.kind;
            one.confidence = decision.proposal.confidence;
            one.reasons = reasons;
            one.decided_by = decision.decided_by;
            one.policy_version = in_force_.version;
            one.applied_on = tx_.today();
            one.known_at = tx_.now_us();
            plan.add(decision.payment, part, one);
            cash_.insert(one);
            if (part.line.short_by > 0) write_short(decision, part.line, one.id, one.currency);
            touched_.insert(part.line.customer_id);
        }
        touched_.insert(decision.payment.first);
        cash_.remove_waiting(decision.payment);
    }
    plan.write(store_);
    return out;
}

void Cashier::write_short(const Decision& decision, const Line& line, int64_t application_id,
                          const std::string& currency) {
    Short one;
    one.charge = {line.customer_id, line.item_id};
    one.id = services_.next_id();
    one.payment = decision.payment;
    one.application_id = application_id;
    one.amount = line.short_by;
    one.currency = currency;
    one.shortfall = to_text(line.shortfall);
    one.policy_version = in_force_.version;
    one.found_on = tx_.today();
    one.known_at = tx_.now_us();
    const bool is_allowed =
        line.shortfall == Shortfall::discount || line.shortfall == Shortfall::tolerance;
    one.state = is_allowed ? "allowed" : line.shortfall == Shortfall::part ? "part" : "open";
    // What was allowed is not asked for; the source writes it off.
    if (is_allowed) one.claim_id = place_claim(one, "allowance");
    if (!decision.reason.empty() && !is_allowed) {
        const auto& reason = in_force_.reason(decision.reason);
        one.state = "explained";
        one.reason = reason.id;
        one.note = decision.note;
        one.decided_by = decision.decided_by;
        if (reason.disputes) one.claim_id = place_claim(one, "dispute");
    }
    cash_.insert(one);
}

int64_t Cashier::place_claim(const Short& one, const char* kind) {
    Claim claim;
    claim.customer_id = one.charge.first;
    claim.id = services_.next_id();
    claim.item_id = one.charge.second;
    claim.kind = kind;
    claim.amount = one.amount;
    claim.currency = one.currency;
    claim.from_on = tx_.today();
    claim.owner = "receivables.cash";
    claim.reference = std::to_string(one.id);
    Desk(tx_).insert(claim, tx_.now_us());
    touched_.insert(one.charge.first);
    return claim.id;
}

void Cashier::explain(Short one, const ShortReason& reason, const std::string& note,
                      const std::string& decided_by) {
    if (one.claim_id != 0) cash_.lift_claim(one.charge.first, one.claim_id, tx_.today());
    one.claim_id = reason.disputes ? place_claim(one, "dispute") : 0;
    one.state = "explained";
    one.reason = reason.id;
    one.note = note;
    one.decided_by = decided_by;
    cash_.update(one);
    touched_.insert(one.charge.first);
}

void Cashier::withdraw_shorts(const Application& application, Date on) {
    for (auto& one : cash_.shorts_of(application)) {
        if (one.claim_id != 0) cash_.lift_claim(one.charge.first, one.claim_id, on);
        one.state = "gone";
        cash_.update(one);
    }
}

std::size_t Cashier::undo(const ItemKey& payment, Date on) {
    store_.hold_customers({payment.first});
    const auto all = cash_.applied(payment);
    std::set<int64_t> customers{payment.first};
    for (const auto& one : all) customers.insert(one.charge.first);
    store_.hold_customers(customers);
    std::vector<ItemKey> ended;
    for (const auto& one : all) {
        store_.reverse_allocation({one.charge.first, one.allocation_id}, on, tx_.now_us());
        if (one.given_id != 0) {
            ended.emplace_back(payment.first, one.given_id);
            ended.emplace_back(one.charge.first, one.received_id);
        }
        if (cash_.is_of_charge(one.charge)) ended.push_back(one.charge);
        withdraw_shorts(one, on);
        cash_.undo(one, on);
    }
    for (const auto& key : ended) cash_.end_payment(key, on, tx_.now_us());
    store_.refresh_allocations(ended);
    touched_.merge(customers);
    return all.size();
}

std::vector<Cashier::Reopened> Cashier::bounce(const ItemKey& payment, Date on) {
    store_.hold_customers({payment.first});
    auto all = cash_.applied(payment);
    std::set<int64_t> customers{payment.first};
    for (const auto& one : all) customers.insert(one.charge.first);
    store_.hold_customers(customers);
    const auto item = store_.items({payment}).front();
    if (item.id == 0 || item.kind != "payment" || item.amount >= 0) {
        throw Error(DUNLIN_E_NOT_FOUND, "there is no such payment; receivables.items lists them");
    }
    if (item.void_on != never) {
        throw Error(DUNLIN_E_CONFLICT, "payment " + item.number + " was already reversed on " +
                                           item.void_on.text() + "; it cannot come back twice");
    }
    if (on < item.posted_on) {
        throw Error(DUNLIN_E_INVALID,
                    "the payment is of " + item.posted_on.text() + "; it cannot come back before");
    }
    std::vector<ItemKey> ended{payment};
    std::vector<Reopened> out;
    for (const auto& row : store_.allocations_of({payment})) {
        // What a transfer took is open again where it went.
        const auto by_transfer = std::find_if(all.begin(), all.end(), [&](const Application& one) {
            return one.given_id == row.target_id;
        });
        const bool is_direct = by_transfer == all.end();
        if (row.source_id != payment.second || row.until_on <= on) continue;
        out.push_back(
            {is_direct ? ItemKey{payment.first, row.target_id} : by_transfer->charge, row.amount});
    }
    for (const auto& one : all) {
        if (one.given_id != 0) {
            ended.emplace_back(payment.first, one.given_id);
            ended.emplace_back(one.charge.first, one.received_id);
        }
        if (cash_.is_of_charge(one.charge)) ended.push_back(one.charge);
        withdraw_shorts(one, on);
        cash_.undo(one, on);
    }
    for (const auto& key : ended) cash_.end_payment(key, on, tx_.now_us());
    store_.refresh_allocations(ended);
    cash_.remove_waiting(payment);
    touched_.merge(customers);
    return out;
}

void Cashier::announce() {
    for (const auto customer_id : touched_) announce_change(tx_, customer_id, "allocation");
    judge_again(tx_, {touched_.begin(), touched_.end()});
    dunning::void_gone(services_, tx_, touched_, /*is_scoped=*/false);
    touched_.clear();
}

}  // namespace dunlin::receivables::cash
