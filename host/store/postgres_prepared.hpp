// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "store/postgres_connection.hpp"
#include "store/row_batch.hpp"

namespace dunlin::host {

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

    void bind_null(uint32_t index) override;
    void bind_i64(uint32_t index, int64_t value) override;
    void bind_f64(uint32_t index, double value) override;
    void bind_text(uint32_t index, std::string_view value) override;
    void bind_blob(uint32_t index, std::string_view value) override;
    bool step() override;
    void reset() override;
    int64_t changes() override { return changes_; }
    uint32_t column_count() override;
    std::string_view column_name(uint32_t index) override;
    int32_t column_type(uint32_t index) override { return rows_.column_type(index); }
    int64_t i64(uint32_t index) override { return rows_.i64(index); }
    double f64(uint32_t index) override { return rows_.f64(index); }
    std::string_view text(uint32_t index) override { return rows_.text(index); }
    std::string_view blob(uint32_t index) override { return rows_.blob(index); }
    int64_t exec_batch(ArrowArrayStream rows) override;
    ArrowArrayStream query_stream() override;

private:
    void forget_rows();
    const PGresult* shape();
    void need(int is_done);  // Of a function of libpq.
    int64_t send_rows(const std::vector<ColumnView>& columns, int64_t from, int64_t to);

    PostgresConnection* connection_;
    const SqlText* sql_;
    const std::string* name_;
    const Wall* wall_;
    Parameters parameters_;
    ResultRows rows_;
    Result shape_;
    int64_t changes_ = 0;
    bool is_run_ = false;
};

}  // namespace dunlin::host
