// SPDX-License-Identifier: Apache-2.0
#include "cash/store_cash.hpp"

#include <algorithm>
#include <unordered_map>

namespace dunlin::receivables::cash {
namespace {

constexpr int32_t days_known = 400;

const std::string receipt_columns =
    "SELECT customer_id, item_id, left_over, currency, posted_on, reference, payer_name, "
    "bank_account, holder FROM (SELECT i.customer_id, i.item_id, -i.amount - COALESCE((SELECT "
    "CAST(sum(a.amount) AS bigint) FROM receivables_allocation a WHERE a.customer_id = "
    "i.customer_id AND a.source_id = i.item_id AND a.until_on > ?), 0) AS left_over, i.currency, "
    "i.posted_on, i.reference, i.payer_name, i.bank_account, (SELECT c.kind FROM "
    "receivables_customer c WHERE c.customer_id = i.customer_id) AS holder FROM receivables_item i "
    "WHERE i.kind = "
    "'payment' AND i.amount < 0 AND i.posted_on <= ? AND i.void_on > ?";

Receipt receipt_of(const Statement& row) {
    Receipt out;
    out.account_id = row.i64(0);
    const bool is_known = row.is_null(8) || row.text(8) != "unassigned";
    if (is_known) out.customer_id = out.account_id;
    out.item_id = row.i64(1);
    out.amount = row.i64(2);
    out.currency = row.string(3);
    out.paid_on = row.date(4);
    out.text = row.string(5);
    out.payer_name = row.string(6);
    out.bank_account = row.string(7);
    return out;
}

}  // namespace

std::vector<Receipt> CashStore::receipts(Date today) {
    std::vector<Receipt> out;
    auto rows = tx_.query(receipt_columns + ") x WHERE left_over > 0 ORDER BY posted_on, item_id",
                          today, today, today);
    for (const auto& row : rows) out.push_back(receipt_of(row));
    return out;
}

std::optional<Receipt> CashStore::receipt(const ItemKey& payment, Date today) {
    auto rows = tx_.query(receipt_columns + " AND i.customer_id = ? AND i.item_id = ?) x", today,
                          today, today, payment.first, payment.second);
    if (!rows.step()) return std::nullopt;
    return receipt_of(rows);
}

std::vector<Charge> CashStore::charges(Date today) {
    std::vector<Charge> out;
    auto rows = tx_.query(
        "SELECT i.customer_id, i.item_id, i.number, i.currency, i.issued_on, i.due_on, i.amount - "
        "COALESCE(a.used, 0), n.discount_on, n.discount_amount, i.kind FROM receivables_item i "
        "LEFT JOIN "
        "(SELECT customer_id, target_id, CAST(sum(amount) AS bigint) AS used FROM "
        "receivables_allocation WHERE until_on > ? GROUP BY customer_id, target_id) a ON "
        "a.customer_id = i.customer_id AND a.target_id = i.item_id LEFT JOIN (SELECT customer_id, "
        "item_id, min(discount_on) AS discount_on, CAST(sum(discount_amount) AS bigint) AS "
        "discount_amount FROM receivables_instalment GROUP BY customer_id, item_id HAVING count(*) "
        "= 1) n ON n.customer_id = i.customer_id AND n.item_id = i.item_id WHERE i.amount > 0 AND "
        "i.kind <> 'payment' AND i.posted_on <= ? AND i.void_on > ? AND (i.issued_on > ? OR "
        "i.amount > COALESCE(a.used, 0))",
        today, today, today, today - days_known);
    for (const auto& row : rows) {
        Charge charge;
        charge.customer_id = row.i64(0);
        charge.item_id = row.i64(1);
        charge.number = row.string(2);
        charge.currency = row.string(3);
        charge.issued_on = row.date(4);
        charge.due_on = row.date(5);
        charge.open = std::max<int64_t>(0, row.i64(6));
        if (!row.is_null(7) && !row.is_null(8)) {
            charge.discount_on = row.date(7);
            charge.discount = row.i64(8);
        }
        if (row.text(9) == "fee") charge.debt = Debt::costs;
        if (row.text(9) == "interest") charge.debt = Debt::interest;
        out.push_back(std::move(charge));
    }
    lay_disputes(out, today);
    add_claimed(out, today);
    return out;
}

void CashStore::lay_disputes(std::vector<Charge>& charges, Date today) {
    std::map<int64_t, std::vector<Claim>> claims;
    auto rows = tx_.query(
        "SELECT customer_id, claim_id, item_id, amount, currency FROM receivables_claim WHERE kind "
        "= 'dispute' AND from_on <= ? AND until_on > ? AND lifted_on > ?",
        today, today, today);
    for (const auto& row : rows) {
        Claim claim;
        claim.customer_id = row.i64(0);
        claim.id = row.i64(1);
        claim.item_id = row.i64(2);
        claim.kind = "dispute";
        if (!row.is_null(3)) claim.amount = row.i64(3);
        claim.currency = row.string(4);
        claims[claim.customer_id].push_back(std::move(claim));
    }
    if (claims.empty()) return;
    std::unordered_map<int64_t, std::vector<OpenAmount>> open;
    for (const auto& charge : charges) {
        if (charge.open == 0 || !claims.contains(charge.customer_id)) continue;
        open[charge.customer_id].push_back(
            {charge.item_id, charge.currency, charge.due_on, charge.open});
    }
    std::unordered_map<int64_t, int64_t> disputed;
    for (auto& [customer_id, amounts] : open) {
        lay_claims(amounts, claims[customer_id]);
        for (const auto& one : amounts) disputed[one.item_id] = one.disputed;
    }
    for (auto& charge : charges) {
        if (const auto it = disputed.find(charge.item_id); it != disputed.end()) {
            charge.disputed = it->second;
        }
    }
}

std::vector<Payer> CashStore::payers() {
    std::vector<Payer> out;
    auto rows = tx_.query(
        "SELECT customer_id, parent_id, number, name FROM receivables_customer WHERE is_deleted = "
        "0 AND kind <> 'unassigned' ORDER BY customer_id");
    for (const auto& row : rows) {
        out.push_back({row.i64(0), row.i64(1), row.string(2), row.string(3)});
    }
    return out;
}

std::vector<KnownAccount> CashStore::accounts() {
    std::vector<KnownAccount> out;
    const auto add = [&](Statement rows) {
        while (rows.step()) out.push_back({rows.string(0), rows.i64(1)});
    };
    add(tx_.query(
        "SELECT DISTINCT i.bank_account, i.customer_id FROM receivables_item i JOIN "
        "receivables_customer c ON c.customer_id = i.customer_id WHERE i.kind = 'payment' AND "
        "i.bank_account <> '' AND i.void_on = ? AND c.kind <> 'unassigned'",
        never));
    add(tx_.query(
        "SELECT DISTINCT i.bank_account, a.debtor_id FROM receivables_cash_application a JOIN "
        "receivables_item i ON i.customer_id = a.customer_id AND i.item_id = a.payment_id WHERE "
        "i.bank_account <> '' AND a.undone_on = ?",
        never));
    return out;
}

std::vector<Waiting> CashStore::waiting(int64_t limit, const ItemKey& only) {
    std::vector<Waiting> out;
    const std::string one = only.second == 0 ? "" : " WHERE e.customer_id = ? AND e.item_id = ?";
    auto rows = tx_.prepare(
        "SELECT e.customer_id, e.item_id, e.state, e.kind, e.confidence, e.amount, e.currency, "
        "e.proposals, e.policy_version, e.found_on, e.known_at, i.reference, i.payer_name, "
        "i.posted_on FROM receivables_cash_exception e JOIN receivables_item i ON i.customer_id = "
        "e.customer_id AND i.item_id = e.item_id" +
        one + " ORDER BY e.amount DESC, e.item_id LIMIT ?");
    uint32_t at = 0;
    if (only.second != 0) {
        rows.bind_at(at++, only.first);
        rows.bind_at(at++, only.second);
    }
    rows.bind_at(at, limit);
    for (const auto& row : rows) {
        Waiting waiting;
        waiting.payment = {row.i64(0), row.i64(1)};
        waiting.state = row.string(2);
        waiting.kind = row.string(3);
        waiting.confidence = static_cast<int32_t>(row.i64(4));
        waiting.amount = row.i64(5);
        waiting.currency = row.string(6);
        waiting.proposals = Json::parse(row.text(7));
        waiting.policy_version = row.i64(8);
        waiting.found_on = row.date(9);
        waiting.known_at = row.i64(10);
        waiting.reference = row.string(11);
        waiting.payer_name = row.string(12);
        waiting.posted_on = row.date(13);
        out.push_back(std::move(waiting));
    }
    return out;
}

void CashStore::remove_waiting(const ItemKey& payment) {
    tx_.exec("DELETE FROM receivables_cash_exception WHERE customer_id = ? AND item_id = ?",
             payment.first, payment.second);
}

void CashStore::put(const Waiting& waiting) {
    remove_waiting(waiting.payment);
    tx_.exec(
        "INSERT INTO receivables_cash_exception (customer_id, item_id, state, kind, confidence, "
        "amount, currency, proposals, policy_version, found_on, known_at) VALUES (?, ?, ?, ?, ?, "
        "?, ?, ?, ?, ?, ?)",
        waiting.payment.first, waiting.payment.second, waiting.state, waiting.kind,
        waiting.confidence, waiting.amount, waiting.currency, waiting.proposals,
        waiting.policy_version, waiting.found_on, waiting.known_at);
}

std::optional<int64_t> CashStore::open_of(const ItemKey& charge, Date today) {
    auto row = tx_.query(
        "SELECT i.amount - COALESCE((SELECT CAST(sum(a.amount) AS bigint) FROM "
        "receivables_allocation a WHERE a.customer_id = i.customer_id AND a.target_id = i.item_id "
        "AND a.until_on > ?), 0) FROM receivables_item i WHERE i.customer_id = ? AND i.item_id = ? "
        "AND i.amount > 0",
        today, charge.first, charge.second);
    if (!row.step()) return std::nullopt;
    return row.i64(0);
}

Place CashStore::place_of(const ItemKey& item) {
    auto row = tx_.query(
        "SELECT company_id, salesperson, portfolio FROM receivables_item WHERE customer_id = ? AND "
        "item_id = ?",
        item.first, item.second);
    if (!row.step()) return {};
    return {row.i64(0), row.string(1), row.string(2)};
}

bool CashStore::end_payment(const ItemKey& payment, Date on, int64_t known_at) {
    return tx_.exec(
               "UPDATE receivables_item SET status = 'reversed', void_on = ?, void_known_at = ? "
               "WHERE customer_id = ? AND item_id = ? AND void_on = ?",
               on, known_at, payment.first, payment.second, never) > 0;
}

void CashStore::lift_claim(int64_t customer_id, int64_t claim_id, Date on) {
    tx_.exec(
        "UPDATE receivables_claim SET lifted_on = ? WHERE customer_id = ? AND claim_id = ? AND "
        "lifted_on = ?",
        on, customer_id, claim_id, never);
}

}  // namespace dunlin::receivables::cash
