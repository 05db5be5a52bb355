// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace dunlin::receivables::cash {

/// Amounts that make up a sum together.
struct Combinations {
    std::vector<std::size_t> first;  // Places of the one found first; empty: none.
    int found = 0;                   // 2 stands for several.
    bool is_complete = true;         // Everything was looked at; otherwise more may exist.
    /// How many combinations of up to that size would make up any sum by mere chance, per million.
    int64_t by_chance_ppm = 0;
};

/// Looks for combinations of `least` or more of the amounts that add up to the sum, in at most
/// about `work` steps. Amounts and sum are above zero.
Combinations find_combinations(std::span<const int64_t> amounts, int64_t sum, std::size_t least,
                               int64_t work);

/// How many sets of `size` of these amounts there are for each sum that they can make, per million.
/// Amounts that are alike, or whole hundreds, make few different sums.
int64_t chance_ppm(std::span<const int64_t> amounts, std::size_t size);

}  // namespace dunlin::receivables::cash
