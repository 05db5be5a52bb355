// SPDX-License-Identifier: Apache-2.0
#include "mapper.hpp"

#include <algorithm>

namespace dunlin::odoo {
namespace {

std::string reference_of(int64_t id) {
    return id == 0 ? std::string() : std::to_string(id);
}

/// Both ends of a reconciliation with what it takes from each, in their own currencies.
struct Partial {
    Partial(const Json& record, const Books& books)
        : id(record.at("id").get<int64_t>()),
          changed(instant_of(record, "write_date")),
          company(id_of(record, "company_id")),
          on(date_of(record, "max_date")),
          debit_line(id_of(record, "debit_move_id")),
          credit_line(id_of(record, "credit_move_id")),
          debit(books.entry(debit_line)),
          credit(books.entry(credit_line)),
          debit_amount(amount_of(record, "debit_amount_currency")),
          credit_amount(amount_of(record, "credit_amount_currency")) {
        // A journal item without a partner belongs to whom it is reconciled with.
        if (debit.customer == 0) debit.customer = credit.customer;
        if (credit.customer == 0) credit.customer = debit.customer;
    }
    /// Of one customer and currency, as most are.
    bool is_plain() const {
        return debit.customer == credit.customer && debit.currency == credit.currency &&
               debit_amount == credit_amount;
    }
    std::string key() const { return std::to_string(id); }
    /// What leads over to another customer or currency: adjustments that settle each end.
    std::string debit_transfer() const { return "partial-" + key() + ":d"; }
    std::string credit_transfer() const { return "partial-" + key() + ":c"; }

    int64_t id;
    std::optional<int64_t> changed;
    int64_t company;
    std::optional<Date> on;
    int64_t debit_line, credit_line;
    Entry debit, credit;
    int64_t debit_amount, credit_amount;
};

void add_transfer(const Partial& partial, const std::string& external_id, const Entry& entry,
                  int64_t amount, Rows& rows) {
    if (amount == 0) return;
    const bool is_fx = partial.debit.currency != partial.credit.currency;
    auto row = rows.row(external_id, partial.changed);
    row.text("customer", reference_of(entry.customer))
        .text("company", reference_of(partial.company))
        .date("date", partial.on)
        .text("currency", entry.currency)
        .number("amount", amount)
        .text("kind", is_fx ? "fx" : "journal")
        .text("reference", "reconciliation " + partial.key());
    rows.add(std::move(row));
}

/// One end of an allocation.
struct End {
    std::string external_id, kind, instalment;
};

End end_of(const Entry& entry) {
    const bool is_invoice = entry.entity == "invoice";
    return {entry.external_id, is_invoice ? "credit_note" : entry.entity, entry.instalment};
}
/// What settles the debit of a reconciliation, and what its credit settles.
End source_of(const Partial& partial) {
    return partial.is_plain() ? end_of(partial.credit)
                              : End{partial.debit_transfer(), "adjustment", {}};
}
End target_of(const Partial& partial) {
    return partial.is_plain() ? end_of(partial.debit)
                              : End{partial.credit_transfer(), "adjustment", {}};
}

void add_allocation(const Partial& partial, const char* suffix, const End& source,
                    const End& target, int64_t amount, std::optional<Date> on, Rows& rows) {
    if (amount == 0) return;
    auto row = rows.row(partial.key() + suffix, partial.changed);
    row.text("source", source.external_id)
        .text("source_kind", source.kind)
        .text("invoice", target.external_id)
        .text("instalment", target.instalment)
        .date("date", on)
        .number("amount", amount);
    rows.add(std::move(row));
}

/// What the reconciliation took too much from one of its ends.
int64_t returned(const Partial& partial, int64_t line, const Books& books) {
    int64_t out = 0;
    for (const auto& back : books.returns(line)) {
        if (back.taking == partial.id) out += back.amount;
    }
    return out;
}

/// One that gives back: what took too much settles the other end instead.
void map_return(const Partial& partial, int64_t line, const Books& books, Rows& rows) {
    const bool is_charge = line == partial.credit_line;
    static constexpr const char* suffixes[] = {"", ":d", ":c"};
    std::size_t n = 0;
    for (const auto& back : books.returns(line)) {
        if (back.giving != partial.id) continue;
        if (n == std::size(suffixes)) {
            throw BadValue("direction",
                           "the reconciliation gives back what more than three others "
                           "took; undo it in Odoo and reconcile again");
        }
        const Partial taking(*books.find("account.partial.reconcile", back.taking), books);
        const auto source = is_charge ? source_of(taking) : end_of(partial.credit);
        const auto target = is_charge ? end_of(partial.debit) : target_of(taking);
        add_allocation(partial, suffixes[n++], source, target, back.amount,
                       std::max(partial.on, taking.on), rows);
    }
}

}  // namespace

void map_transfer(const Json& record, const Books& books, Rows& rows) {
    const Partial partial(record, books);
    if (partial.is_plain()) return;
    add_transfer(partial, partial.debit_transfer(), partial.debit, -partial.debit_amount, rows);
    add_transfer(partial, partial.credit_transfer(), partial.credit, partial.credit_amount, rows);
}

void map_allocation(const Json& record, const Books& books, Rows& rows) {
    const Partial partial(record, books);
    if (partial.debit_amount == 0 && partial.credit_amount == 0) return;
    if (books.sign_of(partial.credit_line) > 0) {
        return map_return(partial, partial.credit_line, books, rows);
    }
    if (books.sign_of(partial.debit_line) < 0) {
        return map_return(partial, partial.debit_line, books, rows);
    }
    const auto debit = partial.debit_amount - returned(partial, partial.debit_line, books);
    const auto credit = partial.credit_amount - returned(partial, partial.credit_line, books);
    if (partial.is_plain()) {
        add_allocation(partial, "", end_of(partial.credit), end_of(partial.debit),
                       debit + credit - partial.debit_amount, partial.on, rows);
        return;
    }
    add_allocation(partial, ":d", source_of(partial), end_of(partial.debit), debit, partial.on,
                   rows);
    add_allocation(partial, ":c", end_of(partial.credit), target_of(partial), credit, partial.on,
                   rows);
}

}  // namespace dunlin::odoo
