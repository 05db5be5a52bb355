// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reader.hpp"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin::csv {

/// How far an entity has been read: the files that are done, by key, and the place in the one that
/// is not. The host keeps it as text, in the transaction of the rows it stands for.
struct Cursor {
    struct Place {
        std::string key;
        Position position;
        std::string name;  // What the file was called.
    };
    static constexpr std::size_t files_max = 10000;

    std::vector<std::string> files;  // In the order they were finished.
    std::optional<Place> current;

    static Cursor parse(std::string_view text);
    std::string text() const;
    bool is_done(const std::string& key) const;
    /// Adds a finished file. Beyond files_max the oldest that is no longer in the folder goes,
    /// never one that is.
    void finish(const std::string& key, const std::set<std::string>& present);
};

}  // namespace dunlin::csv
