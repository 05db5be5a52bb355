// SPDX-License-Identifier: Apache-2.0
#include "dunning/claimed.hpp"

#include <algorithm>

#include "dunning/letters.hpp"
#include "views.hpp"

namespace dunlin::receivables::dunning {

Claimed claimed_on(Transaction& tx, const std::vector<int64_t>& customer_ids, Date on) {
    Claimed out;
    if (customer_ids.empty()) return out;
    const auto [lowest, highest] = std::minmax_element(customer_ids.begin(), customer_ids.end());
    const auto add = [&](Statement rows) {
        while (rows.step()) {
            const auto customer_id = rows.i64(0), amount = rows.i64(3);
            out.by_item[{customer_id, rows.i64(1)}] += amount;
            out.by_currency[{customer_id, rows.string(2)}] += amount;
        }
    };
    add(
        tx.query("SELECT customer_id, item_id, currency, amount FROM receivables_v1_charge_scoped "
                 "WHERE customer_id >= ? AND customer_id <= ? AND raised_on <= ? AND (state = "
                 "'claimable' OR ended_on > ?)",
                 *lowest, *highest, on, on));
    if (out.by_item.empty()) return out;
    add(
        tx.query("SELECT h.customer_id, h.item_id, p.currency, -p.amount FROM "
                 "receivables_v1_charge_payment_scoped p JOIN receivables_v1_charge_scoped h ON "
                 "h.customer_id = p.customer_id AND h.charge_id = p.charge_id WHERE p.customer_id "
                 ">= ? AND p.customer_id <= ? AND p.posted_on <= ? AND p.void_on > ?",
                 *lowest, *highest, on, on));
    return out;
}

int64_t settle_charges(const Services& services, Transaction& tx, const Claim& claim,
                       const std::string& outcome, const std::string& by) {
    Letters letters(services, tx, /*is_scoped=*/true);
    Policies policies(tx, tx.today());
    int64_t waived = 0;
    for (const auto& charge : letters.charges(claim.customer_id, 0, "claimable", 1000000)) {
        const bool is_meant = claim.item_id == 0 || claim.item_id == charge.item_id;
        if (!is_meant || charge.left() <= 0) continue;
        const auto& policy = policies.charges(charge.charges);
        const bool waives = outcome == "debtor_right" ? policy.waives_when_debtor_right
                                                      : policy.waives_when_debtor_wrong;
        if (!waives) continue;
        letters.end(charge, "waived", by,
                    std::string("the dispute ended for ") +
                        (outcome == "debtor_right" ? "the debtor" : "us") + ": charges " +
                        policy.name + " version " + std::to_string(policy.version),
                    tx.today());
        ++waived;
    }
    return waived;
}

}  // namespace dunlin::receivables::dunning
