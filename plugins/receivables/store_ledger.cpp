// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <unordered_map>

#include "store.hpp"
#include "views.hpp"

namespace dunlin::receivables {

Sql& Sql::limit(const Filter& filter, std::string_view alias) {
    const auto column = [&](const char* name) { return " AND " + std::string(alias) + name; };
    if (!filter.customers.empty()) {
        add(column("customer_id IN (") + marks(filter.customers.size()) + ")");
        for (const auto id : filter.customers) put(id);
    }
    if (filter.company_id) add(column("company_id = ?"), *filter.company_id);
    if (!filter.currency.empty()) add(column("currency = ?"), std::string_view(filter.currency));
    if (!filter.salesperson.empty()) {
        add(column("salesperson = ?"), std::string_view(filter.salesperson));
    }
    return *this;
}

Statement Sql::run(Transaction& tx) const {
    auto statement = tx.prepare(text_);
    for (uint32_t i = 0; i < values_.size(); ++i) {
        std::visit([&](const auto& value) { statement.bind_at(i, value); }, values_[i]);
    }
    return statement;
}

std::vector<OpenPart> Views::open_parts(Date as_of, const Filter& filter) {
    struct Schedule {
        OpenPart item;
        int64_t amount = 0;
        std::vector<Instalment> instalments;
        std::vector<Settlement> settled;
    };
    std::map<ItemKey, Schedule> found;
    Sql items;
    items.add(
        "SELECT customer_id, item_id, company_id, salesperson, currency, due_on, amount FROM "
        "receivables_v1_item_scoped WHERE instalments > 0 AND amount > 0 AND posted_on <= ? AND "
        "void_on > ?",
        as_of, as_of);
    for (const auto& row : items.limit(filter, "").run(tx_)) {
        auto& entry = found[{row.i64(0), row.i64(1)}];
        entry.item = {row.i64(0), row.i64(1), row.i64(2), row.string(3), row.string(4), {}};
        entry.item.part.due_on = row.date(5);
        entry.amount = row.i64(6);
    }
    if (found.empty()) return {};
    Sql instalments;
    instalments.add(
        "SELECT customer_id, item_id, instalment_id, sequence, due_on, amount FROM "
        "receivables_v1_instalment_scoped WHERE 1 = 1");
    for (const auto& row : instalments.limit(filter, "").run(tx_)) {
        const auto it = found.find({row.i64(0), row.i64(1)});
        if (it == found.end()) continue;
        it->second.instalments.push_back({row.i64(2), row.i64(3), row.date(4), row.i64(5)});
    }
    Sql settled;
    settled.add(
        "SELECT customer_id, target_id, instalment_id, amount, source_kind FROM "
        "receivables_v1_allocation_scoped WHERE item_instalments > 0 AND effective_on <= ? AND "
        "until_on > ?",
        as_of, as_of);
    settled.limit(filter, "").add(" ORDER BY effective_on, allocation_id");
    for (const auto& row : settled.run(tx_)) {
        const auto it = found.find({row.i64(0), row.i64(1)});
        if (it == found.end()) continue;
        it->second.settled.push_back({row.i64(2), row.i64(3), row.text(4) == "payment"});
    }
    std::vector<OpenPart> out;
    for (auto& [key, entry] : found) {
        for (const auto& part : spread(entry.amount, entry.item.part.due_on,
                                       std::move(entry.instalments), entry.settled)) {
            if (part.open() == 0) continue;
            out.push_back(entry.item);
            out.back().part = part;
        }
    }
    return out;
}

std::vector<OverdueFacts> Views::overdue(Date as_of, const Filter& filter) {
    const bool is_grouped = groups_fast(tx_);
    const auto long_ago = as_of - 90;
    Sql sql;
    sql.add("SELECT x.customer_id, x.currency, ");
    sql.add(is_grouped ? "CAST(sum(x.rest) AS bigint), count(*), min(x.due_on)"
                       : "x.rest, 1, x.due_on");
    sql.add(
        " FROM (SELECT i.customer_id, i.currency, CASE WHEN i.kind = 'payment' THEN CAST(? AS "
        "integer) ELSE i.due_on END AS due_on, i.amount - COALESCE(a.used, 0) AS rest "
        "FROM receivables_v1_item_scoped i LEFT JOIN (SELECT customer_id, target_id, "
        "CAST(sum(amount) AS bigint) AS used FROM receivables_v1_allocation_scoped "
        "WHERE effective_on <= ? AND until_on > ?",
        never, as_of, as_of);
    sql.limit(filter, "");
    sql.add(
        " GROUP BY customer_id, target_id) a ON a.customer_id = i.customer_id AND a.target_id = "
        "i.item_id WHERE i.posted_on <= ? AND i.void_on > ? AND i.amount > 0 AND i.instalments = 0",
        as_of, as_of);
    sql.limit(filter, "i.").add(") x WHERE x.rest > 0");
    if (is_grouped) {
        sql.add(
            " GROUP BY x.customer_id, x.currency, CASE WHEN x.due_on < ? THEN 2 WHEN x.due_on < ? "
            "THEN 1 ELSE 0 END",
            long_ago, as_of);
    }
    std::unordered_map<int64_t, std::vector<OverdueFacts>> of_customer;  // By currency.
    for (const auto& row : sql.run(tx_)) {
        auto& list = of_customer[row.i64(0)];
        auto facts = std::find_if(list.begin(), list.end(), [&](const OverdueFacts& one) {
            return one.currency == row.text(1);
        });
        if (facts == list.end()) facts = list.insert(facts, {row.i64(0), row.string(1)});
        const auto open = row.i64(2);
        const auto due_on = row.date(4);
        facts->open += open;
        facts->overdue += due_on < as_of ? open : 0;
        facts->overdue_over_90 += due_on < long_ago ? open : 0;
        facts->overdue_items += due_on < as_of ? row.i64(3) : 0;
        facts->oldest_due = std::min(facts->oldest_due, due_on);
    }
    std::vector<OverdueFacts> out;
    for (auto& [customer_id, list] : of_customer) out.insert(out.end(), list.begin(), list.end());
    return out;
}

namespace {

constexpr const char* listed_sql =
    "SELECT customer_id, item_id, company_id, kind, number, reference, currency, status, "
    "salesperson, po_number, issued_on, posted_on, due_on, void_on, has_due, amount, settled, "
    "instalments, source_open FROM (SELECT i.*, CASE WHEN i.posted_on > ? OR i.void_on <= ? THEN "
    "i.amount WHEN i.amount > 0 THEN (SELECT CAST(COALESCE(sum(a.amount), 0) AS bigint) FROM "
    "receivables_v1_allocation_scoped a WHERE a.customer_id = i.customer_id AND a.target_id = "
    "i.item_id AND a.effective_on <= ? AND a.until_on > ?) ELSE (SELECT "
    "CAST(-COALESCE(sum(s.amount), 0) AS bigint) FROM receivables_v1_allocation_source_scoped s "
    "WHERE s.customer_id = i.customer_id AND s.source_id = i.item_id AND s.effective_on <= ? AND "
    "s.until_on > ?) END AS settled FROM receivables_v1_item_scoped i WHERE 1 = 1";

ListedItem listed_of(const Statement& row) {
    ListedItem out;
    out.customer_id = row.i64(0);
    out.id = row.i64(1);
    out.company_id = row.i64(2);
    out.kind = row.text(3);
    out.number = row.text(4);
    out.reference = row.text(5);
    out.currency = row.text(6);
    out.status = row.text(7);
    out.salesperson = row.text(8);
    out.po_number = row.text(9);
    out.issued_on = row.date(10);
    out.posted_on = row.date(11);
    out.due_on = row.date(12);
    out.void_on = row.date(13);
    out.has_due = row.i64(14) != 0;
    out.amount = row.i64(15);
    out.open = out.amount - row.i64(16);
    out.instalments = row.i64(17);
    if (!row.is_null(18)) out.source_open = row.i64(18);
    return out;
}

/// What was settled of an item whose row goes on with what was paid and credited of a charge. A
/// payment or credit shows what it settled under its own kind, so that each part is zero over all
/// items of a customer.
void add_parts(ListedItem& item, const Statement& row, Date as_of) {
    auto rest = item.amount - item.open;
    const auto take = [&](int64_t& part, int64_t amount) {
        part = amount;
        rest -= amount;
    };
    const bool counts = item.posted_on <= as_of && as_of < item.void_on;
    if (!counts) {
        take(item.cancelled, rest);
    } else if (item.amount > 0) {
        take(item.paid, row.i64(19));
        take(item.credited, row.i64(20));
    } else {
        take(item.paid, item.kind == "payment" ? rest : 0);
        take(item.credited, item.kind == "credit_note" ? rest : 0);
    }
    item.adjusted = rest;
}

/// Sums by the kind of what settled, for the rows of a page alone.
constexpr const char* parts_sql =
    "SELECT y.*, (SELECT CAST(COALESCE(sum(p.amount), 0) AS bigint) FROM "
    "receivables_v1_allocation_scoped p WHERE p.customer_id = y.customer_id AND p.target_id = "
    "y.item_id AND p.effective_on <= ? AND p.until_on > ? AND p.source_kind = 'payment'), "
    "(SELECT CAST(COALESCE(sum(n.amount), 0) AS bigint) FROM receivables_v1_allocation_scoped n "
    "WHERE n.customer_id = y.customer_id AND n.target_id = y.item_id AND n.effective_on <= ? AND "
    "n.until_on > ? AND n.source_kind = 'credit_note') FROM (";

}  // namespace

std::vector<ListedItem> Views::items(Date as_of, const Filter& filter, const Page& page) {
    Sql sql;
    if (page.with_parts) sql.add(parts_sql, as_of, as_of, as_of, as_of);
    sql.add(listed_sql, as_of, as_of, as_of, as_of, as_of, as_of);
    sql.add(" AND i.posted_on <= ?", as_of).limit(filter, "i.");
    if (page.after_customer != 0) {
        sql.add(" AND (i.customer_id > ? OR (i.customer_id = ? AND i.item_id > ?))",
                page.after_customer, page.after_customer, page.after_item);
    }
    sql.add(") x");
    if (page.only_open) sql.add(" WHERE amount <> settled");
    if (page.only_differing) {
        sql.add(" WHERE source_open IS NOT NULL AND amount - settled <> source_open");
    }
    const auto* order =
        page.by_due ? " ORDER BY due_on, item_id" : " ORDER BY customer_id, item_id";
    sql.add(order).add(" LIMIT ?", page.limit);
    if (page.with_parts) sql.add(") y").add(order);
    std::vector<ListedItem> out;
    for (const auto& row : sql.run(tx_)) {
        out.push_back(listed_of(row));
        if (page.with_parts) add_parts(out.back(), row, as_of);
    }
    return out;
}

std::optional<ListedItem> Views::item(int64_t customer_id, int64_t item_id, Date as_of) {
    Sql sql;
    sql.add(listed_sql, as_of, as_of, as_of, as_of, as_of, as_of);
    sql.add(" AND i.customer_id = ? AND i.item_id = ?) x", customer_id, item_id);
    auto rows = sql.run(tx_);
    if (!rows.step()) return std::nullopt;
    return listed_of(rows);
}

}  // namespace dunlin::receivables
