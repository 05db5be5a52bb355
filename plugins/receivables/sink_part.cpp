// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "sink.hpp"

namespace dunlin::receivables {

Room::Room(Store& store, const std::vector<ItemKey>& keys) {
    const std::set<ItemKey> distinct(keys.begin(), keys.end());
    const std::vector<ItemKey> wanted(distinct.begin(), distinct.end());
    std::set<int64_t> customers;
    for (const auto& key : distinct) customers.insert(key.first);
    store.hold_customers(customers);
    auto found = store.items(wanted);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (found[i].id != 0) items_.emplace(wanted[i], std::move(found[i]));
    }
    for (auto& row : store.allocations_of(wanted)) {
        take(row, row.until_on);
        allocations_.emplace(row.id, std::move(row));
    }
}

const StoredItem* Room::item(const ItemKey& key) const {
    const auto it = items_.find(key);
    return it == items_.end() ? nullptr : &it->second;
}

const AllocationRow* Room::allocation(int64_t id) const {
    const auto it = allocations_.find(id);
    return it == allocations_.end() ? nullptr : &it->second;
}

void Room::free(int64_t allocation_id) {
    const auto* row = allocation(allocation_id);
    if (row == nullptr) return;
    for (const auto item_id : {row->source_id, row->target_id}) {
        std::erase_if(taken_[{row->customer_id, item_id}],
                      [&](const Taken& taken) { return taken.allocation_id == allocation_id; });
    }
}

std::string Room::refusal(const ItemKey& key, const Use& use) const {
    const auto* item = this->item(key);
    const auto size = item->amount < 0 ? -item->amount : item->amount;
    std::vector<Use> uses{use};
    int64_t sum = use.amount;
    const auto taken = taken_.find(key);
    if (taken != taken_.end()) {
        for (const auto& other : taken->second) {
            uses.push_back(other.use);
            sum += other.use.amount;
        }
    }
    if (const auto fitted = fitted_.find(key); fitted != fitted_.end()) {
        for (const auto& other : fitted->second) {
            uses.push_back(other);
            sum += other.amount;
        }
    }
    if (sum <= size) return {};
    const auto most = peak(uses);
    if (most <= size) return {};
    const auto digits = minor_digits(item->currency);
    return "with this allocation " + Money::text_of(most, digits) + " of " + item->kind + " " +
           item->number + " would be allocated, but it is " + Money::text_of(size, digits) + " " +
           item->currency + "; allocate at most " +
           Money::text_of(std::max<int64_t>(0, size - (most - use.amount)), digits);
}

void Room::take(const AllocationRow& row, Date until) {
    const Use use{{row.effective_on, until}, row.amount};
    taken_[{row.customer_id, row.source_id}].push_back({row.id, use});
    taken_[{row.customer_id, row.target_id}].push_back({row.id, use});
}

void Room::keep(int64_t allocation_id, Date until) {
    const auto* row = allocation(allocation_id);
    if (row == nullptr) return;
    // What was reversed before ends on that day, whatever becomes of it now.
    take(*row, row->reversed_on == never ? std::min(row->until_on, until) : row->until_on);
}

void fit_together(Intake& in, Room& room, const std::function<std::string(std::size_t)>& fit) {
    auto& rows = in.rows();
    for (const auto& row : rows) room.free(row.old.id);
    for (const auto& row : rows) {
        if (row.is_deleted) {
            room.keep(row.old.id, in.change_day(row));
        } else if (row.is_rejected) {
            room.keep(row.old.id, never);
        }
    }
    for (bool is_settled = false; !is_settled;) {
        is_settled = true;
        room.clear_fitted();
        std::vector<std::pair<Incoming*, std::string>> refused;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (rows[i].is_deleted || rows[i].is_rejected) continue;
            auto refusal = fit(i);
            if (refusal.empty()) continue;
            is_settled = is_settled && rows[i].is_new();
            refused.emplace_back(&rows[i], std::move(refusal));
        }
        for (auto& [row, refusal] : refused) {
            // A new row may find room yet when the others are fitted anew.
            if (!is_settled && row->is_new()) continue;
            in.reject(*row, "over_allocated", std::move(refusal), /*can_retry=*/true);
            room.keep(row->old.id, never);
        }
    }
}

namespace {

/// Erases a row at the customer it was kept at, when that is another one now. True when it was.
bool leave(Intake& in, const Incoming& row, std::string_view table, std::string_view id_column) {
    if (row.is_new() || row.old.customer_id == row.now.customer_id) return false;
    in.store().erase(table, id_column, row.old);
    return true;
}

}  // namespace

