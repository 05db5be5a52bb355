// SPDX-License-Identifier: Apache-2.0
#include "sync/run.hpp"

#include "host.hpp"

namespace dunlin::host {

namespace {

constexpr int64_t tries_max = 5;
constexpr int64_t broken_rows_min = 1000;  // Fewer never stop an entity.

using Clock_ = std::chrono::steady_clock;

double seconds_since(Clock_::time_point at) {
    return std::chrono::duration<double>(Clock_::now() - at).count();
}

std::string labels(const RunReport& run, const std::string& entity, const char* outcome) {
    return "source=\"" + run.source + "\",entity=\"" + entity + "\",outcome=\"" + outcome + "\"";
}

}  // namespace

std::vector<SinkEntity> describe_sink(Host& host, const Plugin& sink) {
    std::string text;
    const StringWriter writer(text);
    call_plugin(host, sink, "describe", [&](dunlin_err* err) {
        return sink.sink->describe(sink.instance, writer.abi(), err);
    });
    std::vector<SinkEntity> out;
    const auto described = Json::parse(text);
    for (const auto& entity : described.at("entities")) {
        SinkEntity one{entity.at("name").get<std::string>(), {}};
        for (const auto& column : entity.value("columns", Json::array())) {
            const auto name = column.at("name").get<std::string>();
            const auto type = type_of(column.at("format").get_ref<const std::string&>());
            if (!type) {
                throw Error(DUNLIN_E_DATA, "the sink " + sink.id() + " describes " + one.name +
                                               "." + name + " with a format this host lacks");
            }
            one.columns.push_back({name, *type});
        }
        out.push_back(std::move(one));
    }
    return out;
}

SyncRun::SyncRun(Host& host, const SourceConfig& source, Plugin& connector, Plugin& sink,
                 std::function<void(const SyncProgress&)> progress, dunlin_cancel* asked)
    : host_(host),
      source_(source),
      connector_(connector),
      sink_(sink),
      progress_(std::move(progress)),
      asked_(asked),
      lease_(host, source.name, cancel_),
      sink_entities_(describe_sink(host, sink)) {
    report_.source = source.name;
    report_.connector = connector.id();
}

Json SyncRun::run() {
    const OpenSource source(host_, connector_, source_.name, source_.settings);
    std::string text;
    const StringWriter writer(text);
    call_plugin(host_, connector_, "describe", [&](dunlin_err* err) {
        return connector_.connector->describe(connector_.instance, writer.abi(), err);
    });
    std::set<std::string> offered;
    const auto described = Json::parse(text);
    for (const auto& entity : described.at("entities")) {
        offered.insert(entity.at("name").get<std::string>());
    }
    // In the sink's order, because rows refer to rows of entities before them.
    for (const auto& entity : sink_entities_) {
        if (offered.erase(entity.name) == 0) continue;
        report_.entities.emplace_back().entity = entity.name;
    }
    report_.ignored.assign(offered.begin(), offered.end());
    open_run();
    try {
        for (auto& entity : report_.entities) {
            run_entity(source, entity);
            if (entity.state == "interrupted") break;
        }
        for (std::size_t i = 0; i < sink_entities_.size(); ++i) {
            for (auto& entity : report_.entities) {
                if (entity.entity != sink_entities_[i].name) continue;
                if (entity.state == "ok" || entity.state == "partial") {
                    retry_entity(sink_entities_[i], entity);
                }
            }
        }
        fetch_totals();
    } catch (const LeaseLost&) {
        throw;
    } catch (const std::exception& error) {
        report_.error = error.what();
    }
    close_run();
    return report_.to_json();
}

void SyncRun::open_run() {
    report_.id = host_.ids().next();
    report_.started_us = host_.clock().now_us();
    auto tx = begin_leased();
    // We hold the lease: whoever left a run open is gone.
    tx->db().exec(
        "UPDATE dunlin_sync_run SET state = 'interrupted', ended_us = ?"
        " WHERE source = ? AND state = 'running'",
        report_.started_us, source_.name);
    tx->db().exec("INSERT INTO dunlin_sync_run VALUES (?, ?, ?, 0, 'running', ?)", report_.id,
                  source_.name, report_.started_us, report_.to_json().dump());
    tx->commit();
    host_.log().info("sync", "a sync begins",
                     {{"source", source_.name}, {"connector", connector_.id()}});
}

void SyncRun::close_run() {
    report_.ended_us = host_.clock().now_us();
    commit_with_retries("the end of the run", [&] {
        auto tx = begin_leased();
        auto open = tx->db().query(
            "SELECT count(*) FROM dunlin_quarantine WHERE source = ? AND state = 'open'",
            source_.name);
        open->step();
        report_.open_in_quarantine = open->i64(0);
        open.reset();
        // What was quarantined and came right in the same run is no blemish.
        for (auto& entity : report_.entities) {
            const bool is_clean = report_.open_in_quarantine == 0;
            if (is_clean && entity.state == "partial") entity.state = "ok";
        }
        report_.state = report_.conclude();
        if (!report_.error.empty() && report_.state == "ok") report_.state = "partial";
        tx->db().exec(
            "UPDATE dunlin_sync_run SET state = ?, ended_us = ?, report_json = ? WHERE id = ?",
            report_.state, report_.ended_us, report_.to_json().dump(), report_.id);
        tx->commit();
    });
    const auto label = "source=\"" + source_.name + "\"";
    host_.metrics().add("dunlin_sync_runs_total", label + ",state=\"" + report_.state + "\"");
    host_.metrics().set("dunlin_sync_quarantine_open", label,
                        static_cast<double>(report_.open_in_quarantine));
    if (report_.state == "ok" || report_.state == "partial") {
        host_.metrics().set("dunlin_sync_last_success_seconds", label,
                            static_cast<double>(report_.ended_us) / 1e6);
    }
    host_.log().write(report_.state == "ok" ? DUNLIN_LOG_INFO : DUNLIN_LOG_WARN, "sync",
                      "a sync ended", report_.to_json());
}

void SyncRun::run_entity(const OpenSource& source, EntityReport& report) {
    entity_started_ = Clock_::now();
    try {
        check_asked();
        pull_entity(source, report);
        report.state = report.quarantined > 0 ? "partial" : "ok";
    } catch (const LeaseLost&) {
        throw;
    } catch (const Error& error) {
        const bool is_passing =
            is_retryable(error.status()) || error.status() == DUNLIN_E_CANCELLED;
        report.state = is_passing ? "interrupted" : "failed";
        report.error = error.what();
    } catch (const Json::exception& error) {
        report.state = "failed";
        report.error = "a plugin answered with JSON of another shape: " + std::string(error.what());
    } catch (const std::exception& error) {
        report.state = "failed";
        report.error = error.what();
    }
    report.seconds = seconds_since(entity_started_);
    tell(report, nullptr, /*is_last=*/true);
}

void SyncRun::pull_entity(const OpenSource& source, EntityReport& report) {
    auto tx = host_.begin(Access::read);
    Quarantine quarantine(*tx, source_.name, report.entity);
    tx.reset();
    PageReader reader(host_, source, report.entity, cursor_of(report.entity));
    PulledPage page;
    while (true) {
        check_asked();
        const auto next = reader.next(page);
        if (next == PageReader::Next::end) return;
        if (next == PageReader::Next::nothing_yet) continue;
        const auto before = report.read;
        const auto started = Clock_::now();
        take_page(page, report, quarantine);
        host_.metrics().add("dunlin_sync_rows_total", labels(report_, report.entity, "read"),
                            report.read - before);
        tell(report, &page, /*is_last=*/false);
        page = {};
        give_way(Clock_::now() - started);
    }
}

void SyncRun::take_page(const PulledPage& page, EntityReport& report, Quarantine& quarantine) {
    Batch cleaned;
    const bool is_broken = !page.broken_rows.empty();
    if (is_broken) cleaned = without_rows(BatchView(page.rows), page.broken_rows);
    const auto& rows = is_broken ? cleaned : page.rows;
    commit_with_retries("a page of " + report.entity,
                        [&] { apply_page(page, rows, report, quarantine); });
}

void SyncRun::apply_page(const PulledPage& page, const Batch& rows, EntityReport& report,
                         Quarantine& quarantine) {
    auto refused = Quarantine::of_connector(page.errors_json);
    if (!page.broken_rows.empty()) {
        for (auto& row : Quarantine::of_broken(BatchView(page.rows), page.broken_rows)) {
            refused.push_back(std::move(row));
        }
    }
    auto after = report;
    after.read += page.rows.rows() + static_cast<int64_t>(refused.size() - page.broken_rows.size());
    after.broken += static_cast<int64_t>(refused.size());
    auto tx = begin_leased();
    if (rows.rows() > 0) {
        auto by_sink = apply(*tx, report.entity, rows, after);
        after.rejected += by_sink.by_sink;
        after.fixed += quarantine.settle(*tx, BatchView(rows), by_sink.rows);
        for (auto& row : by_sink.rows) {
            if (!row.can_retry) ++after.broken;
            refused.push_back(std::move(row));
        }
    }
    after.quarantined += static_cast<int64_t>(refused.size());
    if (after.broken > broken_rows_min && after.broken * 2 > after.read) {
        throw Error(DUNLIN_E_DATA,
                    "more than half of the rows of " + report.entity +
                        " cannot be taken, so the source has probably changed its shape; the last "
                        "one: " +
                        refused.back().reason);
    }
    quarantine.put(*tx, refused);
    if (!page.next_cursor.empty()) write_cursor(*tx, report.entity, page.next_cursor);
    after.seconds = seconds_since(entity_started_);
    write_report(*tx, after);
    tx->commit();
    quarantine.committed(refused);
    report = after;
}

SyncRun::Refused SyncRun::apply(Tx& tx, const std::string& entity, const Batch& rows,
                                EntityReport& report) {
    dunlin_apply_counts counts{};
    counts.struct_size = sizeof counts;
    std::string rejects;
    const StringWriter writer(rejects);
    call_plugin(
        host_, sink_, tx, /*is_scoped=*/false, "apply", [&](dunlin_tx* view, dunlin_err* err) {
            return sink_.sink->apply(sink_.instance, view, to_abi(source_.name), to_abi(entity),
                                     rows.schema(), rows.array(), &counts, writer.abi(), err);
        });
    const auto list = rejects.empty() ? Json::array() : Json::parse(rejects);
    const auto sum =
        counts.inserted + counts.updated + counts.deleted + counts.unchanged + counts.rejected;
    if (sum != rows.rows() || counts.rejected != static_cast<int64_t>(list.size())) {
        throw Error(DUNLIN_E_INTERNAL, "the sink " + sink_.id() + " accounts for " +
                                           std::to_string(sum) + " of " +
                                           std::to_string(rows.rows()) + " rows of " + entity);
    }
    report.inserted += counts.inserted;
    report.updated += counts.updated;
    report.deleted += counts.deleted;
    report.unchanged += counts.unchanged;
    return {Quarantine::of_sink(BatchView(rows), list), counts.rejected};
}

void SyncRun::commit_with_retries(const std::string& what, const std::function<void()>& body) {
    for (int64_t attempt = 1;; ++attempt) {
        try {
            return body();
        } catch (const LeaseLost&) {
            throw;
        } catch (const Error& error) {
            if (attempt == tries_max || !is_retryable(error.status())) throw;
            host_.log().warn("sync", what + " is tried again",
                             {{"source", source_.name}, {"error", error.what()}});
        }
        std::this_thread::sleep_for(
            std::chrono::microseconds(backoff_us(attempt, second_us / 20, 2 * second_us)));
    }
}

std::unique_ptr<Tx> SyncRun::begin_leased() {
    auto principal = principal_of(host_, sink_);
    principal.name = "sync:" + source_.name;
    auto tx = host_.begin(Access::write, principal);
    if (!lease_.renew_in(*tx)) throw LeaseLost(source_.name);
    return tx;
}

std::string SyncRun::cursor_of(const std::string& entity) {
    auto tx = host_.begin(Access::read);
    auto row =
        tx->db().query("SELECT cursor_text FROM dunlin_sync_cursor WHERE source = ? AND entity = ?",
                       source_.name, entity);
    return row->step() ? std::string(row->text(0)) : std::string();
}

void SyncRun::write_cursor(Tx& tx, const std::string& entity, const std::string& cursor) {
    tx.db().exec(
        "INSERT INTO dunlin_sync_cursor VALUES (?, ?, ?, ?) ON CONFLICT (source, entity)"
        " DO UPDATE SET cursor_text = excluded.cursor_text, at_us = excluded.at_us",
        source_.name, entity, cursor, tx.moment().now_us);
}

void SyncRun::write_report(Tx& tx, const EntityReport& entity) {
    auto report = report_;
    for (auto& row : report.entities) {
        if (row.entity == entity.entity) row = entity;
    }
    tx.db().exec("UPDATE dunlin_sync_run SET report_json = ? WHERE id = ?", report.to_json().dump(),
                 report_.id);
}

void SyncRun::fetch_totals() {
    auto tx = host_.begin(Access::read, principal_of(host_, sink_));
    std::string text;
    const StringWriter writer(text);
    call_plugin(host_, sink_, *tx, /*is_scoped=*/false, "totals",
                [&](dunlin_tx* view, dunlin_err* err) {
                    return sink_.sink->totals(sink_.instance, view, to_abi(source_.name),
                                              writer.abi(), err);
                });
    if (!text.empty()) report_.totals = Json::parse(text);
}

void SyncRun::give_way(std::chrono::steady_clock::duration held) {
    if (host_.store().dialect() != Dialect::sqlite) return;
    // Writers of other processes poll for the lock: without a gap they starve.
    using std::chrono::milliseconds;
    const auto gap = std::chrono::duration_cast<milliseconds>(held / 20);
    std::this_thread::sleep_for(std::clamp(gap, milliseconds(1), milliseconds(100)));
}

void SyncRun::tell(const EntityReport& report, const PulledPage* page, bool is_last) {
    const auto now = Clock_::now();
    if (!is_last && now - told_ < std::chrono::milliseconds(250)) return;
    told_ = now;
    SyncProgress out;
    out.source = source_.name;
    out.entity = report.entity;
    out.rows = report.read;
    out.rows_per_s =
        static_cast<double>(report.read) / std::max(seconds_since(entity_started_), 0.001);
    if (page) {
        out.done = page->done;
        out.total = page->total;
    }
    out.is_last = is_last;
    if (progress_) progress_(out);
}

void SyncRun::check_asked() {
    if (asked_ && asked_->requested) cancel_.requested = true;
    if (cancel_.requested) throw Error(DUNLIN_E_CANCELLED, "stopped on request");
}

}  // namespace dunlin::host
