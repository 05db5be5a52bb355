// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sync/lease.hpp"
#include "sync/page.hpp"
#include "sync/stream.hpp"

#include <map>
#include <optional>
#include <set>

namespace dunlin::host {

/// One thing to write into another system.
struct PendingWrite {
    int64_t id = 0, generation = 1, attempts = 0, due_us = 0, changed_us = 0;
    std::string source, plugin, kind, lane, entity, external_id, job, state;
    std::string body_json, base_json, remote_id, reason;

    bool is_waiting() const {
        return state == "queued" || state == "unknown" || state == "parked" || state == "sending";
    }
    /// What the other system keeps with it. A generation is new when a person sends it anew.
    std::string key() const {
        return "dunlin-" + std::to_string(id) + "-g" + std::to_string(generation);
    }
};

/// Sends what is due of one source, under its lease, one write after another.
class WriteBackRun {
public:
    struct Result {
        std::map<std::string, int64_t> counts;  // By state, of all writes to the source.
        int64_t next_due_us = 0;                // Of those that wait for a time; 0: none does.
        int64_t resting_until_us = 0;           // The other system asked to be left alone; or 0.
    };

    WriteBackRun(Host& host, const SourceConfig& source, Plugin& connector, dunlin_cancel* asked);
    Result run();

    static std::optional<PendingWrite> load(Tx& tx, const std::string& source, int64_t id);
    /// Ends one, and tells the plugin that wanted it.
    static void settle(Host& host, Tx& tx, PendingWrite& write, const std::string& state);

private:
    using Call = decltype(dunlin_connector_v1::push);

    /// Moves the first write of each lane; whether another pass may move more.
    bool pass();
    void send(PendingWrite& write);
    void look_for(PendingWrite& write);
    void rest(const Error& error);
    Receipt ask(const PendingWrite& write, Call call, const char* what);
    void take(PendingWrite& write, const Receipt& receipt);
    void keep(PendingWrite& write, const std::string& state, int64_t wait_us);
    void wait_for(int64_t due_us);

    Host& host_;
    const SourceConfig& source_;
    Plugin& connector_;
    dunlin_cancel* asked_;
    RunLease lease_;
    Described described_;
    Owned<dunlin_source> opened_;
    Result result_;
};

}  // namespace dunlin::host