void apply_invoice_lines(Intake& in) {
    const auto invoice = in.column("invoice"), sequence = in.column("sequence"),
               product = in.column("product"), description = in.column("description"),
               quantity = in.column("quantity"), amount = in.column("amount"),
               plant = in.column("plant");
    const auto invoices = in.resolve("invoice", invoice);
    for (std::size_t i = 0; i < in.rows().size(); ++i) {
        auto& row = in.rows()[i];
        if (row.is_deleted) continue;
        in.reject_unknown(row, invoices[i], invoice, "invoice", /*is_needed=*/true);
        if (amount.is_null(row.at)) in.reject(row, "missing_amount", "the line has no amount");
    }
    in.assign_ids();
    std::vector<LineRow> out;
    for (std::size_t i = 0; i < in.rows().size(); ++i) {
        auto& row = in.rows()[i];
        if (row.is_rejected) continue;
        if (row.is_deleted) {
            in.store().erase("receivables_invoice_line", "line_id", row.old);
            continue;
        }
        row.now.customer_id = invoices[i].customer_id;
        const bool is_moved = leave(in, row, "receivables_invoice_line", "line_id");
        const auto at = row.at;
        out.push_back({row.is_new() || is_moved, row.now.customer_id, row.now.id, invoices[i].id,
                       sequence.i64(at), product.text(at), description.text(at),
                       optional_f64(quantity, at), amount.i64(at), plant.text(at)});
    }
    in.store().write(out);
}

void apply_instalments(Intake& in) {
    const auto invoice = in.column("invoice"), sequence = in.column("sequence"),
               due = in.column("due_date"), amount = in.column("amount"),
               discount_on = in.column("discount_date"), discount = in.column("discount_amount");
    const auto invoices = in.resolve("invoice", invoice);
    for (std::size_t i = 0; i < in.rows().size(); ++i) {
        auto& row = in.rows()[i];
        if (row.is_deleted) continue;
        in.reject_unknown(row, invoices[i], invoice, "invoice", /*is_needed=*/true);
        if (due.is_null(row.at))
            in.reject(row, "missing_due_date", "the instalment has no due date");
        if (amount.is_null(row.at))
            in.reject(row, "missing_amount", "the instalment has no amount");
        if (amount.i64(row.at) < 0) {
            in.reject(row, "negative_amount", "an instalment cannot be negative");
        }
    }
    in.assign_ids();
    std::vector<InstalmentRow> out;
    std::set<ItemKey> schedules;
    for (std::size_t i = 0; i < in.rows().size(); ++i) {
        auto& row = in.rows()[i];
        if (row.is_rejected) continue;
        if (row.is_deleted) {
            schedules.emplace(row.old.customer_id, in.store().item_of_instalment(row.old));
            in.store().erase("receivables_instalment", "instalment_id", row.old);
            continue;
        }
        row.now.customer_id = invoices[i].customer_id;
        const bool is_moved = leave(in, row, "receivables_instalment", "instalment_id");
        const auto at = row.at;
        schedules.emplace(row.now.customer_id, invoices[i].id);
        out.push_back({row.is_new() || is_moved, row.now.customer_id, row.now.id, invoices[i].id,
                       sequence.i64(at), due.date(at), amount.i64(at),
                       optional_date(discount_on, at), optional_i64(discount, at)});
    }
    in.store().write(out);
    in.store().refresh_schedules(schedules);
}

namespace {

/// Allocations on their way in: both ends known, of one customer and currency, and room in both.
class AllocationIntake {
public:
    explicit AllocationIntake(Intake& in)
        : in_(in),
          source_(in.column("source")),
          invoice_(in.column("invoice")),
          instalment_(in.column("instalment")),
          date_(in.column("date")),
          amount_(in.column("amount")),
          reversed_(in.column("reversed_on")),
          sources_(in.resolve(source_entities(in), source_)),
          targets_(resolve_targets(in, invoice_)),
          instalments_(in.resolve("instalment", instalment_)),
          room_(in.store(), keys()) {}

    void run() {
        std::vector<AllocationRow> out(in_.rows().size());
        for (std::size_t i = 0; i < out.size(); ++i) {
            auto& row = in_.rows()[i];
            if (!row.is_deleted && are_ends_known(row, i)) fill(row, i, out[i]);
        }
        fit_together(in_, room_, [&](std::size_t i) { return fit(out[i]); });
        in_.assign_ids();
        std::vector<AllocationRow> rows;
        for (std::size_t i = 0; i < out.size(); ++i) {
            auto& row = in_.rows()[i];
            if (row.is_rejected) continue;
            if (row.is_deleted) {
                in_.store().reverse_allocation(row.old, in_.change_day(row), in_.now_us());
                continue;
            }
            row.now.customer_id = out[i].customer_id;
            out[i].id = row.now.id;
            const bool is_moved = leave(in_, row, "receivables_allocation", "allocation_id");
            out[i].is_new = row.is_new() || is_moved;
            rows.push_back(std::move(out[i]));
        }
        in_.store().write(rows);
    }

private:
    static std::vector<std::string_view> source_entities(Intake& in) {
        const auto kind = in.column("source_kind");
        std::vector<std::string_view> out;
        for (auto& row : in.rows()) {
            const auto text = kind.text(row.at);
            out.push_back(text.empty() || text == "payment" ? "payment"
                          : text == "credit_note"           ? "invoice"
                          : text == "adjustment"            ? "adjustment"
                                                            : "");
            if (out.back().empty() && !row.is_deleted) {
                in.reject(row, "unknown_source_kind",
                          "source_kind \"" + std::string(text.substr(0, 40)) +
                              "\" is none of payment, credit_note, adjustment");
            }
        }
        return out;
    }

