// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plugins/plugin.hpp"
#include "store/tx.hpp"

#include <optional>
#include <string>
#include <vector>

namespace dunlin::host {

/// Brings events to one subscriber. A round is one transaction: it locks the subscriber, brings
/// what waits and is due, then what is new, and moves the cursor.
///
/// Of one key, at most the earliest waiting delivery has a time to be tried; the ones parked
/// behind it have none (`parked`) until it is settled.
class Delivery {
public:
    struct Round {
        int64_t handled = 0;     // Calls of the handler.
        bool is_moved = false;   // Something was done, so another round may find more.
        bool is_locked = false;  // Another host is at it.
    };

    Delivery(Host& host, Plugin& plugin) : host_(host), plugin_(plugin) {}

    bool has_work();
    /// At most `limit` calls. With `failure`, handlers are not called but fail so: a delivery that
    /// cannot even be committed must not come back for ever.
    Round run(int64_t limit, const Error* failure = nullptr);

    static constexpr int64_t parked = INT64_MAX;
    static constexpr int64_t attempts_max = 12;

private:
    struct Item {
        int64_t tx_number = 0, id = 0, occurred_us = 0;
        int32_t cause_date = 0;
        std::string topic, key, payload_json;
        int64_t attempts = 0;
        int64_t next_at_us = 0;
    };
    struct Position {
        int64_t tx_number = 0, id = 0;
    };

    std::optional<Position> lock(Connection& db);
    std::vector<Item> read_due(Tx& tx, int64_t limit);
    std::optional<Item> read_waiting(Tx& tx, const std::string& key);
    static Item item_of(Prepared& row);
    void retry(Tx& tx, Item item, int64_t limit, const Error* failure, Round& round);
    Position bring_new(Tx& tx, Position from, int64_t limit, const Error* failure, Round& round);
    bool is_key_waiting(Connection& db, const std::string& key);
    std::optional<Error> attempt(Tx& tx, const Item& item, const Error* failure);
    void insert(Tx& tx, const Item& item, const Error* error);
    void count(const char* outcome);
    bool is_time_up() const;

    Host& host_;
    Plugin& plugin_;
    int64_t started_ns_ = 0;
};

}  // namespace dunlin::host
