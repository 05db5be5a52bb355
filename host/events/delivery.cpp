// SPDX-License-Identifier: Apache-2.0
#include "events/delivery.hpp"

#include "base/backoff.hpp"
#include "host.hpp"
#include "plugins/services.hpp"

namespace dunlin::host {

namespace {

constexpr int64_t scan_rows_max = 500;
constexpr int64_t attempts_max = 12;
constexpr auto round_max = std::chrono::milliseconds(100);  // Other writers wait that long at most.

/// Of e as an Item reads it, with the attempts so far first in `rest`.
std::string select_events(const char* rest) {
    return std::string("SELECT e.tx_number, e.id, e.topic, e.key, e.payload_json, e.cause_date,") +
           " e.occurred_us, " + rest;
}

}  // namespace

bool Delivery::has_work(Host& host, const Plugin& plugin) {
    auto tx = host.begin(Access::read);
    auto work = tx->db().query(
        "SELECT 1 FROM dunlin_delivery WHERE plugin = ? AND state = 'waiting' AND next_at_us <= ?"
        " UNION ALL SELECT 1 FROM dunlin_event WHERE (tx_number, id) >"
        " (SELECT tx_number, id FROM dunlin_subscriber WHERE plugin = ?) LIMIT 1",
        plugin.id(), tx->moment().now_us, plugin.id());
    return work->step();
}

Delivery::Round Delivery::run() {
    auto principal = principal_of(host_, plugin_);
    principal.name = "event:" + plugin_.id();
    auto tx = host_.begin(Access::write, principal);
    std::string sql = "SELECT tx_number, id FROM dunlin_subscriber WHERE plugin = ?";
    if (tx->db().dialect() == Dialect::postgresql) sql += " FOR UPDATE SKIP LOCKED";
    int64_t tx_number = 0, id = 0;
    if (!tx->db().query(sql, plugin_.id())->next(tx_number, id)) return {};
    bring_due(*tx);
    bring_new(*tx, tx_number, id);
    if (round_.is_moved) tx->commit();
    return round_;
}

void Delivery::bring_due(Tx& tx) {
    const auto sql = select_events(
        "d.attempts FROM dunlin_delivery d JOIN dunlin_event e"
        " ON e.tx_number = d.tx_number AND e.id = d.event_id"
        " WHERE d.plugin = ? AND d.state = 'waiting' AND d.next_at_us <= ?"
        " ORDER BY d.next_at_us LIMIT 1");
    Item item;
    while (has_time() && item.read(*tx.db().query(sql, plugin_.id(), tx.moment().now_us))) {
        const auto error = attempt(tx, item);
        tx.db().exec(
            "DELETE FROM dunlin_delivery WHERE plugin = ? AND key = ? AND tx_number = ?"
            " AND event_id = ?",
            plugin_.id(), item.key, item.tx_number, item.id);
        if (error) keep(tx, item, &*error);
        give_turn(tx, plugin_.id(), item.key);
    }
}

void Delivery::bring_new(Tx& tx, int64_t tx_number, int64_t id) {
    auto rows =
        tx.db().query(select_events("0 FROM dunlin_event e WHERE (e.tx_number, e.id) > (?, ?)"
                                    " ORDER BY e.tx_number, e.id LIMIT ?"),
                      tx_number, id, scan_rows_max);
    std::vector<Item> items;
    for (Item item; item.read(*rows);) items.push_back(item);
    rows.reset();
    bool is_moved = false;
    for (auto& item : items) {
        if (plugin_.manifest.subscribes.count(item.topic)) {
            if (is_key_waiting(tx.db(), item.key)) {
                keep(tx, item, nullptr);
            } else {
                if (!has_time()) break;
                if (const auto error = attempt(tx, item)) keep(tx, item, &*error);
            }
        }
        is_moved = true;
        tx_number = item.tx_number;
        id = item.id;
    }
    if (!is_moved) return;
    round_.is_moved = true;
    tx.db().exec("UPDATE dunlin_subscriber SET tx_number = ?, id = ? WHERE plugin = ?", tx_number,
                 id, plugin_.id());
}

bool Delivery::is_key_waiting(Connection& db, const std::string& key) {
    if (key.empty()) return false;  // Events without a key know no order.
    auto row = db.query(
        "SELECT 1 FROM dunlin_delivery WHERE plugin = ? AND key = ? AND state = 'waiting' LIMIT 1",
        plugin_.id(), key);
    return row->step();
}

void Delivery::give_turn(Tx& tx, const std::string& plugin, const std::string& key) {
    tx.db().exec(
        "UPDATE dunlin_delivery SET next_at_us = ? WHERE plugin = ? AND key = ?"
        " AND next_at_us = ? AND (tx_number, event_id) = (SELECT tx_number, event_id"
        " FROM dunlin_delivery WHERE plugin = ? AND key = ? AND state = 'waiting'"
        " ORDER BY tx_number, event_id LIMIT 1)",
        tx.moment().now_us, plugin, key, parked, plugin, key);
}

std::optional<Error> Delivery::attempt(Tx& tx, Item& item) {
    ++round_.handled;
    round_.is_moved = true;
    ++item.attempts;
    if (failure_) return *failure_;
    const dunlin_event event{sizeof event,
                             static_cast<uint32_t>(item.attempts),
                             item.id,
                             item.occurred_us,
                             item.cause_date,
                             0,
                             to_abi(item.topic),
                             to_abi(item.key),
                             to_abi(item.payload_json)};
    try {
        tx.in_savepoint([&] {
            call_plugin(host_, plugin_, tx, /*is_scoped=*/false, "event",
                        [&](dunlin_tx* view, dunlin_err* err) {
                            return plugin_.events->handle(plugin_.instance, view, &event, err);
                        });
        });
    } catch (const Error& error) {
        return error;
    }
    count("delivered");
    return std::nullopt;
}

void Delivery::keep(Tx& tx, const Item& item, const Error* error) {
    const bool is_dead = error && (!is_retryable(error->status()) || item.attempts >= attempts_max);
    auto next_at_us = parked;
    if (error) {
        next_at_us = tx.moment().now_us + backoff_us(item.attempts, second_us, 300 * second_us);
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
                 next_at_us, error ? error->what() : "");
}

void Delivery::count(const char* outcome) {
    host_.metrics().add("dunlin_event_deliveries_total",
                        "plugin=\"" + plugin_.id() + "\",outcome=\"" + outcome + "\"");
}

bool Delivery::has_time() const {
    return round_.handled < calls_max_ && std::chrono::steady_clock::now() - started_ < round_max;
}

}  // namespace dunlin::host
