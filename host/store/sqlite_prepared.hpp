// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "store/sqlite_connection.hpp"

namespace dunlin::host {

/// A use of one of the connection's statements.
class SqlitePrepared final : public Prepared {
public:
    SqlitePrepared(SqliteConnection& connection, SqliteStatement* statement)
        : connection_(&connection), statement_(statement), stmt_(statement->handle) {}
    ~SqlitePrepared() override { connection_->give_back(statement_); }
    SqlitePrepared(const SqlitePrepared&) = delete;
    SqlitePrepared& operator=(const SqlitePrepared&) = delete;

    void bind_null(uint32_t index) override;
    void bind_i64(uint32_t index, int64_t value) override;
    void bind_f64(uint32_t index, double value) override;
    void bind_text(uint32_t index, std::string_view value) override;
    void bind_blob(uint32_t index, std::string_view value) override;
    bool step() override;
    void reset() override;
    int64_t changes() override { return changes_; }
    uint32_t column_count() override { return static_cast<uint32_t>(sqlite3_column_count(stmt_)); }
    std::string_view column_name(uint32_t index) override;
    int32_t column_type(uint32_t index) override;
    int64_t i64(uint32_t index) override;
    double f64(uint32_t index) override;
    std::string_view text(uint32_t index) override;
    std::string_view blob(uint32_t index) override;
    int64_t exec_batch(ArrowArrayStream rows) override;
    ArrowArrayStream query_stream() override;

    bool is_reading() const { return sqlite3_stmt_readonly(stmt_) != 0; }
    /// Runs once for every row of the batch, text bound in place.
    int64_t run_rows(const BatchView& rows);
    /// Binds one row, text in place: it must outlive the step.
    void bind_row(const std::vector<ColumnView>& columns, int64_t row);

private:
    void check(int code);
    void check_bound(int code);
    int at(uint32_t column);
    SqliteConnection* connection_;
    SqliteStatement* statement_;
    sqlite3_stmt* stmt_;
    int64_t changes_ = 0;
    bool is_on_row_ = false;
    bool is_done_ = false;  // Until the next bind or reset there is nothing to step to.
};

/// Error invalid for text with a NUL: PostgreSQL has none, so nobody may have one.
void check_text(std::string_view value);

}  // namespace dunlin::host
