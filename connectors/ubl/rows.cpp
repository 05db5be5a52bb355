// SPDX-License-Identifier: Apache-2.0
#include "rows.hpp"

#include <algorithm>

namespace dunlin::ubl {
namespace {

/// Null when empty.
Value text(std::string value) {
    return value.empty() ? Value() : Value(std::move(value));
}
Value date(const std::optional<Date>& value) {
    return value ? Value(*value) : Value();
}

void give_company(const Filed& filed, Rows& out) {
    const auto& posting = filed.posting;
    const auto& seller = posting.document.seller;
    out.add({posting.company, seller.name, text(seller.address.country),
             text(seller.address.street), text(seller.address.city), text(seller.address.postcode),
             text(posting.document.bank_account), "creditor"},
            filed.position);
}

void give_customer(const Filed& filed, Rows& out) {
    const auto& buyer = filed.posting.document.buyer;
    out.add({filed.posting.customer, text(buyer.given.value), buyer.name,
             filed.purpose == "consumer" ? "person" : "company", text(buyer.vat)},
            filed.position);
}

void give_contact_points(const Filed& filed, Rows& out) {
    const auto& customer = filed.posting.customer;
    const auto& buyer = filed.posting.document.buyer;
    const auto& at = buyer.address;
    if (!at.is_empty()) {
        out.add(
            {customer + "/postal", customer, text(buyer.person), "billing", "postal", Value(),
             text(at.street), text(at.city), text(at.postcode), text(at.region), text(at.country)},
            filed.position);
    }
    const auto add = [&](const std::string& kind, const std::string& value) {
        if (value.empty()) return;
        out.add({customer + "/" + kind, customer, text(buyer.person), "billing", kind, value,
                 Value(), Value(), Value(), Value(), Value()},
                filed.position);
    };
    add("email", buyer.email);
    add("phone", buyer.phone);
}

void give_invoice(const Filed& filed, Rows& out) {
    const auto& posting = filed.posting;
    const auto& document = posting.document;
    // The payment reference is what a bank statement will say.
    const auto& reference =
        document.payment_reference.empty() ? document.buyer_reference : document.payment_reference;
    out.add({posting.invoice, posting.customer, posting.company, document.number, posting.kind,
             "posted", document.issue_date, date(posting.due_date), document.currency,
             posting.total, posting.open, text(document.po_number), text(reference),
             text(posting.corrects), filed.purpose, filed.document_url},
            filed.position);
}

void give_lines(const Filed& filed, Rows& out) {
    const auto& posting = filed.posting;
    int64_t sequence = 0;
    for (const auto& line : posting.document.lines) {
        ++sequence;
        out.add({posting.invoice + "/" + std::to_string(sequence), posting.invoice, sequence,
                 text(line.product), text(line.description),
                 line.quantity ? Value(*line.quantity) : Value(), line.amount * posting.sign},
                filed.position);
    }
}

void give_instalments(const Filed& filed, Rows& out) {
    int64_t sequence = 0;
    for (const auto& part : filed.posting.instalments) {
        ++sequence;
        out.add({filed.posting.invoice + "/" + std::to_string(sequence), filed.posting.invoice,
                 sequence, part.due, part.amount},
                filed.position);
    }
}

/// A row for an amount, a tombstone for none: an earlier delivery may have given one.
void give_adjustment(const Filed& filed, const char* what, int64_t amount, bool settles,
                     Rows& out) {
    const auto& posting = filed.posting;
    const auto id = posting.invoice + what;
    if (amount == 0) {
        out.add({id, int64_t{1}, Value(), Value(), Value(), Value(), Value(), Value(), Value(),
                 Value()},
                filed.position);
        return;
    }
    out.add({id, int64_t{0}, posting.customer, posting.company,
             settles ? Value(posting.invoice) : Value(), posting.document.issue_date,
             posting.document.currency, amount, "journal", posting.document.number},
            filed.position);
}

void give_adjustments(const Filed& filed, Rows& out) {
    const auto& posting = filed.posting;
    const auto prepaid = filed.settles_prepaid ? posting.prepaid : 0;
    const auto settled = filed.settles_prepaid ? posting.settled : 0;
    if (posting.is_credit()) {  // What was paid out already; the allocation below ties it.
        give_adjustment(filed, "/prepaid", prepaid, /*settles=*/false, out);
        give_adjustment(filed, "/overpaid", 0, /*settles=*/false, out);
        return;
    }
    give_adjustment(filed, "/prepaid", -settled, /*settles=*/true, out);
    give_adjustment(filed, "/overpaid", settled - prepaid, /*settles=*/false, out);
}

void give_allocations(const Filed& filed, Rows& out) {
    const auto& posting = filed.posting;
    const auto id = posting.invoice + "/prepaid";
    if (!posting.is_credit() || posting.settled == 0 || !filed.settles_prepaid) {
        out.add({id, int64_t{1}, Value(), Value(), Value(), Value(), Value(), Value()},
                filed.position);
        return;
    }
    out.add({id, int64_t{0}, posting.customer, posting.invoice, "credit_note", id,
             posting.document.issue_date, posting.settled},
            filed.position);
}

/// "external_id total:l …": columns with their Arrow formats, text where none is given.
std::vector<ColumnSpec> columns_of(std::string_view list) {
    std::vector<ColumnSpec> out;
    while (!list.empty()) {
        const auto word = list.substr(0, list.find(' '));
        list.remove_prefix(std::min(list.size(), word.size() + 1));
        const auto colon = std::min(word.find(':'), word.size());
        const auto format = word.substr(std::min(colon + 1, word.size()));
        out.push_back({std::string(word.substr(0, colon)), type_of(format).value_or(Type::text)});
    }
    return out;
}

const std::vector<Entity>& all() {
    static const std::vector<Entity> list{
        {"company", false,
         columns_of("external_id name country street city postcode bank_account capacity"),
         &give_company},
        {"customer", false, columns_of("external_id number name kind tax_id"), &give_customer},
        {"contact_point", false,
         columns_of("external_id customer person role kind value street city postcode region "
                    "country"),
         &give_contact_points},
        {"invoice", false,
         columns_of("external_id customer company number kind status issue_date:tdD due_date:tdD "
                    "currency total:l open_amount:l po_number reference corrects purpose "
                    "document_url"),
         &give_invoice},
        {"invoice_line", false,
         columns_of("external_id invoice sequence:l product description quantity:g amount:l"),
         &give_lines},
        {"instalment", false, columns_of("external_id invoice sequence:l due_date:tdD amount:l"),
         &give_instalments},
        {"adjustment", true,
         columns_of("external_id deleted:b customer company invoice date:tdD currency amount:l "
                    "kind reference"),
         &give_adjustments},
        {"allocation", true,
         columns_of("external_id deleted:b customer source source_kind invoice date:tdD amount:l"),
         &give_allocations},
    };
    return list;
}

void append(ColumnBuilder& column, const Value& value) {
    if (const auto* words = std::get_if<std::string>(&value)) {
        column.add(*words);
    } else if (const auto* number = std::get_if<int64_t>(&value)) {
        column.add(*number);
    } else if (const auto* real = std::get_if<double>(&value)) {
        column.add_f64(*real);
    } else if (const auto* day = std::get_if<Date>(&value)) {
        column.add(*day);
    } else {
        column.add_null();
    }
}

/// Equal for equal values only.
void append(std::string& key, const Value& value) {
    key += static_cast<char>('0' + value.index());
    if (const auto* words = std::get_if<std::string>(&value)) {
        key += std::to_string(words->size()) + ':' + *words;
    } else if (const auto* number = std::get_if<int64_t>(&value)) {
        key += std::to_string(*number);
    } else if (const auto* real = std::get_if<double>(&value)) {
        key.append(reinterpret_cast<const char*>(real), sizeof *real);
    } else if (const auto* day = std::get_if<Date>(&value)) {
        key += std::to_string(day->days());
    }
}

std::vector<ColumnSpec> with_position(std::vector<ColumnSpec> columns) {
    columns.push_back({position_column, Type::text});
    return columns;
}

}  // namespace

Rows::Rows(std::vector<ColumnSpec> columns) : rows_(with_position(std::move(columns))) {}

void Rows::add(const std::vector<Value>& values, const std::string& position) {
    std::string key;
    for (const auto& value : values) append(key, value);
    if (!seen_.insert(std::move(key)).second) return;
    for (std::size_t i = 0; i < values.size(); ++i) append(rows_[i], values[i]);
    rows_[values.size()].add(position);
}

Batch Rows::finish() {
    seen_.clear();
    return rows_.finish();
}

std::span<const Entity> entities() {
    return all();
}

const Entity* find_entity(std::string_view name) {
    const auto found = std::find_if(all().begin(), all().end(),
                                    [&](const Entity& entity) { return entity.name == name; });
    return found == all().end() ? nullptr : &*found;
}

}  // namespace dunlin::ubl
