// SPDX-License-Identifier: Apache-2.0
#include "events/events.hpp"

#include "host.hpp"
#include "store/json_rows.hpp"

#include <exception>
#include <set>

namespace dunlin::host {

namespace {

constexpr auto poll_every = std::chrono::seconds(1);
constexpr auto metrics_every = std::chrono::seconds(10);
constexpr int64_t order_lock = 0x64'75'6e'6c'69'6e'65;  // "dunline"

int64_t last_number(Connection& db) {
    int64_t last = 0;
    db.query(
          "SELECT coalesce(max(n), 0) FROM (SELECT max(tx_number) AS n FROM dunlin_event"
          " UNION ALL SELECT max(tx_number) FROM dunlin_subscriber) AS numbers")
        ->next(last);
    return last;
}

}  // namespace

Events::Events(Host& host)
    : host_(host), dispatcher_(host.log(), "events", "delivery pauses and is tried again") {}

void Events::emit(Tx& tx, const std::string& origin, std::string_view topic, std::string_view key,
                  std::string_view payload_json) {
    if (tx.access() != Access::write) {
        throw Error(DUNLIN_E_DENIED, "a query changes nothing and so emits no event; " +
                                         std::string(topic) + " belongs into an action");
    }
    if (tx.events.empty()) {
        tx.before_commit([this](Tx& t) { write(t); });
        tx.after_commit([this] { dispatcher_.wake(); });
    }
    tx.events.push_back({std::string(topic), std::string(key), std::string(payload_json), origin});
}

void Events::write(Tx& tx) {
    const auto events = std::exchange(tx.events, {});
    if (events.empty()) return;
    auto& db = tx.db();
    // From here to its commit, one transaction at a time numbers and writes its events. So numbers
    // become visible in their order and subscribers read none past one that is yet to come. SQLite
    // has one writer anyway.
    if (db.dialect() == Dialect::postgresql) {
        db.exec("SELECT pg_advisory_xact_lock(?)", order_lock);
    }
    const auto number = last_number(db) + 1;
    std::vector<int64_t> ids(events.size());
    host_.ids().next(ids.size(), ids.data());
    BatchBuilder rows({{"tx_number", Type::i64},
                       {"id", Type::i64},
                       {"topic", Type::text},
                       {"key", Type::text},
                       {"payload_json", Type::text},
                       {"cause_date", Type::i32},
                       {"occurred_us", Type::i64},
                       {"origin", Type::text}});
    for (std::size_t i = 0; i < events.size(); ++i) {
        rows[0].add(number);
        rows[1].add(ids[i]);
        rows[2].add(events[i].topic);
        rows[3].add(events[i].key);
        rows[4].add(events[i].payload_json);
        rows[5].add(tx.moment().today);
        rows[6].add(tx.moment().now_us);
        rows[7].add(events[i].origin);
    }
    db.bulk_write("dunlin_event", {}, DUNLIN_BULK_INSERT, make_stream(rows.finish()));
}

std::vector<Plugin*> Events::subscribers() const {
    std::vector<Plugin*> out;
    for (auto* plugin : host_.plugins().in_order()) {
        if (plugin->is_running() && plugin->events && !plugin->manifest.subscribes.empty()) {
            out.push_back(plugin);
        }
    }
    return out;
}

void Events::register_subscribers() {
    auto tx = host_.begin(Access::write);
    const auto end = last_number(tx->db());
    for (const auto* plugin : subscribers()) {
        tx->db().exec("INSERT INTO dunlin_subscriber VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                      plugin->id(), end, INT64_MAX);
    }
    tx->commit();
}

/// One round; a failure of the transaction as a whole narrows it down to one delivery.
Delivery::Round Events::bring(Plugin& plugin) {
    if (!Delivery::has_work(host_, plugin)) return {};
    try {
        return Delivery(host_, plugin).run();
    } catch (const Error& error) {
        host_.log().warn("events", "a batch of deliveries failed and is tried one by one",
                         {{"plugin", plugin.id()}, {"error", error.what()}});
    }
    try {
        return Delivery(host_, plugin, 1).run();
    } catch (const Error& error) {
        // A conflict may be the handler's own work, which only the commit shows.
        if (is_retryable(error.status()) && error.status() != DUNLIN_E_CONFLICT) throw;
        return Delivery(host_, plugin, 1, &error).run();
    }
}

int64_t Events::deliver_pending(const std::stop_token& stop) {
    int64_t handled = 0;
    std::exception_ptr failure;
    std::set<const Plugin*> failed;  // The others go on without them.
    for (bool is_moved = true; is_moved;) {
        is_moved = false;
        for (auto* plugin : subscribers()) {
            if (failed.count(plugin)) continue;
            if (stop.stop_requested()) return handled;
            try {
                const auto round = bring(*plugin);
                handled += round.handled;
                is_moved = is_moved || round.is_moved;
            } catch (const Error&) {
                failed.insert(plugin);
                failure = std::current_exception();
            }
        }
    }
    if (failure) std::rethrow_exception(failure);
    return handled;
}

void Events::start() {
    dispatcher_.start([this](const std::stop_token& stop) {
        deliver_pending(stop);
        measure();
        return poll_every;
    });
}

void Events::measure() {
    const auto now = std::chrono::steady_clock::now();
    if (now - measured_ < metrics_every) return;
    measured_ = now;
    const auto measured = status();
    for (const auto& row : measured["subscribers"]) {
        const auto label = "plugin=\"" + row["plugin"].get<std::string>() + "\"";
        for (const std::string gauge : {"depth", "lag_seconds", "waiting", "dead"}) {
            host_.metrics().set("dunlin_event_" + gauge, label, row[gauge].get<double>());
        }
    }
}

Json Events::status() {
    auto tx = host_.begin(Access::read);
    auto& db = tx->db();
    auto subscribers = db.query(
        "SELECT s.plugin AS plugin, count(e.id) AS depth,"
        " CAST(coalesce(? - min(e.occurred_us), 0) AS double precision) / 1000000 AS lag_seconds,"
        " (SELECT count(*) FROM dunlin_delivery d WHERE d.plugin = s.plugin"
        "  AND d.state = 'waiting') AS waiting,"
        " (SELECT count(*) FROM dunlin_delivery d WHERE d.plugin = s.plugin"
        "  AND d.state = 'dead') AS dead"
        " FROM dunlin_subscriber s"
        " LEFT JOIN dunlin_event e ON (e.tx_number, e.id) > (s.tx_number, s.id)"
        " GROUP BY s.plugin ORDER BY s.plugin",
        tx->moment().now_us);
    int64_t events = 0;
    db.query("SELECT count(*) FROM dunlin_event")->next(events);
    return {{"events", events}, {"subscribers", json_rows(*subscribers)}};
}

Json Events::list(const std::string& state) {
    if (state != "dead" && state != "waiting") {
        throw Error(DUNLIN_E_INVALID,
                    "deliveries are listed by state: dead or waiting, not \"" + state + "\"");
    }
    auto tx = host_.begin(Access::read);
    auto rows = tx->db().query(
        "SELECT d.plugin AS plugin, d.event_id AS \"event:text\", e.topic AS topic, d.key AS key,"
        " d.attempts AS attempts, d.last_error AS error, e.occurred_us AS \"occurred:time\","
        " e.payload_json AS \"payload:json\","
        " CASE WHEN d.state = 'waiting' THEN nullif(d.next_at_us, ?) END AS \"next_try:time\""
        " FROM dunlin_delivery d JOIN dunlin_event e"
        " ON e.tx_number = d.tx_number AND e.id = d.event_id WHERE d.state = ?"
        " ORDER BY d.plugin, d.tx_number, d.event_id LIMIT 1000",
        Delivery::parked, state);
    return json_rows(*rows);
}

int64_t Events::replay(const std::string& plugin, int64_t event_id) {
    auto tx = host_.begin(Access::write);
    auto& db = tx->db();
    const std::string dead = " WHERE plugin = ? AND state = 'dead' AND (event_id = ? OR ? = 0)";
    auto rows = db.query("SELECT DISTINCT key FROM dunlin_delivery" + dead + " AND key <> ''",
                         plugin, event_id, event_id);
    std::vector<std::string> keys;
    for (std::string key; rows->next(key);) keys.push_back(key);
    const auto replayed =
        db.exec("UPDATE dunlin_delivery SET state = 'waiting', attempts = 0, next_at_us = ?" + dead,
                tx->moment().now_us, plugin, event_id, event_id);
    for (const auto& key : keys) {  // Of each, the earliest has its turn.
        db.exec(
            "UPDATE dunlin_delivery SET next_at_us = ? WHERE plugin = ? AND key = ?"
            " AND state = 'waiting'",
            Delivery::parked, plugin, key);
        Delivery::give_turn(*tx, plugin, key);
    }
    tx->commit();
    dispatcher_.wake();
    if (replayed == 0 && event_id != 0) {
        throw Error(DUNLIN_E_NOT_FOUND, "event " + std::to_string(event_id) +
                                            " is no dead letter of " + plugin +
                                            "; see: dunlin events list");
    }
    return replayed;
}

int64_t Events::purge(int64_t before_us) {
    constexpr int64_t rows_max = 10'000;
    for (int64_t removed = 0;;) {
        auto tx = host_.begin(Access::write);
        const auto rows = tx->db().exec(
            "DELETE FROM dunlin_event WHERE (tx_number, id) IN (SELECT e.tx_number, e.id"
            " FROM dunlin_event e WHERE e.occurred_us < ?"
            " AND NOT EXISTS (SELECT 1 FROM dunlin_subscriber s"
            "  WHERE (s.tx_number, s.id) < (e.tx_number, e.id))"
            " AND NOT EXISTS (SELECT 1 FROM dunlin_delivery d"
            "  WHERE d.tx_number = e.tx_number AND d.event_id = e.id)"
            " ORDER BY e.tx_number, e.id LIMIT ?)",
            before_us, rows_max);
        tx->commit();
        removed += rows;
        if (rows < rows_max) return removed;
    }
}

}  // namespace dunlin::host
