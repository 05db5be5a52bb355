// SPDX-License-Identifier: Apache-2.0
#include "sync/run.hpp"

#include "base/backoff.hpp"
#include "host.hpp"
#include "sync/stream_run.hpp"

namespace dunlin::host {

namespace {

constexpr int64_t chunk_rows = 2000;  // Of quarantined rows, in one transaction.
constexpr int64_t runs_kept = 200;    // Of each source.
constexpr int64_t fixed_kept_us = 90LL * 86'400 * second_us;

using std::chrono::steady_clock;

bool is_passing(const std::exception& e) {
    const auto* error = dynamic_cast<const Error*>(&e);
    return error && (is_retryable(error->status()) || error->status() == DUNLIN_E_CANCELLED);
}

bool is_refusal(const std::exception& e) {
    const auto* error = dynamic_cast<const Error*>(&e);
    return error && (error->status() == DUNLIN_E_DENIED || error->status() == DUNLIN_E_INVALID);
}

std::string text_of(const std::exception& e) {
    const bool is_json = dynamic_cast<const Json::exception*>(&e) != nullptr;
    return (is_json ? "a plugin answered with JSON of another shape: " : "") +
           std::string(e.what());
}

/// One run: what its steps share, then the steps in their order.
struct SyncRun : RunContext {
    ProgressHandler progress{};

    const std::vector<Sink::Entity> kinds = sink.entities();
    const int64_t id = host.ids().next();
    std::vector<EntityReport> entities{};
    Json header{};            // The rest of the report.
    bool is_refused = false;  // The other system will not let us in: no stream can be read.
    steady_clock::time_point entity_began{}, told{};

    Json run() {
        refuse_when_parked(host, source.name);
        const auto opened = open_source(host, connector, source);
        const auto described =
            Described::of(ask_plugin(host, connector, "describe", connector.connector->describe,
                                     connector.instance),
                          connector.id());
        std::map<std::string, const StreamSpec*> offered;
        for (const auto& stream : described.streams) offered[stream.entity] = &stream;
        // In the sink's order, because rows refer to rows of entities before them.
        std::vector<const StreamSpec*> streams;
        for (const auto& kind : kinds) {
            const auto found = offered.find(kind.name);
            if (found == offered.end()) continue;
            entities.emplace_back().entity = kind.name;
            streams.push_back(found->second);
            offered.erase(found);
        }
        begin(offered);
        try {
            run_streams(opened.get(), described, streams);
            header["totals"] = sink.totals();
            if (!is_refused) add_source_totals(opened.get());
        } catch (const std::exception& error) {
            if (lease.is_lost()) throw;
            header["error"] = text_of(error);
        }
        end();
        return report();
    }

    /// What the other system says is open, beside our totals.
    void add_source_totals(dunlin_source* opened) {
        const auto& table = *connector.connector;
        if (!table.totals) return;
        dunlin_cancel cancel;
        try {
            header["source_totals"] =
                ask_plugin(host, connector, "totals", table.totals, opened, &cancel);
        } catch (const Error& e) {
            if (e.status() != DUNLIN_E_UNSUPPORTED) throw;
        }
    }

    Json report() const {
        auto out = header;
        out["entities"] = entities;
        for (auto& one : out["entities"]) {
            for (const auto* key : {"error", "note"}) {
                if (one[key] == "") one.erase(key);
            }
        }
        return out;
    }

    void begin(const std::map<std::string, const StreamSpec*>& ignored) {
        header = {{"run", std::to_string(id)},
                  {"source", source.name},
                  {"connector", connector.id()},
                  {"state", "running"},
                  {"started", timestamp_text(began_us)},
                  {"quarantine_open", 0},
                  {"totals", Json::array()}};
        for (const auto& one : ignored) header["ignored"].push_back(one.first);
        lease.commit("the begin of the run", [&](Tx& tx) {
            // We hold the lease: whoever left a run open is gone.
            tx.db().exec(
                "UPDATE dunlin_sync_run SET state = 'interrupted', ended_us = ?"
                " WHERE source = ? AND state = 'running'",
                began_us, source.name);
            tx.db().exec("INSERT INTO dunlin_sync_run VALUES (?, ?, ?, 0, 'running', ?)", id,
                         source.name, began_us, report().dump());
        });
        host.log().info("sync", "a sync begins",
                        {{"source", source.name}, {"connector", connector.id()}});
    }

