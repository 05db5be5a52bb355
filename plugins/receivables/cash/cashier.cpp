// SPDX-License-Identifier: Apache-2.0
#include "cash/cashier.hpp"

#include <algorithm>
#include <deque>

#include "commands.hpp"
#include "dunning/door.hpp"
#include "promises/promises.hpp"
#include "sink.hpp"
#include "views.hpp"

namespace dunlin::receivables::cash {
namespace {

/// Allocations and transfers of one transaction, written at its end in a few statements.
class Plan {
public:
    Plan(const Services& services, Transaction& tx, CashStore& cash, Room& room)
        : services_(services), today_(tx.today()), now_us_(tx.now_us()), cash_(cash), room_(room) {}

    struct Part {
        Line line;
        Days days;
    };
    /// The parts of a decision with their days, or why there is no room.
    std::string fit(const Decision& decision, std::vector<Part>& parts) {
        const auto* payment = room_.item(decision.payment);
        if (payment == nullptr || payment->kind != "payment" || payment->amount >= 0) {
            return "there is no such payment";
        }
        if (payment->void_on <= today_)
            return "the payment was reversed on " + payment->void_on.text();
        Days widest{never, never};
        int64_t sum = 0;
        for (const auto& line : decision.proposal.lines) {
            const ItemKey key{line.customer_id, line.item_id};
            const auto* charge = room_.item(key);
            if (charge == nullptr || charge->amount <= 0) return "one of the lines is nothing owed";
            if (charge->currency != payment->currency) {
                return "the payment is in " + payment->currency + ", " + charge->number + " in " +
                       charge->currency;
            }
            Days days;
            auto refusal = days_of(*payment, *charge, key, line.amount, days);
            if (!refusal.empty()) return refusal;
            widest.from = std::min(widest.from, days.from);
            sum += line.amount;
            parts.push_back({line, days});
        }
        auto refusal = room_.refusal(decision.payment, {widest, sum});
        if (!refusal.empty()) {
            // What was taken back before may still hold the days before today.
            for (auto& part : parts) part.days.from = std::max(part.days.from, today_);
            refusal =
                room_.refusal(decision.payment, {{std::max(widest.from, today_), never}, sum});
        }
        return refusal;
    }

    void add(const ItemKey& payment, const Part& part, Application& out) {
        const ItemKey charge{part.line.customer_id, part.line.item_id};
        const Use use{part.days, part.line.amount};
        room_.fit(payment, use);
        room_.fit(charge, use);
        out.allocation_id = services_.next_id();
        if (payment.first == charge.first) {
            add_allocation(charge.first, out.allocation_id, payment.second, charge.second, part);
            return;
        }
        // Owed again by who paid, to the credit of who owed.
        out.given_id = services_.next_id();
        out.received_id = services_.next_id();
        add_transfer(payment, charge, out, part);
        add_allocation(payment.first, services_.next_id(), payment.second, out.given_id, part);
        add_allocation(charge.first, out.allocation_id, out.received_id, charge.second, part);
    }

    void write(Store& store) {
        std::vector<const ItemRow*> items;
        for (const auto& transfer : transfers_) items.push_back(&transfer.row);
        if (!items.empty()) store.write(items);
        if (!allocations_.empty()) store.write(allocations_);
    }

private:
    /// Since both documents count, or from today on where the past has no room.
    std::string days_of(const StoredItem& payment, const StoredItem& charge, const ItemKey& key,
                        int64_t amount, Days& days) const {
        Allocation allocation;
        const Days of_payment{payment.posted_on, payment.void_on};
        const Days of_charge{charge.posted_on, charge.void_on};
        days = live_days(allocation, of_payment, of_charge);
        if (days.from >= days.until) return charge.number + " or the payment counts on no day";
        if (room_.refusal(key, {days, amount}).empty()) return {};
        allocation.given_on = today_;
        days = live_days(allocation, of_payment, of_charge);
        return room_.refusal(key, {days, amount});
    }

    void add_allocation(int64_t customer_id, int64_t id, int64_t source_id, int64_t target_id,
                        const Part& part) {
        AllocationRow row;
        row.customer_id = customer_id;
        row.id = id;
        row.source_id = source_id;
        row.target_id = target_id;
        row.amount = part.line.amount;
        row.effective_on = row.given_on = part.days.from;
        row.until_on = part.days.until;
        row.source = "desk";
        row.known_at = now_us_;
        allocations_.push_back(std::move(row));
    }

    struct Transfer {
        std::string text, currency;
        Place place;
        ItemRow row;
    };
    void add_transfer(const ItemKey& payment, const ItemKey& charge, const Application& out,
                      const Part& part) {
        const auto* paid = room_.item(payment);
        const auto* owed = room_.item(charge);
        struct End {
            int64_t customer_id, id, amount;
            const ItemKey* like;
        };
        for (const auto& end : {End{payment.first, out.given_id, part.line.amount, &payment},
                                End{charge.first, out.received_id, -part.line.amount, &charge}}) {
            auto& transfer = transfers_.emplace_back();
            transfer.text = "transfer of " + paid->number.substr(0, 60) + " to " + owed->number;
            transfer.currency = paid->currency;
            transfer.place = cash_.place_of(*end.like);
            auto& row = transfer.row;
            row.customer_id = end.customer_id;
            row.id = end.id;
            row.amount = end.amount;
            row.posted_on = row.due_on = row.issued_on = part.days.from;
            row.void_on = part.days.until;
            row.void_known_at = row.void_on == never ? 0 : now_us_;
            row.currency = transfer.currency;
            row.kind = "payment";
            row.company_id = transfer.place.company_id;
            row.salesperson = transfer.place.salesperson;
            row.portfolio = transfer.place.portfolio;
            row.number = row.reference = transfer.text;
            row.method = "transfer";
            row.known_at = now_us_;
        }
    }

    const Services& services_;
    Date today_;
    int64_t now_us_;
    CashStore& cash_;
    Room& room_;
    std::vector<AllocationRow> allocations_;
    std::deque<Transfer> transfers_;  // Rows borrow from their texts.
};

}  // namespace

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
    Plan plan(services_, tx_, cash_, room);
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
