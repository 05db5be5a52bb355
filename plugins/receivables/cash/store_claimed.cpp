// SPDX-License-Identifier: Apache-2.0
// Fees, interest and fixed sums as something that a payment may be for.
#include <algorithm>

#include "cash/store_cash.hpp"

namespace dunlin::receivables::cash {
namespace {

/// What was paid of a charge h, as far as it was not given back.
constexpr const char* charges_sql =
    "SELECT customer_id, charge_id, item_id, kind, currency, company_id, raised_on, number, "
    "left_over, claims FROM (SELECT h.customer_id, h.charge_id, h.item_id, h.kind, h.currency, "
    "h.company_id, h.raised_on, COALESCE((SELECT i.number FROM receivables_item i WHERE "
    "i.customer_id = h.customer_id AND i.item_id = h.item_id), '') AS number, h.amount - "
    "COALESCE((SELECT CAST(sum(p.amount) AS bigint) FROM receivables_v1_charge_payment p WHERE "
    "p.customer_id = h.customer_id AND p.charge_id = h.charge_id AND p.void_on = ?), 0) AS "
    "left_over, (SELECT count(*) FROM receivables_claim c WHERE c.customer_id = h.customer_id AND "
    "(c.item_id = 0 OR c.item_id = h.item_id) AND c.from_on <= ? AND c.until_on > ? AND "
    "c.lifted_on > ?) AS claims FROM receivables_charge h WHERE h.state = 'claimable' AND "
    "h.raised_on <= ?";

}  // namespace

std::vector<ClaimedCharge> CashStore::claimed(Date today, const ItemKey& only) {
    std::vector<ClaimedCharge> out;
    const bool is_one = only.second != 0;
    const auto sql = std::string(charges_sql) +
                     (is_one ? " AND h.customer_id = ? AND h.charge_id = ?" : "") +
                     ") x WHERE left_over > 0 ORDER BY customer_id, charge_id";
    auto rows = is_one ? tx_.query(sql, never, today, today, today, today, only.first, only.second)
                       : tx_.query(sql, never, today, today, today, today);
    for (const auto& row : rows) {
        auto& one = out.emplace_back();
        one.key = {row.i64(0), row.i64(1)};
        one.about_id = row.i64(2);
        one.kind = row.string(3);
        one.currency = row.string(4);
        one.company_id = row.i64(5);
        one.raised_on = row.date(6);
        one.number = row.string(7);
        one.open = row.i64(8);
        one.is_suspended = row.i64(9) > 0;
    }
    return out;
}

void CashStore::add_claimed(std::vector<Charge>& charges, Date today) {
    for (const auto& one : claimed(today)) {
        Charge charge;
        charge.customer_id = one.key.first;
        charge.item_id = one.key.second;
        charge.currency = one.currency;
        charge.issued_on = charge.due_on = one.raised_on;
        charge.open = one.open;
        charge.disputed = one.is_suspended ? one.open : 0;
        charge.debt = one.kind == "interest" ? Debt::interest : Debt::costs;
        charge.about_id = one.about_id;
        charges.push_back(std::move(charge));
    }
}

void CashStore::insert(const ClaimedCharge& charge, const Application& applied) {
    tx_.exec(
        "INSERT INTO receivables_charge_payment (customer_id, charge_id, item_id, payer_id, "
        "payment_id, application_id, known_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        charge.key.first, charge.key.second, applied.charge.second, applied.payment.first,
        applied.payment.second, applied.id, applied.known_at);
}

bool CashStore::is_of_charge(const ItemKey& item) {
    return tx_
        .query("SELECT 1 FROM receivables_charge_payment WHERE customer_id = ? AND item_id = ?",
               item.first, item.second)
        .step();
}

void give_back_charges(Transaction& tx) {
    struct Ended {
        ItemKey item, application;
        Date on;
    };
    std::vector<Ended> all;
    for (const auto& row : tx.query(
             "SELECT p.customer_id, p.item_id, p.payer_id, p.application_id, i.posted_on, (SELECT "
             "max(a.until_on) FROM receivables_allocation a WHERE a.customer_id = p.customer_id "
             "AND a.target_id = p.item_id) FROM receivables_charge_payment p JOIN receivables_item "
             "i ON i.customer_id = p.customer_id AND i.item_id = p.item_id WHERE i.void_on = ? AND "
             "NOT EXISTS (SELECT 1 FROM receivables_allocation b WHERE b.customer_id = "
             "p.customer_id AND b.target_id = p.item_id AND b.until_on = ?)",
             never, never)) {
        const auto posted_on = row.date(4);
        all.push_back({{row.i64(0), row.i64(1)},
                       {row.i64(2), row.i64(3)},
                       row.is_null(5) ? posted_on : std::max(posted_on, row.date(5))});
    }
    CashStore cash(tx);
    for (const auto& one : all) {
        cash.end_payment(one.item, one.on, tx.now_us());
        tx.exec(
            "UPDATE receivables_cash_application SET undone_on = ? WHERE customer_id = ? AND "
            "application_id = ? AND undone_on = ?",
            one.on, one.application.first, one.application.second, never);
    }
}

}  // namespace dunlin::receivables::cash
