// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "store/connection.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>

namespace dunlin::host {

struct StoreOptions {
    std::string url;             // "sqlite:PATH" or "postgresql:host=… dbname=… user=…".
    std::filesystem::path base;  // A relative SQLite path starts here.
    int connections_max = 8;
    std::chrono::milliseconds wait_max{5000};  // For a connection and for the writer's place.
    bool is_read_back_durable = true;          // SQLite: synchronous FULL (else NORMAL).
};

/// What a plugin may do in the database, for PostgreSQL roles.
struct Grant {
    std::string plugin_id;
    std::vector<std::string> readable;
};

struct Finding {                               // One line of `dunlin doctor`.
    std::string name, state, message, remedy;  // state: ok, warn, fail
};

/// Places given in the order of asking. SQLite has one for writers, and its own busy handler polls
/// and is not fair.
class Places {
public:
    Places(int free, std::chrono::milliseconds wait_max, std::string refusal)
        : wait_max_(wait_max), refusal_(std::move(refusal)), free_(free) {}

    /// A place until the last copy is gone; Error unavailable when there was none in time.
    std::shared_ptr<void> take() {
        std::unique_lock lock(mutex_);
        const auto ticket = next_++;
        waiting_.push_back(ticket);
        const bool is_mine = changed_.wait_for(
            lock, wait_max_, [&] { return free_ > 0 && waiting_.front() == ticket; });
        std::erase(waiting_, ticket);
        if (is_mine) --free_;
        lock.unlock();
        changed_.notify_all();
        if (!is_mine) throw Error(DUNLIN_E_UNAVAILABLE, refusal_);
        return {this, [](Places* places) { places->give(); }};
    }

private:
    void give() {
        {
            const std::lock_guard lock(mutex_);
            ++free_;
        }
        changed_.notify_all();
    }
    std::chrono::milliseconds wait_max_;
    std::string refusal_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<uint64_t> waiting_;
    uint64_t next_ = 0;
    int free_;
};

/// The database behind its pool of connections, which keep their prepared statements between uses.
/// Thread-safe.
class Store {
public:
    using Lease = std::unique_ptr<Connection, std::function<void(Connection*)>>;

    /// Error unavailable when it cannot be reached, naming the URL without its password.
    static std::unique_ptr<Store> open(const StoreOptions& options);
    virtual ~Store() = default;

    virtual Dialect dialect() const = 0;
    /// A connection, begun. On SQLite a writer waits its turn in a fair queue of this process.
    /// Error unavailable after wait_max.
    Lease begin(Access access);

    /// Scoped views that every session from now on has, and on PostgreSQL one role per plugin with
    /// exactly these rights.
    void publish(std::vector<ScopedView> views, const std::vector<Grant>& grants);
    /// A consistent copy while others work: SQLite by its backup API into DIR/dunlin.db,
    /// PostgreSQL by pg_dump into DIR/dunlin.dump.
    virtual void backup(const std::filesystem::path& folder) = 0;
    virtual std::vector<Finding> inspect() = 0;

protected:
    Store(const StoreOptions& options, int writers_max);
    virtual std::unique_ptr<Connection> connect() = 0;
    virtual std::map<std::string, std::string> make_roles(const std::vector<Grant>&) { return {}; }
    const StoreOptions options_;

private:
    std::unique_ptr<Connection> begin_one(Access access);
    void keep(std::unique_ptr<Connection> connection) noexcept;

    Places writers_, places_;
    std::mutex mutex_;
    std::shared_ptr<const SessionSettings> settings_ = std::make_shared<SessionSettings>();
    std::vector<std::unique_ptr<Connection>> idle_;
};

/// "ok" and without the remedy when it is so; else the state it has instead.
Finding finding(const std::string& name, bool is_ok, const std::string& state,
                const std::string& message, const std::string& remedy);

/// How much room a disk has.
Finding disk_finding(const std::string& name, const std::filesystem::path& folder);

std::unique_ptr<Store> open_sqlite(const StoreOptions& options);
std::unique_ptr<Store> open_postgres(const StoreOptions& options);

}  // namespace dunlin::host
