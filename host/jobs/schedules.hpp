// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jobs/jobs.hpp"

#include <mutex>
#include <vector>

namespace dunlin::host {

/// The rows of dunlin_cron: each fires on one host, and what was missed fires once.
class Schedules {
public:
    explicit Schedules(Host& host) : host_(host) {}

    void add(Schedule schedule);
    /// Moves what is due on and calls `enqueue` in the same transaction; how many this host moved.
    int64_t fire(const std::function<bool(Tx&, const Schedule&)>& enqueue);

private:
    struct Entry {
        Schedule schedule;
        bool is_stored = false;
    };
    void store(Entry& entry);
    bool fire(const Entry& entry, int64_t at,
              const std::function<bool(Tx&, const Schedule&)>& enqueue);

    Host& host_;
    std::mutex mutex_;
    std::vector<Entry> entries_;
};

}  // namespace dunlin::host
