// SPDX-License-Identifier: Apache-2.0
#include "rows.hpp"

namespace dunlin::stripe {

Row::Row(const std::vector<ColumnSpec>& columns, std::string external_id,
         std::optional<int64_t> changed_us)
    : columns_(&columns), external_id_(std::move(external_id)), cells_(columns.size()) {
    text("external_id", external_id_);
    if (changed_us) number("updated_at", *changed_us);
}

Row::Cell& Row::at(std::string_view column) {
    for (std::size_t i = 0; i < columns_->size(); ++i) {
        if ((*columns_)[i].name == column) return cells_[i];
    }
    throw Error(DUNLIN_E_INTERNAL, "no column " + std::string(column));
}

Row& Row::text(std::string_view column, std::string value) {
    if (!value.empty()) at(column) = std::move(value);
    return *this;
}

Row& Row::number(std::string_view column, int64_t value) {
    at(column) = value;
    return *this;
}

Row& Row::real(std::string_view column, double value) {
    at(column) = value;
    return *this;
}

Row& Row::date(std::string_view column, std::optional<Date> value) {
    if (value) at(column) = int64_t{value->days()};
    return *this;
}

void Row::add_to(BatchBuilder& builder) const {
    for (std::size_t i = 0; i < cells_.size(); ++i) {
        const auto& cell = cells_[i];
        if (const auto* text = std::get_if<std::string>(&cell)) {
            builder[i].add(*text);
        } else if (const auto* number = std::get_if<int64_t>(&cell)) {
            builder[i].add(*number);
        } else if (const auto* real = std::get_if<double>(&cell)) {
            builder[i].add_f64(*real);
        } else {
            builder[i].add_null();
        }
    }
}

Rows::Rows(std::string_view columns)
    : columns_{{"external_id", Type::text},
               {"updated_at", Type::timestamp},
               {"deleted", Type::boolean}} {
    while (!columns.empty()) {
        const auto word = columns.substr(0, columns.find(' '));
        columns.remove_prefix(std::min(columns.size(), word.size() + 1));
        const auto colon = word.find(':');
        columns_.push_back({std::string(word.substr(0, colon)), *type_of(word.substr(colon + 1))});
    }
}

Batch Rows::finish() {
    BatchBuilder builder(columns_);
    for (const auto& row : rows_) row.add_to(builder);
    rows_.clear();
    return builder.finish();
}

}  // namespace dunlin::stripe
