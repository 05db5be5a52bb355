// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <mutex>
#include <string>

namespace dunlin::host {

/// 63-bit ids: 41 bits milliseconds since 2020-01-01, 10 bits node, 12 bits sequence. Thread-safe.
/// A large block runs ahead of the clock, and the clock is waited for only when it is more than a
/// minute behind. With a seed ids count up from it: the same run gives the same ids.
class Ids {
public:
    explicit Ids(const Clock& clock) : clock_(&clock) {}

    void use_node(int node) {
        const std::scoped_lock lock(mutex_);
        node_ = node;
    }
    void use_seed(int64_t seed) { seeded_ = seed; }
    int64_t next() {
        int64_t id = 0;
        next(1, &id);
        return id;
    }
    void next(uint64_t n, int64_t* out);

private:
    const Clock* clock_;
    std::mutex mutex_;
    int node_ = -1;
    int64_t last_ = 0;
    int64_t seeded_ = 0;
};

/// Of so many random bytes, in letters, digits, - and _.
std::string random_text(std::size_t bytes);

}  // namespace dunlin::host
