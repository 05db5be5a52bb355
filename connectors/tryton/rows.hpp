// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "value.hpp"

#include <dunlin/connector.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dunlin::tryton {

/// An entity and the columns of it that Tryton fills, besides external_id, updated_at, deleted.
struct Entity {
    std::string_view name;
    std::string_view columns;  // "customer:u total:l"
};

std::span<const Entity> entities();
/// Throws INVALID for a name that is none.
const Entity& entity_of(std::string_view name);

/// The rows of a page, put together record by record. What cannot be read is set aside.
class Rows {
public:
    explicit Rows(const Entity& entity);

    /// Keeps these rows only: those somebody asked for by their ids.
    void only(std::set<std::string> ids) { wanted_ = std::move(ids); }

    /// Fills a row in `make`. An INVALID error in there sets the record aside.
    void add(const std::string& external_id, const Json& record,
             const std::function<void(Rows&)>& make);
    /// A row that is gone, unless it is also given on this page.
    void gone(const std::string& external_id, std::optional<int64_t> changed_us);
    void refuse(const std::string& external_id, const std::string& code, const std::string& reason,
                const Json& record);

    // Within add(): cells of the row. An empty text is null.
    void set(std::string_view column, std::string_view text);
    void set(std::string_view column, const std::optional<int64_t>& value);
    void set(std::string_view column, const std::optional<Date>& value);
    void set_real(std::string_view column, double value);
    void changed(std::optional<int64_t> us) { changed_us_ = us; }

    /// The latest change seen so far, also of rows that were set aside.
    void saw(std::optional<int64_t> us);
    const std::set<std::string>& given() const { return given_; }
    int64_t size() const { return batch_.rows(); }
    void finish(Page& page);

private:
    using Cell = std::variant<std::monostate, int64_t, double, std::string>;
    std::size_t place_of(std::string_view column) const;
    bool is_wanted(const std::string& id) const { return !wanted_ || wanted_->contains(id); }
    void write(const std::string& external_id, bool is_gone);

    BatchBuilder batch_;
    std::vector<Cell> cells_;
    std::optional<int64_t> changed_us_;
    std::optional<int64_t> changed_max_us_;
    std::optional<std::set<std::string>> wanted_;
    std::set<std::string> given_;
    std::vector<std::pair<std::string, std::optional<int64_t>>> gone_;
    std::vector<BadRow> errors_;
};

}  // namespace dunlin::tryton
