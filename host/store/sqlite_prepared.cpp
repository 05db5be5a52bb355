// SPDX-License-Identifier: Apache-2.0
#include "store/sqlite_prepared.hpp"

#include "store/row_batch.hpp"

#include <cmath>
#include <cstring>

namespace dunlin::host {

void check_text(std::string_view value) {
    if (!value.empty() && std::memchr(value.data(), 0, value.size())) {
        throw Error(DUNLIN_E_INVALID, "a text contains the character NUL; store it as bytes");
    }
}

void SqlitePrepared::check_bound(int code) {
    is_done_ = false;
    check(code);
}

void SqlitePrepared::check(int code) {
    if (code == SQLITE_OK) return;
    if (code == SQLITE_RANGE) {
        throw Error(DUNLIN_E_INVALID, "the statement has only " +
                                          std::to_string(sqlite3_bind_parameter_count(stmt_)) +
                                          " parameters");
    }
    connection_->fail(code, "the SQL \"" + std::string(sqlite3_sql(stmt_)).substr(0, 120) + "\"");
}

int SqlitePrepared::at(uint32_t column) {
    if (column >= column_count()) {
        throw Error(DUNLIN_E_INVALID, "the statement has no column " + std::to_string(column));
    }
    return static_cast<int>(column);
}

void SqlitePrepared::bind_null(uint32_t index) {
    check_bound(sqlite3_bind_null(stmt_, static_cast<int>(index) + 1));
}
void SqlitePrepared::bind_i64(uint32_t index, int64_t value) {
    check_bound(sqlite3_bind_int64(stmt_, static_cast<int>(index) + 1, value));
}
void SqlitePrepared::bind_f64(uint32_t index, double value) {
    check_bound(sqlite3_bind_double(stmt_, static_cast<int>(index) + 1, value));
}
void SqlitePrepared::bind_text(uint32_t index, std::string_view value) {
    check_text(value);
    check_bound(sqlite3_bind_text64(stmt_, static_cast<int>(index) + 1,
                                    value.data() ? value.data() : "", value.size(),
                                    SQLITE_TRANSIENT, SQLITE_UTF8));
}
void SqlitePrepared::bind_blob(uint32_t index, std::string_view value) {
    check_bound(sqlite3_bind_blob64(stmt_, static_cast<int>(index) + 1,
                                    value.data() ? value.data() : "", value.size(),
                                    SQLITE_TRANSIENT));
}

bool SqlitePrepared::step() {
    if (is_done_) return false;
    const int code = sqlite3_step(stmt_);
    is_on_row_ = code == SQLITE_ROW;
    if (is_on_row_) return true;
    if (code == SQLITE_DONE) {
        changes_ = is_reading() ? 0 : sqlite3_changes64(connection_->handle());
        sqlite3_reset(stmt_);
        is_done_ = true;
        return false;
    }
    try {
        check(code);
    } catch (...) {
        sqlite3_reset(stmt_);
        throw;
    }
    return false;
}

void SqlitePrepared::reset() {
    sqlite3_reset(stmt_);
    sqlite3_clear_bindings(stmt_);
    is_on_row_ = false;
    is_done_ = false;
}

std::string_view SqlitePrepared::column_name(uint32_t index) {
    const char* name = sqlite3_column_name(stmt_, at(index));
    return name ? name : "";
}

int32_t SqlitePrepared::column_type(uint32_t index) {
    if (!is_on_row_) return DUNLIN_COL_NULL;
    switch (sqlite3_column_type(stmt_, at(index))) {
        case SQLITE_INTEGER: return DUNLIN_COL_I64;
        case SQLITE_FLOAT: return DUNLIN_COL_F64;
        case SQLITE_TEXT: return DUNLIN_COL_TEXT;
        case SQLITE_BLOB: return DUNLIN_COL_BLOB;
        default: return DUNLIN_COL_NULL;
    }
}

int64_t SqlitePrepared::i64(uint32_t index) {
    switch (column_type(index)) {
        case DUNLIN_COL_NULL: return 0;
        case DUNLIN_COL_I64: return sqlite3_column_int64(stmt_, at(index));
        case DUNLIN_COL_F64: {
            const double value = sqlite3_column_double(stmt_, at(index));
            if (std::trunc(value) == value && std::fabs(value) < 9e18) {
                return static_cast<int64_t>(value);
            }
            throw Error(DUNLIN_E_DATA, "the number " + std::to_string(value) + " has a fraction");
        }
        default: return number_of<int64_t>(text(index));
    }
}

double SqlitePrepared::f64(uint32_t index) {
    switch (column_type(index)) {
        case DUNLIN_COL_NULL: return 0;
        case DUNLIN_COL_I64:
        case DUNLIN_COL_F64: return sqlite3_column_double(stmt_, at(index));
        default: return number_of<double>(text(index));
    }
}

std::string_view SqlitePrepared::text(uint32_t index) {
    if (column_type(index) == DUNLIN_COL_NULL) return {};
    const auto* bytes = static_cast<const void*>(sqlite3_column_text(stmt_, at(index)));
    return {static_cast<const char*>(bytes),
            static_cast<std::size_t>(sqlite3_column_bytes(stmt_, at(index)))};
}

std::string_view SqlitePrepared::blob(uint32_t index) {
    if (column_type(index) == DUNLIN_COL_NULL) return {};
    const auto* bytes = sqlite3_column_blob(stmt_, at(index));
    return {static_cast<const char*>(bytes),
            static_cast<std::size_t>(sqlite3_column_bytes(stmt_, at(index)))};
}

void SqlitePrepared::bind_row(const std::vector<ColumnView>& columns, int64_t row) {
    is_done_ = false;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const int parameter = static_cast<int>(i) + 1;
        const auto& column = columns[i];
        if (column.is_null(row)) {
            sqlite3_bind_null(stmt_, parameter);
            continue;
        }
        switch (column.type()) {
            case Type::f64: sqlite3_bind_double(stmt_, parameter, column.f64(row)); break;
            case Type::text: {
                const auto value = column.text(row);
                check_text(value);
                sqlite3_bind_text64(stmt_, parameter, value.data() ? value.data() : "",
                                    value.size(), SQLITE_STATIC, SQLITE_UTF8);
                break;
            }
            case Type::bytes: {
                const auto value = column.text(row);
                sqlite3_bind_blob64(stmt_, parameter, value.data() ? value.data() : "",
                                    value.size(), SQLITE_STATIC);
                break;
            }
            default: sqlite3_bind_int64(stmt_, parameter, column.i64(row));
        }
    }
}

