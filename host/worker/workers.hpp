// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "worker/process.hpp"

#include <deque>
#include <map>

namespace dunlin::host {

struct Config;
class Metrics;

/// When the process of one source may be started again. Each death makes the next start wait a
/// little longer; after too many within a while nothing is started for some minutes.
class Breaker {
public:
    using Time = std::chrono::steady_clock::time_point;
    static constexpr std::size_t deaths_max = 5;
    static constexpr std::chrono::minutes window{10}, rest{5};

    void note_death(Time now);
    /// How long nothing may be started, and whether that is the long rest.
    std::chrono::milliseconds wait(Time now) const;
    bool rests(Time now) const { return now < rests_until_; }
    bool has_died() const { return !deaths_.empty(); }

private:
    std::deque<Time> deaths_;  // Within the window.
    Time not_before_{}, rests_until_{};
};

/// The processes of this host's connectors: what they share. Thread-safe.
class Workers {
public:
    Workers(const Config& config, Metrics& metrics, std::filesystem::path program);

    /// A new process for a source, which may be empty; waits until the last death is long enough
    /// ago. Error unavailable, with "retry_after_ms", while the source rests.
    std::unique_ptr<Child> start(const std::string& connector, const std::string& source,
                                 const Child::Stops& stops);
    /// What the caller of a call during which the process died is told.
    Error after_death(const ChildDied& died, const std::string& connector,
                      const std::string& source);

private:
    const Config& config_;
    Metrics& metrics_;
    Spawner spawner_;
    std::mutex mutex_;
    std::map<std::string, Breaker> breakers_;  // By who().
};

}  // namespace dunlin::host
