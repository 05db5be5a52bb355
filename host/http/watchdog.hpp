// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <thread>

namespace dunlin::host {

/// Ends the reading of requests that trickle in, however lively each byte looks. Thread-safe.
class Watchdog {
public:
    explicit Watchdog(std::chrono::milliseconds read_max);
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;
    void expire_all();

private:
    friend class Watch;
    using Time = std::chrono::steady_clock::time_point;
    struct Entry {
        int fd;  // A duplicate: the number cannot come to mean another connection meanwhile.
        Time deadline;
    };
    int64_t add(int fd);
    void remove(int64_t id);
    void run();
    void expire(Time now);

    const std::chrono::milliseconds read_max_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::map<int64_t, Entry> entries_;
    int64_t last_ = 0;
    bool is_stopping_ = false;
    std::thread thread_;
};

/// The request that this thread reads.
class Watch {
public:
    Watch(Watchdog& watchdog, int fd);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    /// It is whole: answering may take as long as it takes.
    static void done();
    static bool has_expired();

private:
    Watchdog& watchdog_;
    int64_t id_;
    std::chrono::steady_clock::time_point deadline_;
    bool is_done_ = false;
};

}  // namespace dunlin::host
