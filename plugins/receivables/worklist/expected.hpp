// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dunlin::receivables {

/// How late, or with a negative number early, a customer is expected to pay, and from what that
/// follows.
struct UsualLateness {
    int32_t days_late = 0;
    std::string basis;
};

/// Settlements a customer needs before its own habit counts.
constexpr std::size_t settlements_min = 3;

/// The middle of a list; of two in the middle the smaller. Not of an empty one.
int32_t median_of(std::vector<int32_t> values);

/// The median of what the customer settled within a year; with too few of these that of all
/// customers; else the due date. Below zero: early.
UsualLateness usual_lateness(const std::vector<int32_t>& own, std::optional<int32_t> of_all);

}  // namespace dunlin::receivables
