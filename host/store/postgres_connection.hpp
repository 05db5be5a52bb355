// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "store/sql_text.hpp"
#include "store/store.hpp"

#include <Poco/Data/Session.h>
#include <libpq-fe.h>

#include <unordered_map>

namespace dunlin::host {

/// What every session of a store must have; the version grows with every change.
struct PostgresSettings {
    std::vector<ScopedView> views;
    std::map<std::string, std::string> roles;  // Plugin → role.
    uint64_t version = 0;
};

struct ResultDelete {
    void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ResultDelete>;

/// Parameters in text format, but bytes.
class Parameters {
public:
    explicit Parameters(std::size_t n) : values_(n), is_null_(n, true), is_bytes_(n, false) {}
    void set(std::size_t index, std::string value, bool is_bytes = false);
    void set_null(std::size_t index);
    /// Takes the cells of a row of a batch.
    void set_row(const std::vector<ColumnView>& columns, int64_t row);
    void clear() { is_null_.assign(is_null_.size(), true); }
    int size() const { return static_cast<int>(values_.size()); }
    const char* const* values();
    const int* lengths() const { return lengths_.data(); }
    const int* formats() const { return formats_.data(); }

private:
    std::size_t checked(std::size_t index) const;
    std::vector<std::string> values_;
    std::vector<bool> is_null_;
    std::vector<bool> is_bytes_;
    std::vector<const char*> pointers_;
    std::vector<int> lengths_;
    std::vector<int> formats_;
};

/// The rows of a result, read one by one. Text format.
class ResultRows {
public:
    ResultRows() = default;
    explicit ResultRows(Result result) : result_(std::move(result)) {}

    bool next() { return ++row_ < rows(); }
    int rows() const { return result_ ? PQntuples(result_.get()) : 0; }
    bool is_null(uint32_t index) const { return PQgetisnull(result_.get(), row_, at(index)) != 0; }
    int32_t column_type(uint32_t index) const;
    int64_t i64(uint32_t index) const;
    double f64(uint32_t index) const;
    std::string_view text(uint32_t index) const;
    std::string_view blob(uint32_t index);
    PGresult* get() const { return result_.get(); }

private:
    int at(uint32_t index) const;
    Result result_;
    int row_ = -1;
    std::map<uint32_t, std::string> bytes_;  // Decoded bytes of the current row.
};

class PostgresConnection final : public Connection {
public:
    PostgresConnection(Poco::Data::Session session, const StoreOptions& options);
    ~PostgresConnection() override {
        if (is_broken()) lost_.reset(db_);
    }
    PostgresConnection(const PostgresConnection&) = delete;
    PostgresConnection& operator=(const PostgresConnection&) = delete;

    Dialect dialect() const override { return Dialect::postgresql; }
    void begin(Access access) override;
    void commit() override;
    void rollback() noexcept override;
    void savepoint(int depth) override;
    void release_savepoint(int depth) override;
    void rollback_to_savepoint(int depth) override;
    void enter(const Wall* wall) override { wall_ = wall; }
    void set_scope(const std::map<std::string, std::set<std::string>>& scopes) override;
    std::unique_ptr<Prepared> prepare(std::string_view sql) override;
    void exec_script(std::string_view sql) override;
    int64_t bulk_write(std::string_view table, const std::vector<std::string>& keys, int32_t mode,
                       ArrowArrayStream rows) override;
    ArrowArrayStream bulk_lookup(std::string_view table, ArrowArrayStream keys,
                                 const std::vector<std::string>& columns) override;
    int64_t transaction_number() override;
    int64_t visible_below() override;

    /// Views and roles as the store wants them now; before begin().
    void use(std::shared_ptr<const PostgresSettings> settings);
    void hand_over() noexcept;
    bool is_broken() const noexcept;

    PGconn* handle() const { return db_; }
    /// Runs one command outside of any wall.
    Result run(const std::string& sql);
    Result run(const std::string& sql, Parameters& parameters);
    /// The result when it is a success; else throws what the database said.
    Result checked(Result result, std::string_view what) const;
    /// Makes the wall's role the current one.
    void use_role(const Wall* wall);
    std::string next_name() { return "dunlin_n" + std::to_string(++names_); }
    const Wall* wall() const { return wall_; }

private:
    struct Judged {
        SqlText text;
        std::string name;  // Of the server's prepared statement.
    };
    void copy_in(const std::string& target, const BatchView& rows);

    // Poco does not free a connection that was lost; behind the session's end this does.
    std::unique_ptr<PGconn, decltype(&PQfinish)> lost_{nullptr, &PQfinish};
    Poco::Data::Session session_;
    PGconn* db_ = nullptr;
    std::shared_ptr<const PostgresSettings> settings_;
    const Wall* wall_ = nullptr;
    Access access_ = Access::read;
    std::string role_;  // "?" after a rollback to a savepoint: whatever it was then.
    uint64_t names_ = 0;
    std::vector<std::string> views_;
    std::unordered_map<std::string, Judged> judged_;
    friend class PostgresPrepared;
};

}  // namespace dunlin::host
