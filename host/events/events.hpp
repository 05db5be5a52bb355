// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/worker.hpp"
#include "events/delivery.hpp"

namespace dunlin::host {

class Host;

/// The transactional outbox and its deliveries. Events of one key reach each subscriber in the
/// order in which their transactions committed, at least once; the subscriber's cursor moves in
/// the handler's own transaction.
class Events {
public:
    explicit Events(Host& host);

    /// Keeps the event with the transaction; written in bulk before the commit.
    void emit(Tx& tx, const std::string& origin, std::string_view topic, std::string_view key,
              std::string_view payload_json);

    /// New subscribers begin at the end of the outbox.
    void register_subscribers();
    void start();  // The dispatcher.
    void stop() { dispatcher_.stop(); }
    /// Delivers what is due now, on this thread; how many were handled. For the command line and
    /// tests; several hosts at once are safe.
    int64_t deliver_pending(const std::stop_token& stop = {});

    /// For `dunlin events`: depth, lag, waiting and dead deliveries; the failed ones; replay.
    Json status();
    Json list(const std::string& state);                          // "dead" or "waiting"
    int64_t replay(const std::string& plugin, int64_t event_id);  // 0: all dead ones.
    /// Removes events from before that instant which every subscriber has read and no waiting or
    /// dead delivery refers to; how many.
    int64_t purge(int64_t before_us);

private:
    void write(Tx& tx);
    std::vector<Plugin*> subscribers() const;
    Delivery::Round bring(Plugin& plugin);
    void measure();

    Host& host_;
    std::chrono::steady_clock::time_point measured_{};
    Worker dispatcher_;
};

}  // namespace dunlin::host
