// SPDX-License-Identifier: Apache-2.0
#include "cash/plan.hpp"

#include <algorithm>

namespace dunlin::receivables::cash {

Plan::Plan(const Services& services, Transaction& tx, CashStore& cash, Room& room,
           const std::vector<ItemKey>& keys)
    : services_(services), today_(tx.today()), now_us_(tx.now_us()), cash_(cash), room_(room) {
    for (const auto& key : keys) {
        if (room_.item(key) != nullptr) continue;
        auto found = cash_.claimed(today_, key);
        if (!found.empty()) claimed_.emplace(key, std::move(found.front()));
    }
}

std::string Plan::fit(const Decision& decision, std::vector<Part>& parts) {
    const auto* payment = room_.item(decision.payment);
    if (payment == nullptr || payment->kind != "payment" || payment->amount >= 0) {
        return "there is no such payment";
    }
    if (payment->void_on <= today_) return "the payment was reversed on " + payment->void_on.text();
    Days widest{never, never};
    int64_t sum = 0;
    for (const auto& line : decision.proposal.lines) {
        const ItemKey key{line.customer_id, line.item_id};
        const auto claimed = claimed_.find(key);
        Days days;
        auto refusal = claimed == claimed_.end()
                           ? fit_item(*payment, key, line.amount, days)
                           : fit_charge(*payment, claimed->second, line.amount, days);
        if (!refusal.empty()) return refusal;
        widest.from = std::min(widest.from, days.from);
        sum += line.amount;
        parts.push_back({line, days});
    }
    auto refusal = room_.refusal(decision.payment, {widest, sum});
    if (!refusal.empty()) {
        // What was taken back before may still hold the days before today.
        for (auto& part : parts) part.days.from = std::max(part.days.from, today_);
        refusal = room_.refusal(decision.payment, {{std::max(widest.from, today_), never}, sum});
    }
    return refusal;
}

std::string Plan::fit_item(const StoredItem& payment, const ItemKey& key, int64_t amount,
                           Days& days) const {
    const auto* charge = room_.item(key);
    if (charge == nullptr || charge->amount <= 0) return "one of the lines is nothing owed";
    if (charge->currency != payment.currency) {
        return "the payment is in " + payment.currency + ", " + charge->number + " in " +
               charge->currency;
    }
    return days_of(payment, *charge, key, amount, days);
}

std::string Plan::fit_charge(const StoredItem& payment, const ClaimedCharge& charge, int64_t amount,
                             Days& days) const {
    const auto what = "the " + charge.kind + " on " + charge.number;
    if (charge.currency != payment.currency) {
        return "the payment is in " + payment.currency + ", " + what + " in " + charge.currency;
    }
    if (amount > charge.open) {
        const auto digits = minor_digits(charge.currency);
        return "of " + what + " " + Money::text_of(charge.open, digits) +
               " are claimed still, not " + Money::text_of(amount, digits);
    }
    days = {std::max(payment.posted_on, charge.raised_on), payment.void_on};
    return days.from < days.until ? "" : what + " or the payment counts on no day";
}

void Plan::add(const ItemKey& payment, const Part& part, Application& out) {
    ItemKey charge{part.line.customer_id, part.line.item_id};
    const Use use{part.days, part.line.amount};
    room_.fit(payment, use);
    out.allocation_id = services_.next_id();
    Owed owed;
    if (const auto claimed = claimed_.find(charge); claimed != claimed_.end()) {
        owed = {{charge.first, claimed->second.about_id},
                claimed->second.kind + " on " + claimed->second.number,
                claimed->second.company_id};
        charge = out.charge = add_charge_item(claimed->second, part);
        cash_.insert(claimed->second, out);
    } else {
        room_.fit(charge, use);
        owed = {charge, room_.item(charge)->number, cash_.place_of(charge).company_id};
    }
    if (payment.first == charge.first) {
        add_allocation(charge.first, out.allocation_id, payment.second, charge.second, part);
        return;
    }
    // Owed again by who paid, to the credit of who owed.
    out.given_id = services_.next_id();
    out.received_id = services_.next_id();
    add_transfer(payment, owed, out, part);
    add_allocation(payment.first, services_.next_id(), payment.second, out.given_id, part);
    add_allocation(charge.first, out.allocation_id, out.received_id, charge.second, part);
}

void Plan::write(Store& store) {
    std::vector<const ItemRow*> items;
    for (const auto& made : made_) items.push_back(&made.row);
    if (!items.empty()) store.write(items);
    if (!allocations_.empty()) store.write(allocations_);
}

std::string Plan::days_of(const StoredItem& payment, const StoredItem& charge, const ItemKey& key,
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

void Plan::add_allocation(int64_t customer_id, int64_t id, int64_t source_id, int64_t target_id,
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

ItemRow& Plan::make(const ItemKey& key, int64_t amount, const Days& days, std::string text,
                    const std::string& currency, const ItemKey& like) {
    auto& made = made_.emplace_back();
    made.text = std::move(text);
    made.currency = currency;
    made.place = cash_.place_of(like);
    auto& row = made.row;
    row.customer_id = key.first;
    row.id = key.second;
    row.amount = amount;
    row.posted_on = row.due_on = row.issued_on = days.from;
    row.void_on = days.until;
    row.void_known_at = row.void_on == never ? 0 : now_us_;
    row.currency = made.currency;
    row.company_id = made.place.company_id;
    row.salesperson = made.place.salesperson;
    row.portfolio = made.place.portfolio;
    row.number = row.reference = made.text;
    row.known_at = now_us_;
    return row;
}

void Plan::add_transfer(const ItemKey& payment, const Owed& owed, const Application& out,
                        const Part& part) {
    const auto* paid = room_.item(payment);
    const auto text = "transfer of " + paid->number.substr(0, 60) + " to " + owed.number;
    auto& given = make({payment.first, out.given_id}, part.line.amount, part.days, text,
                       paid->currency, payment);
    auto& received = make({out.charge.first, out.received_id}, -part.line.amount, part.days, text,
                          paid->currency, owed.like);
    received.company_id = owed.company_id;
    for (auto* row : {&given, &received}) {
        row->kind = "payment";
        row->method = "transfer";
    }
}

ItemKey Plan::add_charge_item(ClaimedCharge& charge, const Part& part) {
    charge.open -= part.line.amount;
    const ItemKey key{charge.key.first, services_.next_id()};
    auto& row = make(key, part.line.amount, part.days, charge.kind + " on " + charge.number,
                     charge.currency, {charge.key.first, charge.about_id});
    row.company_id = charge.company_id;
    row.kind = charge.kind == "interest" ? "interest" : "fee";
    row.method = "charge";
    return key;
}

}  // namespace dunlin::receivables::cash
