// SPDX-License-Identifier: Apache-2.0
#include "dunning/outcome.hpp"

namespace dunlin::receivables::dunning {

int64_t OutcomeItem::earned() const {
    return Money(collected, Currency(currency)).share(commission, 100 * Money::scale).units();
}

void Outcomes::insert(const Outcome& outcome, const std::vector<OutcomeItem>& items) {
    tx_.exec(
        "INSERT INTO receivables_outcome (customer_id, outcome_id, kind, state, agency, "
        "commission, reason, proposed_on, proposed_by, decided_on, decided_by, decide_reason, "
        "ended_on, ended_by, end_reason, known_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', '', "
        "?, '', '', ?)",
        outcome.customer_id, outcome.id, outcome.kind, outcome.state, outcome.agency,
        outcome.commission, outcome.reason, outcome.proposed_on, outcome.proposed_by,
        outcome.decided_on, outcome.ended_on, tx_.now_us());
    auto insert = tx_.prepare(
        "INSERT INTO receivables_outcome_item (customer_id, outcome_id, item_id, amount, currency, "
        "claim_id) VALUES (?, ?, ?, ?, ?, 0)");
    for (const auto& item : items) {
        insert.run(outcome.customer_id, outcome.id, item.item_id, item.amount, item.currency);
    }
}

void Outcomes::save(const Outcome& outcome) {
    tx_.exec(
        "UPDATE receivables_outcome SET state = ?, decided_on = ?, decided_by = ?, decide_reason = "
        "?, ended_on = ?, ended_by = ?, end_reason = ? WHERE customer_id = ? AND outcome_id = ?",
        outcome.state, outcome.decided_on, outcome.decided_by, outcome.decide_reason,
        outcome.ended_on, outcome.ended_by, outcome.end_reason, outcome.customer_id, outcome.id);
}

void Outcomes::set_claim(const OutcomeItem& item, int64_t claim_id) {
    tx_.exec(
        "UPDATE receivables_outcome_item SET claim_id = ? WHERE customer_id = ? AND outcome_id = ? "
        "AND item_id = ?",
        claim_id, item.customer_id, item.outcome_id, item.item_id);
}

std::vector<Outcome> Outcomes::list(int64_t customer_id, int64_t id, const std::string& state,
                                    int64_t limit) {
    Sql sql;
    sql.add(
        "SELECT customer_id, outcome_id, kind, state, agency, commission, reason, proposed_by, "
        "decided_by, decide_reason, ended_by, end_reason, proposed_on, decided_on, ended_on FROM "
        "receivables_v1_outcome_scoped WHERE 1 = 1");
    if (customer_id != 0) sql.add(" AND customer_id = ?", customer_id);
    if (id != 0) sql.add(" AND outcome_id = ?", id);
    if (!state.empty()) sql.add(" AND state = ?", std::string_view(state));
    sql.add(" ORDER BY customer_id, outcome_id LIMIT ?", limit);
    std::vector<Outcome> out;
    for (const auto& row : sql.run(tx_)) {
        out.push_back({row.i64(0), row.i64(1), row.string(2), row.string(3), row.string(4),
                       row.i64(5), row.string(6), row.string(7), row.string(8), row.string(9),
                       row.string(10), row.string(11), row.date(12), row.date(13), row.date(14)});
    }
    return out;
}

std::vector<OutcomeItem> Outcomes::items(int64_t customer_id, int64_t outcome_id) {
    Sql sql;
    sql.add(
        "SELECT customer_id, outcome_id, item_id, amount, currency, claim_id, collected, "
        "item_number, kind, state, agency, commission FROM receivables_v1_outcome_item_scoped "
        "WHERE ");
    if (outcome_id != 0) {
        sql.add("customer_id = ? AND outcome_id = ?", customer_id, outcome_id);
    } else {
        sql.add("agency <> '' AND state IN ('approved', 'recalled')");
    }
    sql.add(" ORDER BY customer_id, outcome_id, item_id");
    std::vector<OutcomeItem> out;
    for (const auto& row : sql.run(tx_)) {
        out.push_back({row.i64(0), row.i64(1), row.i64(2), row.i64(3), row.string(4), row.i64(5),
                       row.i64(6), row.string(7), row.string(8), row.string(9), row.string(10),
                       row.i64(11)});
    }
    return out;
}

std::vector<Finished> finished(const Book& book, Policies& policies, Date as_of, int32_t days) {
    std::vector<Finished> out;
    for (const auto& account : book.accounts) {
        for (const auto& charge : account.facts.charges) {
            const auto* procedure = policies.procedure(charge.procedure);
            if (procedure == nullptr || !charge.level_on || charge.collectable() == 0) continue;
            if (charge.level < procedure->levels.back().number) continue;
            if (as_of - *charge.level_on < days) continue;
            out.push_back({account.facts.id, charge.item_id, charge.part, charge.level,
                           charge.procedure, charge.currency, charge.number, *charge.level_on,
                           charge.collectable()});
        }
    }
    return out;
}

}  // namespace dunlin::receivables::dunning
