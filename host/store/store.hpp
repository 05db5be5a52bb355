// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "store/connection.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace dunlin::host {

struct StoreOptions {
    std::string url;             // "sqlite:PATH" or "postgresql:host=… dbname=… user=…".
    std::filesystem::path base;  // A relative SQLite path starts here.
    int connections_max = 8;
    std::chrono::milliseconds wait_max{5000};  // For a connection and for the writer's place.
    bool is_read_back_durable = true;          // SQLite: synchronous FULL (else NORMAL).
};

/// A published view for which every session also has "<name>_scoped".
struct ScopedView {
    std::string name;
    std::map<std::string, std::string> columns;  // Dimension → column.
};

/// What a plugin may do in the database, for PostgreSQL roles.
struct Grant {
    std::string plugin_id;
    std::vector<std::string> readable;
};

struct Finding {                               // One line of `dunlin doctor`.
    std::string name, state, message, remedy;  // state: ok, warn, fail
};

/// The database behind its pool. Thread-safe.
class Store {
public:
    using Lease = std::unique_ptr<Connection, std::function<void(Connection*)>>;

    /// Error unavailable when it cannot be reached, naming the URL without its password.
    static std::unique_ptr<Store> open(const StoreOptions& options);
    virtual ~Store() = default;

    virtual Dialect dialect() const = 0;
    /// A connection, begun. On SQLite a writer waits its turn in a fair queue of this process.
    /// Error unavailable after wait_max.
    virtual Lease begin(Access access) = 0;

    /// Scoped views that every session from now on has.
    virtual void set_scoped_views(std::vector<ScopedView> views) = 0;
    /// PostgreSQL: one role per plugin with exactly these rights; SQLite: nothing to do.
    virtual void grant(const std::vector<Grant>& grants) = 0;
    /// A consistent copy while others work: SQLite by its backup API into DIR/dunlin.db,
    /// PostgreSQL by pg_dump into DIR/dunlin.dump.
    virtual void backup(const std::filesystem::path& folder) = 0;
    virtual std::vector<Finding> inspect() = 0;
};

}  // namespace dunlin::host
