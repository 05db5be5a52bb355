// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/batch_builder.hpp>
#include <dunlin/batch_view.hpp>
#include <dunlin/json.hpp>

namespace dunlin {

namespace detail {

inline Json json_of(const ColumnView& column, int64_t row) {
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

inline void add_json(ColumnBuilder& out, const Json& value) {
    if (value.is_null()) return out.add_null();
    switch (out.type()) {
        case Type::text:
        case Type::bytes: return out.add(std::string_view(value.get_ref<const std::string&>()));
        case Type::f64: return out.add_f64(value.get<double>());
        case Type::date:
            if (value.is_string()) return out.add(Date::parse(value.get_ref<const std::string&>()));
            [[fallthrough]];
        default: return out.add(value.is_boolean() ? value.get<bool>() : value.get<int64_t>());
    }
}

}  // namespace detail

/// A row as an object: nulls left out, dates as text, broken bytes as they are.
inline Json row_to_json(const BatchView& rows, int64_t row) {
    Json out = Json::object();
    for (int64_t c = 0; c < rows.columns(); ++c) {
        const auto column = rows[c];
        if (!column.is_null(row)) {
            out[std::string(rows.name(c))] = detail::json_of(column, row);
        }
    }
    return out;
}

/// Adds such an object, or what another system's API answers with. Columns it lacks are null; Error
/// data names a value of the wrong type.
inline void add_row(BatchBuilder& out, const Json& row) {
    for (std::size_t c = 0; c < out.specs().size(); ++c) {
        const auto& name = out.specs()[c].name;
        const auto value = row.find(name);
        try {
            detail::add_json(out[c], value == row.end() ? Json() : *value);
        } catch (const Json::exception&) {
            throw Error(DUNLIN_E_DATA,
                        "column " + name + " holds a value of another type: " + value->dump());
        }
    }
}

inline Batch rows_from_json(const std::vector<Json>& rows, const std::vector<ColumnSpec>& columns) {
    BatchBuilder out(columns);
    for (const auto& row : rows) add_row(out, row);
    return out.finish();
}

}  // namespace dunlin
