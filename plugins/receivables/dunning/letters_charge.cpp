// SPDX-License-Identifier: Apache-2.0
// What becomes of what letters charge.
#include "dunning/letters.hpp"
#include "store.hpp"

namespace dunlin::receivables::dunning {

std::vector<Charge> Letters::charges(int64_t customer_id, int64_t letter_id,
                                     const std::string& state, int64_t limit) {
    Sql sql;
    sql.add(
        "SELECT x.customer_id, x.charge_id, x.letter_id, x.item_id, x.part, x.kind, x.amount, "
        "x.currency, x.company_id, x.raised_on, x.from_on, x.until_on, x.state, x.ended_on, "
        "x.ended_by, x.end_reason, x.charges, x.charges_version, COALESCE((SELECT "
        "CAST(sum(p.amount) AS bigint) FROM ");
    sql.add(table("charge_payment"));
    sql.add(
        " p WHERE p.customer_id = x.customer_id AND p.charge_id = x.charge_id AND p.void_on = ?), "
        "0) FROM ",
        never);
    sql.add(table("charge")).add(" x WHERE 1 = 1");
    if (customer_id != 0) sql.add(" AND x.customer_id = ?", customer_id);
    if (letter_id != 0) sql.add(" AND x.letter_id = ?", letter_id);
    if (!state.empty()) sql.add(" AND x.state = ?", std::string_view(state));
    sql.add(" ORDER BY x.customer_id, x.charge_id LIMIT ?", limit);
    std::vector<Charge> out;
    for (const auto& row : sql.run(tx_)) {
        out.push_back({row.i64(0), row.i64(1), row.i64(2), row.i64(3), row.i64(4), row.string(5),
                       row.i64(6), row.string(7), row.i64(8), row.date(9), row.date(10),
                       row.date(11), row.string(12), row.date(13), row.string(14), row.string(15),
                       row.string(16), row.i64(17), row.i64(18)});
    }
    return out;
}

void Letters::end(const Charge& charge, const std::string& state, const std::string& by,
                  const std::string& reason, Date on) {
    if (charge.paid == 0) {
        tx_.exec(
            "UPDATE receivables_charge SET state = ?, ended_on = ?, ended_by = ?, end_reason = ? "
            "WHERE customer_id = ? AND charge_id = ?",
            state, on, by, reason, charge.customer_id, charge.id);
        return;
    }
    tx_.exec("UPDATE receivables_charge SET amount = ? WHERE customer_id = ? AND charge_id = ?",
             charge.paid, charge.customer_id, charge.id);
    tx_.exec(
        "INSERT INTO receivables_charge (customer_id, charge_id, letter_id, item_id, part, kind, "
        "amount, currency, company_id, raised_on, from_on, until_on, state, ended_on, ended_by, "
        "end_reason, charges, charges_version, known_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?, ?, ?, ?, ?, ?)",
        charge.customer_id, services_.next_id(), charge.letter_id, charge.item_id, charge.part,
        charge.kind, charge.left(), charge.currency, charge.company_id, charge.raised_on,
        charge.from_on, charge.until_on, state, on, by, reason, charge.charges,
        charge.charges_version, tx_.now_us());
}

}  // namespace dunlin::receivables::dunning
