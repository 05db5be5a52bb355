// SPDX-License-Identifier: Apache-2.0
#include "events/delivery.hpp"

#include "host.hpp"
#include "jobs/backoff.hpp"
#include "plugins/services.hpp"

#include <chrono>

namespace dunlin::host {

namespace {

constexpr int64_t scan_rows_max = 500;
constexpr int64_t round_ns_max = 100'000'000;  // Other writers wait for us that long at most.
constexpr const char* event_columns =
    "e.tx_number, e.id, e.topic, e.key, e.payload_json, e.cause_date, e.occurred_us";

int64_t steady_ns() {
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

}  // namespace

bool Delivery::has_work() {
    auto tx = host_.begin(Access::read);
    auto& db = tx->db();
    auto due = db.query(
        "SELECT 1 FROM dunlin_delivery WHERE plugin = ? AND state = 'waiting'"
        " AND next_at_us <= ? LIMIT 1",
        plugin_.id(), tx->moment().now_us);
    if (due->step()) return true;
    due.reset();
    const auto below = db.visible_below();
    auto cursor =
        db.query("SELECT tx_number, id FROM dunlin_subscriber WHERE plugin = ?", plugin_.id());
    if (!cursor->step()) return false;
    const Position at{cursor->i64(0), cursor->i64(1)};
    cursor.reset();
    auto fresh = db.query(
        "SELECT 1 FROM dunlin_event WHERE (tx_number, id) > (?, ?) AND tx_number < ? LIMIT 1",
        at.tx_number, at.id, below);
    return fresh->step();
}

Delivery::Round Delivery::run(int64_t limit, const Error* failure) {
    auto principal = principal_of(host_, plugin_);
    principal.name = "event:" + plugin_.id();
    started_ns_ = steady_ns();
    Round round;
    auto tx = host_.begin(Access::write, principal);
    const auto from = lock(tx->db());
    if (!from) {
        round.is_locked = true;
        return round;
    }
    for (auto& item : read_due(*tx, limit)) {
        if (round.handled >= limit || is_time_up()) break;
        retry(*tx, std::move(item), limit, failure, round);
    }
    const auto to = bring_new(*tx, *from, limit, failure, round);
    if (to.tx_number != from->tx_number || to.id != from->id) {
        round.is_moved = true;
        tx->db().exec("UPDATE dunlin_subscriber SET tx_number = ?, id = ? WHERE plugin = ?",
                      to.tx_number, to.id, plugin_.id());
    }
    if (round.is_moved) tx->commit();
    return round;
}

std::optional<Delivery::Position> Delivery::lock(Connection& db) {
    std::string sql = "SELECT tx_number, id FROM dunlin_subscriber WHERE plugin = ?";
    if (db.dialect() == Dialect::postgresql) sql += " FOR UPDATE SKIP LOCKED";
    auto row = db.query(sql, plugin_.id());
    if (!row->step()) return std::nullopt;
    return Position{row->i64(0), row->i64(1)};
}

Delivery::Item Delivery::item_of(Prepared& row) {
    Item item;
    item.tx_number = row.i64(0);
    item.id = row.i64(1);
    item.topic = row.text(2);
    item.key = row.text(3);
    item.payload_json = row.text(4);
    item.cause_date = static_cast<int32_t>(row.i64(5));
    item.occurred_us = row.i64(6);
    if (row.column_count() > 7) {
        item.attempts = row.i64(7);
        item.next_at_us = row.i64(8);
    }
    return item;
}

std::vector<Delivery::Item> Delivery::read_due(Tx& tx, int64_t limit) {
    auto rows =
        tx.db().query(std::string("SELECT ") + event_columns +
                          ", d.attempts, d.next_at_us FROM dunlin_delivery d JOIN dunlin_event e"
                          " ON e.tx_number = d.tx_number AND e.id = d.event_id"
                          " WHERE d.plugin = ? AND d.state = 'waiting' AND d.next_at_us <= ?"
                          " ORDER BY e.tx_number, e.id LIMIT ?",
                      plugin_.id(), tx.moment().now_us, limit);
    std::vector<Item> items;
    while (rows->step()) items.push_back(item_of(*rows));
    return items;
}

std::optional<Delivery::Item> Delivery::read_waiting(Tx& tx, const std::string& key) {
    auto row =
        tx.db().query(std::string("SELECT ") + event_columns +
                          ", d.attempts, d.next_at_us FROM dunlin_delivery d JOIN dunlin_event e"
                          " ON e.tx_number = d.tx_number AND e.id = d.event_id"
                          " WHERE d.plugin = ? AND d.key = ? AND d.state = 'waiting'"
                          " ORDER BY d.tx_number, d.event_id LIMIT 1",
                      plugin_.id(), key);
    if (!row->step()) return std::nullopt;
    return item_of(*row);
}

void Delivery::retry(Tx& tx, Item item, int64_t limit, const Error* failure, Round& round) {
    round.is_moved = true;
    while (true) {
        const auto error = attempt(tx, item, failure);
        ++round.handled;
        tx.db().exec(
            "DELETE FROM dunlin_delivery WHERE plugin = ? AND key = ? AND tx_number = ?"
            " AND event_id = ?",
            plugin_.id(), item.key, item.tx_number, item.id);
        ++item.attempts;
        if (error) insert(tx, item, &*error);
        // Settled, by success or as a dead letter: the next one of the key has its turn.
        if (item.key.empty()) return;
        auto next = read_waiting(tx, item.key);
        if (!next || next->next_at_us != parked) return;
        if (round.handled >= limit || is_time_up()) {
            tx.db().exec(
                "UPDATE dunlin_delivery SET next_at_us = ? WHERE plugin = ? AND key = ?"
                " AND tx_number = ? AND event_id = ?",
                tx.moment().now_us, plugin_.id(), next->key, next->tx_number, next->id);
            return;
        }
        item = std::move(*next);
    }
}

Delivery::Position Delivery::bring_new(Tx& tx, Position from, int64_t limit, const Error* failure,
                                       Round& round) {
    const auto below = tx.db().visible_below();
    std::vector<Item> items;
    {
        auto rows = tx.db().query(
            std::string("SELECT ") + event_columns +
                " FROM dunlin_event e WHERE (e.tx_number, e.id) > (?, ?) AND e.tx_number < ?"
                " ORDER BY e.tx_number, e.id LIMIT ?",
            from.tx_number, from.id, below, failure ? limit : scan_rows_max);
        while (rows->step()) items.push_back(item_of(*rows));
    }
    auto at = from;
    for (auto& item : items) {
        const bool is_wanted = plugin_.manifest.subscribes.count(item.topic) > 0;
        if (is_wanted && is_key_waiting(tx.db(), item.key)) {
            item.next_at_us = parked;
            insert(tx, item, nullptr);
        } else if (is_wanted) {
            if (round.handled >= limit || is_time_up()) break;
            const auto error = attempt(tx, item, failure);
            ++round.handled;
            ++item.attempts;
            if (error) insert(tx, item, &*error);
        }
        at = {item.tx_number, item.id};
    }
    return at;
}

bool Delivery::is_key_waiting(Connection& db, const std::string& key) {
    if (key.empty()) return false;  // Events without a key know no order.
    auto row = db.query(
        "SELECT 1 FROM dunlin_delivery WHERE plugin = ? AND key = ? AND state = 'waiting' LIMIT 1",
        plugin_.id(), key);
    return row->step();
}

std::optional<Error> Delivery::attempt(Tx& tx, const Item& item, const Error* failure) {
    if (failure) return *failure;
    const auto depth = ++tx.depth;
    const auto mark = Events::mark(tx);
    tx.db().savepoint(depth);
    try {
        call_plugin(host_, plugin_, tx, /*is_scoped=*/false, "event",
                    [&](dunlin_tx* view, dunlin_err* err) {
                        dunlin_event event{};
                        event.struct_size = sizeof event;
                        event.attempt = static_cast<uint32_t>(item.attempts + 1);
                        event.id = item.id;
                        event.occurred_us = item.occurred_us;
                        event.cause_date = item.cause_date;
                        event.topic = to_abi(item.topic);
                        event.key = to_abi(item.key);
                        event.payload_json = to_abi(item.payload_json);
                        return plugin_.events->handle(plugin_.instance, view, &event, err);
                    });
        tx.db().release_savepoint(depth);
    } catch (const Error& error) {
        tx.db().rollback_to_savepoint(depth);
        tx.db().enter(nullptr);
        tx.db().release_savepoint(depth);
        tx.depth = depth - 1;
        Events::rewind(tx, mark);
        return error;
    }
    tx.depth = depth - 1;
    count("delivered");
    return std::nullopt;
}

void Delivery::insert(Tx& tx, const Item& item, const Error* error) {
    const bool is_dead = error && (!is_retryable(error->status()) || item.attempts >= attempts_max);
    auto next_at = item.next_at_us;
    if (error) {
        next_at = tx.moment().now_us + backoff_us(item.attempts, second_us, 300 * second_us);
        count(is_dead ? "dead" : "failed");
        host_.log().write(is_dead ? DUNLIN_LOG_ERROR : DUNLIN_LOG_WARN, "events",
                          is_dead ? "an event could not be handled and is a dead letter now; "
                                    "see: dunlin events list, dunlin events replay"
                                  : "an event could not be handled and will be tried again",
                          {{"plugin", plugin_.id()},
                           {"topic", item.topic},
                           {"event", std::to_string(item.id)},
                           {"attempt", item.attempts},
                           {"status", status_name(error->status())},
                           {"error", error->what()}});
    }
    tx.db().exec("INSERT INTO dunlin_delivery VALUES (?, ?, ?, ?, ?, ?, ?, ?)", plugin_.id(),
                 item.key, item.tx_number, item.id, is_dead ? "dead" : "waiting", item.attempts,
                 next_at, error ? error->what() : "");
}

void Delivery::count(const char* outcome) {
    host_.metrics().add("dunlin_event_deliveries_total",
                        "plugin=\"" + plugin_.id() + "\",outcome=\"" + outcome + "\"");
}

bool Delivery::is_time_up() const {
    return steady_ns() - started_ns_ > round_ns_max;
}

}  // namespace dunlin::host
