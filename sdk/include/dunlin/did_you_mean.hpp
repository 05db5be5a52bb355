// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin {

namespace detail {

inline std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const auto replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
        }
    }
    return row[b.size()];
}

/// Without what people write now one way, now another.
inline std::string bare(std::string_view word) {
    std::string out;
    for (const char c : word) {
        if (c != ' ' && c != '_' && c != '-')
            out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return out;
}

}  // namespace detail

/// "; did you mean \"total\"?" for a word that is nearly one of the names, otherwise nothing.
inline std::string did_you_mean(std::string_view word, const std::vector<std::string>& names) {
    const auto wanted = detail::bare(word);
    std::size_t best = 3;
    const std::string* found = nullptr;
    for (const auto& name : names) {
        const auto distance =
            detail::edit_distance(wanted.substr(0, 64), detail::bare(name).substr(0, 64));
        if (distance < best && distance < wanted.size()) {
            best = distance;
            found = &name;
        }
    }
    return found ? "; did you mean \"" + *found + "\"?" : std::string();
}

}  // namespace dunlin
