// SPDX-License-Identifier: Apache-2.0
#include "contacts/contacts.hpp"

namespace dunlin::receivables {

std::vector<Contact> ContactDesk::contacts(const Query& query) {
    Sql sql;
    sql.add(
        "SELECT customer_id, contact_id, item_id, happened_on, channel, direction, "
        "contact_point_id, person, outcome, is_reached, reason, note, next_step, next_on, made_by, "
        "known_at FROM receivables_v1_contact_scoped WHERE happened_on >= ? AND happened_on <= ?",
        query.from, query.until);
    if (query.customer_id != 0) sql.add(" AND customer_id = ?", query.customer_id);
    if (query.item_id != 0) sql.add(" AND item_id = ?", query.item_id);
    if (!query.channel.empty()) sql.add(" AND channel = ?", std::string_view(query.channel));
    sql.add(" ORDER BY happened_on DESC, contact_id DESC LIMIT ?", query.limit);
    std::vector<Contact> out;
    for (const auto& row : sql.run(tx_)) {
        Contact one;
        one.customer_id = row.i64(0);
        one.id = row.i64(1);
        one.item_id = row.i64(2);
        one.on = row.date(3);
        one.channel = row.text(4);
        one.direction = row.text(5);
        one.contact_point_id = row.i64(6);
        one.person = row.text(7);
        one.outcome = row.text(8);
        one.is_reached = row.i64(9) != 0;
        one.reason = row.text(10);
        one.note = row.text(11);
        one.next_step = row.text(12);
        one.next_on = row.date(13);
        one.made_by = row.text(14);
        one.known_at = row.i64(15);
        out.push_back(std::move(one));
    }
    return out;
}

std::vector<Task> ContactDesk::tasks(const Query& query) {
    Sql sql;
    sql.add(
        "SELECT customer_id, task_id, item_id, contact_id, kind, title, note, due_on, assignee, "
        "state, answer, made_by, made_on, closed_by, closed_on, moves, known_at FROM "
        "receivables_v1_task_scoped WHERE due_on <= ?",
        query.until);
    if (query.customer_id != 0) sql.add(" AND customer_id = ?", query.customer_id);
    if (query.id != 0) sql.add(" AND task_id = ?", query.id);
    if (query.item_id != 0) sql.add(" AND item_id = ?", query.item_id);
    if (!query.state.empty()) sql.add(" AND state = ?", std::string_view(query.state));
    if (!query.assignee.empty()) sql.add(" AND assignee = ?", std::string_view(query.assignee));
    if (!query.kind.empty()) sql.add(" AND kind = ?", std::string_view(query.kind));
    sql.add(" ORDER BY due_on, customer_id, task_id LIMIT ?", query.limit);
    std::vector<Task> out;
    for (const auto& row : sql.run(tx_)) {
        Task one;
        one.customer_id = row.i64(0);
        one.id = row.i64(1);
        one.item_id = row.i64(2);
        one.contact_id = row.i64(3);
        one.kind = row.text(4);
        one.title = row.text(5);
        one.note = row.text(6);
        one.due_on = row.date(7);
        one.assignee = row.text(8);
        one.state = row.text(9);
        one.answer = row.text(10);
        one.made_by = row.text(11);
        one.made_on = row.date(12);
        one.closed_by = row.text(13);
        one.closed_on = row.date(14);
        one.moves = row.i64(15);
        one.known_at = row.i64(16);
        out.push_back(std::move(one));
    }
    return out;
}

void ContactDesk::insert(const Contact& contact) {
    tx_.exec(
        "INSERT INTO receivables_contact (customer_id, contact_id, item_id, happened_on, channel, "
        "direction, contact_point_id, person, outcome, is_reached, reason, note, next_step, "
        "next_on, lists_version, made_by, known_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?, ?)",
        contact.customer_id, contact.id, contact.item_id, contact.on, contact.channel,
        contact.direction, contact.contact_point_id, contact.person, contact.outcome,
        int64_t{contact.is_reached}, contact.reason, contact.note, contact.next_step,
        contact.next_on, contact.lists_version, contact.made_by, contact.known_at);
}

void ContactDesk::insert(const Task& task) {
    tx_.exec(
        "INSERT INTO receivables_task (customer_id, task_id, item_id, contact_id, kind, title, "
        "note, due_on, assignee, state, answer, made_by, made_on, closed_by, closed_on, moves, "
        "known_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        task.customer_id, task.id, task.item_id, task.contact_id, task.kind, task.title, task.note,
        task.due_on, task.assignee, task.state, task.answer, task.made_by, task.made_on,
        task.closed_by, task.closed_on, task.moves, task.known_at);
}

void ContactDesk::update(const Task& task) {
    tx_.exec(
        "UPDATE receivables_task SET kind = ?, due_on = ?, assignee = ?, state = ?, answer = ?, "
        "closed_by = ?, closed_on = ?, moves = ? WHERE customer_id = ? AND task_id = ?",
        task.kind, task.due_on, task.assignee, task.state, task.answer, task.closed_by,
        task.closed_on, task.moves, task.customer_id, task.id);
}

}  // namespace dunlin::receivables
