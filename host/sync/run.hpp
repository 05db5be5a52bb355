// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.hpp"
#include "jobs/backoff.hpp"
#include "plugins/services.hpp"
#include "sync/page.hpp"
#include "sync/quarantine.hpp"
#include "sync/report.hpp"
#include "sync/sync.hpp"

#include <chrono>

namespace dunlin::host {

/// The lease of a run, renewed on a thread of its own until the end. A lost one asks the run to
/// stop; that nothing of it takes effect any more is the fence's work.
class RunLease {
public:
    static constexpr int64_t duration_us = 60 * second_us;

    /// Error conflict while somebody else holds it.
    RunLease(Host& host, const std::string& source, dunlin_cancel& cancel);
    ~RunLease();
    RunLease(const RunLease&) = delete;
    RunLease& operator=(const RunLease&) = delete;

    /// In the transaction of a page, whose commit renews it; the keeper waits for it meanwhile.
    bool renew_in(Tx& tx) const;

private:
    void keep();
    void renew();

    Host& host_;
    std::string name_;
    int64_t fence_ = 0;
    dunlin_cancel& cancel_;
    std::mutex mutex_;
    std::condition_variable ended_;
    bool is_ended_ = false;
    std::thread keeper_;
};

/// The lease went to somebody else while the run was under way.
struct LeaseLost : Error {
    explicit LeaseLost(const std::string& source)
        : Error(DUNLIN_E_CONFLICT, "another run of " + source +
                                       " took over, because this one was not heard of for too "
                                       "long; nothing is lost, the other one goes on") {}
};

/// The sink as a run sees it.
struct SinkEntity {
    std::string name;
    std::vector<ColumnSpec> columns;
};
std::vector<SinkEntity> describe_sink(Host& host, const Plugin& sink);

/// One run over a source. Every page is one transaction: rows, quarantine, cursor, counters.
class SyncRun {
public:
    SyncRun(Host& host, const SourceConfig& source, Plugin& connector, Plugin& sink,
            std::function<void(const SyncProgress&)> progress, dunlin_cancel* asked);

    Json run();
    /// Only brings quarantined rows again; how many were taken.
    int64_t retry_only();

private:
    struct Refused {
        std::vector<RefusedRow> rows;
        int64_t by_sink = 0;
    };

    void open_run();
    void close_run();
    void run_entity(const OpenSource& source, EntityReport& report);
    void pull_entity(const OpenSource& source, EntityReport& report);
    void take_page(const PulledPage& page, EntityReport& report, Quarantine& quarantine);
    void apply_page(const PulledPage& page, const Batch& rows, EntityReport& report,
                    Quarantine& quarantine);
    Refused apply(Tx& tx, const std::string& entity, const Batch& rows, EntityReport& report);
    void retry_entity(const SinkEntity& entity, EntityReport& report);
    int64_t retry_chunk(const SinkEntity& entity, EntityReport& report, Quarantine& quarantine,
                        std::string& after);
    void commit_with_retries(const std::string& what, const std::function<void()>& body);
    std::string cursor_of(const std::string& entity);
    void write_cursor(Tx& tx, const std::string& entity, const std::string& cursor);
    void write_report(Tx& tx, const EntityReport& entity);
    void fetch_totals();
    void give_way(std::chrono::steady_clock::duration held);
    void tell(const EntityReport& report, const PulledPage* page, bool is_last);
    void check_asked();
    std::unique_ptr<Tx> begin_leased();

    Host& host_;
    const SourceConfig& source_;
    Plugin& connector_;
    Plugin& sink_;
    std::function<void(const SyncProgress&)> progress_;
    dunlin_cancel* asked_;
    dunlin_cancel cancel_;
    RunLease lease_;
    std::vector<SinkEntity> sink_entities_;
    RunReport report_;
    std::chrono::steady_clock::time_point entity_started_{}, told_{};
};

}  // namespace dunlin::host
