// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plugins/plugin.hpp"
#include "store/tx.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace dunlin::host {

class Host;

/// The transactional outbox and its deliveries. Events of one key reach each subscriber in order,
/// at least once; the subscriber's cursor moves in the handler's own transaction.
class Events {
public:
    explicit Events(Host& host);
    ~Events();

    /// Keeps the event with the transaction; written in bulk before the commit.
    void emit(Tx& tx, const std::string& origin, std::string_view topic, std::string_view key,
              std::string_view payload_json);
    /// How many events wait in tx; rewind() drops those emitted since, when the savepoint in which
    /// they were emitted is rolled back.
    static std::size_t mark(const Tx& tx);
    static void rewind(Tx& tx, std::size_t mark);

    /// Registers subscribers (new ones begin at the end of the outbox) and starts the dispatcher.
    void register_subscribers();
    void start();
    void stop();
    void wake();
    /// Delivers what is due now, on this thread; how many were handled. For the command line and
    /// tests; several hosts at once are safe.
    int64_t deliver_pending();

    /// For `dunlin events`: depth, lag, waiting and dead deliveries; the failed ones; replay.
    Json status();
    Json list(const std::string& state);                          // "dead" or "waiting"
    int64_t replay(const std::string& plugin, int64_t event_id);  // 0: all dead ones.
    /// Removes events from before that instant which every subscriber has read and no waiting or
    /// dead delivery refers to; how many.
    int64_t purge(int64_t before_us);

private:
    /// After a restore into another PostgreSQL cluster, whose transaction numbers begin anew.
    static void rebase(Connection& db);

    struct Impl;
    Host& host_;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dunlin::host
