// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plugins/plugin.hpp"
#include "store/tx.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

struct dunlin_cancel;

namespace dunlin::host {

class Host;

/// A kind of job that the host runs itself ("host.sync"); throws like a plugin's handler fails.
using HostJob = std::function<void(const Json& args, dunlin_cancel* cancel)>;

/// What queues a job again and again. Several hosts have the same ones; one of them fires.
struct Schedule {
    std::string name;  // Of the row that all hosts share.
    std::string kind, dedup_key, args_json;
    std::function<int64_t(int64_t after_us)> next;
    bool fires_at_once = false;  // The first time ever, instead of at next(now).
};

/// Queue and cron. A job runs on one host at a time under a lease with a fence; after a crash
/// another host takes it when the lease has run out.
class Jobs {
public:
    explicit Jobs(Host& host);
    ~Jobs();

    /// False when an equal job (kind, dedup_key) waits or runs already.
    bool enqueue(Tx& tx, std::string_view kind, std::string_view dedup_key,
                 std::string_view args_json, int64_t run_at_us);

    void add_host_kind(const std::string& kind, HostJob job);
    void add_schedule(Schedule schedule);
    /// Fires the schedules that are due; how many this host fired.
    int64_t fire_due();

    void start();  // The worker threads and the cron clock.
    void stop();   // Asks running jobs to stop, waits for them.
    void wake();
    /// Runs what is due, on this thread, until there is nothing: `dunlin run-jobs`.
    int64_t run_due();

    Json list(const std::string& state);  // Of that state, or all when empty; newest first.
    /// A queued job will not run; a running one is asked to stop.
    void cancel(int64_t id);
    void retry(int64_t id);  // A failed or cancelled one, from now.
    /// Removes finished jobs from before that instant; how many.
    int64_t purge(int64_t before_us);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// The next instant behind `after_us` that a five-field cron line names, in a zone. Error invalid
/// for a line that is none.
///
/// Fields: minute hour day month weekday (0 and 7 are Sunday), each with lists, ranges and steps.
/// When day and weekday are both restricted, either one is enough. Where the clocks go forward, a
/// time that does not exist means the first one that does. Where they go back, a time that comes
/// twice means its first, but lines for every hour go on through both.
int64_t next_cron(const std::string& cron, const std::string& zone, int64_t after_us);

/// A named lease with a fencing number, renewed by its holder.
class LeaseTable {
public:
    explicit LeaseTable(Host& host) : host_(host) {}
    /// The fence, or 0 when somebody else holds it.
    int64_t acquire(const std::string& name, int64_t duration_us);
    bool renew(const std::string& name, int64_t fence, int64_t duration_us);
    void release(const std::string& name, int64_t fence);
    /// Inside the caller's transaction, until whose end nobody else can acquire it.
    static bool renew(Tx& tx, const std::string& name, int64_t fence, int64_t duration_us);

private:
    Host& host_;
};

}  // namespace dunlin::host
