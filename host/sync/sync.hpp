// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/json.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

struct dunlin_cancel;

namespace dunlin::host {

class Host;
struct Plugin;
struct SourceConfig;

/// How far a run is; handed out a few times a second.
struct SyncProgress {
    std::string source, entity;
    int64_t rows = 0;  // Of this entity in this run.
    double rows_per_s = 0;
    int64_t done = 0, total = -1;  // In the connector's unit (bytes or rows).
    bool entity_is_done = false;   // The entity's last report.
};
using ProgressHandler = std::function<void(const SyncProgress&)>;

struct SyncOptions {
    bool reads_all = false;       // From the start, not only what changed.
    bool sweeps = false;          // Looks for deletions now, not only when it is time.
    bool confirms_sweep = false;  // Deletes even when suspiciously much has vanished.
};

/// Runs connectors into the sink: rows, counters, quarantine and cursor of a batch commit together.
/// Pulling the next page overlaps with applying this one.
class Sync {
public:
    explicit Sync(Host& host);

    /// One run over all entities of a source; the run report. Error conflict while another run of
    /// that source holds its lease.
    Json run(const std::string& source, const ProgressHandler& progress,
             dunlin_cancel* cancel = nullptr, const SyncOptions& options = {});
    /// Reachable? What the connector says of itself.
    Json check(const std::string& source);
    Json status();
    /// Reads what messages and receipts of write-backs named. Error unavailable while a run of the
    /// source is under way.
    void read_hinted(const std::string& source, dunlin_cancel* cancel = nullptr);
    /// What a first run would read, entity by entity, without writing anything.
    Json preview(const std::string& source, const ProgressHandler& progress);
    /// Last reported progress of runs in this process, for the API.
    Json progress() const;
    Json quarantine(const std::string& source);
    /// Corrects columns of an open row, then brings it; whether it was taken. Error not_found for a
    /// row that is not open, data for a value that does not fit its column.
    bool fix_quarantined(const std::string& source, const std::string& entity,
                         const std::string& row, const Json& columns);
    /// What a connector says of itself: streams and write-backs.
    Json describe(const std::string& connector);
    /// A source and its connector, which runs.
    std::pair<const SourceConfig*, Plugin*> target(const std::string& source) const;
    /// The kinds of write-backs a source takes, see Described.
    std::map<std::string, std::string> write_backs_of(const std::string& source);
    /// Brings quarantined rows that may succeed now through the sink again; how many did.
    int64_t retry_quarantine(const std::string& source);

    /// A message of the other system, to which nobody but that system's signature testifies. What
    /// it names is read soon, by a job. Error denied when it is not signed, limit when there were
    /// too many, unsupported when the source takes none.
    void hook(const std::string& source,
              const std::vector<std::pair<std::string, std::string>>& headers,
              const std::string& body);

    /// Scheduled syncs of [sources.x] every = "15m", as host jobs.
    void start();

private:
    const SourceConfig& source(const std::string& name) const;
    Plugin& connector_of(const SourceConfig& source) const;
    /// Who keeps what a connector brings: whom it requires, else the one that requires no other.
    Plugin& sink(const Plugin& connector) const;
    void run_job(const Json& args, dunlin_cancel* cancel);
    void count_hook(const std::string& source);

    Host& host_;
    mutable std::mutex mutex_;
    std::map<std::string, Json> progress_;                                   // By source.
    std::map<std::string, std::map<std::string, std::string>> write_backs_;  // By connector.
    /// Messages in the minute that began then.
    std::map<std::string, std::pair<std::chrono::steady_clock::time_point, int>> hooks_;
};

}  // namespace dunlin::host
