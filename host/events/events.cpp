// SPDX-License-Identifier: Apache-2.0
#include "events/events.hpp"

#include "events/delivery.hpp"
#include "events/outbox.hpp"
#include "host.hpp"
#include "jobs/backoff.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <set>
#include <thread>

namespace dunlin::host {

namespace {
constexpr int64_t batch_max = 100;
constexpr auto poll_every = std::chrono::seconds(1);
constexpr auto metrics_every = std::chrono::seconds(10);
}  // namespace

struct Events::Impl {
    explicit Impl(Host& h) : host(h) {}

    std::vector<Plugin*> subscribers() const {
        std::vector<Plugin*> out;
        for (auto* plugin : host.plugins().in_order()) {
            if (plugin->is_running() && plugin->events && !plugin->manifest.subscribes.empty()) {
                out.push_back(plugin);
            }
        }
        return out;
    }

    /// One round; a failure of the transaction as a whole narrows it down to one delivery.
    Delivery::Round bring(Plugin& plugin) {
        Delivery delivery(host, plugin);
        if (!delivery.has_work()) return {};
        try {
            return delivery.run(batch_max);
        } catch (const Error& error) {
            host.log().warn("events", "a batch of deliveries failed and is tried one by one",
                            {{"plugin", plugin.id()}, {"error", error.what()}});
        }
        try {
            return delivery.run(1);
        } catch (const Error& error) {
            // A conflict may be the handler's own work, which only the commit shows.
            if (is_retryable(error.status()) && error.status() != DUNLIN_E_CONFLICT) throw;
            return delivery.run(1, &error);
        }
    }

    int64_t deliver_all() {
        int64_t handled = 0;
        std::exception_ptr failure;
        std::set<const Plugin*> failed;  // The others go on without them.
        bool is_moved = true;
        while (is_moved && !is_stopping) {
            is_moved = false;
            for (auto* plugin : subscribers()) {
                if (is_stopping) break;
                if (failed.count(plugin)) continue;
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

    void dispatch() {
        int64_t failures = 0;
        auto measured = std::chrono::steady_clock::time_point();
        while (true) {
            try {
                deliver_all();
                if (std::chrono::steady_clock::now() - measured > metrics_every) {
                    measured = std::chrono::steady_clock::now();
                    measure();
                }
                failures = 0;
            } catch (const Error& error) {  // The store is away or busy; the events stay.
                ++failures;
                host.log().warn("events", "delivery pauses", {{"error", error.what()}});
            }
            std::unique_lock lock(mutex);
            if (failures > 0) {
                const auto pause = backoff_us(failures, second_us, 10 * second_us);
                wake_up.wait_for(lock, std::chrono::microseconds(pause),
                                 [&] { return is_stopping.load(); });
            } else {
                wake_up.wait_for(lock, poll_every, [&] { return is_woken || is_stopping; });
            }
            is_woken = false;
            if (is_stopping) return;
        }
    }

    void measure() {
        const auto status = host.events().status();
        for (const auto& row : status["subscribers"]) {
            const auto label = "plugin=\"" + row["plugin"].get<std::string>() + "\"";
            host.metrics().set("dunlin_event_depth", label, row["depth"].get<double>());
            host.metrics().set("dunlin_event_lag_seconds", label, row["lag_seconds"].get<double>());
            host.metrics().set("dunlin_event_waiting", label, row["waiting"].get<double>());
            host.metrics().set("dunlin_event_dead", label, row["dead"].get<double>());
        }
    }

    Host& host;
    std::mutex mutex;
    std::condition_variable wake_up;
    bool is_woken = false;
    std::atomic<bool> is_stopping{false};
    std::thread dispatcher;
};

Events::Events(Host& host) : host_(host), impl_(std::make_unique<Impl>(host)) {}
Events::~Events() {
    stop();
}

void Events::emit(Tx& tx, const std::string& origin, std::string_view topic, std::string_view key,
                  std::string_view payload_json) {
    if (tx.access() != Access::write) {
        throw Error(DUNLIN_E_DENIED, "a query changes nothing and so emits no event; " +
                                         std::string(topic) + " belongs into an action");
    }
    auto& outbox = Outbox::of_or_new(tx);
    outbox.events.push_back(
        {std::string(topic), std::string(key), std::string(payload_json), origin});
    if (outbox.is_hooked) return;
    outbox.is_hooked = true;
    tx.before_commit([this](Tx& t) {
        Outbox::of(t)->is_hooked = false;
        Outbox::of(t)->write(t, impl_->host.ids());
    });
    tx.after_commit([this] { wake(); });
}

std::size_t Events::mark(const Tx& tx) {
    const auto* outbox = Outbox::of(tx);
    return outbox ? outbox->events.size() : 0;
}

void Events::rewind(Tx& tx, std::size_t mark) {
    auto* outbox = Outbox::of(tx);
    if (outbox && outbox->events.size() > mark) {
        outbox->events.erase(outbox->events.begin() + static_cast<std::ptrdiff_t>(mark),
                             outbox->events.end());
    }
}

void Events::start() {
    if (impl_->dispatcher.joinable()) return;
    impl_->is_stopping = false;
    impl_->dispatcher = std::thread([this] { impl_->dispatch(); });
}

void Events::stop() {
    {
        std::lock_guard lock(impl_->mutex);
        impl_->is_stopping = true;
    }
    impl_->wake_up.notify_all();
    if (impl_->dispatcher.joinable()) impl_->dispatcher.join();
    impl_->is_stopping = false;
}

void Events::wake() {
    {
        std::lock_guard lock(impl_->mutex);
        impl_->is_woken = true;
    }
    impl_->wake_up.notify_all();
}

int64_t Events::deliver_pending() {
    return impl_->deliver_all();
}

void Events::register_subscribers() {
    auto& host = impl_->host;
    auto tx = host.begin(Access::write);
    auto& db = tx->db();
    rebase(db);
    const bool is_postgresql = db.dialect() == Dialect::postgresql;
    for (const auto* plugin : impl_->subscribers()) {
        // Behind everything that is committed now; on PostgreSQL later commits may carry any
        // number from visible_below() on.
        int64_t end = is_postgresql ? db.visible_below() - 1 : 0;
        if (!is_postgresql) {
            auto last = db.query("SELECT coalesce(max(tx_number), 0) FROM dunlin_event");
            last->step();
            end = last->i64(0);
        }
        db.exec("INSERT INTO dunlin_subscriber VALUES (?, ?, ?) ON CONFLICT (plugin) DO NOTHING",
                plugin->id(), end, INT64_MAX);
    }
    tx->commit();
}

}  // namespace dunlin::host
