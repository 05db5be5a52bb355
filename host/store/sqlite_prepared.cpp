// SPDX-License-Identifier: Apache-2.0
#include "store/sqlite_connection.hpp"

namespace dunlin::host {

void SqlitePrepared::check(int code) {
    if (code == SQLITE_OK) return;
    if (code == SQLITE_RANGE) {
        throw Error(DUNLIN_E_INVALID,
                    "the statement has only " + std::to_string(parameter_count()) + " parameters");
    }
    connection_->fail(code, "the SQL \"" + std::string(sqlite3_sql(stmt())).substr(0, 120) + "\"");
}

int SqlitePrepared::at(uint32_t column) {
    if (column >= column_count()) {
        throw Error(DUNLIN_E_INVALID, "the statement has no column " + std::to_string(column));
    }
    return static_cast<int>(column);
}

void SqlitePrepared::bind_kept(uint32_t index, const Cell& value, sqlite3_destructor_type kept) {
    is_done_ = false;
    const int parameter = static_cast<int>(index) + 1;
    const auto data = [](std::string_view bytes) { return bytes.data() ? bytes.data() : ""; };
    if (const auto* number = std::get_if<int64_t>(&value)) {
        check(sqlite3_bind_int64(stmt(), parameter, *number));
    } else if (const auto* text = std::get_if<std::string_view>(&value)) {
        check(sqlite3_bind_text64(stmt(), parameter, data(*text), text->size(), kept, SQLITE_UTF8));
    } else if (const auto* real = std::get_if<double>(&value)) {
        check(sqlite3_bind_double(stmt(), parameter, *real));
    } else if (const auto* bytes = std::get_if<Bytes>(&value)) {
        check(sqlite3_bind_blob64(stmt(), parameter, data(bytes->view), bytes->view.size(), kept));
    } else {
        check(sqlite3_bind_null(stmt(), parameter));
    }
}

bool SqlitePrepared::step() {
    if (is_done_) return false;
    const int code = sqlite3_step(stmt());
    is_on_row_ = code == SQLITE_ROW;
    if (is_on_row_) return true;
    if (code != SQLITE_DONE) {
        try {
            check(code);
        } catch (...) {
            sqlite3_reset(stmt());
            throw;
        }
    }
    changes_ = is_reading() ? 0 : sqlite3_changes64(connection_->handle());
    sqlite3_reset(stmt());
    is_done_ = true;
    return false;
}

void SqlitePrepared::reset() {
    sqlite3_reset(stmt());
    sqlite3_clear_bindings(stmt());
    is_on_row_ = false;
    is_done_ = false;
}

std::string_view SqlitePrepared::column_name(uint32_t index) {
    const char* name = sqlite3_column_name(stmt(), at(index));
    return name ? name : "";
}

Cell SqlitePrepared::cell(uint32_t index) {
    const int column = at(index);
    if (!is_on_row_) return {};
    switch (sqlite3_column_type(stmt(), column)) {
        case SQLITE_INTEGER: return sqlite3_column_int64(stmt(), column);
        case SQLITE_FLOAT: return sqlite3_column_double(stmt(), column);
        case SQLITE_TEXT: return text(index);
        case SQLITE_BLOB: {
            const auto* bytes = static_cast<const char*>(sqlite3_column_blob(stmt(), column));
            return Bytes{{bytes, static_cast<std::size_t>(sqlite3_column_bytes(stmt(), column))}};
        }
        default: return {};
    }
}

std::string_view SqlitePrepared::text(uint32_t index) {
    const int column = at(index);
    if (!is_on_row_) return {};
    const void* text = sqlite3_column_text(stmt(), column);
    return {static_cast<const char*>(text),
            static_cast<std::size_t>(sqlite3_column_bytes(stmt(), column))};
}

void SqlitePrepared::bind_row(const std::vector<ColumnView>& columns, int64_t row) {
    for (uint32_t i = 0; i < columns.size(); ++i) {
        bind_kept(i, cell_of(columns[i], row), SQLITE_STATIC);
    }
}

int64_t SqlitePrepared::run_rows(const std::vector<ColumnView>& columns, int64_t rows) {
    int64_t changed = 0;
    for (int64_t row = 0; row < rows; ++row) {
        bind_row(columns, row);
        while (step()) {
        }
        changed += changes_;
    }
    sqlite3_clear_bindings(stmt());
    return changed;
}

}  // namespace dunlin::host
