// SPDX-License-Identifier: Apache-2.0
#include "base/ids.hpp"

#include <sodium.h>

#include <dunlin/error.hpp>

#include <algorithm>
#include <chrono>
#include <thread>

namespace dunlin::host {
namespace {

constexpr int64_t epoch_ms = 1'577'836'800'000;  // 2020-01-01
constexpr int node_max = 1023;
constexpr int sequence_bits = 12;
constexpr int node_bits = 10;
constexpr int64_t sequences = int64_t{1} << sequence_bits;
constexpr int64_t ahead_max_ms = 60'000;

}  // namespace

void Ids::next(uint64_t n, int64_t* out) {
    const std::lock_guard lock(mutex_);
    if (seeded_ > 0) {
        for (uint64_t i = 0; i < n; ++i) out[i] = seeded_++;
        return;
    }
    if (node_ < 0 || node_ > node_max) {
        throw Error(DUNLIN_E_INTERNAL, "ids were asked for before this process has a node number");
    }
    // `last_` counts (millisecond, sequence) without the node, so that it only ever grows.
    for (uint64_t i = 0; i < n; ++i) {
        if (i % sequences == 0) {
            auto now_ms = clock_->now_us() / 1000 - epoch_ms;
            last_ = std::max(last_, now_ms * sequences);
            while (last_ / sequences > now_ms + ahead_max_ms) {
                std::this_thread::sleep_for(std::chrono::milliseconds(10));
                const auto again_ms = clock_->now_us() / 1000 - epoch_ms;
                if (again_ms == now_ms) break;  // A fixed clock never comes nearer.
                now_ms = again_ms;
            }
        }
        ++last_;
        out[i] = ((last_ / sequences) << (node_bits + sequence_bits)) |
                 (static_cast<int64_t>(node_) << sequence_bits) | (last_ % sequences);
    }
}

std::string random_text(std::size_t bytes) {
    std::vector<unsigned char> raw(bytes);
    randombytes_buf(raw.data(), raw.size());
    std::string out(sodium_base64_ENCODED_LEN(bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING), 0);
    sodium_bin2base64(out.data(), out.size(), raw.data(), raw.size(),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    out.pop_back();  // The terminating zero.
    return out;
}

}  // namespace dunlin::host
