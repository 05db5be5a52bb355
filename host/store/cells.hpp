// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/abi/db.h>
#include <dunlin/arrow.hpp>
#include <dunlin/error.hpp>

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dunlin::host {

struct Bytes {
    std::string_view view;
};

/// One value of a row or a parameter, in the order of DUNLIN_COL_…; text and bytes are borrowed.
using Cell = std::variant<std::monostate, int64_t, double, std::string_view, Bytes>;

inline bool is_null(const Cell& cell) {
    return cell.index() == DUNLIN_COL_NULL;
}
/// Error invalid for text with a NUL: PostgreSQL has none, so nobody may have one.
Cell text_cell(std::string_view text);
inline Cell cell_of(const ColumnView& column, int64_t row) {
    if (column.is_null(row)) return {};
    switch (column.type()) {
        case Type::text: return text_cell(column.text(row));
        case Type::bytes: return Bytes{column.text(row)};
        case Type::f64: return column.f64(row);
        default: return column.i64(row);
    }
}
/// 0 for null; Error data when the value is no such number or something would be lost.
int64_t i64_of(const Cell& cell);
double f64_of(const Cell& cell);

/// A row of a result. Indexes start at 0; Error invalid for a column there is not.
class Row {
public:
    virtual ~Row() = default;
    /// Null also when there is no row; valid until the next one.
    virtual Cell cell(uint32_t index) = 0;
    /// As the database writes the value, whatever its type; empty for null.
    virtual std::string_view text(uint32_t index) = 0;

    int32_t column_type(uint32_t index) { return static_cast<int32_t>(cell(index).index()); }
    bool is_null(uint32_t index) { return host::is_null(cell(index)); }
    int64_t i64(uint32_t index) { return i64_of(cell(index)); }
    double f64(uint32_t index) { return f64_of(cell(index)); }
    std::string_view blob(uint32_t index) {
        const auto value = cell(index);
        const auto* bytes = std::get_if<Bytes>(&value);
        return bytes ? bytes->view : text(index);
    }
};

/// Appends a value of the row as the column's type; returns its bytes.
std::size_t append_cell(ColumnBuilder& column, Row& row, uint32_t index);

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

/// "name:format" → name and type; text without a known suffix.
ColumnSpec spec_of_alias(std::string_view alias);

inline std::vector<ColumnView> columns_of(const BatchView& batch) {
    std::vector<ColumnView> out;
    for (int64_t i = 0; i < batch.columns(); ++i) out.push_back(batch[i]);
    return out;
}

}  // namespace dunlin::host
