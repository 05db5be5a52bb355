// SPDX-License-Identifier: Apache-2.0
#include "store/json_rows.hpp"

#include "base/clock.hpp"

namespace dunlin::host {

namespace {

Json cell_of(Prepared& row, uint32_t column, std::string_view kind) {
    if (kind == "bool") return row.i64(column) != 0;
    if (kind == "time") return timestamp_text(row.i64(column));
    if (kind == "json") return Json::parse(row.text(column), nullptr, /*allow_exceptions=*/false);
    const auto type = kind == "text" ? DUNLIN_COL_TEXT : row.column_type(column);
    if (type == DUNLIN_COL_I64) return row.i64(column);
    if (type == DUNLIN_COL_F64) return row.f64(column);
    return std::string(row.text(column));
}

}  // namespace

Json json_rows(Prepared& rows) {
    Json list = Json::array();
    while (rows.step()) {
        auto& out = list.emplace_back(Json::object());
        for (uint32_t i = 0; i < rows.column_count(); ++i) {
            if (rows.is_null(i)) continue;
            const auto alias = rows.column_name(i);
            const auto colon = std::min(alias.find(':'), alias.size());
            const Json::json_pointer key("/" + std::string(alias.substr(0, colon)));
            out[key] = cell_of(rows, i, alias.substr(std::min(colon + 1, alias.size())));
        }
    }
    return list;
}

}  // namespace dunlin::host