    /// What is owed is an invoice most of the time, but money sent back and fees are settled too.
    static std::vector<Known> resolve_targets(Intake& in, const ColumnView& column) {
        auto out = in.resolve("invoice", column);
        for (const std::string_view entity : {"payment", "adjustment"}) {
            std::vector<std::string_view> wanted;
            for (const auto& known : out) wanted.push_back(known.id == 0 ? entity : "");
            const auto found = in.resolve(wanted, column);
            for (std::size_t i = 0; i < out.size(); ++i) {
                if (out[i].id == 0) out[i] = found[i];
            }
        }
        return out;
    }

    std::vector<ItemKey> keys() const {
        std::vector<ItemKey> out;
        for (const auto* ends : {&sources_, &targets_}) {
            for (const auto& end : *ends) {
                if (end.id != 0) out.emplace_back(end.customer_id, end.id);
            }
        }
        return out;
    }

    bool are_ends_known(Incoming& row, std::size_t i) {
        in_.reject_unknown(row, sources_[i], source_, "source", /*is_needed=*/true);
        in_.reject_unknown(row, targets_[i], invoice_, "invoice", /*is_needed=*/true);
        in_.reject_unknown(row, instalments_[i], instalment_, "instalment", /*is_needed=*/false);
        if (row.is_rejected) return false;
        if (amount_.i64(row.at) <= 0) {
            in_.reject(row, "amount_not_positive", "an allocation needs an amount above zero");
        } else if (sources_[i].customer_id != targets_[i].customer_id) {
            in_.reject(row, "different_customers",
                       "the payment or credit and the invoice belong to different customers; book "
                       "a transfer between their accounts first",
                       /*can_retry=*/true);
        }
        return !row.is_rejected;
    }

    void fill(Incoming& row, std::size_t i, AllocationRow& out) {
        const ItemKey from{sources_[i].customer_id, sources_[i].id};
        const ItemKey to{targets_[i].customer_id, targets_[i].id};
        const auto* source = room_.item(from);
        const auto* target = room_.item(to);
        if (source == nullptr || target == nullptr) {
            in_.reject(row, "unknown_item", "an item of the allocation is not kept any more", true);
        } else if (source->currency != target->currency) {
            in_.reject(row, "currency_mismatch",
                       "the source is in " + source->currency + ", the invoice in " +
                           target->currency + "; amounts are never joined without a rate",
                       /*can_retry=*/true);
        } else if (source->amount > 0 || target->amount < 0) {
            in_.reject(row, "wrong_direction",
                       "an allocation leads from a payment or credit to something owed",
                       /*can_retry=*/true);
        }
        if (row.is_rejected) return;
        out.customer_id = to.first;
        out.source_id = from.second;
        out.target_id = to.second;
        out.instalment_id = instalments_[i].id;
        out.amount = amount_.i64(row.at);
        out.given_on = optional_date(date_, row.at).value_or(never);
        out.reversed_on = optional_date(reversed_, row.at).value_or(never);
        Allocation days_of;
        days_of.given_on = out.given_on;
        days_of.reversed_on = out.reversed_on;
        const auto days = live_days(days_of, {source->posted_on, source->void_on},
                                    {target->posted_on, target->void_on});
        out.effective_on = days.from;
        out.until_on = days.until;
        out.source = in_.source();
        note_history(row, out);
    }

    std::string fit(const AllocationRow& row) {
        const Use use{{row.effective_on, row.until_on}, row.amount};
        const std::array<ItemKey, 2> ends{
            {{row.customer_id, row.source_id}, {row.customer_id, row.target_id}}};
        for (const auto& key : ends) {
            auto refusal = room_.refusal(key, use);
            if (!refusal.empty()) return refusal;
        }
        for (const auto& key : ends) room_.fit(key, use);
        return {};
    }

    void note_history(const Incoming& row, AllocationRow& out) const {
        const auto* before = row.is_new() ? nullptr : room_.allocation(row.old.id);
        const bool is_same = before != nullptr && before->amount == out.amount &&
                             before->effective_on == out.effective_on;
        out.known_at = is_same ? before->known_at : in_.now_us();
        if (out.reversed_on == never) return;
        const bool was_reversed = before != nullptr && before->reversed_on == out.reversed_on;
        out.reversal_known_at = was_reversed ? before->reversal_known_at : in_.now_us();
    }

    Intake& in_;
    ColumnView source_, invoice_, instalment_, date_, amount_, reversed_;
    std::vector<Known> sources_, targets_, instalments_;
    Room room_;
};

}  // namespace

void apply_allocations(Intake& in) {
    AllocationIntake(in).run();
}

}  // namespace dunlin::receivables
