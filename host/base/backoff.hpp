// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

namespace dunlin::host {

inline constexpr int64_t second_us = 1'000'000;

/// The pause before try `attempt + 1`: doubling from `first_us` up to `most_us`, between half and
/// all of it, so that those who failed together do not come back together.
inline int64_t backoff_us(int64_t attempt, int64_t first_us, int64_t most_us) {
    thread_local std::minstd_rand random{std::random_device{}()};
    const auto doublings = std::clamp<int64_t>(attempt - 1, 0, 30);
    const auto full = std::min(first_us << doublings, most_us);
    return std::uniform_int_distribution<int64_t>(full / 2, full)(random);
}

}  // namespace dunlin::host
