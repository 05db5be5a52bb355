// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plugins/plugin.hpp"
#include "store/tx.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace dunlin::host {

class Host;

/// Queue and cron. A job runs on one host at a time under a lease with a fence; after a crash
/// another host takes it when the lease has run out.
class Jobs {
public:
    explicit Jobs(Host& host);
    ~Jobs();

    /// False when an equal job (kind, dedup_key) waits or runs already.
    bool enqueue(Tx& tx, std::string_view kind, std::string_view dedup_key,
                 std::string_view args_json, int64_t run_at_us);

    void start();  // The worker threads and the cron clock.
    void stop();   // Asks running jobs to stop, waits for them.
    void wake();
    /// Runs what is due, on this thread, until there is nothing: `dunlin run-jobs`.
    int64_t run_due();

    Json list(const std::string& state);
    void cancel(int64_t id);
    void retry(int64_t id);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// The next instant behind `after_us` that a five-field cron line names, in a zone. Error invalid
/// for a line that is none.
int64_t next_cron(const std::string& cron, const std::string& zone, int64_t after_us);

/// A named lease with a fencing number, renewed by its holder.
class LeaseTable {
public:
    explicit LeaseTable(Host& host) : host_(host) {}
    /// The fence, or 0 when somebody else holds it.
    int64_t acquire(const std::string& name, int64_t duration_us);
    bool renew(const std::string& name, int64_t fence, int64_t duration_us);
    void release(const std::string& name, int64_t fence);
    /// Throws conflict unless the lease still has that fence; inside the caller's transaction.
    static void check(Tx& tx, const std::string& name, int64_t fence);

private:
    Host& host_;
};

}  // namespace dunlin::host
