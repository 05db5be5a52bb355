// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "store/cells.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <type_traits>

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
    bool may_define = false;           // A migration makes and changes its own relations.
};

/// A published view for which every session also has "<name>_scoped".
struct ScopedView {
    std::string name;
    std::map<std::string, std::string> columns;       // Dimension → column.
    std::map<std::string, std::string> through = {};  // View that shows its rows, too → column.
};

/// What every session of a store must have.
struct SessionSettings {
    std::vector<ScopedView> views;
    std::map<std::string, std::string> roles;  // Plugin → role of PostgreSQL.
};

/// A prepared statement on the native handle, and the row it is on. Errors are dunlin::Error.
class Prepared : public Row {
public:
    virtual bool step() = 0;
    virtual void reset() = 0;
    virtual uint32_t parameter_count() = 0;
    virtual uint32_t column_count() = 0;
    virtual std::string_view column_name(uint32_t index) = 0;
    int64_t changes() const { return changes_; }

    /// Runs once for every row; rows changed.
    int64_t exec_batch(StreamReader rows);
    ArrowArrayStream query_stream();

    /// Text and bytes are copied.
    template <class... Args>
    void bind(const Args&... args) {
        uint32_t index = 0;
        (bind_at(index++, args), ...);
    }
    /// The next row's cells into variables, from the first on; false behind the last row.
    template <class... Cells>
    bool next(Cells&... cells) {
        uint32_t index = 0;
        if (!step()) return false;
        (read_at(index++, cells), ...);
        return true;
    }
    template <class T>
    void bind_at(uint32_t index, const T& value) {
        if constexpr (std::is_same_v<T, std::nullptr_t>) {
            bind_cell(index, {});
        } else if constexpr (std::is_same_v<T, Bytes>) {
            bind_cell(index, value);
        } else if constexpr (std::is_floating_point_v<T>) {
            bind_cell(index, double{value});
        } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
            bind_cell(index, static_cast<int64_t>(value));
        } else if constexpr (requires { value.days(); }) {
            bind_at(index, value.days());
        } else if constexpr (requires { value.has_value(); }) {
            value ? bind_at(index, *value) : bind_cell(index, {});
        } else {
            bind_cell(index, text_cell(std::string_view(value)));
        }
    }

protected:
    template <class T>
    void read_at(uint32_t index, T& cell) {
        if constexpr (std::is_same_v<T, std::string>) {
            cell = text(index);
        } else if constexpr (std::is_same_v<T, bool>) {
            cell = i64(index) != 0;
        } else {
            cell = static_cast<T>(i64(index));
        }
    }
    virtual void bind_cell(uint32_t index, const Cell& value) = 0;
    /// Runs the query; each call of what is returned moves to the next row, and to null at the end.
    virtual std::function<Row*()> rows() = 0;
    int64_t changes_ = 0;
    std::shared_ptr<int> alive_ = std::make_shared<int>();  // Watched by its streams.
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
    void savepoint(int depth) { command("SAVEPOINT dunlin_" + std::to_string(depth)); }
    void release_savepoint(int depth) {
        command("RELEASE SAVEPOINT dunlin_" + std::to_string(depth));
    }
    virtual void rollback_to_savepoint(int depth) {
        command("ROLLBACK TO SAVEPOINT dunlin_" + std::to_string(depth));
    }

    /// From here on SQL is judged by this wall; null: the host's own. The wall outlives the use.
    void enter(const Wall* wall) { wall_ = wall; }
    /// The session's scope (a table on SQLite, settings on PostgreSQL); it ends with the
    /// transaction.
    virtual void set_scope(const std::map<std::string, std::set<std::string>>& scopes) = 0;

    virtual std::unique_ptr<Prepared> prepare(std::string_view sql) = 0;
    /// Several statements, for migrations only.
    virtual void exec_script(const std::string& sql) { command(sql); }
    int64_t bulk_write(std::string_view table, const std::vector<std::string>& keys, int32_t mode,
                       StreamReader rows);
    ArrowArrayStream bulk_lookup(std::string_view table, StreamReader keys,
                                 const std::vector<std::string>& columns);

    /// Runs to the end; rows changed.
    template <class... Args>
    int64_t exec(std::string_view sql, const Args&... args) {
        auto statement = query(sql, args...);
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
    /// The first value of the first row as text; empty when there is none.
    template <class... Args>
    std::string value(std::string_view sql, const Args&... args) {
        auto statement = query(sql, args...);
        return statement->step() ? std::string(statement->text(0)) : "";
    }

    /// For the pool: makes the session as it must be, before begin().
    virtual void use(std::shared_ptr<const SessionSettings> settings);
    /// For the pool: nothing open, no scope, no wall.
    virtual void hand_over() noexcept;
    /// False when it was lost, or left in the middle of something.
    virtual bool is_fit() const noexcept { return true; }

protected:
    struct BulkWrite {
        std::string table;
        std::vector<std::string> columns, keys;
        std::string conflict;  // " ON CONFLICT …" of an upsert.
    };
    struct BulkLookup {
        std::string table;
        std::vector<std::string> keys, columns;
    };
    /// A command of the host's own.
    virtual void command(const std::string& sql) = 0;
    virtual int64_t write_rows(const BulkWrite& to, StreamReader& rows) = 0;
    /// One row for each key, null where there is none.
    virtual void look_up(const BulkLookup& from, const BatchView& keys, BatchBuilder& out) = 0;
    /// What a statement is kept by: the same text means something else to another plugin.
    static std::string key_of(const Wall* wall, std::string_view sql);

    const Wall* wall_ = nullptr;
    Access access_ = Access::read;
    std::shared_ptr<const SessionSettings> settings_;
    std::shared_ptr<int> alive_;       // Watched by the streams of this transaction.
    std::vector<std::string> views_;   // Made in this session.
    std::set<std::string> relations_;  // Tables and views of the database, in lower case.
};

}  // namespace dunlin::host
