// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "host.hpp"
#include "sync/lease.hpp"
#include "sync/page.hpp"
#include "sync/run.hpp"
#include "sync/sink.hpp"
#include "sync/stream.hpp"

namespace dunlin::host {

/// What the steps of one run share.
struct RunContext {
    Host& host;
    const SourceConfig& source;
    const Plugin& connector;
    Sink sink;
    SyncOptions options;
    const dunlin_cancel* asked = nullptr;
    RunLease lease{host, "sync:" + source.name, source.name, principal_of(host, sink.plugin)};
    int64_t began_us = host.clock().now_us();

    void stop_if_asked() const {
        if (asked && asked->requested) throw Error(DUNLIN_E_CANCELLED, "stopped on request");
    }
    /// One transaction of the run, in which the counters change when the rows do.
    void commit(const std::string& what, EntityReport& entity,
                const std::function<void(Tx&, EntityReport&)>& body);
    Quarantine quarantine_of(const std::string& entity) const {
        return {*host.begin(Access::read), source.name, entity};
    }
    /// Sets refused rows aside and settles those that came right.
    static void settle(Tx& tx, Quarantine& quarantine, const std::vector<RefusedRow>& refused,
                       const std::vector<std::string>& brought, EntityReport& entity);
};

/// One stream in one run: what changed, what vanished, what could not be read before.
class StreamRun {
public:
    /// After each page: how far, in the connector's unit.
    using Passed = std::function<void(Tx&, const EntityReport&)>;
    using Told = std::function<void(int64_t done, int64_t total)>;

    StreamRun(RunContext& run, dunlin_source* opened, const Described& described,
              const StreamSpec& spec, const Sink::Entity& kind, EntityReport& entity);

    void read_changes(const Passed& passed, const Told& told);
    /// Compares all ids when that is due, and deletes what the other system has no more. Stops and
    /// says so when that is suspiciously much.
    void sweep();
    /// Reads those rows as they are now.
    void read_rows(const std::vector<std::string>& ids);
    /// Asks again for rows that could not be read in earlier runs.
    void fetch_unreadable();

private:
    void pull(PullRequest request, const std::function<void(const PulledPage&)>& take);
    std::optional<PulledPage> next(PageReader& reader) const;
    void wait_out(const Error& error, int64_t attempt);
    void take(Tx& tx, const PulledPage& page, EntityReport& now);
    void note_unknown_columns(const BatchView& rows, EntityReport& now);
    std::vector<std::string> ids_there();
    void remove(const std::vector<std::string>& gone);
    std::string shape() const;

    RunContext& run_;
    dunlin_source* opened_;
    const Described& described_;
    const StreamSpec& spec_;
    const Sink::Entity& kind_;
    EntityReport& entity_;
    Quarantine quarantine_;
    StreamState state_;
    bool has_compared_ = false;
};

}  // namespace dunlin::host
