// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jobs/backoff.hpp"
#include "jobs/jobs.hpp"

#include <optional>
#include <vector>

namespace dunlin::host {

/// A job this process holds, under its fence.
struct ClaimedJob {
    int64_t id = 0, fence = 0, attempt = 0;
    std::string kind, args_json;
};

struct JobProgress {
    int64_t done = 0, total = -1;
    std::string note;
};

/// The rows of dunlin_job. Everything a holder writes is bound to its fence.
class JobQueue {
public:
    explicit JobQueue(Host& host) : host_(host) {}

    static constexpr int64_t lease_us = 60 * second_us;
    static constexpr int64_t attempts_max = 12;

    bool insert(Tx& tx, const std::string& plugin, std::string_view kind,
                std::string_view dedup_key, std::string_view args_json, int64_t run_at_us);
    bool has_due(const std::vector<std::string>& kinds);
    /// The next due job of these kinds, or one whose holder's lease ran out.
    std::optional<ClaimedJob> claim(const std::vector<std::string>& kinds);
    /// Renews the lease and keeps the progress. Nothing when the job is another's by now, else
    /// whether somebody asked it to stop.
    std::optional<bool> renew(const ClaimedJob& job, const JobProgress& progress);

    /// False, and without effect, when the job is another's by now.
    bool finish(const ClaimedJob& job, const char* state, const std::string& error);
    bool requeue(const ClaimedJob& job, int64_t pause_us, int64_t attempts,
                 const std::string& error);

    Json list(const std::string& state);
    /// What became of it: "cancelled", or "running" when its holder has been told.
    std::string cancel(int64_t id);
    void retry(int64_t id);
    int64_t purge(int64_t before_us);

private:
    Host& host_;
};

}  // namespace dunlin::host
