// SPDX-License-Identifier: Apache-2.0
#include "sync/run.hpp"

#include "base/backoff.hpp"
#include "host.hpp"
#include "sync/lease.hpp"
#include "sync/page.hpp"
#include "sync/sink.hpp"

namespace dunlin::host {

namespace {

constexpr int64_t broken_rows_min = 1000;  // Fewer never stop an entity.
constexpr int64_t chunk_rows = 2000;       // Of quarantined rows, in one transaction.
constexpr int64_t runs_kept = 200;         // Of each source.
constexpr int64_t fixed_kept_us = 90LL * 86'400 * second_us;

using std::chrono::steady_clock;

bool is_passing(const std::exception& e) {
    const auto* error = dynamic_cast<const Error*>(&e);
    return error && (is_retryable(error->status()) || error->status() == DUNLIN_E_CANCELLED);
}

std::string text_of(const std::exception& e) {
    const bool is_json = dynamic_cast<const Json::exception*>(&e) != nullptr;
    return (is_json ? "a plugin answered with JSON of another shape: " : "") +
           std::string(e.what());
}

/// One run: what its steps share, then the steps in their order.
struct SyncRun {
    Host& host;
    const SourceConfig& source;
    const Plugin& connector;
    Sink sink;
    ProgressHandler progress{};
    const dunlin_cancel* asked = nullptr;

    RunLease lease{host, source.name, principal_of(host, sink.plugin)};
    const std::vector<Sink::Entity> kinds = sink.entities();
    const int64_t id = host.ids().next();
    const int64_t began_us = host.clock().now_us();
    std::vector<EntityReport> entities{};
    Json header{};  // The rest of the report.
    steady_clock::time_point entity_began{}, told{};

    Json run() {
        const auto opened = open_source(host, connector, source);
        const auto described = ask_plugin(host, connector, "describe",
                                          connector.connector->describe, connector.instance);
        std::set<std::string> offered;
        for (const auto& entity : described.at("entities")) offered.insert(entity.at("name"));
        // In the sink's order, because rows refer to rows of entities before them.
        for (const auto& kind : kinds) {
            if (offered.erase(kind.name)) entities.emplace_back().entity = kind.name;
        }
        begin(offered);
        try {
            run_entities(opened.get());
            header["totals"] = sink.totals();
        } catch (const std::exception& error) {
            if (lease.is_lost()) throw;
            header["error"] = text_of(error);
        }
        end();
        return report();
    }

    Json report() const {
        auto out = header;
        out["entities"] = entities;
        for (auto& one : out["entities"]) {
            if (one["error"] == "") one.erase("error");
        }
        return out;
    }

    void begin(const std::set<std::string>& ignored) {
        header = {{"run", std::to_string(id)},
                  {"source", source.name},
                  {"connector", connector.id()},
                  {"state", "running"},
                  {"started", timestamp_text(began_us)},
                  {"quarantine_open", 0},
                  {"totals", Json::array()}};
        if (!ignored.empty()) header["ignored"] = ignored;
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
                if (open == 0 && entity.state == "partial") entity.state = "ok";
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

    void run_entities(dunlin_source* opened) {
        for (auto& entity : entities) {
            run_entity(opened, entity);
            if (entity.state == "interrupted") break;
        }
        for (const auto& kind : kinds) {
            for (auto& entity : entities) {
                if (entity.entity == kind.name && entity.has_run()) retry_entity(kind, entity);
            }
        }
    }

    void run_entity(dunlin_source* opened, EntityReport& entity) {
        entity_began = steady_clock::now();
        try {
            stop_if_asked();
            pull_entity(opened, entity);
            entity.state = entity.quarantined > 0 ? "partial" : "ok";
        } catch (const std::exception& error) {
            if (lease.is_lost()) throw;
            entity.state = is_passing(error) ? "interrupted" : "failed";
            entity.error = text_of(error);
        }
        tell(entity, 0, -1, /*is_done=*/true);
    }

    void pull_entity(dunlin_source* opened, EntityReport& entity) {
        auto quarantine = quarantine_of(entity.entity);
        PageReader reader(host, connector, opened, entity.entity, cursor_of(entity.entity));
        while (true) {
            stop_if_asked();
            lease.keep();
            if (!reader.is_ready()) continue;
            const auto page = reader.take();
            if (!page) return;
            const auto before = entity.read;
            commit("a page of ", entity,
                   [&](Tx& tx, EntityReport& now) { take(tx, *page, now, quarantine); });
            host.metrics().add(
                "dunlin_sync_rows_total",
                "source=\"" + source.name + "\",entity=\"" + entity.entity + "\",outcome=\"read\"",
                entity.read - before);
            tell(entity, page->done, page->total, /*is_done=*/false);
        }
    }

    /// The counters change when the rows do.
    void commit(const std::string& what, EntityReport& entity,
                const std::function<void(Tx&, EntityReport&)>& body) {
        auto now = entity;
        lease.commit(what + entity.entity, [&](Tx& tx) {
            now = entity;
            body(tx, now);
        });
        entity = now;
    }

    void take(Tx& tx, const PulledPage& page, EntityReport& entity, Quarantine& quarantine) const {
        auto refused = page.refused;
        const auto unread = refused.size();
        std::vector<std::string> brought;
        if (page.rows.rows() > 0) {
            const BatchView rows(page.rows);
            const auto row_at = [&](int64_t row) { return RefusedRow::of_batch(rows, row); };
            sink.apply(tx, page.rows, row_at, entity, refused);
            brought = quarantine.known_of(rows);
        }
        entity.read += page.rows.rows() + static_cast<int64_t>(unread);
        entity.rejected += static_cast<int64_t>(refused.size() - unread);
        entity.broken += std::count_if(refused.begin(), refused.end(),
                                       [](const auto& row) { return !row.can_retry; });
        entity.quarantined += static_cast<int64_t>(refused.size());
        if (entity.broken > broken_rows_min && entity.broken * 2 > entity.read) {
            throw Error(DUNLIN_E_DATA, "more than half of the rows of " + entity.entity +
                                           " cannot be taken, so the source has probably changed "
                                           "its shape; the last one: " +
                                           refused.back().reason);
        }
        entity.fixed += quarantine.settle(tx, refused, brought);
        if (!page.next_cursor.empty()) {
            tx.db().exec(
                "INSERT INTO dunlin_sync_cursor VALUES (?, ?, ?, ?) ON CONFLICT (source, entity)"
                " DO UPDATE SET cursor_text = excluded.cursor_text, at_us = excluded.at_us",
                source.name, entity.entity, page.next_cursor, tx.moment().now_us);
        }
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

    Quarantine quarantine_of(const std::string& entity) {
        return {*host.begin(Access::read), source.name, entity};
    }

    std::string cursor_of(const std::string& entity) {
        return host.begin(Access::read)
            ->db()
            .value("SELECT cursor_text FROM dunlin_sync_cursor WHERE source = ? AND entity = ?",
                   source.name, entity);
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

    void stop_if_asked() const {
        if (asked && asked->requested) throw Error(DUNLIN_E_CANCELLED, "stopped on request");
    }
};

}  // namespace

Json run_source(Host& host, const SourceConfig& source, Plugin& connector, Plugin& sink,
                const ProgressHandler& progress, const dunlin_cancel* asked) {
    return SyncRun{host, source, connector, {host, sink, source.name}, progress, asked}.run();
}

int64_t retry_quarantined(Host& host, const SourceConfig& source, Plugin& connector, Plugin& sink) {
    SyncRun run{host, source, connector, {host, sink, source.name}};
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
