// SPDX-License-Identifier: Apache-2.0
#include "store/postgres_connection.hpp"

#include <sodium.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace dunlin::host {
namespace {

/// A fetch of a cursor is at most about this large.
constexpr int64_t fetch_rows = 8192, fetch_bytes = int64_t{16} << 20;

int64_t changed_by(const PGresult* result) {
    auto* read = const_cast<PGresult*>(result);
    if (std::strncmp(PQcmdStatus(read), "SELECT", 6) == 0) return 0;
    return std::strtoll(PQcmdTuples(read), nullptr, 10);
}

// Types of the catalog that are not handed out as text.
constexpr Oid oid_bool = 16, oid_bytea = 17, oid_int8 = 20, oid_int2 = 21, oid_int4 = 23,
              oid_float4 = 700, oid_float8 = 701, oid_numeric = 1700, oid_oid = 26;

/// A whole number where it is one: sums are numeric, and "12.000" is a whole number as well.
Cell cell_of_numeric(std::string_view text) {
    const auto dot = text.find('.');
    const bool is_whole = dot == std::string_view::npos ||
                          text.find_first_not_of('0', dot + 1) == std::string_view::npos;
    if (is_whole && text.substr(0, dot).size() < 19) return number_of<int64_t>(text.substr(0, dot));
    return number_of<double>(text);
}

template <class T>
void append_number(std::string& out, T value) {
    char text[40];
    out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

}  // namespace

void append_text(std::string& out, const Cell& cell) {
    if (const auto* number = std::get_if<int64_t>(&cell)) {
        append_number(out, *number);
    } else if (const auto* text = std::get_if<std::string_view>(&cell)) {
        out += *text;
    } else if (const auto* real = std::get_if<double>(&cell)) {
        append_number(out, *real);
    } else if (const auto* bytes = std::get_if<Bytes>(&cell)) {
        const auto& [view] = *bytes;
        const auto begin = out.append("\\x").size();
        out.resize(begin + 2 * view.size() + 1);
        sodium_bin2hex(out.data() + begin, 2 * view.size() + 1,
                       reinterpret_cast<const unsigned char*>(view.data()), view.size());
        out.pop_back();
    }
}

void Parameters::set(uint32_t index, const Cell& value) {
    if (index >= texts_.size()) {
        throw Error(DUNLIN_E_INVALID,
                    "the statement has only " + std::to_string(texts_.size()) + " parameters");
    }
    auto& text = texts_[index];
    text.clear();
    append_text(text, value);
    values_[index] = is_null(value) ? nullptr : text.c_str();
}

std::string_view ResultRows::text(uint32_t index) {
    if (!is_on_row()) return {};
    if (index >= static_cast<uint32_t>(PQnfields(result_.get()))) {
        throw Error(DUNLIN_E_INVALID, "the statement has no column " + std::to_string(index));
    }
    const int column = static_cast<int>(index);
    return {PQgetvalue(result_.get(), row_, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row_, column))};
}

Cell ResultRows::cell(uint32_t index) {
    const auto value = text(index);
    const int column = static_cast<int>(index);
    if (!is_on_row() || PQgetisnull(result_.get(), row_, column)) return {};
    switch (PQftype(result_.get(), column)) {
        case oid_bool: return static_cast<int64_t>(value == "t");
        case oid_int2:
        case oid_int4:
        case oid_int8:
        case oid_oid: return number_of<int64_t>(value);
        case oid_float4:
        case oid_float8: return number_of<double>(value);
        case oid_numeric: return cell_of_numeric(value);
        case oid_bytea: {
            auto& bytes = bytes_[index];
            bytes.resize(value.size() / 2 - 1);  // "\x" and two digits for each.
            sodium_hex2bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(),
                           value.data() + 2, value.size() - 2, nullptr, nullptr, nullptr);
            return Bytes{bytes};
        }
        default: return value;
    }
}

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
