// SPDX-License-Identifier: Apache-2.0
#include "store/postgres_connection.hpp"
#include "store/row_batch.hpp"

#include <charconv>
#include <cstring>

namespace dunlin::host {
namespace {

// Types of the catalog that are not handed out as text.
constexpr Oid oid_bool = 16, oid_bytea = 17, oid_int8 = 20, oid_int2 = 21, oid_int4 = 23,
              oid_float4 = 700, oid_float8 = 701, oid_numeric = 1700, oid_oid = 26;

int hex_digit(char c) {
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

}  // namespace

std::size_t Parameters::checked(std::size_t index) const {
    if (index < values_.size()) return index;
    throw Error(DUNLIN_E_INVALID,
                "the statement has only " + std::to_string(values_.size()) + " parameters");
}

void Parameters::set(std::size_t index, std::string value, bool is_bytes) {
    const auto at = checked(index);
    if (!is_bytes && value.find('\0') != std::string::npos) {
        throw Error(DUNLIN_E_INVALID, "a text contains the character NUL; store it as bytes");
    }
    values_[at] = std::move(value);
    is_null_[at] = false;
    is_bytes_[at] = is_bytes;
}

void Parameters::set_null(std::size_t index) {
    is_null_[checked(index)] = true;
}

void Parameters::set_row(const std::vector<ColumnView>& columns, int64_t row) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const auto& column = columns[i];
        if (column.is_null(row)) {
            set_null(i);
            continue;
        }
        switch (column.type()) {
            case Type::text: set(i, std::string(column.text(row))); break;
            case Type::bytes: set(i, std::string(column.text(row)), true); break;
            case Type::f64: set(i, text_of(column.f64(row))); break;
            default: set(i, text_of(column.i64(row)));
        }
    }
}

const char* const* Parameters::values() {
    pointers_.clear();
    lengths_.clear();
    formats_.clear();
    for (std::size_t i = 0; i < values_.size(); ++i) {
        pointers_.push_back(is_null_[i] ? nullptr : values_[i].c_str());
        lengths_.push_back(static_cast<int>(values_[i].size()));
        formats_.push_back(is_bytes_[i] ? 1 : 0);
    }
    return pointers_.data();
}

int ResultRows::at(uint32_t index) const {
    if (!result_ || row_ < 0 || row_ >= rows() ||
        index >= static_cast<uint32_t>(PQnfields(result_.get()))) {
        throw Error(DUNLIN_E_INVALID,
                    "the statement is on no row or has no column " + std::to_string(index));
    }
    return static_cast<int>(index);
}

int32_t ResultRows::column_type(uint32_t index) const {
    if (!result_ || row_ < 0 || row_ >= rows() || is_null(index)) return DUNLIN_COL_NULL;
    switch (PQftype(result_.get(), at(index))) {
        case oid_bool:
        case oid_int2:
        case oid_int4:
        case oid_int8:
        case oid_oid: return DUNLIN_COL_I64;
        case oid_float4:
        case oid_float8: return DUNLIN_COL_F64;
        case oid_numeric:
            return text(index).find('.') == std::string_view::npos ? DUNLIN_COL_I64
                                                                   : DUNLIN_COL_F64;
        case oid_bytea: return DUNLIN_COL_BLOB;
        default: return DUNLIN_COL_TEXT;
    }
}

std::string_view ResultRows::text(uint32_t index) const {
    const int column = at(index);
    return {PQgetvalue(result_.get(), row_, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row_, column))};
}

int64_t ResultRows::i64(uint32_t index) const {
    if (is_null(index)) return 0;
    auto value = text(index);
    const auto type = PQftype(result_.get(), at(index));
    if (type == oid_bool) return value == "t";
    if (type == oid_numeric || type == oid_float8) {
        // "12.000" is a whole number as well.
        const auto dot = value.find('.');
        if (dot != std::string_view::npos &&
            value.find_first_not_of('0', dot + 1) == std::string_view::npos) {
            value = value.substr(0, dot);
        }
    }
    return number_of<int64_t>(value);
}

double ResultRows::f64(uint32_t index) const {
    return is_null(index) ? 0 : number_of<double>(text(index));
}

std::string_view ResultRows::blob(uint32_t index) {
    const auto hex = text(index);
    if (PQftype(result_.get(), at(index)) != oid_bytea || hex.substr(0, 2) != "\\x") return hex;
    auto& bytes = bytes_[index];
    bytes.clear();
    bytes.reserve(hex.size() / 2);
    for (std::size_t i = 2; i + 1 < hex.size(); i += 2) {
        bytes += static_cast<char>(hex_digit(hex[i]) << 4 | hex_digit(hex[i + 1]));
    }
    return bytes;
}

}  // namespace dunlin::host
