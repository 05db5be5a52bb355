// SPDX-License-Identifier: Apache-2.0
#include "visits/route.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace dunlin::receivables {

double distance(const Place& a, const Place& b) {
    constexpr double earth_metres = 6371008.8, degree = 3.14159265358979323846 / 180;
    const auto half = [](double x) { return std::sin(x / 2) * std::sin(x / 2); };
    const auto h = half((b.latitude - a.latitude) * degree) +
                   std::cos(a.latitude * degree) * std::cos(b.latitude * degree) *
                       half((b.longitude - a.longitude) * degree);
    return 2 * earth_metres * std::asin(std::min(1.0, std::sqrt(h)));
}

namespace {

class Planning {
public:
    Planning(const std::vector<Stop>& stops, const std::optional<Place>& start)
        : stops_(stops), start_(start) {
        for (std::size_t i = 0; i < stops.size(); ++i) {
            (stops[i].place ? placed_ : unplaced_).push_back(i);
        }
        for (auto* list : {&placed_, &unplaced_}) {
            std::sort(list->begin(), list->end(), [&](std::size_t a, std::size_t b) {
                return std::tie(stops[a].postcode, stops[a].customer_id) <
                       std::tie(stops[b].postcode, stops[b].customer_id);
            });
        }
    }

    Route run() {
        Route out;
        out.order = nearest_first();
        straighten(out.order);
        out.metres = length(out.order);
        // From the last on, so that those behind one stop keep the order of their postcodes.
        for (auto it = unplaced_.rbegin(); it != unplaced_.rend(); ++it) insert(out.order, *it);
        return out;
    }

private:
    const Place& at(std::size_t stop) const { return *stops_[stop].place; }

    std::vector<std::size_t> nearest_first() const {
        std::vector<std::size_t> left = placed_, out;
        while (!left.empty()) {
            auto next = left.begin();
            if (start_ || !out.empty()) {
                const auto from = out.empty() ? *start_ : at(out.back());
                next = std::min_element(left.begin(), left.end(), [&](auto a, auto b) {
                    return distance(from, at(a)) < distance(from, at(b));
                });
            }
            out.push_back(*next);
            left.erase(next);
        }
        return out;
    }

    double leg(const std::vector<std::size_t>& order, std::size_t to) const {
        if (to >= order.size()) return 0;  // The way is open: it ends at the last stop.
        if (to == 0) return start_ ? distance(*start_, at(order[0])) : 0;
        return distance(at(order[to - 1]), at(order[to]));
    }
    double length(const std::vector<std::size_t>& order) const {
        double sum = 0;
        for (std::size_t i = 0; i < order.size(); ++i) sum += leg(order, i);
        return sum;
    }

    /// Turns pieces of the way round as long as that makes it shorter.
    void straighten(std::vector<std::size_t>& order) const {
        constexpr int rounds_max = 100;
        constexpr double metre = 1;  // Less is no gain, and rounding must not go in circles.
        bool has_gain = true;
        for (int round = 0; has_gain && round < rounds_max; ++round) {
            has_gain = false;
            for (std::size_t i = 0; i + 1 < order.size(); ++i) {
                for (std::size_t j = i + 1; j < order.size(); ++j) {
                    const auto before = leg(order, i) + leg(order, j + 1);
                    if (before - turned(order, i, j) <= metre) continue;
                    std::reverse(order.begin() + static_cast<std::ptrdiff_t>(i),
                                 order.begin() + static_cast<std::ptrdiff_t>(j) + 1);
                    has_gain = true;
                }
            }
        }
    }

    /// Both legs at the ends of a piece once it is turned round.
    double turned(const std::vector<std::size_t>& order, std::size_t i, std::size_t j) const {
        double sum = 0;
        if (i > 0) {
            sum += distance(at(order[i - 1]), at(order[j]));
        } else if (start_) {
            sum += distance(*start_, at(order[j]));
        }
        if (j + 1 < order.size()) sum += distance(at(order[i]), at(order[j + 1]));
        return sum;
    }

    void insert(std::vector<std::size_t>& order, std::size_t stop) const {
        const auto alike = [&](std::size_t other) {
            const auto &a = stops_[stop].postcode, &b = stops_[other].postcode;
            std::size_t n = 0;
            while (n < a.size() && n < b.size() && a[n] == b[n]) ++n;
            return n;
        };
        auto best = order.end();
        for (auto it = order.begin(); it != order.end(); ++it) {
            if (!stops_[*it].place) continue;
            if (best == order.end() || alike(*it) > alike(*best)) best = it;
        }
        order.insert(best == order.end() ? order.begin() : best + 1, stop);
    }

    const std::vector<Stop>& stops_;
    const std::optional<Place>& start_;
    std::vector<std::size_t> placed_, unplaced_;
};

}  // namespace

Route plan_route(const std::vector<Stop>& stops, const std::optional<Place>& start) {
    return Planning(stops, start).run();
}

}  // namespace dunlin::receivables
