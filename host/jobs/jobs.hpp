// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/backoff.hpp"
#include "base/worker.hpp"
#include "plugins/services.hpp"

namespace dunlin::host {

/// A kind of job that the host runs itself ("host.sync"); throws like a plugin's handler fails.
using HostJob = std::function<void(const Json& args, dunlin_cancel* cancel)>;

/// What queues a job again and again. Several hosts have the same ones; one of them fires, and
/// what was missed fires once.
struct Schedule {
    std::string name;  // Of the row in dunlin_cron that all hosts share.
    std::string kind, dedup_key, args_json;
    std::function<int64_t(int64_t after_us)> next;
    bool fires_at_once = false;  // The first time ever, instead of at next(now).
};

/// Queue and cron. A job runs on one host at a time under a lease with a fence, to which all that
/// its holder writes is bound; after a crash another host takes it when the lease has run out.
class Jobs {
public:
    explicit Jobs(Host& host);
    ~Jobs() { stop(); }

    /// False when an equal job (kind, dedup_key) waits or runs already.
    bool enqueue(Tx& tx, std::string_view kind, std::string_view dedup_key,
                 std::string_view args_json, int64_t run_at_us);

    void add_host_kind(const std::string& kind, HostJob job) { own_kinds_[kind] = std::move(job); }
    void add_schedule(Schedule schedule);
    /// Those of the host and the running plugins.
    void register_schedules();
    /// Fires the schedules that are due; how many this host fired.
    int64_t fire_due();

    void start();  // The worker threads and the cron clock.
    void stop();   // Asks running jobs to stop, waits for them.
    /// Runs what is due, on this thread, until there is nothing: `dunlin run-jobs`.
    int64_t run_due();

    Json list(const std::string& state);  // Of that state, or all when empty; newest first.
    /// A queued job will not run; a running one is asked to stop.
    void cancel(int64_t id);
    void retry(int64_t id);  // A failed or cancelled one, from now.
    /// Removes finished jobs from before that instant; how many.
    int64_t purge(int64_t before_us);

private:
    static constexpr const char* purge_kind = "host.purge";
    static constexpr int64_t attempts_max = 12;
    static constexpr int64_t lease_us = 60 * second_us;

    /// One that this process holds, under its fence.
    struct Running {
        int64_t id = 0, fence = 0, attempt = 0;
        std::string kind, args_json;
        dunlin_cancel cancel;

        std::mutex mutex;  // Of what it last reported.
        int64_t done = 0, total = -1;
        std::string note;
        bool is_changed = false;
        int keeps = 0;
    };

    /// What can run here, with its plugin; null for the host's own. A job of a plugin that is
    /// blocked here stays for a host on which it runs.
    std::map<std::string, Plugin*, std::less<>> kinds() const;
    /// The next job of these kinds that is due, or whose holder's lease ran out.
    std::unique_ptr<Prepared> due(Tx& tx, const std::string& columns, const std::string& ending);
    bool claim(Running& job);
    bool run_next();
    void call(Running& job);
    void conclude(const Running& job, const std::optional<Error>& error);
    void write_end(const Running& job, const std::optional<Error>& error);
    void keep_all();
    void keep(Running& job);
    void store(const Schedule& schedule);
    bool fire(const Schedule& schedule, int64_t at_us);
    /// What fails is logged and comes again by itself; the others have their turn.
    void try_to(const char* what, const std::string& name, const std::function<void()>& body);

    Host& host_;
    std::map<std::string, HostJob, std::less<>> own_kinds_;
    std::mutex schedules_mutex_;
    std::map<std::string, std::pair<Schedule, bool>> schedules_;  // And whether it has its row.

    std::mutex mutex_;
    std::vector<std::shared_ptr<Running>> running_;
    std::atomic<bool> is_stopping_{false};
    // Leases, progress and cancelling are looked after on a thread of their own, because a job may
    // hold the store's only writer while it reports.
    Worker keeper_, clock_, workers_;
};

/// The next instant behind `after_us` that a five-field cron line names, in a zone. Error invalid
/// for a line that is none.
///
/// Fields: minute hour day month weekday (0 and 7 are Sunday), each with lists, ranges and steps.
/// When day and weekday are both restricted, either one is enough. Where the clocks go forward, a
/// time that does not exist means the first one that does. Where they go back, a time that comes
/// twice means its first, but lines for every hour go on through both.
int64_t next_cron(const std::string& cron, const std::string& zone, int64_t after_us);

}  // namespace dunlin::host
