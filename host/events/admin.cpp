// SPDX-License-Identifier: Apache-2.0
#include "events/delivery.hpp"
#include "events/events.hpp"
#include "host.hpp"

namespace dunlin::host {

void Events::rebase(Connection& db) {
    if (db.dialect() != Dialect::postgresql) return;
    const auto here = db.transaction_number();
    auto largest = db.query(
        "SELECT coalesce(max(n), 0) FROM (SELECT max(tx_number) AS n FROM dunlin_event"
        " UNION ALL SELECT max(tx_number) FROM dunlin_subscriber) AS numbers");
    largest->step();
    const auto most = largest->i64(0);
    largest.reset();
    if (most <= here) return;
    // Restored from another cluster, whose transactions counted further: new events would sort
    // before what was read already. The old ones keep their order and move below this number.
    const auto shift = most - here + 1;
    db.exec("UPDATE dunlin_event SET tx_number = tx_number - ?", shift);
    db.exec("UPDATE dunlin_delivery SET tx_number = tx_number - ?", shift);
    db.exec("UPDATE dunlin_subscriber SET tx_number = tx_number - ?", shift);
}

Json Events::status() {
    auto tx = host_.begin(Access::read);
    auto& db = tx->db();
    auto all = db.query(
        "SELECT s.plugin, s.tx_number, s.id,"
        " (SELECT count(*) FROM dunlin_delivery d WHERE d.plugin = s.plugin"
        "  AND d.state = 'waiting'),"
        " (SELECT count(*) FROM dunlin_delivery d WHERE d.plugin = s.plugin AND d.state = 'dead')"
        " FROM dunlin_subscriber s ORDER BY s.plugin");
    Json list = Json::array();
    std::vector<std::pair<int64_t, int64_t>> cursors;
    while (all->step()) {
        list.push_back({{"plugin", std::string(all->text(0))},
                        {"waiting", all->i64(3)},
                        {"dead", all->i64(4)}});
        cursors.emplace_back(all->i64(1), all->i64(2));
    }
    all.reset();
    for (std::size_t i = 0; i < cursors.size(); ++i) {
        auto behind = db.query(
            "SELECT count(*), coalesce(min(occurred_us), 0) FROM dunlin_event"
            " WHERE (tx_number, id) > (?, ?)",
            cursors[i].first, cursors[i].second);
        behind->step();
        const auto depth = behind->i64(0);
        const auto lag_us = depth ? tx->moment().now_us - behind->i64(1) : 0;
        list[i]["depth"] = depth;
        list[i]["lag_seconds"] = static_cast<double>(lag_us) / 1e6;
    }
    auto events = db.query("SELECT count(*) FROM dunlin_event");
    events->step();
    return {{"events", events->i64(0)}, {"subscribers", list}};
}

Json Events::list(const std::string& state) {
    if (state != "dead" && state != "waiting") {
        throw Error(DUNLIN_E_INVALID,
                    "deliveries are listed by state: dead or waiting, not \"" + state + "\"");
    }
    auto tx = host_.begin(Access::read);
    auto rows = tx->db().query(
        "SELECT d.plugin, d.event_id, e.topic, d.key, d.attempts, d.next_at_us, d.last_error,"
        " e.occurred_us, e.payload_json FROM dunlin_delivery d JOIN dunlin_event e"
        " ON e.tx_number = d.tx_number AND e.id = d.event_id WHERE d.state = ?"
        " ORDER BY d.plugin, d.tx_number, d.event_id LIMIT 1000",
        state);
    Json list = Json::array();
    while (rows->step()) {
        Json row = {{"plugin", std::string(rows->text(0))},
                    {"event", std::to_string(rows->i64(1))},
                    {"topic", std::string(rows->text(2))},
                    {"key", std::string(rows->text(3))},
                    {"attempts", rows->i64(4)},
                    {"error", std::string(rows->text(6))},
                    {"occurred", timestamp_text(rows->i64(7))},
                    {"payload", Json::parse(rows->text(8), nullptr, /*allow_exceptions=*/false)}};
        if (state == "waiting" && rows->i64(5) != Delivery::parked) {
            row["next_try"] = timestamp_text(rows->i64(5));
        }
        list.push_back(std::move(row));
    }
    return list;
}

int64_t Events::replay(const std::string& plugin, int64_t event_id) {
    auto tx = host_.begin(Access::write);
    auto& db = tx->db();
    const auto replayed = db.exec(
        "UPDATE dunlin_delivery SET state = 'waiting', attempts = 0, next_at_us = ?"
        " WHERE plugin = ? AND state = 'dead' AND (event_id = ? OR ? = 0)",
        Delivery::parked, plugin, event_id, event_id);
    // Of each key the earliest has its turn; the others follow behind it.
    db.exec(
        "UPDATE dunlin_delivery SET next_at_us = ? WHERE plugin = ? AND state = 'waiting'"
        " AND next_at_us = ? AND (key = '' OR NOT EXISTS (SELECT 1 FROM dunlin_delivery b"
        " WHERE b.plugin = dunlin_delivery.plugin AND b.key = dunlin_delivery.key"
        " AND b.state = 'waiting'"
        " AND (b.tx_number, b.event_id) < (dunlin_delivery.tx_number, dunlin_delivery.event_id)))",
        tx->moment().now_us, plugin, Delivery::parked);
    tx->commit();
    wake();
    if (replayed == 0 && event_id != 0) {
        throw Error(DUNLIN_E_NOT_FOUND, "event " + std::to_string(event_id) +
                                            " is no dead letter of " + plugin +
                                            "; see: dunlin events list");
    }
    return replayed;
}

int64_t Events::purge(int64_t before_us) {
    int64_t removed = 0;
    while (true) {
        auto tx = host_.begin(Access::write);
        const auto n = tx->db().exec(
            "DELETE FROM dunlin_event WHERE (tx_number, id) IN (SELECT e.tx_number, e.id"
            " FROM dunlin_event e WHERE e.occurred_us < ?"
            " AND NOT EXISTS (SELECT 1 FROM dunlin_subscriber s"
            "  WHERE (s.tx_number, s.id) < (e.tx_number, e.id))"
            " AND NOT EXISTS (SELECT 1 FROM dunlin_delivery d"
            "  WHERE d.tx_number = e.tx_number AND d.event_id = e.id)"
            " ORDER BY e.tx_number, e.id LIMIT 10000)",
            before_us);
        tx->commit();
        removed += n;
        if (n < 10000) return removed;
    }
}

}  // namespace dunlin::host