int64_t SqlitePrepared::run_rows(const BatchView& rows) {
    if (rows.columns() != sqlite3_bind_parameter_count(stmt_)) {
        throw Error(DUNLIN_E_INVALID,
                    "the batch has " + std::to_string(rows.columns()) + " columns for " +
                        std::to_string(sqlite3_bind_parameter_count(stmt_)) + " parameters");
    }
    std::vector<ColumnView> columns;
    for (int64_t i = 0; i < rows.columns(); ++i) columns.push_back(rows[i]);
    int64_t changed = 0;
    for (int64_t row = 0; row < rows.rows(); ++row) {
        bind_row(columns, row);
        while (step()) {
        }
        changed += changes_;
    }
    sqlite3_clear_bindings(stmt_);
    return changed;
}

int64_t SqlitePrepared::exec_batch(ArrowArrayStream rows) {
    StreamReader reader(rows);
    int64_t changed = 0;
    while (reader.next()) changed += run_rows(reader.view());
    return changed;
}

ArrowArrayStream SqlitePrepared::query_stream() {
    std::vector<ColumnSpec> specs;
    for (uint32_t i = 0; i < column_count(); ++i) specs.push_back(spec_of_alias(column_name(i)));
    auto builder = std::make_shared<BatchBuilder>(specs);
    auto is_over = std::make_shared<bool>(false);
    return make_stream(schema_of(specs), [this, builder, is_over]() -> std::optional<ArrowArray> {
        const auto columns = column_count();
        std::size_t bytes = 0;
        while (!*is_over && builder->rows() < batch_rows && bytes < batch_bytes) {
            if (!step()) {
                *is_over = true;
                break;
            }
            for (uint32_t i = 0; i < columns; ++i) bytes += append_cell((*builder)[i], *this, i);
        }
        if (builder->rows() == 0) return std::nullopt;
        return builder->finish().take_array();
    });
}

