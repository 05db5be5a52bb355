// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dunlin::receivables {

struct Place {
    double latitude = 0, longitude = 0;
};
/// Metres between two places, over the ground.
double distance(const Place& a, const Place& b);

/// Somebody to visit.
struct Stop {
    int64_t customer_id = 0;
    std::optional<Place> place;
    std::string postcode;
};

/// A day's way: stops by index, in order.
struct Route {
    std::vector<std::size_t> order;
    double metres = 0;  // Between the stops whose place is known, from the start if there is one.
};

/// The next nearest first, then crossings taken out (2-opt). Stops without a place stand behind the
/// stop whose postcode is most like theirs; where no place is known all go by postcode. The same
/// stops give the same way in whatever order they come.
Route plan_route(const std::vector<Stop>& stops, const std::optional<Place>& start);

}  // namespace dunlin::receivables
