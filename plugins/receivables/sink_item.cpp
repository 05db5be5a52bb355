// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "sink.hpp"

namespace dunlin::receivables {
namespace {

/// Invoices, payments and adjustments on their way into the one ledger.
class ItemIntake {
public:
    explicit ItemIntake(Intake& in, bool may_lack_customer = false)
        : in_(in),
          customer_(in.column("customer")),
          company_(in.column("company")),
          currency_(in.column("currency")),
          customers_(in.resolve("customer", customer_)),
          companies_(in.resolve("company", company_)),
          items_(in.rows().size()) {
        if (may_lack_customer && in.record().keeps_unassigned()) find_unassigned();
        std::vector<ItemKey> keys;
        for (const auto& row : in.rows()) {
            if (!row.is_new()) keys.emplace_back(row.old.customer_id, row.old.id);
        }
        const auto found = in.store().items(keys);
        stored_.resize(in.rows().size());
        std::size_t next = 0;
        for (std::size_t i = 0; i < in.rows().size(); ++i) {
            if (!in.rows()[i].is_new()) stored_[i] = found[next++];
        }
        load_defaults();
    }

    std::size_t size() const { return in_.rows().size(); }
    Incoming& row(std::size_t i) { return in_.rows()[i]; }
    ItemRow& item(std::size_t i) { return items_[i]; }
    const StoredItem& stored(std::size_t i) const { return stored_[i]; }

    /// Fills what every item has. False when the row is out.
    bool begin(std::size_t i, const ColumnView& date, const ColumnView& amount) {
        auto& row = in_.rows()[i];
        in_.reject_unknown(row, customers_[i], customer_, "customer",
                           /*is_needed=*/customers_[i].id == 0);
        in_.reject_unknown(row, companies_[i], company_, "company", /*is_needed=*/false);
        const auto currency = currency_.text(row.at);
        if (minor_digits(currency) < 0) {
            in_.reject(row, "unknown_currency",
                       "\"" + std::string(currency.substr(0, 12)) +
                           "\" is not a currency; use an ISO 4217 code such as EUR");
        }
        if (date.is_null(row.at)) in_.reject(row, "missing_date", "the row has no date");
        if (amount.is_null(row.at)) in_.reject(row, "missing_amount", "the row has no amount");
        if (row.is_rejected) return false;
        auto& out = items_[i];
        out.customer_id = customers_[i].id;
        out.company_id = companies_[i].id;
        out.currency = currency;
        out.issued_on = out.posted_on = out.due_on = date.date(row.at);
        out.amount = amount.i64(row.at);
        out.source = in_.source();
        out.external_id = row.external_id;
        const auto& defaults = defaults_.at(out.customer_id);
        out.salesperson = defaults.salesperson;
        out.portfolio = defaults.portfolio;
        return true;
    }

    /// Ends an item that its source cancelled or reversed; without a date of its own on the day
    /// the source changed it, or where we ended it before.
    void end(std::size_t i, std::optional<Date> on) {
        auto& out = items_[i];
        const auto& before = stored_[i];
        const bool was_ended = before.id != 0 && before.void_on != never;
        out.void_on = on ? *on : was_ended ? before.void_on : in_.change_day(in_.rows()[i]);
    }

    /// Writes all items with what hangs on them.
    void write() {
        in_.assign_ids();
        std::vector<const ItemRow*> out;
        std::vector<ItemKey> changed;
        for (std::size_t i = 0; i < size(); ++i) {
            auto& row = in_.rows()[i];
            if (row.is_rejected) continue;
            if (row.is_deleted) {
                const ItemKey key{row.old.customer_id, row.old.id};
                in_.store().void_item(key, in_.change_day(row), in_.now_us());
                changed.push_back(key);
                continue;
            }
            auto& item = items_[i];
            row.now.customer_id = item.customer_id;
            item.id = row.now.id;
            note_history(item, stored_[i]);
            if (!row.is_new()) relocate(row, item, stored_[i], changed);
            out.push_back(&item);
        }
        in_.store().write(out);
        in_.store().refresh_allocations(changed);
    }

private:
    void find_unassigned() {
        Known account;
        for (std::size_t i = 0; i < size(); ++i) {
            const auto& row = in_.rows()[i];
            if (row.is_deleted || row.is_rejected || !customer_.text(row.at).empty()) continue;
            if (account.id == 0) account = unassigned_account(in_);
            customers_[i] = account;
        }
    }

    void load_defaults() {
        for (const auto& customer : customers_) {
            if (customer.id != 0) defaults_.try_emplace(customer.id);
        }
        std::vector<int64_t> ids;
        for (const auto& [id, defaults] : defaults_) ids.push_back(id);
        std::sort(ids.begin(), ids.end());
        for (auto& found : in_.store().customer_defaults(ids)) {
            defaults_[found.id] = std::move(found);
        }
    }

