// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plugins/plugin.hpp"
#include "store/tx.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace dunlin::host {

/// One round of bringing events to a subscriber, in one transaction: it locks the subscriber,
/// brings what waits and is due, then what is new, and moves the cursor.
///
/// Of one key, at most the earliest waiting delivery has a time to be tried; the ones parked
/// behind it have none (`parked`) until it is settled.
class Delivery {
public:
    struct Round {
        int64_t handled = 0;    // Calls of the handler.
        bool is_moved = false;  // Something was done, so another round may find more.
    };

    /// At most `calls_max` calls. With `failure`, handlers are not called but fail so: a delivery
    /// that cannot even be committed must not come back for ever.
    Delivery(Host& host, Plugin& plugin, int64_t calls_max = 100, const Error* failure = nullptr)
        : host_(host), plugin_(plugin), calls_max_(calls_max), failure_(failure) {}

    /// Asked first, so that an idle subscriber takes no write transaction.
    static bool has_work(Host& host, const Plugin& plugin);
    Round run();

    static constexpr int64_t parked = INT64_MAX;
    /// Gives the earliest waiting delivery of a key its time when it has none.
    static void give_turn(Tx& tx, const std::string& plugin, const std::string& key);

private:
    struct Item {
        int64_t tx_number = 0, id = 0, occurred_us = 0, attempts = 0;
        int32_t cause_date = 0;
        std::string topic, key, payload_json;

        bool read(Prepared& row) {
            return row.next(tx_number, id, topic, key, payload_json, cause_date, occurred_us,
                            attempts);
        }
    };

    void bring_due(Tx& tx);
    void bring_new(Tx& tx, int64_t tx_number, int64_t id);
    bool is_key_waiting(Connection& db, const std::string& key);
    std::optional<Error> attempt(Tx& tx, Item& item);
    /// For another attempt, as a dead letter, or parked when there is no error.
    void keep(Tx& tx, const Item& item, const Error* error);
    void count(const char* outcome);
    bool has_time() const;

    Host& host_;
    Plugin& plugin_;
    int64_t calls_max_;
    const Error* failure_;
    Round round_;
    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

}  // namespace dunlin::host
