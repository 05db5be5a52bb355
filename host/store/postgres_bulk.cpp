// SPDX-License-Identifier: Apache-2.0
#include "store/postgres_prepared.hpp"

#include <algorithm>
#include <functional>

namespace dunlin::host {
namespace {

/// Staged rows that are merged into the table at once.
constexpr int64_t merge_rows = 100'000;
constexpr std::size_t copy_bytes = 256 * 1024;

void put_text(std::string& out, std::string_view value) {
    std::size_t copied = 0;
    for (auto at = value.find_first_of(std::string_view("\\\n\r\t\0", 5));
         at != std::string_view::npos;
         at = value.find_first_of(std::string_view("\\\n\r\t\0", 5), copied)) {
        out.append(value, copied, at - copied);
        switch (value[at]) {
            case '\\': out += "\\\\"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\t': out += "\\t"; break;
            default:
                throw Error(DUNLIN_E_INVALID,
                            "a text contains the character NUL; store it as bytes");
        }
        copied = at + 1;
    }
    out.append(value, copied);
}

void put_hex(std::string& out, std::string_view bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
}

template <class T>
void put_number(std::string& out, T value) {
    char text[40];
    out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

/// A row in COPY's text format.
void put_row(std::string& out, const std::vector<ColumnView>& columns, int64_t row) {
    bool is_first = true;
    for (const auto& column : columns) {
        if (!is_first) out += '\t';
        is_first = false;
        if (column.is_null(row)) {
            out += "\\N";
            continue;
        }
        switch (column.type()) {
            case Type::text: put_text(out, column.text(row)); break;
            case Type::bytes:
                out += "\\\\x";
                put_hex(out, column.text(row));
                break;
            case Type::f64: put_number(out, column.f64(row)); break;
            default: put_number(out, column.i64(row));
        }
    }
    out += '\n';
}

/// A column as an array literal.
std::string array_of(const ColumnView& column, int64_t rows) {
    std::string out = "{";
    for (int64_t row = 0; row < rows; ++row) {
        if (row) out += ',';
        if (column.is_null(row)) {
            out += "NULL";
        } else if (column.type() == Type::text) {
            out += '"';
            for (const char c : column.text(row)) {
                if (c == '"' || c == '\\') out += '\\';
                out += c;
            }
            out += '"';
        } else if (column.type() == Type::bytes) {
            out += "\"\\\\x";
            put_hex(out, column.text(row));
            out += '"';
        } else if (column.type() == Type::f64) {
            put_number(out, column.f64(row));
        } else {
            put_number(out, column.i64(row));
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

std::vector<ColumnView> columns_of(const BatchView& view) {
    std::vector<ColumnView> out;
    for (int64_t i = 0; i < view.columns(); ++i) out.push_back(view[i]);
    return out;
}

std::string joined(const std::vector<std::string>& names, std::string_view prefix = "") {
    std::string out;
    for (const auto& name : names) out += (out.empty() ? "" : ", ") + std::string(prefix) + name;
    return out;
}

}  // namespace

void PostgresConnection::copy_in(const std::string& target, const BatchView& rows) {
    const auto columns = columns_of(rows);
    run("COPY " + target + " FROM STDIN");
    std::string chunk;
    chunk.reserve(copy_bytes * 2);
    try {
        for (int64_t row = 0; row < rows.rows(); ++row) {
            put_row(chunk, columns, row);
            if (chunk.size() < copy_bytes && row + 1 < rows.rows()) continue;
            if (PQputCopyData(db_, chunk.data(), static_cast<int>(chunk.size())) != 1) break;
            chunk.clear();
        }
        PQputCopyEnd(db_, nullptr);
    } catch (const Error&) {
        PQputCopyEnd(db_, "a row cannot be written");
        while (Result(PQgetResult(db_))) {
        }
        throw;
    }
    Result result(PQgetResult(db_));
    while (Result(PQgetResult(db_))) {
    }
    checked(std::move(result), "COPY " + target);
}

int64_t PostgresConnection::bulk_write(std::string_view table, const std::vector<std::string>& keys,
                                       int32_t mode, ArrowArrayStream rows) {
    StreamReader reader(rows);
    check_table(wall_, table, Access::write);
    const std::string target(table);
    std::vector<std::string> names, updates;
    const auto* schema = reader.schema();
    for (int64_t i = 0; i < schema->n_children; ++i) {
        names.emplace_back(schema->children[i]->name);
        check_name(names.back());
        if (std::find(keys.begin(), keys.end(), names.back()) == keys.end()) {
            updates.push_back(names.back() + " = excluded." + names.back());
        }
    }
    for (const auto& key : keys) check_name(key);
    const auto columns = joined(names);
    int64_t written = 0;
    if (mode != DUNLIN_BULK_UPSERT) {
        // A COPY for each batch: whoever makes the rows may use this connection in between.
        while (reader.next()) {
            use_role(nullptr);
            copy_in(target + " (" + columns + ")", reader.view());
            written += reader.view().rows();
        }
        return written;
    }
    if (keys.empty()) throw Error(DUNLIN_E_INVALID, "an upsert needs the names of its keys");
    const auto stage =
        "dunlin_stage_" + std::to_string(std::hash<std::string>{}(target + "\n" + columns));
    use_role(nullptr);
    run("CREATE TEMP TABLE IF NOT EXISTS " + stage + " ON COMMIT DELETE ROWS AS SELECT " + columns +
        " FROM " + target + " WITH NO DATA");
    // Of two rows with one key the later one wins, as it does row by row.
    const auto merge = "INSERT INTO " + target + " (" + columns + ") SELECT DISTINCT ON (" +
                       joined(keys) + ") " + columns + " FROM " + stage + " ORDER BY " +
                       joined(keys) + ", ctid DESC ON CONFLICT (" + joined(keys) + ") DO " +
                       (updates.empty() ? "NOTHING" : "UPDATE SET " + joined(updates));
    run("TRUNCATE " + stage);
    int64_t staged = 0;
    const auto flush = [&] {
        if (staged == 0) return;
        use_role(nullptr);
        run(merge);
        run("TRUNCATE " + stage);
        written += staged;
        staged = 0;
    };
    while (reader.next()) {
        use_role(nullptr);
        copy_in(stage, reader.view());
        staged += reader.view().rows();
        if (staged >= merge_rows) flush();
    }
    flush();
    return written;
}

ArrowArrayStream PostgresConnection::bulk_lookup(std::string_view table, ArrowArrayStream keys,
                                                 const std::vector<std::string>& columns) {
    auto reader = std::make_shared<StreamReader>(keys);
    check_table(wall_, table, Access::read);
    std::vector<ColumnSpec> specs;
    std::vector<std::string> names, labels, arrays;
    for (const auto& column : columns) {
        specs.push_back(spec_of_alias(column));
        names.push_back(specs.back().name);
        check_name(names.back());
    }
    const auto* schema = reader->schema();
    std::string on;
    for (int64_t i = 0; i < schema->n_children; ++i) {
        const std::string name = schema->children[i]->name;
        check_name(name);
        labels.push_back("k" + std::to_string(i + 1));
        const auto type = type_of(schema->children[i]->format);
        arrays.push_back("$" + std::to_string(i + 1) +
                         "::" + array_type(type.value_or(Type::text)));
        on += (i ? " AND t." : "t.") + name + " = k." + labels.back();
    }
    const auto sql = "SELECT " + joined(names, "t.") + " FROM unnest(" + joined(arrays) +
                     ") WITH ORDINALITY AS k(" + joined(labels) + ", ord) LEFT JOIN " +
                     std::string(table) + " t ON " + on + " ORDER BY k.ord";
    auto builder = std::make_shared<BatchBuilder>(specs);
    return make_stream(schema_of(specs), [=, this]() -> std::optional<ArrowArray> {
        if (!reader->next()) return std::nullopt;
        const auto view = reader->view();
        Parameters parameters(static_cast<std::size_t>(view.columns()));
        for (int64_t i = 0; i < view.columns(); ++i) {
            parameters.set(static_cast<std::size_t>(i), array_of(view[i], view.rows()));
        }
        use_role(nullptr);
        ResultRows rows(run(sql, parameters));
        if (rows.rows() != view.rows()) {
            throw Error(DUNLIN_E_INVALID, "the keys looked up are not unique in the table");
        }
        while (rows.next()) {
            for (uint32_t i = 0; i < specs.size(); ++i) append_cell((*builder)[i], rows, i);
        }
        return builder->finish().take_array();
    });
}

}  // namespace dunlin::host
