// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/batch.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin::csv {

/// What a canonical column holds; decides how its text is read and its Arrow type.
enum class Kind { text, amount, date, instant, sequence, real, rate, flag, currency };

struct Column {
    std::string_view name;
    Kind kind = Kind::text;
    bool is_needed = false;  // A file without it is refused, unless it only brings tombstones.
};

/// A canonical record: the columns of a batch and of a canonical file's header, in order.
struct Entity {
    std::string_view name;
    std::span<const Column> columns;

    /// The place of a column; columns.size() when there is none of that name.
    std::size_t index_of(std::string_view column) const;
};

std::span<const Entity> entities();
/// nullptr when there is none of that name.
const Entity* find_entity(std::string_view name);
std::vector<ColumnSpec> column_specs(const Entity& entity);

/// The entity a canonical file's name begins with, "invoice-2024-01.csv"; nullptr when none.
const Entity* entity_of_file(std::string_view file_name);

std::vector<std::string> column_names(const Entity& entity);
std::vector<std::string> entity_names();

}  // namespace dunlin::csv
