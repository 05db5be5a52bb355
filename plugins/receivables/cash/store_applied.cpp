// SPDX-License-Identifier: Apache-2.0
#include "cash/store_cash.hpp"

namespace dunlin::receivables::cash {
namespace {

const std::string short_columns =
    "SELECT s.customer_id, s.item_id, s.short_id, s.payer_id, s.payment_id, s.application_id, "
    "s.amount, s.currency, s.shortfall, s.state, s.reason, s.note, s.claim_id, s.decided_by, "
    "s.policy_version, s.found_on, s.known_at, i.number FROM receivables_cash_short s JOIN "
    "receivables_item i ON i.customer_id = s.customer_id AND i.item_id = s.item_id";

Short short_of(const Statement& row) {
    Short out;
    out.charge = {row.i64(0), row.i64(1)};
    out.id = row.i64(2);
    out.payment = {row.i64(3), row.i64(4)};
    out.application_id = row.i64(5);
    out.amount = row.i64(6);
    out.currency = row.string(7);
    out.shortfall = row.string(8);
    out.state = row.string(9);
    out.reason = row.string(10);
    out.note = row.string(11);
    out.claim_id = row.i64(12);
    out.decided_by = row.string(13);
    out.policy_version = row.i64(14);
    out.found_on = row.date(15);
    out.known_at = row.i64(16);
    out.number = row.string(17);
    return out;
}

}  // namespace

void CashStore::insert(const Application& applied) {
    tx_.exec(
        "INSERT INTO receivables_cash_application (customer_id, application_id, payment_id, "
        "debtor_id, item_id, allocation_id, given_id, received_id, amount, currency, kind, "
        "confidence, reasons, decided_by, policy_version, applied_on, undone_on, known_at) VALUES "
        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        applied.payment.first, applied.id, applied.payment.second, applied.charge.first,
        applied.charge.second, applied.allocation_id, applied.given_id, applied.received_id,
        applied.amount, applied.currency, applied.kind, applied.confidence, applied.reasons,
        applied.decided_by, applied.policy_version, applied.applied_on, applied.undone_on,
        applied.known_at);
}

std::vector<Application> CashStore::applied(const ItemKey& payment) {
    std::vector<Application> out;
    auto rows = tx_.query(
        "SELECT application_id, debtor_id, item_id, allocation_id, given_id, received_id, amount, "
        "currency, kind, confidence, decided_by, policy_version, applied_on FROM "
        "receivables_cash_application WHERE customer_id = ? AND payment_id = ? AND undone_on = ? "
        "ORDER BY application_id",
        payment.first, payment.second, never);
    for (const auto& row : rows) {
        Application one;
        one.payment = payment;
        one.id = row.i64(0);
        one.charge = {row.i64(1), row.i64(2)};
        one.allocation_id = row.i64(3);
        one.given_id = row.i64(4);
        one.received_id = row.i64(5);
        one.amount = row.i64(6);
        one.currency = row.string(7);
        one.kind = row.string(8);
        one.confidence = static_cast<int32_t>(row.i64(9));
        one.decided_by = row.string(10);
        one.policy_version = row.i64(11);
        one.applied_on = row.date(12);
        out.push_back(std::move(one));
    }
    return out;
}

void CashStore::undo(const Application& applied, Date on) {
    tx_.exec(
        "UPDATE receivables_cash_application SET undone_on = ? WHERE customer_id = ? AND "
        "application_id = ?",
        on, applied.payment.first, applied.id);
}

void CashStore::insert(const Short& one) {
    tx_.exec(
        "INSERT INTO receivables_cash_short (customer_id, short_id, item_id, payer_id, payment_id, "
        "application_id, amount, currency, shortfall, state, reason, note, claim_id, decided_by, "
        "policy_version, found_on, known_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?)",
        one.charge.first, one.id, one.charge.second, one.payment.first, one.payment.second,
        one.application_id, one.amount, one.currency, one.shortfall, one.state, one.reason,
        one.note, one.claim_id, one.decided_by, one.policy_version, one.found_on, one.known_at);
}

std::vector<Short> CashStore::unexplained(int64_t limit, Date today) {
    std::vector<Short> out;
    auto rows = tx_.query(
        short_columns +
            " WHERE s.state = 'open' AND i.void_on > ? AND i.amount > COALESCE((SELECT "
            "CAST(sum(a.amount) AS bigint) FROM receivables_allocation a WHERE a.customer_id = "
            "i.customer_id AND a.target_id = i.item_id AND a.until_on > ?), 0) ORDER BY s.amount "
            "DESC, s.short_id LIMIT ?",
        today, today, limit);
    for (const auto& row : rows) out.push_back(short_of(row));
    return out;
}

std::optional<Short> CashStore::find_short(int64_t customer_id, int64_t id) {
    auto rows =
        tx_.query(short_columns + " WHERE s.customer_id = ? AND s.short_id = ?", customer_id, id);
    if (!rows.step()) return std::nullopt;
    return short_of(rows);
}

std::vector<Short> CashStore::shorts_of(const Application& applied) {
    std::vector<Short> out;
    auto rows = tx_.query(
        short_columns + " WHERE s.customer_id = ? AND s.item_id = ? AND s.application_id = ?",
        applied.charge.first, applied.charge.second, applied.id);
    for (const auto& row : rows) out.push_back(short_of(row));
    return out;
}

void CashStore::update(const Short& one) {
    tx_.exec(
        "UPDATE receivables_cash_short SET state = ?, reason = ?, note = ?, claim_id = ?, "
        "decided_by = ? WHERE customer_id = ? AND short_id = ?",
        one.state, one.reason, one.note, one.claim_id, one.decided_by, one.charge.first, one.id);
}

}  // namespace dunlin::receivables::cash
