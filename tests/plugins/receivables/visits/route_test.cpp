// SPDX-License-Identifier: Apache-2.0
// The way of a day of visits: everybody once, and never longer than the nearest-first way.
#include "visits/route.hpp"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include <algorithm>
#include <numeric>

using namespace dunlin::receivables;

namespace {

Stop stop(int64_t id, double latitude, double longitude, const char* postcode = "") {
    return {id, Place{latitude, longitude}, postcode};
}

std::vector<int64_t> ids(const std::vector<Stop>& stops, const Route& route) {
    std::vector<int64_t> out;
    for (const auto i : route.order) out.push_back(stops[i].customer_id);
    return out;
}

}  // namespace

TEST_CASE("a degree of latitude is about 111 kilometres") {
    CHECK(distance({50, 8}, {51, 8}) == Approx(111195).epsilon(0.001));
    CHECK(distance({50, 8}, {50, 8}) == 0);
}

TEST_CASE("stops on a line are visited in the order of the line, from the start") {
    const std::vector<Stop> stops{stop(3, 50.3, 8), stop(1, 50.1, 8), stop(2, 50.2, 8)};
    const auto route = plan_route(stops, Place{50, 8});
    CHECK(ids(stops, route) == std::vector<int64_t>{1, 2, 3});
    CHECK(route.metres == Approx(3 * 11119.5).epsilon(0.001));
}

TEST_CASE("a way that the nearest stop leads into is straightened") {
    // The nearest first are 1, 2, 3 and then 4, which lies near the start again.
    const std::vector<Stop> stops{stop(1, 50.07, 8.16), stop(2, 50.12, 8.13), stop(3, 50.22, 8.17),
                                  stop(4, 50.01, 8.20)};
    const auto route = plan_route(stops, Place{50, 8});
    CHECK(ids(stops, route) == std::vector<int64_t>{4, 1, 2, 3});
}

TEST_CASE("without places the way goes by postcode; without one it follows the nearest postcode") {
    const std::vector<Stop> none{{2, {}, "60311"}, {1, {}, "10115"}, {3, {}, "20095"}};
    CHECK(ids(none, plan_route(none, {})) == std::vector<int64_t>{1, 3, 2});
    const std::vector<Stop> some{
        stop(1, 50, 8, "10115"), stop(2, 51, 8, "60311"), {3, {}, "60320"}, {4, {}, "10117"}};
    CHECK(ids(some, plan_route(some, Place{50, 8})) == std::vector<int64_t>{1, 4, 2, 3});
}

TEST_CASE(
    "a way visits everybody once, does not depend on their order, and is never the longer one") {
    CHECK(rc::check([] {
        std::vector<Stop> stops;
        const auto n = *rc::gen::inRange<int64_t>(0, 25);
        for (int64_t id = 1; id <= n; ++id) {
            stops.push_back(stop(id, 50 + *rc::gen::inRange(0, 1000) / 1000.0,
                                 8 + *rc::gen::inRange(0, 1000) / 1000.0));
            if (*rc::gen::inRange(0, 5) == 0) stops.back().place.reset();
        }
        const std::optional<Place> start = Place{50.5, 8.5};
        const auto route = plan_route(stops, start);
        auto order = route.order;
        std::sort(order.begin(), order.end());
        std::vector<std::size_t> all(stops.size());
        std::iota(all.begin(), all.end(), std::size_t{0});
        RC_ASSERT(order == all);
        auto turned = stops;
        std::reverse(turned.begin(), turned.end());
        RC_ASSERT(ids(turned, plan_route(turned, start)) == ids(stops, route));
        // Against the nearest-first way, walked here once more.
        double nearest = 0;
        auto at = *start;
        std::vector<Place> left;
        for (const auto& one : stops) {
            if (one.place) left.push_back(*one.place);
        }
        while (!left.empty()) {
            const auto next = std::min_element(left.begin(), left.end(), [&](auto& a, auto& b) {
                return distance(at, a) < distance(at, b);
            });
            nearest += distance(at, *next);
            at = *next;
            left.erase(next);
        }
        RC_ASSERT(route.metres <= nearest + 1);
    }));
}
