// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "store/store.hpp"

#include <sqlite3.h>

#include <unordered_map>

namespace dunlin::host {

struct SqliteDelete {
    void operator()(sqlite3* db) const { sqlite3_close(db); }
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using SqliteSession = std::unique_ptr<sqlite3, SqliteDelete>;
using SqliteStatement = std::unique_ptr<sqlite3_stmt, SqliteDelete>;

class SqlitePrepared;

class SqliteConnection final : public Connection {
public:
    SqliteConnection(SqliteSession session, const StoreOptions& options);

    Dialect dialect() const override { return Dialect::sqlite; }
    void begin(Access access) override;
    void commit() override { command("COMMIT"); }
    void rollback() noexcept override;
    void set_scope(const std::map<std::string, std::set<std::string>>& scopes) override;
    std::unique_ptr<Prepared> prepare(std::string_view sql) override;
    void hand_over() noexcept override;

    sqlite3* handle() const { return db_; }
    /// Throws what the last call on the handle said.
    [[noreturn]] void fail(int code, std::string_view what) const;
    /// Keeps a statement that is no longer used for the next use of its text.
    void keep(std::string key, SqliteStatement statement) noexcept;

private:
    void command(const std::string& sql) override;
    int64_t write_rows(const BulkWrite& to, StreamReader& rows) override;
    void look_up(const BulkLookup& from, const BatchView& keys, BatchBuilder& out) override;
    std::unique_ptr<SqlitePrepared> prepare_as(const Wall* wall, const std::string& sql);
    SqliteStatement compile(const Wall* wall, const std::string& sql);
    static int authorize(void* self, int action, const char* a, const char* b, const char* schema,
                         const char* view);
    bool may_use(int action, const std::string& name, std::string_view detail,
                 const char* view) const;

    SqliteSession session_;
    sqlite3* db_;
    const Wall* judged_by_ = nullptr;  // Set only while a statement of a plugin is prepared.
    std::string refused_;
    bool has_scope_ = false;
    std::unordered_map<std::string, SqliteStatement> idle_;
};

/// A use of a statement. It goes back to the connection afterwards.
class SqlitePrepared final : public Prepared {
public:
    SqlitePrepared(SqliteConnection& connection, std::string key, SqliteStatement statement)
        : connection_(&connection), key_(std::move(key)), statement_(std::move(statement)) {}
    ~SqlitePrepared() override { connection_->keep(std::move(key_), std::move(statement_)); }

    bool step() override;
    void reset() override;
    uint32_t parameter_count() override {
        return static_cast<uint32_t>(sqlite3_bind_parameter_count(stmt()));
    }
    uint32_t column_count() override { return static_cast<uint32_t>(sqlite3_column_count(stmt())); }
    std::string_view column_name(uint32_t index) override;
    Cell cell(uint32_t index) override;
    std::string_view text(uint32_t index) override;

    bool is_reading() const { return sqlite3_stmt_readonly(stmt()) != 0; }
    /// Binds one row, text in place: it must outlive the step.
    void bind_row(const std::vector<ColumnView>& columns, int64_t row, uint32_t parameter = 0);
    /// As many rows each time as the statement has parameters for.
    int64_t run_rows(const std::vector<ColumnView>& columns, int64_t from, int64_t to);

private:
    void bind_cell(uint32_t index, const Cell& value) override {
        bind_kept(index, value, SQLITE_TRANSIENT);
    }
    std::function<Row*()> rows() override {
        return [this]() -> Row* { return step() ? this : nullptr; };
    }
    void bind_kept(uint32_t index, const Cell& value, sqlite3_destructor_type kept);
    void check(int code);
    int at(uint32_t column);
    sqlite3_stmt* stmt() const { return statement_.get(); }

    SqliteConnection* connection_;
    std::string key_;
    SqliteStatement statement_;
    bool is_on_row_ = false;
    bool is_done_ = false;  // Until the next bind or reset there is nothing to step to.
};

}  // namespace dunlin::host
