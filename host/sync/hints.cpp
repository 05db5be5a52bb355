// SPDX-License-Identifier: Apache-2.0
#include "sync/hints.hpp"

#include "sync/stream_run.hpp"

#include <algorithm>

namespace dunlin::host {

namespace {

/// What waits to be read of one stream, each with the last message that named it.
using Hints = std::map<std::string, int64_t>;

std::map<std::string, Hints> waiting(Host& host, const std::string& source) {
    const auto tx = host.begin(Access::read);
    if (parked_until(*tx, source) != 0) {
        throw Error(DUNLIN_E_UNAVAILABLE, "the source " + source + " rests");
    }
    std::map<std::string, Hints> out;
    auto rows = tx->db().query(
        "SELECT entity, external_id, id FROM dunlin_sync_hint WHERE source = ?", source);
    while (rows->step()) {
        out[std::string(rows->text(0))][std::string(rows->text(1))] = rows->i64(2);
    }
    return out;
}

void read(StreamRun& stream, const StreamSpec& spec, const Hints& hints) {
    if (hints.count("") > 0 || !spec.by_id) {
        return stream.read_changes([](Tx&, const EntityReport&) {}, [](int64_t, int64_t) {});
    }
    std::vector<std::string> ids;
    for (const auto& hint : hints) ids.push_back(hint.first);
    stream.read_rows(ids);
}

/// One stream after the other; what cannot be read is left to the next run, unless it passes.
void read_all(RunContext& run, const std::map<std::string, Hints>& all) {
    const auto opened = open_source(run.host, run.connector, run.source);
    const auto described =
        Described::of(ask_plugin(run.host, run.connector, "describe",
                                 run.connector.connector->describe, run.connector.instance),
                      run.connector.id());
    for (const auto& kind : run.sink.entities()) {
        const auto found = all.find(kind.name);
        const auto spec = std::find_if(described.streams.begin(), described.streams.end(),
                                       [&](const auto& one) { return one.entity == kind.name; });
        if (found == all.end() || spec == described.streams.end()) continue;
        EntityReport report;
        report.entity = kind.name;
        StreamRun stream(run, opened.get(), described, *spec, kind, report);
        try {
            read(stream, *spec, found->second);
            run.host.log().info("sync", "what messages named was read",
                                {{"source", run.source.name}, {"report", report}});
        } catch (const Error& e) {
            if (run.lease.is_lost() || is_retryable(e.status())) throw;
            run.host.log().warn(
                "sync", "what a message named could not be read",
                {{"source", run.source.name}, {"entity", kind.name}, {"error", e.what()}});
        }
    }
}

}  // namespace

void keep_hints(Host& host, Tx& tx, const std::string& source, const Json& changed) {
    if (changed.empty()) return;
    const auto id = host.ids().next();
    for (const auto& one : changed) {
        auto ids = one.value("external_ids", std::vector<std::string>());
        if (ids.empty()) ids.emplace_back();
        for (const auto& external_id : ids) {
            tx.db().exec(
                "INSERT INTO dunlin_sync_hint VALUES (?, ?, ?, ?)"
                " ON CONFLICT (source, entity, external_id) DO UPDATE SET id = excluded.id",
                source, one.at("entity").get<std::string>(), external_id, id);
        }
    }
    const auto args = Json{{"source", source}}.dump();
    // One that runs already may have read before this change: then another one follows it.
    const auto running = tx.db().value(
        "SELECT 1 FROM dunlin_job WHERE kind = ? AND dedup_key = ? AND state = 'running'",
        hint_kind, source);
    host.jobs().enqueue(tx, hint_kind, running.empty() ? source : source + "+", args, 0);
}

void read_hints(Host& host, const SourceConfig& source, Plugin& connector, Plugin& sink,
                dunlin_cancel* cancel) {
    auto run = [&] {
        try {
            return RunContext{host, source, connector, {host, sink, source.name}, {}, cancel};
        } catch (const Error& e) {
            throw e.status() == DUNLIN_E_CONFLICT ? Error(DUNLIN_E_UNAVAILABLE, e.what()) : e;
        }
    }();
    const auto hints = waiting(host, source.name);
    read_all(run, hints);
    run.lease.commit("the end of hints", [&](Tx& tx) {
        for (const auto& [entity, of_entity] : hints) {
            for (const auto& [external_id, id] : of_entity) {
                tx.db().exec(
                    "DELETE FROM dunlin_sync_hint WHERE source = ? AND entity = ?"
                    " AND external_id = ? AND id = ?",
                    source.name, entity, external_id, id);
            }
        }
    });
}

}  // namespace dunlin::host
