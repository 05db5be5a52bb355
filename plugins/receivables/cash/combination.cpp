// SPDX-License-Identifier: Apache-2.0
#include "cash/combination.hpp"

#include <algorithm>
#include <numeric>

namespace dunlin::receivables::cash {
namespace {

constexpr int64_t chance_most = 1000000000000;

/// Depth first through amounts in falling order, leaving out what cannot reach the sum any more.
class Search {
public:
    Search(std::span<const int64_t> amounts, std::size_t least, int64_t work)
        : least_(least), work_(work) {
        order_.resize(amounts.size());
        std::iota(order_.begin(), order_.end(), std::size_t{0});
        std::sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
            return amounts[a] != amounts[b] ? amounts[a] > amounts[b] : a < b;
        });
        for (const auto at : order_) sorted_.push_back(amounts[at]);
        sums_.assign(sorted_.size() + 1, 0);
        for (std::size_t i = 0; i < sorted_.size(); ++i) sums_[i + 1] = sums_[i] + sorted_[i];
    }

    /// Small combinations first: each size for itself, so that a search that ends early has looked
    /// at the likely ones.
    Combinations run(int64_t sum) {
        const auto n = sorted_.size();
        for (auto size = least_; size <= n && out_.found < 2; ++size) {
            if (sums_[n] - sums_[n - size] > sum) break;  // Even the smallest are too much.
            if (sums_[size] < sum) continue;              // Even the largest are too little.
            descend(0, size, sum);
            if (!out_.is_complete) break;
        }
        return out_;
    }

private:
    void descend(std::size_t from, std::size_t size, int64_t rest) {
        if (size == 0) {
            if (rest != 0) return;
            if (out_.found == 0) {
                for (const auto at : chosen_) out_.first.push_back(order_[at]);
            }
            ++out_.found;
            return;
        }
        const auto n = sorted_.size();
        if (size == 1) {
            // The last one is looked up.
            const auto begin = sorted_.begin() + static_cast<std::ptrdiff_t>(from);
            auto it = std::lower_bound(begin, sorted_.end(), rest, std::greater<>());
            work_ -= 4;
            for (; it != sorted_.end() && *it == rest && out_.found < 2; ++it) {
                chosen_.push_back(static_cast<std::size_t>(it - sorted_.begin()));
                descend(n, 0, 0);
                chosen_.pop_back();
            }
            return;
        }
        for (auto at = from; at + size <= n && out_.found < 2; ++at) {
            if (--work_ < 0) {
                out_.is_complete = false;
                return;
            }
            if (sums_[at + size] - sums_[at] < rest) return;  // The largest left: too little.
            if (sums_[n] - sums_[n - size + 1] + sorted_[at] > rest) continue;  // Too much.
            chosen_.push_back(at);
            descend(at + 1, size - 1, rest - sorted_[at]);
            chosen_.pop_back();
            if (!out_.is_complete) return;
        }
    }

    std::size_t least_;
    int64_t work_;
    std::vector<std::size_t> order_, chosen_;
    std::vector<int64_t> sorted_, sums_;
    Combinations out_;
};

/// The largest of the usual steps of prices that divides all amounts: from a cent to a thousand.
int64_t roundness(const std::vector<int64_t>& amounts) {
    static constexpr int64_t steps[] = {10000000, 5000000, 1000000, 500000, 100000, 50000,
                                        10000,    5000,    1000,    500,    100};
    for (const auto step : steps) {
        const bool divides = std::all_of(amounts.begin(), amounts.end(),
                                         [&](int64_t amount) { return amount % step == 0; });
        if (divides) return step;
    }
    return 1;
}

}  // namespace

int64_t chance_ppm(std::span<const int64_t> amounts, std::size_t size) {
    const auto n = amounts.size();
    if (size == 0 || size > n) return 0;
    // How many sets there are, until that is more than matters.
    int64_t sets = 1;
    for (std::size_t i = 0; i < size; ++i) {
        sets = sets * static_cast<int64_t>(n - i) / static_cast<int64_t>(i + 1);
        if (sets >= chance_most / 1000000) return chance_most;
    }
    std::vector<int64_t> sorted(amounts.begin(), amounts.end());
    std::sort(sorted.begin(), sorted.end());
    // Sums lie as far apart as the amounts are round. One amount alone is held against nothing.
    int64_t range = 0;
    for (std::size_t i = 0; i < size; ++i) range += sorted[n - 1 - i] - sorted[i];
    range = std::max(range, n == 1 ? sorted.back() : sorted.back() - sorted.front());
    return sets * 1000000 / std::max<int64_t>(range / roundness(sorted), 1);
}

Combinations find_combinations(std::span<const int64_t> amounts, int64_t sum, std::size_t least,
                               int64_t work) {
    auto out = Search(amounts, least, work).run(sum);
    // Three are looked at in any case: what people pay at once is mostly few.
    const auto most = std::max<std::size_t>(out.first.size(), 3);
    for (auto size = least; size <= std::min(most, amounts.size()); ++size) {
        out.by_chance_ppm = std::min(chance_most, out.by_chance_ppm + chance_ppm(amounts, size));
    }
    return out;
}

}  // namespace dunlin::receivables::cash
