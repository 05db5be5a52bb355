// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "dunning/door.hpp"
#include "store.hpp"
#include "views.hpp"

namespace dunlin::receivables {

bool Store::has_evidence() {
    return tx_.query("SELECT 1 FROM receivables_evidence LIMIT 1").step();
}

bool Store::has_bindings(std::string_view source) {
    return tx_.query("SELECT 1 FROM receivables_binding WHERE source = ? LIMIT 1", source).step();
}

std::map<std::string, int64_t> Store::rows_of(std::string_view source) {
    std::map<std::string, int64_t> out;
    for (const auto& row : tx_.query("SELECT entity, count(*) FROM receivables_binding WHERE "
                                     "source = ? GROUP BY entity",
                                     source)) {
        out.emplace(row.string(0), row.i64(1));
    }
    return out;
}

std::vector<int64_t> Store::forget(std::string_view source, int64_t limit) {
    std::vector<int64_t> out;
    for (const auto& row :
         tx_.query("SELECT id FROM receivables_binding WHERE source = ? AND entity = 'customer' "
                   "ORDER BY external_id LIMIT ?",
                   source, limit)) {
        out.push_back(row.i64(0));
    }
    forget_documents(out);
    std::vector<std::string> erase{
        // What other sources told of these accounts may come to others anew.
        "DELETE FROM receivables_binding WHERE (source, entity, external_id) IN (SELECT source, "
        "entity, external_id FROM receivables_evidence WHERE customer_id = ?)"};
    for (const char* table :
         {"cash_exception", "cash_application", "cash_short", "evidence", "promise", "contact",
          "task", "snooze", "receipt", "refund", "terms_proposal", "credit_hold", "claim",
          "allocation", "instalment", "invoice_line", "item", "contact_point", "customer"}) {
        erase.push_back("DELETE FROM receivables_" + std::string(table) + " WHERE customer_id = ?");
    }
    for (const char* table : dunning::tables_of_customers) {
        erase.push_back("DELETE FROM " + std::string(table) + " WHERE customer_id = ?");
    }
    for (const auto& sql : erase) {
        auto statement = tx_.prepare(sql);
        for (const auto id : out) statement.run(id);
    }
    if (static_cast<int64_t>(out.size()) == limit) {
        tx_.exec(
            "DELETE FROM receivables_binding WHERE source = ? AND customer_id <> 0 AND customer_id "
            "NOT IN (SELECT customer_id FROM receivables_customer)",
            source);
        return out;
    }
    tx_.exec("DELETE FROM receivables_evidence WHERE source = ?", source);
    for (const char* what : {"company", "exchange_rate"}) {
        const auto id = what == std::string_view("company") ? "company_id" : "rate_id";
        tx_.exec("DELETE FROM receivables_" + std::string(what) + " WHERE " + id +
                     " IN (SELECT id FROM receivables_binding WHERE source = ? AND entity = ?)",
                 source, what);
    }
    tx_.exec("DELETE FROM receivables_source_seen WHERE source = ?", source);
    tx_.exec("DELETE FROM receivables_binding WHERE source = ?", source);
    return out;
}

std::map<int64_t, std::string> Store::company_names() {
    std::map<int64_t, std::string> out;
    for (const auto& row : tx_.query("SELECT company_id, name FROM receivables_company")) {
        out.emplace(row.i64(0), row.string(1));
    }
    return out;
}

std::vector<Candidate> Store::candidates(std::string_view of_source, bool is_money,
                                         const std::set<int64_t>& amounts,
                                         std::string_view for_source) {
    std::vector<Candidate> out;
    const std::vector<int64_t> all(amounts.begin(), amounts.end());
    // There is no index by amount, which every row would pay for: each statement reads the items
    // once, so it names as many amounts as the stores take.
    constexpr std::size_t most = 16384;
    for (std::size_t at = 0; at < all.size();) {
        std::size_t named = 64;
        while (named < all.size() - at && named < most) named *= 16;
        auto rows = tx_.prepare(
            "WITH wanted(in_amount) AS (VALUES " + marks(named, "(CAST(? AS bigint))") +
            ") SELECT customer_id, item_id, issued_on, void_on, amount, currency, number, "
            "payer_name, bank_account, company_id, COALESCE((SELECT c.name_key FROM "
            "receivables_customer c WHERE c.customer_id = i.customer_id), '') FROM "
            "receivables_item i WHERE source = ? AND amount IN (SELECT in_amount FROM wanted) "
            "AND kind IN (" +
            (is_money ? "'payment'" : "'invoice', 'credit_note', 'debit_note', 'self_billed'") +
            ") AND NOT EXISTS (SELECT 1 FROM receivables_evidence e WHERE e.customer_id = "
            "i.customer_id AND e.item_id = i.item_id AND e.source = ?) ORDER BY item_id");
        uint32_t mark = 0;
        for (std::size_t i = 0; i < named; ++i) {
            rows.bind_at(mark++, all[std::min(at + i, all.size() - 1)]);
        }
        rows.bind_at(mark++, of_source);
        rows.bind_at(mark++, for_source);
        for (const auto& row : rows) {
            out.push_back({row.i64(0), row.i64(1), row.date(2), row.date(3), row.i64(4),
                           row.string(5), row.string(6), row.string(7), row.string(8),
                           row.string(10), row.i64(9)});
        }
        at += named;
    }
    return out;
}

std::vector<Evidence> Views::differing_evidence(Date as_of, const Filter& filter) {
    Sql sql;
    sql.add(
        "SELECT customer_id, item_id, source, external_id, number, currency, amount, item_source, "
        "item_number, item_kind, item_currency, item_amount, rest, source_open FROM (SELECT e.*, "
        "CASE WHEN e.item_posted_on > ? OR e.item_void_on <= ? THEN 0 WHEN e.item_amount > 0 THEN "
        "e.item_amount - (SELECT CAST(COALESCE(sum(a.amount), 0) AS bigint) FROM "
        "receivables_v1_allocation_scoped a WHERE a.customer_id = e.customer_id AND a.target_id = "
        "e.item_id AND a.effective_on <= ? AND a.until_on > ?) ELSE e.item_amount + (SELECT "
        "CAST(COALESCE(sum(s.amount), 0) AS bigint) FROM receivables_v1_allocation_source_scoped s "
        "WHERE s.customer_id = e.customer_id AND s.source_id = e.item_id AND s.effective_on <= ? "
        "AND s.until_on > ?) END AS rest FROM receivables_v1_evidence_scoped e WHERE "
        "e.item_posted_on <= ?",
        as_of, as_of, as_of, as_of, as_of, as_of, as_of);
    sql.limit(filter, "e.")
        .add(
            ") x WHERE amount <> item_amount OR currency <> item_currency OR source_open <> rest "
            "ORDER "
            "BY customer_id, item_id, source, external_id");
    std::vector<Evidence> out;
    for (const auto& row : sql.run(tx_)) {
        out.push_back({row.i64(0), row.i64(1), row.string(2), row.string(3), row.string(4),
                       row.string(5), row.i64(6), std::nullopt, row.string(7), row.string(8),
                       row.string(9), row.string(10), row.i64(11), row.i64(12)});
        if (!row.is_null(13)) out.back().source_open = row.i64(13);
    }
    return out;
}

Views::Seen Views::seen_in(const std::vector<ListedItem>& items) {
    std::set<int64_t> distinct;
    for (const auto& item : items) distinct.insert(item.customer_id);
    const std::vector<int64_t> ids(distinct.begin(), distinct.end());
    Seen out;
    constexpr std::size_t chunk = 500;
    for (std::size_t at = 0; at < ids.size(); at += chunk) {
        Filter some;
        some.customers.assign(
            ids.begin() + static_cast<std::ptrdiff_t>(at),
            ids.begin() + static_cast<std::ptrdiff_t>(std::min(at + chunk, ids.size())));
        Sql sql;
        sql.add(
            "SELECT customer_id, item_id, source, external_id FROM receivables_v1_evidence_scoped "
            "WHERE 1 = 1");
        sql.limit(some, "").add(" ORDER BY source, external_id");
        for (const auto& row : sql.run(tx_)) {
            out[{row.i64(0), row.i64(1)}].emplace_back(row.string(2), row.string(3));
        }
    }
    return out;
}

}  // namespace dunlin::receivables
