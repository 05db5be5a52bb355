// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "sink.hpp"

namespace dunlin::receivables {

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
    leave_parts(in, invoices);
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
    leave_parts(in, invoices);
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
        // Who is of record for cash says what settles what, whoever brought the documents.
        if (!in_.record().has(Book::cash, in_.source())) {
            leave_parts(in_, sources_);
            leave_parts(in_, targets_);
        }
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
        if (!targets_[i].is_link) {  // Instalments of linked invoices are not taken.
            in_.reject_unknown(row, instalments_[i], instalment_, "instalment",
                               /*is_needed=*/false);
        }
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
        replace_ours(row, out);
        note_history(row, out);
    }

    /// What was allocated here and written to the source comes back from it: that row then stands
    /// for ours and keeps its id.
    void replace_ours(Incoming& row, const AllocationRow& out) {
        if (!row.is_new() || out.reversed_on != never) return;
        if (const auto* ours = room_.take_made_here(out)) {
            row.old = {ours->customer_id, ours->id, 0};
            row.now.id = ours->id;
        }
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