    void end() {
        const auto now = host.clock().now_us();
        header["ended"] = timestamp_text(now);
        header["seconds"] = static_cast<double>(now - began_us) / 1e6;
        int64_t open = 0;
        std::string state;
        lease.commit("the end of the run", [&](Tx& tx) {
            open = std::stoll(tx.db().value(
                "SELECT count(*) FROM dunlin_quarantine WHERE source = ? AND state = 'open'",
                source.name));
            // What was quarantined and came right in the same run is no blemish.
            for (auto& entity : entities) {
                if (open == 0 && entity.state == "partial" && entity.error.empty()) {
                    entity.state = "ok";
                }
            }
            state = conclude(entities);
            if (state == "ok" && header.contains("error")) state = "partial";
            header["state"] = state;
            header["quarantine_open"] = open;
            tx.db().exec(
                "UPDATE dunlin_sync_run SET state = ?, ended_us = ?, report_json = ? WHERE id = ?",
                state, now, report().dump(), id);
            purge(tx);
        });
        const auto label = "source=\"" + source.name + "\"";
        auto& metrics = host.metrics();
        metrics.add("dunlin_sync_runs_total", label + ",state=\"" + state + "\"");
        metrics.set("dunlin_sync_quarantine_open", label, static_cast<double>(open));
        if (state == "ok" || state == "partial") {
            metrics.set("dunlin_sync_last_success_seconds", label, static_cast<double>(now) / 1e6);
        }
        host.log().write(state == "ok" ? DUNLIN_LOG_INFO : DUNLIN_LOG_WARN, "sync", "a sync ended",
                         report());
    }

    void purge(Tx& tx) const {
        tx.db().exec(
            "DELETE FROM dunlin_sync_run WHERE source = ? AND id NOT IN"
            " (SELECT id FROM dunlin_sync_run WHERE source = ? ORDER BY id DESC LIMIT ?)",
            source.name, source.name, runs_kept);
        tx.db().exec(
            "DELETE FROM dunlin_quarantine WHERE source = ? AND state = 'fixed'"
            " AND last_seen_us < ?",
            source.name, began_us - fixed_kept_us);
    }

    void run_streams(dunlin_source* opened, const Described& described,
                     const std::vector<const StreamSpec*>& streams) {
        for (std::size_t i = 0; i < streams.size(); ++i) {
            run_stream(opened, described, *streams[i], entities[i]);
            if (entities[i].state == "interrupted") break;
            if (is_refused) return entities.resize(i + 1);
        }
        for (const auto& kind : kinds) {
            for (auto& entity : entities) {
                if (entity.entity == kind.name && entity.has_run()) retry_entity(kind, entity);
            }
        }
    }

    void run_stream(dunlin_source* opened, const Described& described, const StreamSpec& spec,
                    EntityReport& entity) {
        entity_began = steady_clock::now();
        const auto kind = std::find_if(kinds.begin(), kinds.end(),
                                       [&](const auto& one) { return one.name == spec.entity; });
        try {
            stop_if_asked();
            StreamRun stream(*this, opened, described, spec, *kind, entity);
            stream.read_changes(
                [&](Tx& tx, const EntityReport& now) { keep_report(tx, now); },
                [&](int64_t done, int64_t total) { tell(entity, done, total, /*is_done=*/false); });
            stream.fetch_unreadable();
            stream.sweep();
            const bool is_clean = entity.quarantined == 0 && entity.error.empty();
            entity.state = is_clean ? "ok" : "partial";
        } catch (const std::exception& error) {
            if (lease.is_lost()) throw;
            entity.state = is_passing(error) ? "interrupted" : "failed";
            entity.error = text_of(error);
            is_refused = is_refusal(error);
            if (is_refused) header["error"] = entity.error;
        }
        host.metrics().add(
            "dunlin_sync_rows_total",
            "source=\"" + source.name + "\",entity=\"" + entity.entity + "\",outcome=\"read\"",
            entity.read);
        tell(entity, 0, -1, /*is_done=*/true);
    }

