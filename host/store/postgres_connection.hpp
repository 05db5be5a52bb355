// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "store/sql_text.hpp"
#include "store/store.hpp"

#include <libpq-fe.h>

#include <unordered_map>

namespace dunlin::host {

struct PostgresDelete {
    void operator()(PGconn* db) const { PQfinish(db); }
    void operator()(PGresult* result) const { PQclear(result); }
};
using PostgresSession = std::unique_ptr<PGconn, PostgresDelete>;
using Result = std::unique_ptr<PGresult, PostgresDelete>;

/// A value as PostgreSQL reads it.
void append_text(std::string& out, const Cell& cell);

/// Parameters in text format.
class Parameters {
public:
    explicit Parameters(std::size_t n) : texts_(n), values_(n) {}
    Parameters(Parameters&&) = default;
    void set(uint32_t index, const Cell& value);
    void clear() { values_.assign(values_.size(), nullptr); }
    int size() const { return static_cast<int>(values_.size()); }
    const char* const* values() const { return values_.data(); }

private:
    std::vector<std::string> texts_;
    std::vector<const char*> values_;  // Null, or the text.
};

/// The rows of a result, read one by one. Text format.
class ResultRows final : public Row {
public:
    ResultRows() = default;
    explicit ResultRows(Result result) : result_(std::move(result)) {}

    bool next() { return ++row_ < rows(); }
    int rows() const { return result_ ? PQntuples(result_.get()) : 0; }
    Cell cell(uint32_t index) override;
    std::string_view text(uint32_t index) override;
    PGresult* get() const { return result_.get(); }

private:
    bool is_on_row() const { return row_ >= 0 && row_ < rows(); }
    Result result_;
    int row_ = -1;
    std::map<uint32_t, std::string> bytes_;  // Decoded bytes of the current row.
};

class PostgresConnection final : public Connection {
public:
    PostgresConnection(PostgresSession session, const StoreOptions& options);

    Dialect dialect() const override { return Dialect::postgresql; }
    void begin(Access access) override;
    void commit() override;
    void rollback() noexcept override;
    void rollback_to_savepoint(int depth) override;
    void set_scope(const std::map<std::string, std::set<std::string>>& scopes) override;
    std::unique_ptr<Prepared> prepare(std::string_view sql) override;
    void exec_script(const std::string& sql) override;
    bool is_fit() const noexcept override;
    void use(std::shared_ptr<const SessionSettings> settings) override {
        wanted_ = std::move(settings);
    }

    PGconn* handle() const { return db_; }
    bool is_broken() const noexcept { return PQstatus(db_) != CONNECTION_OK; }
    /// Runs one command outside of any wall.
    Result run(const std::string& sql);
    Result run(const std::string& sql, const Parameters& parameters);
    /// The result when it is a success; else throws what the database said.
    Result checked(Result result, std::string_view what) const;
    /// Makes the wall's role the current one.
    void use_role(const Wall* wall);
    std::string next_name() { return "dunlin_n" + std::to_string(++names_); }

private:
    struct Judged {
        SqlText text;
        std::string name;  // Of the server's prepared statement.
    };
    void set_up();
    /// Begins on the server what begin() only noted: a command without SQL asks it nothing.
    void start();
    void command(const std::string& sql) override { run(sql); }
    int64_t write_rows(const BulkWrite& to, StreamReader& rows) override;
    void look_up(const BulkLookup& from, const BatchView& keys, BatchBuilder& out) override;
    void copy_in(const std::string& target, const BatchView& rows);

    PostgresSession session_;
    PGconn* db_;
    std::chrono::milliseconds wait_max_;
    std::shared_ptr<const SessionSettings> wanted_;
    const char* begin_ = nullptr;
    std::string role_;  // "?" after a rollback to a savepoint: whatever it was then.
    uint64_t names_ = 0;
    std::unordered_map<std::string, Judged> judged_;
};

/// A use of a statement that the server knows by its name.
class PostgresPrepared final : public Prepared {
public:
    PostgresPrepared(PostgresConnection& connection, const SqlText& sql, const std::string& name,
                     const Wall* wall)
        : connection_(&connection),
          sql_(&sql),
          name_(&name),
          wall_(wall),
          parameters_(sql.parameters) {}

    bool step() override;
    void reset() override;
    uint32_t parameter_count() override { return sql_->parameters; }
    uint32_t column_count() override { return static_cast<uint32_t>(PQnfields(shape())); }
    std::string_view column_name(uint32_t index) override;
    Cell cell(uint32_t index) override { return rows_.cell(index); }
    std::string_view text(uint32_t index) override { return rows_.text(index); }

private:
    void bind_cell(uint32_t index, const Cell& value) override;
    std::function<Row*()> rows() override;
    void forget_rows();
    const PGresult* shape();

    PostgresConnection* connection_;
    const SqlText* sql_;
    const std::string* name_;
    const Wall* wall_;
    Parameters parameters_;
    ResultRows rows_;
    Result shape_;
    bool is_run_ = false;
};

}  // namespace dunlin::host
