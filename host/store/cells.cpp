// SPDX-License-Identifier: Apache-2.0
#include "store/cells.hpp"

#include <cmath>

namespace dunlin::host {

Cell text_cell(std::string_view text) {
    if (text.find('\0') != std::string_view::npos) {
        throw Error(DUNLIN_E_INVALID, "a text contains the character NUL; store it as bytes");
    }
    return text;
}

int64_t i64_of(const Cell& cell) {
    switch (cell.index()) {
        case DUNLIN_COL_NULL: return 0;
        case DUNLIN_COL_I64: return std::get<int64_t>(cell);
        case DUNLIN_COL_F64: {
            const auto value = std::get<double>(cell);
            if (std::trunc(value) == value && std::fabs(value) < 9e18) {
                return static_cast<int64_t>(value);
            }
            throw Error(DUNLIN_E_DATA, "the number " + std::to_string(value) + " has a fraction");
        }
        case DUNLIN_COL_TEXT: return number_of<int64_t>(std::get<std::string_view>(cell));
        default: return number_of<int64_t>(std::get<Bytes>(cell).view);
    }
}

double f64_of(const Cell& cell) {
    switch (cell.index()) {
        case DUNLIN_COL_F64: return std::get<double>(cell);
        case DUNLIN_COL_TEXT: return number_of<double>(std::get<std::string_view>(cell));
        default: return static_cast<double>(i64_of(cell));
    }
}

std::size_t append_cell(ColumnBuilder& column, Row& row, uint32_t index) {
    const auto cell = row.cell(index);
    if (is_null(cell)) {
        column.add_null();
        return 0;
    }
    const auto* text = std::get_if<std::string_view>(&cell);
    const auto* bytes = std::get_if<Bytes>(&cell);
    switch (column.type()) {
        case Type::text:
        case Type::bytes: {
            const bool is_bytes = bytes && column.type() == Type::bytes;
            const auto value = text ? *text : is_bytes ? bytes->view : row.text(index);
            column.add(value);
            return value.size();
        }
        case Type::f64: column.add_f64(f64_of(cell)); return 8;
        case Type::date: text ? column.add(Date::parse(*text)) : column.add(i64_of(cell)); return 4;
        default: column.add(i64_of(cell)); return 8;
    }
}

ColumnSpec spec_of_alias(std::string_view alias) {
    const auto colon = alias.find(':');
    if (colon == std::string_view::npos) return {std::string(alias), Type::text};
    const auto type = type_of(alias.substr(colon + 1));
    if (!type) {
        throw Error(DUNLIN_E_INVALID, "the column alias \"" + std::string(alias) +
                                          "\" has an unknown format; use l i g b tdD u or z");
    }
    return {std::string(alias.substr(0, colon)), *type};
}

}  // namespace dunlin::host