    /// So that the report of a run that is killed says how far it came.
    void keep_report(Tx& tx, const EntityReport& entity) const {
        auto so_far = report();
        for (auto& one : so_far["entities"]) {
            if (one["entity"] == entity.entity) one = entity;
        }
        tx.db().exec("UPDATE dunlin_sync_run SET report_json = ? WHERE id = ?", so_far.dump(), id);
    }

    void retry_entity(const Sink::Entity& kind, EntityReport& entity) {
        auto quarantine = quarantine_of(kind.name);
        std::string after;
        do {
            stop_if_asked();
        } while (retry_chunk(kind, entity, quarantine, after));
    }

    /// The next rows behind the key `after`, which it moves on; false when they were the last.
    bool retry_chunk(const Sink::Entity& kind, EntityReport& entity, Quarantine& quarantine,
                     std::string& after) {
        const auto found = quarantine.retryable(*host.begin(Access::read), after, chunk_rows);
        if (found.empty()) return false;
        std::vector<std::string> keys;
        std::vector<RefusedRow> fitting, unfit;
        std::vector<Json> raw;
        for (const auto& row : found) {
            keys.push_back(row.key);
            auto one = Json::parse(row.raw_json, nullptr, /*allow_exceptions=*/false);
            try {
                rows_from_json(std::vector<Json>(1, one), kind.columns);
                raw.push_back(std::move(one));
                fitting.push_back(row);
            } catch (const std::exception& e) {  // No retry will bring it.
                unfit.push_back(row);
                unfit.back().explain({{"code", "shape"}, {"reason", e.what()}});
            }
        }
        const auto rows = rows_from_json(raw, kind.columns);
        // Known as before, with everything the connector sent.
        const auto row_at = [&](int64_t row) { return fitting[static_cast<std::size_t>(row)]; };
        commit("quarantined rows of ", entity, [&](Tx& tx, EntityReport& now) {
            auto refused = unfit;
            if (!raw.empty()) sink.apply(tx, rows, row_at, now, refused);
            now.fixed += quarantine.settle(tx, refused, keys);
        });
        after = found.back().key;
        return found.size() == chunk_rows;
    }

    void tell(EntityReport& entity, int64_t done, int64_t total, bool is_done) {
        const auto now = steady_clock::now();
        entity.seconds = std::chrono::duration<double>(now - entity_began).count();
        entity.rows_per_s = static_cast<double>(entity.read) / std::max(entity.seconds, 0.001);
        if (!is_done && now - told < std::chrono::milliseconds(250)) return;
        told = now;
        progress(
            {source.name, entity.entity, entity.read, entity.rows_per_s, done, total, is_done});
    }
};

}  // namespace

Json run_source(Host& host, const SourceConfig& source, Plugin& connector, Plugin& sink,
                const SyncOptions& options, const ProgressHandler& progress,
                const dunlin_cancel* asked) {
    return SyncRun{{host, source, connector, {host, sink, source.name}, options, asked}, progress}
        .run();
}

int64_t retry_quarantined(Host& host, const SourceConfig& source, Plugin& connector, Plugin& sink) {
    SyncRun run{{host, source, connector, {host, sink, source.name}, {}}};
    int64_t taken = 0;
    for (const auto& kind : run.kinds) {
        EntityReport entity;
        entity.entity = kind.name;
        run.retry_entity(kind, entity);
        taken += entity.fixed;
    }
    return taken;
}

}  // namespace dunlin::host
