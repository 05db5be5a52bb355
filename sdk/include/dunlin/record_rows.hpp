// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/batch_builder.hpp>
#include <dunlin/connector.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace dunlin {

// For connectors of systems that hand out one record at a time: each becomes a row of a page, or is
// set aside with its reason.

/// A value of a record that cannot be read. `code` is one of the quarantine's.
class BadValue : public Error {
public:
    BadValue(std::string code, const std::string& reason)
        : Error(DUNLIN_E_DATA, reason), code_(std::move(code)) {}
    const std::string& code() const { return code_; }

private:
    std::string code_;
};

/// A canonical row being filled. Columns that are not set are null. The columns outlive it.
class RecordRow {
public:
    RecordRow(const std::vector<ColumnSpec>& columns, std::string external_id,
              std::optional<int64_t> changed_us)
        : columns_(&columns), external_id_(std::move(external_id)), cells_(columns.size()) {
        text("external_id", external_id_);
        if (changed_us) number("updated_at", *changed_us);
    }

    const std::string& external_id() const { return external_id_; }
    /// An empty text is null.
    RecordRow& text(std::string_view column, std::string value) {
        if (!value.empty()) at(column) = std::move(value);
        return *this;
    }
    RecordRow& number(std::string_view column, int64_t value) {
        at(column) = value;
        return *this;
    }
    RecordRow& real(std::string_view column, double value) {
        at(column) = value;
        return *this;
    }
    RecordRow& date(std::string_view column, std::optional<Date> value) {
        if (value) at(column) = int64_t{value->days()};
        return *this;
    }
    RecordRow& deleted() { return number("deleted", 1); }

    void add_to(BatchBuilder& builder) const {
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

private:
    using Cell = std::variant<std::monostate, int64_t, double, std::string>;
    Cell& at(std::string_view column) {
        for (std::size_t i = 0; i < columns_->size(); ++i) {
            if ((*columns_)[i].name == column) return cells_[i];
        }
        throw Error(DUNLIN_E_INTERNAL, "no column " + std::string(column));
    }

    const std::vector<ColumnSpec>* columns_;
    std::string external_id_;
    std::vector<Cell> cells_;
};

/// What becomes of a page of records.
class RecordRows {
public:
    /// "number:u total:l …", behind external_id, updated_at and deleted.
    explicit RecordRows(std::string_view columns)
        : columns_{{"external_id", Type::text},
                   {"updated_at", Type::timestamp},
                   {"deleted", Type::boolean}} {
        while (!columns.empty()) {
            const auto word = columns.substr(0, columns.find(' '));
            columns.remove_prefix(std::min(columns.size(), word.size() + 1));
            const auto colon = word.find(':');
            columns_.push_back(
                {std::string(word.substr(0, colon)), *type_of(word.substr(colon + 1))});
        }
    }

    RecordRow row(std::string external_id, std::optional<int64_t> changed_us = std::nullopt) const {
        return {columns_, std::move(external_id), changed_us};
    }
    void add(RecordRow row) { rows_.push_back(std::move(row)); }
    /// A row that is not, or not any more.
    void absent(std::string external_id, std::optional<int64_t> since_us = std::nullopt) {
        add(row(std::move(external_id), since_us).deleted());
    }
    const std::vector<RecordRow>& rows() const { return rows_; }
    void truncate(std::size_t count) {
        if (count < rows_.size())
            rows_.erase(rows_.begin() + static_cast<std::ptrdiff_t>(count), rows_.end());
    }
    template <class Wanted>
    void keep(Wanted wanted) {
        std::erase_if(rows_, [&](const RecordRow& row) { return !wanted(row); });
    }
    std::vector<BadRow>& errors() { return errors_; }
    Batch finish() {
        BatchBuilder builder(columns_);
        for (const auto& row : rows_) row.add_to(builder);
        rows_.clear();
        return builder.finish();
    }

private:
    std::vector<ColumnSpec> columns_;
    std::vector<RecordRow> rows_;
    std::vector<BadRow> errors_;
};

}  // namespace dunlin
