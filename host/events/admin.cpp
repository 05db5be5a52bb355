// SPDX-License-Identifier: Apache-2.0
#include "host.hpp"
#include "store/json_rows.hpp"

namespace dunlin::host {

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