    /// known_at stays while the ledger sees no difference, so that what was backdated shows.
    void note_history(ItemRow& item, const StoredItem& before) {
        item.known_at = in_.now_us();
        item.void_known_at = item.void_on == never ? 0 : in_.now_us();
        if (before.id == 0) return;
        const bool is_same = before.amount == item.amount && before.posted_on == item.posted_on &&
                             before.currency == item.currency && before.due_on == item.due_on;
        if (is_same) item.known_at = before.known_at;
        if (before.void_on == item.void_on) item.void_known_at = before.void_known_at;
        item.instalments = before.instalments;
    }

    void relocate(const Incoming& row, ItemRow& item, const StoredItem& before,
                  std::vector<ItemKey>& changed) {
        const bool is_moved = row.old.customer_id != item.customer_id;
        item.is_new = is_moved || before.id == 0;
        if (is_moved) {
            in_.store().move_item({row.old.customer_id, item.id}, item.customer_id);
            changed.emplace_back(row.old.customer_id, item.id);
        }
        if (is_moved || before.posted_on != item.posted_on || before.void_on != item.void_on) {
            changed.emplace_back(item.customer_id, item.id);
        }
    }

    Intake& in_;
    ColumnView customer_, company_, currency_;
    std::vector<Known> customers_, companies_;
    std::vector<ItemRow> items_;
    std::vector<StoredItem> stored_;
    std::unordered_map<int64_t, CustomerDefaults> defaults_;
};

struct InvoiceColumns {
    explicit InvoiceColumns(const Intake& in)
        : number(in.column("number")),
          kind(in.column("kind")),
          status(in.column("status")),
          issue(in.column("issue_date")),
          due(in.column("due_date")),
          cancelled(in.column("cancelled_on")),
          total(in.column("total")),
          open(in.column("open_amount")),
          po_number(in.column("po_number")),
          reference(in.column("reference")),
          corrects(in.column("corrects")),
          salesperson(in.column("salesperson")),
          purpose(in.column("purpose")),
          creditor(in.column("original_creditor")),
          itemisation(in.column("itemisation_date")),
          default_date(in.column("default_date")),
          url(in.column("document_url")) {}
    ColumnView number, kind, status, issue, due, cancelled, total, open, po_number, reference,
        corrects, salesperson, purpose, creditor, itemisation, default_date, url;
};

void describe_invoice(const InvoiceColumns& c, int64_t at, ItemRow& out) {
    out.number = c.number.text(at);
    out.reference = c.reference.text(at);
    out.po_number = c.po_number.text(at);
    out.corrects = c.corrects.text(at);
    out.purpose = c.purpose.text(at).empty() ? "business" : c.purpose.text(at);
    out.original_creditor = c.creditor.text(at);
    out.itemisation_date = optional_date(c.itemisation, at);
    out.default_date = optional_date(c.default_date, at);
    out.document_url = c.url.text(at);
    if (!c.salesperson.text(at).empty()) {
        out.salesperson = c.salesperson.text(at);
        out.salesperson_own = true;
    }
}

}  // namespace

void apply_invoices(Intake& in) {
    link_to_record(in, Book::invoices);
    const InvoiceColumns c(in);
    ItemIntake items(in);
    for (std::size_t i = 0; i < items.size(); ++i) {
        auto& row = items.row(i);
        if (row.is_deleted || !items.begin(i, c.issue, c.total)) continue;
        auto& out = items.item(i);
        const auto at = row.at;
        out.kind = c.kind.text(at).empty() ? "invoice" : c.kind.text(at);
        out.status = c.status.text(at).empty() ? "posted" : c.status.text(at);
        const auto sign = document_sign(out.kind);
        if (sign == 0) {
            in.reject(row, "unknown_kind",
                      "kind \"" + std::string(out.kind.substr(0, 40)) +
                          "\" is none of invoice, credit_note, debit_note, self_billed");
        } else if (out.status != "posted" && out.status != "cancelled" && out.status != "draft") {
            in.reject(row, "unknown_status",
                      "status \"" + std::string(out.status.substr(0, 40)) +
                          "\" is none of posted, cancelled, draft");
        } else if (out.amount < 0) {
            in.reject(row, "negative_total",
                      "the total is " + Money::text_of(out.amount, minor_digits(out.currency)) +
                          "; send a positive total and the kind credit_note");
        }
        if (row.is_rejected) continue;
        out.amount *= sign;
        out.source_open = optional_i64(c.open, at);
        if (out.source_open) *out.source_open *= sign;
        out.has_due = !c.due.is_null(at);
        if (out.has_due) out.due_on = c.due.date(at);
        describe_invoice(c, at, out);
        if (out.status == "draft") out.posted_on = never;
        if (out.status == "cancelled") items.end(i, optional_date(c.cancelled, at));
    }
    items.write();
}

void apply_payments(Intake& in) {
    const auto date = in.column("date"), amount = in.column("amount"), method = in.column("method"),
               reference = in.column("reference"), status = in.column("status"),
               reversed = in.column("reversed_on"), account = in.column("bank_account"),
               payer = in.column("payer_name");
    link_to_record(in, Book::cash);
    ItemIntake items(in, /*may_lack_customer=*/true);
    for (std::size_t i = 0; i < items.size(); ++i) {
        auto& row = items.row(i);
        if (row.is_deleted || !items.begin(i, date, amount)) continue;
        auto& out = items.item(i);
        const auto at = row.at;
        // A negative payment is money sent back: it is owed again.
        out.amount = -out.amount;
        out.kind = "payment";
        out.status = status.text(at).empty() ? "posted" : status.text(at);
        out.number = out.reference = reference.text(at);
        out.method = method.text(at);
        out.bank_account = account.text(at);
        out.payer_name = payer.text(at);
        if (out.status != "posted" && out.status != "reversed") {
            in.reject(row, "unknown_status",
                      "status \"" + std::string(out.status.substr(0, 40)) +
                          "\" is none of posted, reversed");
        } else if (out.status == "reversed" || !reversed.is_null(at)) {
            out.status = "reversed";
            items.end(i, optional_date(reversed, at));
        }
    }
    items.write();
}

namespace {

/// An adjustment that reduces an invoice it names settles it: an allocation with the id of the
/// adjustment. One that adds to the debt stays an open item of its own.
bool settles(const ItemRow& item, const Known& invoice) {
    return invoice.id != 0 && item.amount < 0;
}

void check_adjustment(Intake& in, Incoming& row, const ItemRow& item, const Known& invoice,
                      const Room& room) {
    if (invoice.customer_id != item.customer_id) {
        in.reject(row, "different_customers",
                  "the adjustment and the invoice it names belong to different customers",
                  /*can_retry=*/true);
        return;
    }
    const auto* target = room.item({invoice.customer_id, invoice.id});
    if (target == nullptr || target->currency != item.currency) {
        in.reject(row, "currency_mismatch",
                  "the adjustment is in " + std::string(item.currency) + ", its invoice in " +
                      (target ? target->currency : "no currency"),
                  /*can_retry=*/true);
    }
}

std::string fit_adjustment(const ItemRow& item, const Known& invoice, Room& room) {
    if (!settles(item, invoice)) return {};
    const ItemKey key{invoice.customer_id, invoice.id};
    const auto* target = room.item(key);
    const Use use{
        live_days({}, {item.posted_on, item.void_on}, {target->posted_on, target->void_on}),
        -item.amount};
    auto refusal = room.refusal(key, use);
    if (refusal.empty()) room.fit(key, use);
    return refusal;
}

void write_settlements(Intake& in, ItemIntake& items, const std::vector<Known>& invoices,
                       const Room& room) {
    std::vector<AllocationRow> out;
    for (std::size_t i = 0; i < items.size(); ++i) {
        const auto& row = items.row(i);
        if (row.is_rejected || row.is_deleted) continue;
        const auto& item = items.item(i);
        if (!row.is_new()) {
            for (const auto customer_id : {row.old.customer_id, item.customer_id}) {
                in.store().erase("receivables_allocation", "allocation_id",
                                 {customer_id, item.id, 0});
            }
        }
        if (!settles(item, invoices[i])) continue;
        const auto* target = room.item({invoices[i].customer_id, invoices[i].id});
        AllocationRow allocation;
        allocation.customer_id = item.customer_id;
        allocation.id = allocation.source_id = item.id;
        allocation.target_id = target->id;
        allocation.amount = -item.amount;
        allocation.source = in.source();
        allocation.known_at = item.known_at;
        const auto days =
            live_days({}, {item.posted_on, item.void_on}, {target->posted_on, target->void_on});
        allocation.effective_on = days.from;
        allocation.until_on = days.until;
        out.push_back(std::move(allocation));
    }
    in.store().write(out);
}

}  // namespace

void apply_adjustments(Intake& in) {
    const auto date = in.column("date"), amount = in.column("amount"), kind = in.column("kind"),
               reference = in.column("reference"), invoice = in.column("invoice");
    const auto invoices = in.resolve("invoice", invoice);
    leave_parts(in, invoices);
    leave_to_record(in, invoice);
    std::vector<ItemKey> keys;
    for (const auto& known : invoices) {
        if (known.id != 0) keys.emplace_back(known.customer_id, known.id);
    }
    Room room(in.store(), keys);
    ItemIntake items(in);
    for (std::size_t i = 0; i < items.size(); ++i) {
        auto& row = items.row(i);
        if (row.is_deleted || !items.begin(i, date, amount)) continue;
        auto& out = items.item(i);
        out.kind = kind.text(row.at).empty() ? "journal" : kind.text(row.at);
        out.number = out.reference = reference.text(row.at);
        static const std::set<std::string_view> kinds{"write_off", "discount", "fx",
                                                      "fee",       "interest", "journal"};
        if (!kinds.contains(out.kind)) {
            in.reject(row, "unknown_kind",
                      "kind \"" + std::string(out.kind.substr(0, 40)) +
                          "\" is none of write_off, discount, fx, fee, interest, journal");
        }
        if (in.reject_unknown(row, invoices[i], invoice, "invoice", /*is_needed=*/false)) continue;
        if (invoices[i].id != 0) check_adjustment(in, row, out, invoices[i], room);
    }
    fit_together(in, room,
                 [&](std::size_t i) { return fit_adjustment(items.item(i), invoices[i], room); });
    items.write();
    write_settlements(in, items, invoices, room);
}

}  // namespace dunlin::receivables
