// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/json.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace dunlin::host {

class Host;
struct Plugin;

/// How many requests a plugin may send to one origin: a bucket that fills by the second, of this
/// process, and a budget for the day (UTC), of all processes together. Thread-safe.
class RequestRates {
public:
    /// "rate" of what a connector says of itself; what the operator wrote in a source goes before.
    void declare(const std::string& plugin, const Json& rate);

    /// Waits for the plugin's turn. Error unavailable with the time until midnight when the day's
    /// budget is used up, cancelled when `stops` says so.
    void wait(Host& host, const Plugin& plugin, const std::string& origin,
              const std::function<bool()>& stops);

private:
    using Clock = std::chrono::steady_clock;
    struct Rate {
        double per_second = 0, burst = 0;
        int64_t per_day = 0;
    };
    struct Bucket {
        double tokens = 0;  // Below zero: how many wait.
        std::optional<Clock::time_point> filled{};
    };
    struct Budget {
        std::mutex mutex{};
        int64_t day = 0;
        int64_t left = 0;  // Of what was taken out of the table.
    };
    using Key = std::pair<std::string, std::string>;  // Plugin and origin.

    Rate rate_of(Host& host, const Plugin& plugin, const std::string& origin);
    void spend(Host& host, const Key& key, int64_t per_day);
    void queue(const Key& key, const Rate& rate, const std::function<bool()>& stops);

    std::mutex mutex_;
    std::map<std::string, Rate> declared_;  // By plugin.
    std::map<Key, Bucket> buckets_;
    std::map<Key, Budget> budgets_;
};

/// Requests that this thread makes while it lives may use what is reserved of a day's budget: what
/// was decided here shall not wait because reading used the day up.
class ReservedRequests {
public:
    ReservedRequests();
    ~ReservedRequests();
    ReservedRequests(const ReservedRequests&) = delete;
    ReservedRequests& operator=(const ReservedRequests&) = delete;
};

}  // namespace dunlin::host
