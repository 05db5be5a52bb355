// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/batch_builder.hpp>
#include <dunlin/connector.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dunlin::stripe {

/// A canonical row being filled. Columns that are not set are null.
class Row {
public:
    Row(const std::vector<ColumnSpec>& columns, std::string external_id,
        std::optional<int64_t> changed_us);

    const std::string& external_id() const { return external_id_; }
    /// An empty text is null.
    Row& text(std::string_view column, std::string value);
    Row& number(std::string_view column, int64_t value);
    Row& real(std::string_view column, double value);
    Row& date(std::string_view column, std::optional<Date> value);
    Row& deleted() { return number("deleted", 1); }

    void add_to(BatchBuilder& builder) const;

private:
    using Cell = std::variant<std::monostate, int64_t, double, std::string>;
    Cell& at(std::string_view column);
    const std::vector<ColumnSpec>* columns_;
    std::string external_id_;
    std::vector<Cell> cells_;
};

/// What becomes of a page of Stripe's objects.
class Rows {
public:
    /// "number:u total:l …", behind external_id, updated_at and deleted.
    explicit Rows(std::string_view columns);

    Row row(std::string external_id, std::optional<int64_t> changed_us = std::nullopt) const {
        return {columns_, std::move(external_id), changed_us};
    }
    void add(Row row) { rows_.push_back(std::move(row)); }
    /// A row that is not, or not any more.
    void absent(std::string external_id, std::optional<int64_t> since_us = std::nullopt) {
        add(row(std::move(external_id), since_us).deleted());
    }
    const std::vector<Row>& rows() const { return rows_; }
    void truncate(std::size_t count) {
        while (rows_.size() > count) rows_.pop_back();
    }
    template <class Wanted>
    void keep(Wanted wanted) {
        std::vector<Row> kept;
        for (auto& row : rows_) {
            if (wanted(row)) kept.push_back(std::move(row));
        }
        rows_ = std::move(kept);
    }
    std::vector<BadRow>& errors() { return errors_; }
    Batch finish();

private:
    std::vector<ColumnSpec> columns_;
    std::vector<Row> rows_;
    std::vector<BadRow> errors_;
};

}  // namespace dunlin::stripe
