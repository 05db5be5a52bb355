// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/abi/db.h>
#include <dunlin/arrow.hpp>
#include <dunlin/error.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace dunlin::host {

enum class Dialect { sqlite, postgresql };
enum class Access { read, write };

/// What one plugin may name in SQL. The host itself has none (a null wall).
struct Wall {
    std::string plugin_id;             // Its own tables and views start with this and "_".
    std::set<std::string> readable;    // Other plugins' published views it was granted.
    std::set<std::string> scope_only;  // Names a SELECT of a scoped call must not use: the tables
                                       // with a partition key and the views that have a "_scoped".
    bool is_scoped = false;            // The current call is a scoped one.
};

/// A prepared statement on the native handle. Errors are dunlin::Error; indexes start at 0.
class Prepared {
public:
    virtual ~Prepared() = default;
    virtual void bind_null(uint32_t index) = 0;
    virtual void bind_i64(uint32_t index, int64_t value) = 0;
    virtual void bind_f64(uint32_t index, double value) = 0;
    virtual void bind_text(uint32_t index, std::string_view value) = 0;
    virtual void bind_blob(uint32_t index, std::string_view value) = 0;
    virtual bool step() = 0;
    virtual void reset() = 0;
    virtual int64_t changes() = 0;
    virtual uint32_t column_count() = 0;
    virtual std::string_view column_name(uint32_t index) = 0;
    virtual int32_t column_type(uint32_t index) = 0;  // DUNLIN_COL_…
    virtual int64_t i64(uint32_t index) = 0;
    virtual double f64(uint32_t index) = 0;
    virtual std::string_view text(uint32_t index) = 0;
    virtual std::string_view blob(uint32_t index) = 0;
    bool is_null(uint32_t index) { return column_type(index) == DUNLIN_COL_NULL; }
    virtual int64_t exec_batch(ArrowArrayStream rows) = 0;
    virtual ArrowArrayStream query_stream() = 0;

    template <class... Args>
    void bind(const Args&... args) {
        uint32_t index = 0;
        (bind_at(index++, args), ...);
    }

private:
    template <class T>
    void bind_at(uint32_t index, const T& value) {
        if constexpr (std::is_same_v<T, std::nullptr_t>) {
            bind_null(index);
        } else if constexpr (std::is_floating_point_v<T>) {
            bind_f64(index, value);
        } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
            bind_i64(index, static_cast<int64_t>(value));
        } else if constexpr (requires { value.days(); }) {
            bind_i64(index, value.days());
        } else if constexpr (requires { value.has_value(); }) {
            value ? bind_at(index, *value) : bind_null(index);
        } else {
            bind_text(index, std::string_view(value));
        }
    }
};

/// One database session, checked out of the pool for one transaction. One thread at a time.
class Connection {
public:
    virtual ~Connection() = default;
    virtual Dialect dialect() const = 0;

    virtual void begin(Access access) = 0;
    virtual void commit() = 0;
    virtual void rollback() noexcept = 0;
    /// Nested, named by depth: "SAVEPOINT dunlin_1", …
    virtual void savepoint(int depth) = 0;
    virtual void release_savepoint(int depth) = 0;
    virtual void rollback_to_savepoint(int depth) = 0;

    /// From here on SQL is judged by this wall; null: the host's own. The wall outlives the use.
    virtual void enter(const Wall* wall) = 0;
    /// The session's scope (a table on SQLite, settings on PostgreSQL); it ends with the
    /// transaction.
    virtual void set_scope(const std::map<std::string, std::set<std::string>>& scopes) = 0;

    virtual std::unique_ptr<Prepared> prepare(std::string_view sql) = 0;
    /// Several statements, for migrations only.
    virtual void exec_script(std::string_view sql) = 0;
    virtual int64_t bulk_write(std::string_view table, const std::vector<std::string>& keys,
                               int32_t mode, ArrowArrayStream rows) = 0;
    virtual ArrowArrayStream bulk_lookup(std::string_view table, ArrowArrayStream keys,
                                         const std::vector<std::string>& columns) = 0;

    /// Orders outbox rows by commit visibility: on PostgreSQL this transaction's xid, and the
    /// oldest xid still running; on SQLite 0 and the largest number (one writer at a time).
    virtual int64_t transaction_number() = 0;
    virtual int64_t visible_below() = 0;

    /// Runs to the end; rows changed.
    template <class... Args>
    int64_t exec(std::string_view sql, const Args&... args) {
        auto statement = prepare(sql);
        statement->bind(args...);
        while (statement->step()) {
        }
        return statement->changes();
    }
    template <class... Args>
    std::unique_ptr<Prepared> query(std::string_view sql, const Args&... args) {
        auto statement = prepare(sql);
        statement->bind(args...);
        return statement;
    }
};

}  // namespace dunlin::host
