// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "sales/hold.hpp"

namespace dunlin::receivables {
namespace {

constexpr const char* columns =
    "SELECT customer_id, hold_id, reason, announced_on, announced_by, from_on, placed_on, "
    "placed_by, override_reason, lift_proposed_on, lift_task_id, ended_on, ended_by, end_reason, "
    "written_kind, written_state, written_why, write_back_id, known_at FROM "
    "receivables_v1_credit_hold_scoped";

}  // namespace

std::vector<CreditHold> HoldDesk::read(const Sql& sql) {
    std::vector<CreditHold> out;
    for (const auto& row : sql.run(tx_)) {
        CreditHold one;
        one.customer_id = row.i64(0);
        one.id = row.i64(1);
        one.reason = row.text(2);
        one.announced_on = row.date(3);
        one.announced_by = row.text(4);
        one.from_on = row.date(5);
        one.placed_on = row.date(6);
        one.placed_by = row.text(7);
        one.override_reason = row.text(8);
        one.lift_proposed_on = row.date(9);
        one.lift_task_id = row.i64(10);
        one.ended_on = row.date(11);
        one.ended_by = row.text(12);
        one.end_reason = row.text(13);
        one.written = {row.string(14), row.string(15), row.string(16), row.i64(17)};
        one.known_at = row.i64(18);
        out.push_back(std::move(one));
    }
    return out;
}

void HoldDesk::insert(const CreditHold& hold) {
    tx_.exec(
        "INSERT INTO receivables_credit_hold (customer_id, hold_id, reason, announced_on, "
        "announced_by, from_on, placed_on, placed_by, override_reason, lift_proposed_on, "
        "lift_task_id, ended_on, ended_by, end_reason, written_kind, written_state, written_why, "
        "write_back_id, known_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        hold.customer_id, hold.id, hold.reason, hold.announced_on, hold.announced_by, hold.from_on,
        hold.placed_on, hold.placed_by, hold.override_reason, hold.lift_proposed_on,
        hold.lift_task_id, hold.ended_on, hold.ended_by, hold.end_reason, hold.written.kind,
        hold.written.state, hold.written.why, hold.written.id, hold.known_at);
}

void HoldDesk::update(const CreditHold& hold) {
    tx_.exec(
        "UPDATE receivables_credit_hold SET reason = ?, placed_on = ?, placed_by = ?, "
        "override_reason = ?, lift_proposed_on = ?, lift_task_id = ?, ended_on = ?, ended_by = ?, "
        "end_reason = ?, written_kind = ?, written_state = ?, written_why = ?, write_back_id = ? "
        "WHERE customer_id = ? AND hold_id = ?",
        hold.reason, hold.placed_on, hold.placed_by, hold.override_reason, hold.lift_proposed_on,
        hold.lift_task_id, hold.ended_on, hold.ended_by, hold.end_reason, hold.written.kind,
        hold.written.state, hold.written.why, hold.written.id, hold.customer_id, hold.id);
}

std::vector<CreditHold> HoldDesk::list(int64_t customer_id, int64_t limit) {
    Sql sql;
    sql.add(columns);
    if (customer_id != 0) sql.add(" WHERE customer_id = ?", customer_id);
    return read(sql.add(" ORDER BY hold_id DESC LIMIT ?", limit));
}

std::map<int64_t, CreditHold> HoldDesk::open_on(Date on, int64_t customer_id) {
    Sql sql;
    sql.add(columns).add(" WHERE ended_on > ? AND (announced_on <= ? OR placed_on <= ?)", on, on,
                         on);
    if (customer_id != 0) sql.add(" AND customer_id = ?", customer_id);
    std::map<int64_t, CreditHold> out;
    for (auto& one : read(sql)) {
        const auto id = one.customer_id;
        out[id] = std::move(one);
    }
    return out;
}

std::vector<int64_t> HoldDesk::held(const std::vector<int64_t>& customer_ids, Date on) {
    const std::set<int64_t> wanted(customer_ids.begin(), customer_ids.end());
    const bool is_one = wanted.size() == 1;
    Sql sql;
    sql.add(
        "SELECT customer_id FROM receivables_judged_credit_hold WHERE placed_on <= ? AND ended_on "
        "> ?",
        on, on);
    if (is_one) sql.add(" AND customer_id = ?", *wanted.begin());
    std::vector<int64_t> out;
    for (const auto& row : sql.add(" ORDER BY customer_id").run(tx_)) {
        if (wanted.empty() || wanted.count(row.i64(0))) out.push_back(row.i64(0));
    }
    return out;
}

void HoldDesk::settle(int64_t write_back_id, const Json& told) {
    tx_.exec(
        "UPDATE receivables_credit_hold SET written_state = ?, written_why = ? WHERE write_back_id "
        "= ?",
        told.value("state", ""), told.value("reason", ""), write_back_id);
}

}  // namespace dunlin::receivables
