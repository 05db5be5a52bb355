// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "store.hpp"
#include "views.hpp"

namespace dunlin::receivables {
namespace {

constexpr const char* customer_columns =
    "customer_id, parent_id, number, name, kind, status, currency, salesperson, portfolio, "
    "collector, language, time_zone, payment_terms, segment, represented_by, tax_id, notes, "
    "salesperson_email, credit_limit";

CustomerInfo customer_of(const Statement& row) {
    CustomerInfo out;
    out.id = row.i64(0);
    out.parent_id = row.i64(1);
    std::string* const texts[] = {
        &out.number,         &out.name,        &out.kind,          &out.status,
        &out.currency,       &out.salesperson, &out.portfolio,     &out.collector,
        &out.language,       &out.time_zone,   &out.payment_terms, &out.segment,
        &out.represented_by, &out.tax_id,      &out.notes,         &out.salesperson_email};
    uint32_t column = 2;
    for (auto* text : texts) *text = row.text(column++);
    if (!row.is_null(column)) out.credit_limit = row.i64(column);
    return out;
}

Claim claim_of(const Statement& row) {
    Claim out;
    out.customer_id = row.i64(0);
    out.id = row.i64(1);
    out.item_id = row.i64(2);
    out.kind = row.text(3);
    if (!row.is_null(4)) out.amount = row.i64(4);
    out.currency = row.text(5);
    out.from_on = row.date(6);
    out.until_on = row.date(7);
    out.lifted_on = row.date(8);
    out.owner = row.text(9);
    out.reference = row.text(10);
    return out;
}

constexpr const char* claim_sql =
    "SELECT DISTINCT customer_id, claim_id, item_id, kind, amount, currency, from_on, until_on, "
    "lifted_on, owner, reference FROM receivables_v1_claim_scoped WHERE ";

}  // namespace

std::optional<int64_t> PaymentHabit::average_days_late() const {
    int64_t sum = 0, count = 0;
    for (const auto& late : by_currency) {
        if (late.settled == 0) continue;
        sum += multiply_divide(late.weight, 1, late.settled) * late.count;
        count += late.count;
    }
    if (count == 0) return std::nullopt;
    return multiply_divide(sum, 1, count);
}

std::vector<Claim> Views::claims(Date as_of, const Filter& filter) {
    Sql sql;
    sql.add(claim_sql).add("from_on <= ? AND until_on > ? AND lifted_on > ?", as_of, as_of, as_of);
    Filter of_customers;
    of_customers.customers = filter.customers;
    sql.limit(of_customers, "").add(" ORDER BY customer_id, claim_id");
    std::vector<Claim> out;
    for (const auto& row : sql.run(tx_)) out.push_back(claim_of(row));
    return out;
}

std::optional<Claim> Views::claim(int64_t customer_id, int64_t claim_id) {
    Sql sql;
    sql.add(claim_sql).add("customer_id = ? AND claim_id = ?", customer_id, claim_id);
    auto rows = sql.run(tx_);
    if (!rows.step()) return std::nullopt;
    return claim_of(rows);
}

std::vector<StoredAllocation> Views::allocations(int64_t customer_id, End end) {
    auto rows = tx_.query(
        std::string("SELECT allocation_id, source_id, target_id, instalment_id, amount, "
                    "effective_on, until_on, given_on, reversed_on, currency, source FROM ") +
            (end == End::target ? "receivables_v1_allocation_scoped"
                                : "receivables_v1_allocation_source_scoped") +
            " WHERE customer_id = ? ORDER BY allocation_id",
        customer_id);
    std::vector<StoredAllocation> out;
    for (const auto& row : rows) {
        StoredAllocation stored;
        stored.allocation = {customer_id, row.i64(0),  row.i64(1),  row.i64(2),  row.i64(3),
                             row.i64(4),  row.date(7), row.date(8), row.date(5), row.date(6)};
        stored.currency = row.text(9);
        stored.source = row.text(10);
        out.push_back(std::move(stored));
    }
    return out;
}

bool Views::has_instalment(int64_t customer_id, int64_t item_id, int64_t instalment_id) {
    return tx_
        .query(
            "SELECT 1 FROM receivables_v1_instalment_scoped WHERE customer_id = ? AND item_id = ? "
            "AND instalment_id = ?",
            customer_id, item_id, instalment_id)
        .step();
}

std::map<std::string, std::pair<int64_t, int64_t>> Views::reported(Date as_of,
                                                                   const Filter& filter) {
    Sql sql;
    sql.add(
        "SELECT currency, CAST(count(*) AS bigint), CAST(sum(source_open) AS bigint) FROM "
        "receivables_v1_item_scoped WHERE source_open IS NOT NULL AND posted_on <= ?",
        as_of);
    std::map<std::string, std::pair<int64_t, int64_t>> out;
    for (const auto& row : sql.limit(filter, "").add(" GROUP BY currency").run(tx_)) {
        out[row.string(0)] = {row.i64(1), row.i64(2)};
    }
    return out;
}

std::vector<CustomerInfo> Views::customers(const std::vector<int64_t>& ids) {
    std::vector<CustomerInfo> out;
    const auto read = [&](Sql& sql) {
        sql.add(" ORDER BY customer_id");
        for (const auto& row : sql.run(tx_)) out.push_back(customer_of(row));
    };
    const auto all = "SELECT " + std::string(customer_columns) +
                     " FROM receivables_v1_customer_scoped WHERE 1 = 1";
    if (ids.empty()) {
        Sql sql;
        sql.add(all);
        read(sql);
    }
    constexpr std::size_t chunk = 500;
    for (std::size_t at = 0; at < ids.size(); at += chunk) {
        Filter some;
        some.customers.assign(
            ids.begin() + static_cast<std::ptrdiff_t>(at),
            ids.begin() + static_cast<std::ptrdiff_t>(std::min(at + chunk, ids.size())));
        Sql sql;
        sql.add(all).limit(some, "");
        read(sql);
    }
    return out;
}

std::optional<CustomerInfo> Views::customer(int64_t id) {
    auto found = customers({id});
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
}

std::vector<CustomerInfo> Views::find(std::string_view key, int64_t limit) {
    const auto is_first = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
    const int64_t length = std::count_if(key.begin(), key.end(), is_first);
    Sql sql;
    sql.add("SELECT ").add(customer_columns);
    sql.add(
        ", CASE WHEN number_key = ? THEN 0 WHEN name_key = ? THEN 1 WHEN substr(name_key, 1, "
        "CAST(? AS integer)) = ? THEN 2 WHEN replace(name_key, ?, '') <> name_key THEN 3 ELSE 4 "
        "END AS place FROM receivables_v1_customer_scoped WHERE replace(name_key, ?, '') <> "
        "name_key OR replace(number_key, ?, '') <> number_key ORDER BY place, customer_id LIMIT ?",
        key, key, length, key, key, key, key, limit);
    std::vector<CustomerInfo> out;
    for (const auto& row : sql.run(tx_)) out.push_back(customer_of(row));
    return out;
}

std::vector<ContactPoint> Views::contact_points(int64_t customer_id, Date as_of) {
    auto rows = tx_.query(
        "SELECT contact_point_id, person, role, kind, value, street, city, postcode, region, "
        "country, source, external_id, preferred FROM receivables_v1_contact_point_scoped WHERE "
        "customer_id = ? AND "
        "valid_from <= ? AND valid_to >= ? ORDER BY preferred DESC, contact_point_id",
        customer_id, as_of, as_of);
    std::vector<ContactPoint> out;
    for (const auto& row : rows) {
        ContactPoint point;
        point.id = row.i64(0);
        std::string* const texts[] = {&point.person,   &point.role,       &point.kind,
                                      &point.value,    &point.street,     &point.city,
                                      &point.postcode, &point.region,     &point.country,
                                      &point.source,   &point.external_id};
        uint32_t column = 1;
        for (auto* text : texts) *text = row.text(column++);
        point.preferred = row.i64(column) != 0;
        out.push_back(std::move(point));
    }
    return out;
}

Origin Views::origin_of_customer(int64_t customer_id) {
    auto row = tx_.query(
        "SELECT source, external_id FROM receivables_v1_customer_scoped WHERE customer_id = ?",
        customer_id);
    return row.step() ? Origin{row.string(0), "customer", row.string(1)} : Origin{};
}

Origin Views::origin_of_item(int64_t customer_id, int64_t item_id) {
    auto row = tx_.query(
        "SELECT source, kind, external_id FROM receivables_v1_item_scoped WHERE customer_id = ?"
        " AND item_id = ?",
        customer_id, item_id);
    if (!row.step()) return {};
    const auto kind = row.text(1);
    const bool is_document = kind.ends_with("_note") || kind == "invoice" || kind == "self_billed";
    return {row.string(0),
            is_document         ? "invoice"
            : kind == "payment" ? "payment"
                                : "adjustment",
            row.string(2)};
}

std::map<int64_t, std::string> Views::companies() {
    std::map<int64_t, std::string> out;
    for (const auto& row : tx_.query("SELECT company_id, name FROM receivables_v1_company")) {
        out[row.i64(0)] = row.text(1);
    }
    return out;
}

std::map<int64_t, PaymentHabit> Views::habits(Date as_of, const Filter& filter) {
    std::map<int64_t, PaymentHabit> out;
    Sql last;
    last.add(
        "SELECT customer_id, max(posted_on) FROM receivables_v1_item_scoped WHERE kind = 'payment' "
        "AND amount < 0 AND posted_on <= ? AND void_on > ?",
        as_of, as_of);
    for (const auto& row : last.limit(filter, "").add(" GROUP BY customer_id").run(tx_)) {
        out[row.i64(0)].last_payment_on = row.date(1);
    }
    // Weights are hundredths of a unit of money, so that amount × days stays within 64 bits.
    Sql late;
    late.add(
        "SELECT customer_id, CAST(sum(amount / 100 * (effective_on - item_due_on)) AS bigint), "
        "CAST(sum(amount / 100) AS bigint), CAST(count(*) AS bigint) FROM "
        "receivables_v1_allocation_scoped WHERE "
        "effective_on <= ? AND until_on > ? AND effective_on > ?",
        as_of, as_of, as_of - 365);
    late.limit(filter, "").add(" GROUP BY customer_id, currency");
    for (const auto& row : late.run(tx_)) {
        out[row.i64(0)].by_currency.push_back({row.i64(1), row.i64(2), row.i64(3)});
    }
    return out;
}

std::map<std::string, int64_t> Views::balances(int64_t customer_id, Date on, const Filter& filter) {
    Sql sql;
    sql.add(
        "SELECT currency, CAST(sum(amount) AS bigint) FROM receivables_v1_item_scoped WHERE "
        "customer_id = ? AND posted_on <= ? AND void_on > ?",
        customer_id, on, on);
    std::map<std::string, int64_t> out;
    for (const auto& row : sql.limit(filter, "").add(" GROUP BY currency").run(tx_)) {
        out[row.string(0)] = row.i64(1);
    }
    return out;
}

std::vector<Movement> Views::movements(int64_t customer_id, Date from, Date to,
                                       const Filter& filter) {
    std::vector<Movement> out;
    for (const bool is_cancellation : {false, true}) {
        const std::string day = is_cancellation ? "void_on" : "posted_on";
        Sql sql;
        sql.add(
            "SELECT " + day +
                ", item_id, kind, number, reference, currency, amount FROM "
                "receivables_v1_item_scoped WHERE customer_id = ? AND posted_on < void_on AND " +
                day + " >= ? AND " + day + " <= ?",
            customer_id, from, to);
        for (const auto& row : sql.limit(filter, "").run(tx_)) {
            const auto amount = row.i64(6);
            out.push_back({row.date(0), row.i64(1), row.string(2), row.string(3), row.string(4),
                           row.string(5), is_cancellation ? -amount : amount, is_cancellation});
        }
    }
    std::sort(out.begin(), out.end(), [](const Movement& a, const Movement& b) {
        return std::tie(a.on, a.item_id, a.is_cancellation) <
               std::tie(b.on, b.item_id, b.is_cancellation);
    });
    return out;
}

std::vector<Movement> Views::recent_payments(int64_t customer_id, Date as_of, int64_t limit) {
    auto rows = tx_.query(
        "SELECT posted_on, item_id, kind, number, reference, currency, amount FROM "
        "receivables_v1_item_scoped WHERE customer_id = ? AND kind = 'payment' AND posted_on <= ? "
        "AND void_on > ? ORDER BY posted_on DESC, item_id DESC LIMIT ?",
        customer_id, as_of, as_of, limit);
    std::vector<Movement> out;
    for (const auto& row : rows) {
        out.push_back({row.date(0), row.i64(1), row.string(2), row.string(3), row.string(4),
                       row.string(5), row.i64(6), false});
    }
    return out;
}

std::vector<Backdated> Views::backdated(int64_t known_after_us, Date before, int64_t limit) {
    struct Source {
        const char* what;
        const char* sql;
    };
    static constexpr Source sources[] = {
        {"item",
         "SELECT customer_id, item_id, kind, number, currency, amount, posted_on, known_at FROM "
         "receivables_v1_item_scoped WHERE known_at >= ? AND posted_on <= ?"},
        {"cancellation",
         "SELECT customer_id, item_id, kind, number, currency, amount, void_on, void_known_at FROM "
         "receivables_v1_item_scoped WHERE void_known_at >= ? AND void_on <= ?"},
        {"allocation",
         "SELECT customer_id, allocation_id, item_kind, '', currency, amount, effective_on, "
         "known_at FROM receivables_v1_allocation_scoped WHERE known_at >= ? AND effective_on <= "
         "?"},
        {"reversal",
         "SELECT customer_id, allocation_id, item_kind, '', currency, amount, reversed_on, "
         "reversal_known_at FROM receivables_v1_allocation_scoped WHERE reversal_known_at >= ? AND "
         "reversed_on <= ?"}};
    std::vector<Backdated> out;
    for (const auto& source : sources) {
        Sql sql;
        sql.add(source.sql, known_after_us, before);
        sql.add(" ORDER BY 1, 2 LIMIT ?", limit);
        for (const auto& row : sql.run(tx_)) {
            out.push_back({source.what, row.i64(0), row.i64(1), row.string(2), row.string(3),
                           row.string(4), row.i64(5), row.date(6), row.i64(7)});
        }
    }
    return out;
}

std::optional<int64_t> Views::rate_pico(std::string_view from, std::string_view to, Date on) {
    auto rows = tx_.query(
        "SELECT rate_pico FROM receivables_v1_exchange_rate WHERE from_currency = ? AND "
        "to_currency = ? AND valid_on <= ? ORDER BY valid_on DESC, rate_id DESC LIMIT 1",
        from, to, on);
    if (!rows.step()) return std::nullopt;
    return rows.i64(0);
}

}  // namespace dunlin::receivables
