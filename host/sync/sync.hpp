// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plugins/plugin.hpp"
#include "store/tx.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

struct dunlin_cancel;

namespace dunlin::host {

class Host;

/// How far a run is; handed out a few times a second.
struct SyncProgress {
    std::string source, entity;
    int64_t rows = 0;  // Of this entity in this run.
    double rows_per_s = 0;
    int64_t done = 0, total = -1;  // In the connector's unit (bytes or rows).
    bool is_last = false;          // The entity's last report.
};

/// Runs connectors into the sink: rows, counters, quarantine and cursor of a batch commit together.
/// Pulling the next page overlaps with applying this one.
class Sync {
public:
    explicit Sync(Host& host);
    ~Sync();

    /// One run over all entities of a source; the run report. Error conflict while another run of
    /// that source holds its lease.
    Json run(const std::string& source, const std::function<void(const SyncProgress&)>& progress,
             dunlin_cancel* cancel = nullptr);
    /// Reachable? What the connector says of itself.
    Json check(const std::string& source);
    Json status();
    /// Last reported progress of runs in this process, for the API.
    Json progress() const;
    Json quarantine(const std::string& source);
    /// Brings quarantined rows that may succeed now through the sink again; how many did.
    int64_t retry_quarantine(const std::string& source);

    /// Scheduled syncs of [sources.x] every = "15m", as host jobs.
    void start();
    void stop();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dunlin::host
