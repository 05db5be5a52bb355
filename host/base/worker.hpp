// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/log.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace dunlin::host {

/// Threads in the background that take their turn again and again until they are stopped. A turn
/// says how long to pause behind it; wake() ends the pause. One that throws is logged and comes
/// again after a growing pause, which nothing but stop() ends.
class Worker {
public:
    using Pause = std::chrono::microseconds;
    using Turn = std::function<Pause(const std::stop_token&)>;

    /// `trouble` is what the log says when a turn throws.
    Worker(Log& log, std::string room, std::string trouble)
        : log_(log), room_(std::move(room)), trouble_(std::move(trouble)) {}
    ~Worker() { stop(); }

    /// Without effect while it runs. The first turn is taken after `first`.
    void start(Turn turn, Pause first = {}, int threads = 1);
    void wake();
    void stop();  // Waits for the turns under way.

private:
    void work(const std::stop_token& stop, const Turn& turn, Pause pause);

    Log& log_;
    const std::string room_, trouble_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    uint64_t wakes_ = 0;
    std::vector<std::jthread> threads_;
};

}  // namespace dunlin::host
