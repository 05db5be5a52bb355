// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "views.hpp"

namespace dunlin::receivables {

void Desk::hold_account(int64_t customer_id) {
    // An update that changes nothing locks the row; a sync locks the same one.
    tx_.exec("UPDATE receivables_customer SET is_deleted = is_deleted WHERE customer_id = ?",
             customer_id);
}

void Desk::insert(const Allocation& allocation, int64_t known_at) {
    tx_.exec(
        "INSERT INTO receivables_allocation (customer_id, allocation_id, source_id, target_id, "
        "instalment_id, amount, effective_on, until_on, given_on, reversed_on, source, known_at, "
        "reversal_known_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'desk', ?, 0)",
        allocation.customer_id, allocation.id, allocation.source_id, allocation.target_id,
        allocation.instalment_id, allocation.amount, allocation.effective_on, allocation.until_on,
        allocation.given_on, allocation.reversed_on, known_at);
}

void Desk::reverse(const Allocation& allocation, Date on, int64_t known_at) {
    tx_.exec(
        "UPDATE receivables_allocation SET reversed_on = ?, until_on = ?, reversal_known_at = ? "
        "WHERE customer_id = ? AND allocation_id = ?",
        on, std::min(on, allocation.until_on), known_at, allocation.customer_id, allocation.id);
}

void Desk::insert(const Claim& claim, int64_t known_at) {
    tx_.exec(
        "INSERT INTO receivables_claim (customer_id, claim_id, item_id, kind, amount, currency, "
        "from_on, until_on, lifted_on, owner, reference, known_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?, ?)",
        claim.customer_id, claim.id, claim.item_id, claim.kind, claim.amount, claim.currency,
        claim.from_on, claim.until_on, claim.lifted_on, claim.owner, claim.reference, known_at);
}

void Desk::lift(const Claim& claim, Date on) {
    tx_.exec("UPDATE receivables_claim SET lifted_on = ? WHERE customer_id = ? AND claim_id = ?",
             on, claim.customer_id, claim.id);
}

void Desk::assign(int64_t customer_id, const std::optional<std::string>& collector,
                  const std::optional<std::string>& portfolio) {
    if (collector) {
        tx_.exec("UPDATE receivables_customer SET collector = ? WHERE customer_id = ?", *collector,
                 customer_id);
    }
    if (!portfolio) return;
    // Items carry the portfolio, so that limiting a view needs no join.
    for (const char* table : {"receivables_customer", "receivables_item"}) {
        tx_.exec("UPDATE " + std::string(table) + " SET portfolio = ? WHERE customer_id = ?",
                 *portfolio, customer_id);
    }
}

}  // namespace dunlin::receivables
