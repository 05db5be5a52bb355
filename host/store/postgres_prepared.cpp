// SPDX-License-Identifier: Apache-2.0
#include "store/postgres_connection.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>

namespace dunlin::host {
namespace {

/// Rows that travel before their answers are read.
constexpr int64_t pipeline_rows = 256;
/// A fetch of a cursor is at most about this large.
constexpr int64_t fetch_rows = 8192, fetch_bytes = int64_t{16} << 20;

int64_t changed_by(const PGresult* result) {
    auto* read = const_cast<PGresult*>(result);
    if (std::strncmp(PQcmdStatus(read), "SELECT", 6) == 0) return 0;
    return std::strtoll(PQcmdTuples(read), nullptr, 10);
}

}  // namespace

void PostgresPrepared::forget_rows() {
    is_run_ = false;
    rows_ = ResultRows();
}
void PostgresPrepared::bind_cell(uint32_t index, const Cell& value) {
    forget_rows();
    parameters_.set(index, value);
}

bool PostgresPrepared::step() {
    if (!is_run_) {
        connection_->use_role(wall_);
        rows_ = ResultRows(connection_->checked(
            Result(PQexecPrepared(connection_->handle(), name_->c_str(), parameters_.size(),
                                  parameters_.values(), nullptr, nullptr, 0)),
            sql_->dollars));
        is_run_ = true;
        changes_ = changed_by(rows_.get());
    }
    return rows_.next();
}

void PostgresPrepared::reset() {
    forget_rows();
    parameters_.clear();
}

const PGresult* PostgresPrepared::shape() {
    if (rows_.get()) return rows_.get();
    if (!shape_) {
        shape_ = connection_->checked(
            Result(PQdescribePrepared(connection_->handle(), name_->c_str())), sql_->dollars);
    }
    return shape_.get();
}

std::string_view PostgresPrepared::column_name(uint32_t index) {
    const char* name = PQfname(shape(), static_cast<int>(index));
    if (!name) {
        throw Error(DUNLIN_E_INVALID, "the statement has no column " + std::to_string(index));
    }
    return name;
}

void PostgresPrepared::need(int is_done) {
    if (!is_done) connection_->checked(nullptr, sql_->dollars);
}

int64_t PostgresPrepared::send_rows(const std::vector<ColumnView>& columns, int64_t from,
                                    int64_t to) {
    auto* db = connection_->handle();
    std::exception_ptr unsent;
    try {
        for (auto row = from; row < to; ++row) {
            for (uint32_t i = 0; i < columns.size(); ++i) {
                parameters_.set(i, cell_of(columns[i], row));
            }
            need(PQsendQueryPrepared(db, name_->c_str(), parameters_.size(), parameters_.values(),
                                     nullptr, nullptr, 0));
        }
    } catch (const Error&) {
        unsent = std::current_exception();
    }
    need(PQpipelineSync(db));  // Else the connection stays in its mode, and is given up.
    Result failed;
    int64_t changed = 0;
    for (;;) {
        Result result(PQgetResult(db));
        if (!result) {
            if (connection_->is_broken()) break;
            continue;  // Between two statements.
        }
        const auto status = PQresultStatus(result.get());
        if (status == PGRES_PIPELINE_SYNC) break;
        if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
            changed += changed_by(result.get());
        } else if (!failed && status != PGRES_PIPELINE_ABORTED) {
            failed = std::move(result);
        }
    }
    if (unsent || failed || connection_->is_broken()) {
        PQexitPipelineMode(db);
        if (failed || !unsent) connection_->checked(std::move(failed), sql_->dollars);
        std::rethrow_exception(unsent);
    }
    return changed;
}

int64_t PostgresPrepared::run_rows(const std::vector<ColumnView>& columns, int64_t rows) {
    forget_rows();
    connection_->use_role(wall_);
    need(PQenterPipelineMode(connection_->handle()));
    int64_t changed = 0;
    for (int64_t from = 0; from < rows; from += pipeline_rows) {
        changed += send_rows(columns, from, std::min(rows, from + pipeline_rows));
    }
    PQexitPipelineMode(connection_->handle());
    return changed;
}

std::function<Row*()> PostgresPrepared::rows() {
    struct Fetched {
        ResultRows rows;
        int64_t size = 256;  // Adapted to the size of the rows, so that memory stays flat.
        bool is_over = false;
    };
    const auto cursor = connection_->next_name();
    connection_->use_role(wall_);
    connection_->run("DECLARE " + cursor + " NO SCROLL CURSOR FOR " + sql_->dollars, parameters_);
    return [cursor, db = connection_, some = std::make_shared<Fetched>()]() -> Row* {
        while (!some->rows.next()) {
            if (some->is_over) return nullptr;
            some->rows = ResultRows(
                db->run("FETCH FORWARD " + std::to_string(some->size) + " FROM " + cursor));
            some->is_over = some->rows.rows() < some->size;
            if (some->is_over) db->run("CLOSE " + cursor);
            const auto row_bytes = PQresultMemorySize(some->rows.get()) /
                                   static_cast<std::size_t>(some->rows.rows() + 1);
            some->size = std::clamp<int64_t>(fetch_bytes / static_cast<int64_t>(row_bytes + 1), 1,
                                             fetch_rows);
        }
        return &some->rows;
    };
}

}  // namespace dunlin::host
