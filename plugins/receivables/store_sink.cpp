// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "store.hpp"

namespace dunlin::receivables {
namespace {

void put(ColumnBuilder& column, std::string_view value) {
    column.add(value);
}
void put(ColumnBuilder& column, int64_t value) {
    column.add(value);
}
void put(ColumnBuilder& column, Date value) {
    column.add(static_cast<int64_t>(value.days()));
}
template <class T>
void put(ColumnBuilder& column, const std::optional<T>& value) {
    if (!value) return column.add_null();
    if constexpr (std::is_same_v<T, double>) {
        column.add_f64(*value);
    } else {
        put(column, *value);
    }
}
template <class... Values>
void put_row(BatchBuilder& builder, const Values&... values) {
    std::size_t column = 0;
    (put(builder[column++], values), ...);
}

/// "name:l other:u …" as columns.
std::vector<ColumnSpec> columns(std::string_view list) {
    std::vector<ColumnSpec> out;
    while (!list.empty()) {
        const auto word = list.substr(0, list.find(' '));
        list.remove_prefix(std::min(list.size(), word.size() + 1));
        if (word.empty()) continue;
        const auto colon = word.find(':');
        out.push_back({std::string(word.substr(0, colon)), *type_of(word.substr(colon + 1))});
    }
    return out;
}

template <class Row>
ItemKey key_of(const Row& row) {
    if constexpr (requires { row.customer_id; }) {
        return {row.customer_id, row.id};
    } else {
        return {row.id, 0};
    }
}

const ItemRow* address_of(const ItemRow* row) {
    return row;
}
template <class Row>
const Row* address_of(const Row& row) {
    return &row;
}

/// New rows by insert, the others by upsert, both in the order of the key.
template <class Rows, class Fill>
void write_rows(Transaction& tx, std::string_view table, const std::vector<std::string>& keys,
                std::string_view column_list, const Rows& rows, Fill fill) {
    std::vector<std::pair<ItemKey, decltype(address_of(rows[0]))>> sorted;  // Rows are large.
    sorted.reserve(rows.size());
    for (const auto& row : rows) sorted.emplace_back(key_of(*address_of(row)), address_of(row));
    std::sort(sorted.begin(), sorted.end());
    for (const bool is_new : {true, false}) {
        BatchBuilder builder(columns(column_list));
        for (const auto& [key, row] : sorted) {
            if (row->is_new == is_new) fill(builder, *row);
        }
        if (builder.rows() == 0) continue;
        auto stream = make_stream(builder.finish());
        if (is_new) {
            tx.bulk_insert(table, stream);
        } else {
            tx.bulk_upsert(table, keys, stream);
        }
    }
}

}  // namespace

std::vector<Known> Store::known(std::string_view source, std::string_view entity,
                                const std::vector<std::string_view>& external_ids) {
    std::vector<Known> out;
    if (external_ids.empty()) return out;
    out.reserve(external_ids.size());
    BatchBuilder keys(columns("source:u entity:u external_id:u"));
    for (const auto& external_id : external_ids) put_row(keys, source, entity, external_id);
    auto found = tx_.bulk_lookup("receivables_binding", make_stream(keys.finish()),
                                 {"customer_id:l", "id:l", "content_hash:l"});
    while (found.next()) {
        const auto view = found.view();
        const auto customer = view[0], id = view[1], hash = view[2];
        for (int64_t i = 0; i < view.rows(); ++i) {
            out.push_back({customer.i64(i), id.i64(i), hash.i64(i)});
        }
    }
    return out;
}

std::vector<std::string> Store::bound_keys(std::string_view source, std::string_view entity,
                                           std::string_view after, int64_t limit,
                                           int64_t tombstone_hash) {
    auto rows = tx_.query(
        "SELECT external_id FROM receivables_binding WHERE source = ? AND entity = ?"
        " AND external_id > ? AND content_hash <> ? ORDER BY external_id LIMIT ?",
        source, entity, after, tombstone_hash, limit);
    std::vector<std::string> out;
    while (rows.step()) out.emplace_back(rows.text(0));
    return out;
}

void Store::bind(std::string_view source, std::string_view entity, std::vector<BindingRow> rows) {
    std::sort(rows.begin(), rows.end(), [](const BindingRow& a, const BindingRow& b) {
        return a.external_id < b.external_id;
    });
    for (const bool is_new : {true, false}) {
        BatchBuilder builder(
            columns("source:u entity:u external_id:u customer_id:l id:l content_hash:l"));
        for (const auto& row : rows) {
            if (row.is_new != is_new) continue;
            put_row(builder, source, entity, row.external_id, row.known.customer_id, row.known.id,
                    row.known.hash);
        }
        if (builder.rows() == 0) continue;
        auto stream = make_stream(builder.finish());
        if (is_new) {
            tx_.bulk_insert("receivables_binding", stream);
        } else {
            tx_.bulk_upsert("receivables_binding", {"source", "entity", "external_id"}, stream);
        }
    }
}

void Store::write(const std::vector<CompanyRow>& rows) {
    write_rows(tx_, "receivables_company", {"company_id"},
               "company_id:l name:u country:u currency:u time_zone:u street:u city:u postcode:u "
               "bank_account:u capacity:u is_deleted:i known_at:l",
               rows, [](BatchBuilder& b, const CompanyRow& r) {
                   put_row(b, r.id, r.name, r.country, r.currency, r.time_zone, r.street, r.city,
                           r.postcode, r.bank_account, r.capacity, int64_t{0}, r.known_at);
               });
}

void Store::write(const std::vector<RateRow>& rows) {
    write_rows(tx_, "receivables_exchange_rate", {"rate_id"},
               "rate_id:l from_currency:u to_currency:u valid_on:i rate_pico:l kind:u "
               "is_deleted:i known_at:l",
               rows, [](BatchBuilder& b, const RateRow& r) {
                   put_row(b, r.id, r.from_currency, r.to_currency, r.valid_on, r.rate_pico, r.kind,
                           int64_t{0}, r.known_at);
               });
}

void Store::write(const std::vector<CustomerRow>& rows) {
    write_rows(
        tx_, "receivables_customer", {"customer_id"},
        "customer_id:l number:u name:u kind:u parent_id:l status:u currency:u "
        "credit_limit:l salesperson:u portfolio:u collector:u tax_id:u birth_date:i "
        "language:u time_zone:u payment_terms:u salesperson_email:u segment:u "
        "represented_by:u latitude:g longitude:g notes:u source:u external_id:u is_deleted:i "
        "known_at:l number_key:u name_key:u",
        rows, [](BatchBuilder& b, const CustomerRow& r) {
            put_row(b, r.id, r.number, r.name, r.kind, r.parent_id, r.status, r.currency,
                    r.credit_limit, r.salesperson, std::string_view(r.portfolio),
                    std::string_view(r.collector), r.tax_id, r.birth_date, r.language, r.time_zone,
                    r.payment_terms, r.salesperson_email, r.segment, r.represented_by, r.latitude,
                    r.longitude, r.notes, r.source, r.external_id, int64_t{0}, r.known_at,
                    std::string_view(r.number_key), std::string_view(r.name_key));
        });
}

void Store::write(const std::vector<ContactPointRow>& rows) {
    write_rows(tx_, "receivables_contact_point", {"customer_id", "contact_point_id"},
               "customer_id:l contact_point_id:l person:u role:u kind:u value:u street:u city:u "
               "postcode:u region:u country:u valid_from:i valid_to:i preferred:i source:u "
               "external_id:u is_deleted:i known_at:l",
               rows, [](BatchBuilder& b, const ContactPointRow& r) {
                   put_row(b, r.customer_id, r.id, r.person, r.role, r.kind, r.value, r.street,
                           r.city, r.postcode, r.region, r.country, r.valid_from, r.valid_to,
                           int64_t{r.preferred}, r.source, r.external_id, int64_t{0}, r.known_at);
               });
}

void Store::write(const std::vector<const ItemRow*>& rows) {
    write_rows(tx_, "receivables_item", {"customer_id", "item_id"},
               "customer_id:l item_id:l posted_on:i void_on:i due_on:i issued_on:i amount:l "
               "currency:u instalments:i kind:u company_id:l salesperson:u portfolio:u "
               "source_open:l has_due:i salesperson_own:i status:u number:u reference:u source:u "
               "external_id:u known_at:l void_known_at:l po_number:u purpose:u corrects:u "
               "original_creditor:u "
               "itemisation_date:i default_date:i document_url:u method:u payer_name:u "
               "bank_account:u",
               rows, [](BatchBuilder& b, const ItemRow& r) {
                   put_row(b, r.customer_id, r.id, r.posted_on, r.void_on, r.due_on, r.issued_on,
                           r.amount, r.currency, r.instalments, r.kind, r.company_id, r.salesperson,
                           r.portfolio, r.source_open, int64_t{r.has_due},
                           int64_t{r.salesperson_own}, r.status, r.number, r.reference, r.source,
                           r.external_id, r.known_at, r.void_known_at, r.po_number, r.purpose,
                           r.corrects, r.original_creditor, r.itemisation_date, r.default_date,
                           r.document_url, r.method, r.payer_name, r.bank_account);
               });
}

void Store::write(const std::vector<LineRow>& rows) {
    write_rows(tx_, "receivables_invoice_line", {"customer_id", "line_id"},
               "customer_id:l line_id:l item_id:l sequence:l product:u description:u quantity:g "
               "amount:l plant:u",
               rows, [](BatchBuilder& b, const LineRow& r) {
                   put_row(b, r.customer_id, r.id, r.item_id, r.sequence, r.product, r.description,
                           r.quantity, r.amount, r.plant);
               });
}

void Store::write(const std::vector<InstalmentRow>& rows) {
    write_rows(tx_, "receivables_instalment", {"customer_id", "instalment_id"},
               "customer_id:l instalment_id:l item_id:l sequence:l due_on:i amount:l discount_on:i "
               "discount_amount:l",
               rows, [](BatchBuilder& b, const InstalmentRow& r) {
                   put_row(b, r.customer_id, r.id, r.item_id, r.sequence, r.due_on, r.amount,
                           r.discount_on, r.discount_amount);
               });
}

void Store::write(const std::vector<AllocationRow>& rows) {
    write_rows(tx_, "receivables_allocation", {"customer_id", "allocation_id"},
               "customer_id:l allocation_id:l source_id:l target_id:l instalment_id:l amount:l "
               "effective_on:i until_on:i given_on:i reversed_on:i source:u known_at:l "
               "reversal_known_at:l",
               rows, [](BatchBuilder& b, const AllocationRow& r) {
                   put_row(b, r.customer_id, r.id, r.source_id, r.target_id, r.instalment_id,
                           r.amount, r.effective_on, r.until_on, r.given_on, r.reversed_on,
                           std::string_view(r.source), r.known_at, r.reversal_known_at);
               });
}

void Store::write(const std::vector<EvidenceRow>& rows) {
    write_rows(tx_, "receivables_evidence", {"customer_id", "evidence_id"},
               "customer_id:l evidence_id:l item_id:l source:u entity:u external_id:u number:u "
               "issued_on:i currency:u amount:l source_open:l known_at:l",
               rows, [](BatchBuilder& b, const EvidenceRow& r) {
                   put_row(b, r.customer_id, r.id, r.item_id, r.source, r.entity, r.external_id,
                           r.number, r.issued_on, r.currency, r.amount, r.source_open, r.known_at);
               });
}

std::vector<int64_t> Store::items_of_evidence(const std::vector<ItemKey>& keys) {
    std::vector<int64_t> out;
    if (keys.empty()) return out;
    BatchBuilder wanted(columns("customer_id:l evidence_id:l"));
    for (const auto& [customer_id, id] : keys) put_row(wanted, customer_id, id);
    auto found =
        tx_.bulk_lookup("receivables_evidence", make_stream(wanted.finish()), {"item_id:l"});
    while (found.next()) {
        const auto view = found.view();
        for (int64_t i = 0; i < view.rows(); ++i) out.push_back(view[0].i64(i));
    }
    return out;
}

std::vector<CustomerDefaults> Store::customer_defaults(const std::vector<int64_t>& customer_ids) {
    std::vector<CustomerDefaults> out;
    if (customer_ids.empty()) return out;
    BatchBuilder keys(columns("customer_id:l"));
    for (const auto id : customer_ids) keys[0].add(id);
    auto found = tx_.bulk_lookup("receivables_customer", make_stream(keys.finish()),
                                 {"customer_id:l", "salesperson:u", "portfolio:u", "collector:u"});
    while (found.next()) {
        const auto view = found.view();
        for (int64_t i = 0; i < view.rows(); ++i) {
            out.push_back({view[0].i64(i), std::string(view[1].text(i)),
                           std::string(view[2].text(i)), std::string(view[3].text(i))});
        }
    }
    return out;
}

std::vector<StoredItem> Store::items(const std::vector<ItemKey>& keys) {
    std::vector<StoredItem> out;
    if (keys.empty()) return out;
    out.reserve(keys.size());
    BatchBuilder wanted(columns("customer_id:l item_id:l"));
    for (const auto& [customer_id, id] : keys) put_row(wanted, customer_id, id);
    auto found = tx_.bulk_lookup(
        "receivables_item", make_stream(wanted.finish()),
        {"item_id:l", "posted_on:i", "void_on:i", "due_on:i", "amount:l", "instalments:i",
         "known_at:l", "void_known_at:l", "currency:u", "kind:u", "number:u"});
    while (found.next()) {
        const auto view = found.view();
        const auto id = view[0], posted = view[1], void_on = view[2], due = view[3],
                   amount = view[4], instalments = view[5], known = view[6], void_known = view[7],
                   currency = view[8], kind = view[9], number = view[10];
        for (int64_t i = 0; i < view.rows(); ++i) {
            out.push_back({id.i64(i), posted.date(i), void_on.date(i), due.date(i), amount.i64(i),
                           instalments.i64(i), known.i64(i), void_known.i64(i),
                           std::string(currency.text(i)), std::string(kind.text(i)),
                           std::string(number.text(i))});
        }
    }
    return out;
}

}  // namespace dunlin::receivables
