// SPDX-License-Identifier: Apache-2.0
#include "sync/rows.hpp"

namespace dunlin::host {

namespace {

Json value_of(const ColumnView& column, int64_t row) {
    switch (column.type()) {
        case Type::text:
        case Type::bytes: return std::string(column.text(row));
        case Type::f64: return column.f64(row);
        case Type::boolean: return column.i64(row) != 0;
        case Type::date: {
            const auto date = column.date(row);
            // Beyond what the text form can say, the day number stays.
            if (date > never || date < Date(1, 1, 1)) return date.days();
            return date.text();
        }
        default: return column.i64(row);
    }
}

void add_value(ColumnBuilder& out, const Json& value) {
    if (value.is_null()) return out.add_null();
    switch (out.type()) {
        case Type::text:
        case Type::bytes: return out.add(std::string_view(value.get_ref<const std::string&>()));
        case Type::f64: return out.add_f64(value.get<double>());
        case Type::boolean: return out.add(int64_t{value.get<bool>()});
        case Type::date:
            if (value.is_string()) {
                return out.add(Date::parse(value.get_ref<const std::string&>()));
            }
            [[fallthrough]];
        default: return out.add(value.get<int64_t>());
    }
}

void copy_value(const ColumnView& from, int64_t row, ColumnBuilder& to) {
    if (from.is_null(row)) return to.add_null();
    switch (to.type()) {
        case Type::text:
        case Type::bytes: return to.add(from.text(row));
        case Type::f64: return to.add_f64(from.f64(row));
        default: return to.add(from.i64(row));
    }
}

}  // namespace

Json row_to_json(const BatchView& rows, int64_t row) {
    Json out = Json::object();
    for (int64_t c = 0; c < rows.columns(); ++c) {
        const auto column = rows[c];
        if (!column.is_null(row)) out[std::string(rows.name(c))] = value_of(column, row);
    }
    return out;
}

Batch rows_from_json(const std::vector<Json>& rows, const std::vector<ColumnSpec>& columns) {
    BatchBuilder out(columns);
    for (const auto& row : rows) {
        for (std::size_t c = 0; c < columns.size(); ++c) {
            const auto value = row.find(columns[c].name);
            try {
                add_value(out[c], value == row.end() ? Json() : *value);
            } catch (const Json::exception&) {
                throw Error(DUNLIN_E_DATA, "column " + columns[c].name +
                                               " holds a value of another type: " + value->dump());
            }
        }
    }
    return out.finish();
}

Batch without_rows(const BatchView& rows, const std::vector<int64_t>& left_out) {
    std::vector<ColumnSpec> columns;
    for (int64_t c = 0; c < rows.columns(); ++c) {
        columns.push_back({std::string(rows.name(c)), rows[c].type()});
    }
    BatchBuilder out(columns);
    for (int64_t c = 0; c < rows.columns(); ++c) {
        const auto column = rows[c];
        auto next_out = left_out.begin();
        for (int64_t r = 0; r < rows.rows(); ++r) {
            if (next_out != left_out.end() && *next_out == r) {
                ++next_out;
            } else {
                copy_value(column, r, out[static_cast<std::size_t>(c)]);
            }
        }
    }
    return out.finish();
}

}  // namespace dunlin::host