int64_t SqliteConnection::bulk_write(std::string_view table, const std::vector<std::string>& keys,
                                     int32_t mode, ArrowArrayStream rows) {
    StreamReader reader(rows);
    check_table(wall_, table, Access::write);
    if (access_ == Access::read) throw Error(DUNLIN_E_DENIED, "this transaction only reads");
    const auto* schema = reader.schema();
    std::string names, marks, key_list, updates;
    for (const auto& key : keys) {
        check_name(key);
        key_list += (key_list.empty() ? "" : ", ") + key;
    }
    for (int64_t i = 0; i < schema->n_children; ++i) {
        const std::string name = schema->children[i]->name;
        check_name(name);
        names += (i ? ", " : "") + name;
        marks += i ? ", ?" : "?";
        if (std::find(keys.begin(), keys.end(), name) != keys.end()) continue;
        updates += (updates.empty() ? "" : ", ") + name + " = excluded." + name;
    }
    auto sql = "INSERT INTO main." + std::string(table) + " (" + names + ") VALUES (" + marks + ")";
    if (mode == DUNLIN_BULK_UPSERT) {
        sql += " ON CONFLICT (" + key_list + ") DO " +
               (updates.empty() ? "NOTHING" : "UPDATE SET " + updates);
    }
    judged_by_ = nullptr;
    SqlitePrepared insert(*this, statement_of(sql));
    int64_t written = 0;
    while (reader.next()) {
        insert.run_rows(reader.view());
        written += reader.view().rows();
    }
    return written;
}

ArrowArrayStream SqliteConnection::bulk_lookup(std::string_view table, ArrowArrayStream keys,
                                               const std::vector<std::string>& columns) {
    auto reader = std::make_shared<StreamReader>(keys);
    check_table(wall_, table, Access::read);
    std::vector<ColumnSpec> specs;
    std::string names, where;
    for (const auto& column : columns) {
        specs.push_back(spec_of_alias(column));
        check_name(specs.back().name);
        names += (names.empty() ? "" : ", ") + specs.back().name;
    }
    const auto* schema = reader->schema();
    for (int64_t i = 0; i < schema->n_children; ++i) {
        const std::string name = schema->children[i]->name;
        check_name(name);
        where += (i ? " AND " : " WHERE ") + name + " = ?";
    }
    judged_by_ = nullptr;
    auto select = std::make_shared<SqlitePrepared>(
        *this, statement_of("SELECT " + names + " FROM " + std::string(table) + where));
    auto builder = std::make_shared<BatchBuilder>(specs);
    return make_stream(schema_of(specs), [=]() -> std::optional<ArrowArray> {
        if (!reader->next()) return std::nullopt;
        const auto view = reader->view();
        std::vector<ColumnView> key_columns;
        for (int64_t i = 0; i < view.columns(); ++i) key_columns.push_back(view[i]);
        for (int64_t row = 0; row < view.rows(); ++row) {
            select->bind_row(key_columns, row);
            const bool is_found = select->step();
            for (uint32_t i = 0; i < columns.size(); ++i) {
                if (is_found) {
                    append_cell((*builder)[i], *select, i);
                } else {
                    (*builder)[i].add_null();
                }
            }
            select->reset();
        }
        return builder->finish().take_array();
    });
}

}  // namespace dunlin::host
