// SPDX-License-Identifier: Apache-2.0
#include "store/postgres_connection.hpp"

#include <boost/algorithm/string/join.hpp>

namespace dunlin::host {
namespace {

using boost::algorithm::join;

/// Staged rows that are merged into the table at once.
constexpr int64_t merge_rows = 100'000;
constexpr std::size_t copy_bytes = 256 * 1024;

/// Appends the text of a value with a backslash before each of the special characters.
void put(std::string& out, const Cell& cell, std::string_view special) {
    const auto* text = std::get_if<std::string_view>(&cell);
    if (std::holds_alternative<Bytes>(cell)) out += '\\';
    if (!text) return append_text(out, cell);
    std::size_t copied = 0;
    for (auto at = text->find_first_of(special); at != std::string_view::npos;
         at = text->find_first_of(special, at + 1)) {
        out.append(*text, copied, at - copied);
        out += '\\';
        copied = at;
    }
    out.append(*text, copied);
}

/// A row in COPY's text format.
void put_row(std::string& out, const std::vector<ColumnView>& columns, int64_t row) {
    for (const auto& column : columns) {
        const auto cell = cell_of(column, row);
        is_null(cell) ? void(out += "\\N") : put(out, cell, "\\\n\r\t");
        out += '\t';
    }
    out.back() = '\n';
}

/// A column as an array literal.
std::string array_of(const ColumnView& column, int64_t rows) {
    std::string out = "{";
    for (int64_t row = 0; row < rows; ++row) {
        const auto cell = cell_of(column, row);
        if (row) out += ',';
        if (is_null(cell)) {
            out += "NULL";
        } else {
            out += '"';
            put(out, cell, "\"\\");
            out += '"';
        }
    }
    return out + "}";
}

const char* array_type(Type type) {
    switch (type) {
        case Type::text: return "text[]";
        case Type::bytes: return "bytea[]";
        case Type::f64: return "float8[]";
        default: return "bigint[]";
    }
}

}  // namespace

void PostgresConnection::copy_in(const std::string& target, const BatchView& rows) {
    const auto columns = columns_of(rows);
    run("COPY " + target + " FROM STDIN");
    std::string chunk;
    chunk.reserve(copy_bytes * 2);
    // When a row is refused, the next command ends the COPY as failed.
    for (int64_t row = 0; row < rows.rows(); ++row) {
        put_row(chunk, columns, row);
        if (chunk.size() < copy_bytes && row + 1 < rows.rows()) continue;
        if (PQputCopyData(db_, chunk.data(), static_cast<int>(chunk.size())) != 1) break;
        chunk.clear();
    }
    PQputCopyEnd(db_, nullptr);
    Result result(PQgetResult(db_));
    while (Result(PQgetResult(db_))) {
    }
    checked(std::move(result), "COPY " + target);
}

int64_t PostgresConnection::write_rows(const BulkWrite& to, StreamReader& rows) {
    const auto columns = join(to.columns, ", "), keys = join(to.keys, ", ");
    const auto target = to.table + " (" + columns + ")";
    const bool is_staged = !to.conflict.empty();
    const auto stage = "dunlin_stage_" + std::to_string(std::hash<std::string>{}(target));
    // Of two rows with one key the later one wins, as it does row by row.
    const auto merge = "INSERT INTO " + target + " SELECT DISTINCT ON (" + keys + ") " + columns +
                       " FROM " + stage + " ORDER BY " + keys + ", ctid DESC" + to.conflict;
    if (is_staged) {
        use_role(nullptr);
        run("CREATE TEMP TABLE IF NOT EXISTS " + stage + " ON COMMIT DELETE ROWS AS SELECT " +
            columns + " FROM " + to.table + " WITH NO DATA");
        run("TRUNCATE " + stage);
    }
    int64_t written = 0, merged = 0;
    for (bool is_over = false; !is_over;) {
        // A COPY for each batch: whoever makes the rows may use this connection in between.
        is_over = !rows.next();
        use_role(nullptr);
        if (!is_over) {
            copy_in(is_staged ? stage : target, rows.view());
            written += rows.view().rows();
        }
        if (!is_staged || written - merged < (is_over ? 1 : merge_rows)) continue;
        run(merge);
        run("TRUNCATE " + stage);
        merged = written;
    }
    return written;
}

void PostgresConnection::look_up(const BulkLookup& from, const BatchView& keys, BatchBuilder& out) {
    Parameters arrays(from.keys.size());
    std::vector<std::string> unnested, labels, matches;
    for (uint32_t i = 0; i < from.keys.size(); ++i) {
        const auto number = std::to_string(i + 1);
        arrays.set(i, array_of(keys[i], keys.rows()));
        unnested.push_back("$" + number + "::" + array_type(keys[i].type()));
        labels.push_back("k" + number);
        matches.push_back("t." + from.keys[i] + " = k.k" + number);
    }
    use_role(nullptr);
    // One at a time by the index: a join alone would hash the whole table for each batch.
    ResultRows rows(run("SELECT t.* FROM unnest(" + join(unnested, ", ") +
                            ") WITH ORDINALITY AS k(" + join(labels, ", ") +
                            ", ord) LEFT JOIN LATERAL (SELECT " + join(from.columns, ", ") +
                            " FROM " + from.table + " t WHERE " + join(matches, " AND ") +
                            " LIMIT 2) t ON true ORDER BY k.ord",
                        arrays));
    if (rows.rows() != keys.rows()) {
        throw Error(DUNLIN_E_INVALID, "the keys looked up are not unique in the table");
    }
    while (rows.next()) {
        for (uint32_t i = 0; i < from.columns.size(); ++i) append_cell(out[i], rows, i);
    }
}

}  // namespace dunlin::host
