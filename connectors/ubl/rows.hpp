// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "posting.hpp"

#include <dunlin/arrow.hpp>

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dunlin::ubl {

/// A document on its way into rows.
struct Filed {
    const Posting& posting;
    std::string position;      // Where it stood, for a person.
    std::string document_url;  // The file by its name and the hash of its bytes.
    std::string purpose;       // business or consumer.
    bool settles_prepaid = true;
};

using Value = std::variant<std::monostate, std::string, int64_t, double, Date>;

/// The rows of one page, a repeated one once.
class Rows {
public:
    explicit Rows(std::vector<ColumnSpec> columns);

    /// One value for each column, behind it where the row stood.
    void add(const std::vector<Value>& values, const std::string& position);
    int64_t size() const { return rows_.rows(); }
    Batch finish();

private:
    BatchBuilder rows_;
    std::set<std::string> seen_;
};

/// A canonical record that documents give.
struct Entity {
    std::string_view name;
    bool has_tombstones;
    std::vector<ColumnSpec> columns;
    void (*give)(const Filed& filed, Rows& out);
};

std::span<const Entity> entities();
/// nullptr when there is none of that name.
const Entity* find_entity(std::string_view name);

}  // namespace dunlin::ubl
