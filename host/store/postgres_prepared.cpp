// SPDX-License-Identifier: Apache-2.0
#include "store/postgres_prepared.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>

namespace dunlin::host {
namespace {

/// Rows that travel before their answers are read.
constexpr int64_t pipeline_rows = 256;

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
void PostgresPrepared::bind_null(uint32_t index) {
    forget_rows();
    parameters_.set_null(index);
}
void PostgresPrepared::bind_i64(uint32_t index, int64_t value) {
    forget_rows();
    parameters_.set(index, text_of(value));
}
void PostgresPrepared::bind_f64(uint32_t index, double value) {
    forget_rows();
    parameters_.set(index, text_of(value));
}
void PostgresPrepared::bind_text(uint32_t index, std::string_view value) {
    forget_rows();
    parameters_.set(index, std::string(value));
}
void PostgresPrepared::bind_blob(uint32_t index, std::string_view value) {
    forget_rows();
    parameters_.set(index, std::string(value), /*is_bytes=*/true);
}

bool PostgresPrepared::step() {
    if (!is_run_) {
        connection_->use_role(wall_);
        const auto* values = parameters_.values();
        rows_ = ResultRows(connection_->checked(
            Result(PQexecPrepared(connection_->handle(), name_->c_str(), parameters_.size(), values,
                                  parameters_.lengths(), parameters_.formats(), 0)),
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

uint32_t PostgresPrepared::column_count() {
    return static_cast<uint32_t>(PQnfields(shape()));
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
            parameters_.set_row(columns, row);
            const auto* values = parameters_.values();
            need(PQsendQueryPrepared(db, name_->c_str(), parameters_.size(), values,
                                     parameters_.lengths(), parameters_.formats(), 0));
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

int64_t PostgresPrepared::exec_batch(ArrowArrayStream rows) {
    StreamReader reader(rows);
    forget_rows();
    int64_t changed = 0;
    while (reader.next()) {
        const auto view = reader.view();
        if (view.columns() != parameters_.size()) {
            throw Error(DUNLIN_E_INVALID, "the batch has " + std::to_string(view.columns()) +
                                              " columns for " + std::to_string(parameters_.size()) +
                                              " parameters");
        }
        std::vector<ColumnView> columns;
        for (int64_t i = 0; i < view.columns(); ++i) columns.push_back(view[i]);
        connection_->use_role(wall_);
        need(PQenterPipelineMode(connection_->handle()));
        for (int64_t from = 0; from < view.rows(); from += pipeline_rows) {
            changed += send_rows(columns, from, std::min(view.rows(), from + pipeline_rows));
        }
        PQexitPipelineMode(connection_->handle());
    }
    return changed;
}

ArrowArrayStream PostgresPrepared::query_stream() {
    std::vector<ColumnSpec> specs;
    for (uint32_t i = 0; i < column_count(); ++i) specs.push_back(spec_of_alias(column_name(i)));
    const auto cursor = connection_->next_name();
    connection_->use_role(wall_);
    connection_->run("DECLARE " + cursor + " NO SCROLL CURSOR FOR " + sql_->dollars, parameters_);
    struct State {
        BatchBuilder builder;
        int64_t fetch = 256;  // Adapted to the size of the rows, so that memory stays flat.
        bool is_over = false;
    };
    auto state = std::make_shared<State>(State{BatchBuilder(specs)});
    auto* connection = connection_;
    return make_stream(schema_of(specs), [=]() -> std::optional<ArrowArray> {
        if (state->is_over) return std::nullopt;
        ResultRows rows(
            connection->run("FETCH FORWARD " + std::to_string(state->fetch) + " FROM " + cursor));
        std::size_t bytes = 1;
        while (rows.next()) {
            for (uint32_t i = 0; i < specs.size(); ++i) {
                bytes += append_cell(state->builder[i], rows, i);
            }
        }
        state->is_over = rows.rows() < state->fetch;
        if (state->is_over) connection->run("CLOSE " + cursor);
        if (rows.rows() == 0) return std::nullopt;
        const auto fitting =
            static_cast<int64_t>(batch_bytes) * rows.rows() / static_cast<int64_t>(bytes);
        state->fetch = std::clamp<int64_t>(fitting, 1, batch_rows);
        return state->builder.finish().take_array();
    });
}

}  // namespace dunlin::host
