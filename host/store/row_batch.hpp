// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/arrow.hpp>

#include <charconv>
#include <string>
#include <string_view>

namespace dunlin::host {

/// Rows of a batch that a query hands out, and the bytes of text after which it ends early.
inline constexpr int64_t batch_rows = 8192;
inline constexpr std::size_t batch_bytes = std::size_t{16} << 20;

/// "name:format" → name and type; text without a known suffix.
inline ColumnSpec spec_of_alias(std::string_view alias) {
    const auto colon = alias.find(':');
    if (colon == std::string_view::npos) return {std::string(alias), Type::text};
    const auto type = type_of(alias.substr(colon + 1));
    if (!type) {
        throw Error(DUNLIN_E_INVALID, "the column alias \"" + std::string(alias) +
                                          "\" has an unknown format; use l i g b tdD u or z");
    }
    return {std::string(alias.substr(0, colon)), *type};
}

/// Reads a whole text as a number; Error data when it is none or would lose something.
template <class T>
T number_of(std::string_view text) {
    T value{};
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (bad != std::errc{} || end != text.data() + text.size()) {
        throw Error(DUNLIN_E_DATA, "\"" + std::string(text.substr(0, 40)) +
                                       "\" in the database is not the number that was asked for");
    }
    return value;
}

/// The shortest text that reads back as the same number.
template <class T>
std::string text_of(T value) {
    char out[40];
    return {out, std::to_chars(out, out + sizeof out, value).ptr};
}

/// Appends the cell of a row (is_null, i64, f64, text, blob); returns its bytes.
template <class Row>
std::size_t append_cell(ColumnBuilder& column, Row& row, uint32_t index) {
    if (row.is_null(index)) {
        column.add_null();
        return 0;
    }
    switch (column.type()) {
        case Type::text: {
            const auto text = row.text(index);
            column.add(text);
            return text.size();
        }
        case Type::bytes: {
            const auto bytes = row.blob(index);
            column.add(bytes);
            return bytes.size();
        }
        case Type::f64: column.add_f64(row.f64(index)); return 8;
        case Type::date:
            if (row.column_type(index) == DUNLIN_COL_TEXT) {
                column.add(Date::parse(row.text(index)));
                return 4;
            }
            column.add(row.i64(index));
            return 4;
        default: column.add(row.i64(index)); return 8;
    }
}

/// A schema of these columns.
inline ArrowSchema schema_of(const std::vector<ColumnSpec>& specs) {
    return BatchBuilder(specs).finish().take_schema();
}

}  // namespace dunlin::host
