// SPDX-License-Identifier: Apache-2.0
#include "sync/sync.hpp"

#include "host.hpp"
#include "sync/run.hpp"

#include <map>
#include <mutex>

namespace dunlin::host {

namespace {

constexpr const char* sync_kind = "host.sync";

Json to_json(const SyncProgress& progress) {
    return {
        {"source", progress.source},         {"entity", progress.entity}, {"rows", progress.rows},
        {"rows_per_s", progress.rows_per_s}, {"done", progress.done},     {"total", progress.total},
        {"entity_is_done", progress.is_last}};
}

}  // namespace

struct Sync::Impl {
    explicit Impl(Host& h) : host(h) {}

    const SourceConfig& source(const std::string& name) const {
        std::string known;
        for (const auto& source : host.config().sources) {
            if (source.name == name) return source;
            known += (known.empty() ? "" : ", ") + source.name;
        }
        throw Error(DUNLIN_E_NOT_FOUND, "there is no source \"" + name +
                                            "\"; dunlin.toml has [sources.…] " +
                                            (known.empty() ? "for none" : "for " + known));
    }

    Plugin& connector(const SourceConfig& source) const {
        auto* plugin = host.plugins().by_id(source.connector);
        const auto where = "the source " + source.name + " uses the connector " + source.connector;
        if (!plugin) throw Error(DUNLIN_E_NOT_FOUND, where + ", which is not installed");
        if (!plugin->is_running()) {
            throw Error(DUNLIN_E_UNSUPPORTED,
                        where + ", which is " + name_of(plugin->state) + ": " + plugin->reason);
        }
        if (!plugin->connector) {
            throw Error(DUNLIN_E_UNSUPPORTED, where + ", a plugin that is no connector");
        }
        check_settings(source, *plugin);
        return *plugin;
    }

    void check_settings(const SourceConfig& source, const Plugin& plugin) const {
        const auto& schema = plugin.manifest.source_schema;
        if (schema.is_null() || schema.empty()) return;
        const auto where = "[sources." + source.name + ".settings]";
        const auto wrong =
            Schema::compile(schema, plugin.id() + ": source_schema")->violations(source.settings);
        if (wrong.empty()) return;
        std::string text;
        for (const auto& violation : wrong) text += (text.empty() ? "" : "; ") + violation;
        throw Error(
            DUNLIN_E_INVALID,
            "dunlin.toml " + where + " does not suit the connector " + plugin.id() + ": " + text,
            Json{{"violations", wrong}}.dump());
    }

    Plugin& sink() const {
        Plugin* found = nullptr;
        for (auto* plugin : host.plugins().in_order()) {
            if (!plugin->is_running() || !plugin->sink) continue;
            if (found) {
                throw Error(DUNLIN_E_CONFLICT, "both " + found->id() + " and " + plugin->id() +
                                                   " keep what connectors bring; disable one");
            }
            found = plugin;
        }
        if (!found) {
            throw Error(DUNLIN_E_UNSUPPORTED,
                        "no running plugin keeps what connectors bring (has a sink); see: dunlin "
                        "plugin list");
        }
        return *found;
    }

    void remember(const SyncProgress& progress) {
        std::lock_guard lock(mutex);
        last[progress.source] = progress;
    }
    void forget(const std::string& source) {
        std::lock_guard lock(mutex);
        last.erase(source);
    }

    /// A scheduled run, as a job.
    void run_job(const Json& args, dunlin_cancel* cancel) {
        const auto name = args.at("source").get<std::string>();
        const auto report = host.sync().run(
            name,
            [&](const SyncProgress& p) {
                if (cancel->on_progress) cancel->on_progress(p.done, p.total, p.entity);
            },
            cancel);
        const auto state = report.at("state").get<std::string>();
        if (state != "failed" && state != "interrupted") return;
        if (cancel->requested) throw Error(DUNLIN_E_CANCELLED, "stopped on request");
        std::string why = report.value("error", "");
        for (const auto& entity : report.at("entities")) {
            if (entity.contains("error")) why = entity["error"].get<std::string>();
        }
        throw Error(state == "failed" ? DUNLIN_E_DATA : DUNLIN_E_UNAVAILABLE,
                    "the sync of " + name + " " +
                        (state == "failed" ? "failed: " : "was interrupted: ") + why);
    }

    Host& host;
    mutable std::mutex mutex;
    std::map<std::string, SyncProgress> last;
};

Sync::Sync(Host& host) : impl_(std::make_unique<Impl>(host)) {
    host.jobs().add_host_kind(sync_kind, [this](const Json& args, dunlin_cancel* cancel) {
        impl_->run_job(args, cancel);
    });
}
Sync::~Sync() = default;

Json Sync::run(const std::string& source, const std::function<void(const SyncProgress&)>& progress,
               dunlin_cancel* cancel) {
    const auto& config = impl_->source(source);
    auto& connector = impl_->connector(config);
    auto& sink = impl_->sink();
    struct Forget {
        Impl& impl;
        const std::string& name;
        ~Forget() { impl.forget(name); }
    };
    SyncRun run(
        impl_->host, config, connector, sink,
        [&](const SyncProgress& p) {
            impl_->remember(p);
            if (progress) progress(p);
        },
        cancel);
    const Forget forget{*impl_, source};
    return run.run();
}

Json Sync::check(const std::string& source) {
    const auto& config = impl_->source(source);
    auto& plugin = impl_->connector(config);
    const OpenSource open(impl_->host, plugin, config.name, config.settings);
    dunlin_cancel cancel;
    std::string text;
    const StringWriter writer(text);
    call_plugin(impl_->host, plugin, "check", [&](dunlin_err* err) {
        return plugin.connector->check(open.get(), &cancel, writer.abi(), err);
    });
    return text.empty() ? Json::object() : Json::parse(text);
}

Json Sync::status() {
    auto tx = impl_->host.begin(Access::read);
    auto& db = tx->db();
    Json list = Json::array();
    for (const auto& source : impl_->host.config().sources) {
        Json one = {{"source", source.name}, {"connector", source.connector}};
        auto run = db.query(
            "SELECT state, report_json FROM dunlin_sync_run WHERE source = ?"
            " ORDER BY id DESC LIMIT 1",
            source.name);
        if (run->step()) {
            one["state"] = std::string(run->text(0));
            one["last_run"] = Json::parse(run->text(1), nullptr, /*allow_exceptions=*/false);
        }
        run.reset();
        auto open =
            db.query("SELECT count(*) FROM dunlin_quarantine WHERE source = ? AND state = 'open'",
                     source.name);
        open->step();
        one["quarantine_open"] = open->i64(0);
        open.reset();
        auto cursors = db.query(
            "SELECT entity, cursor_text, at_us FROM dunlin_sync_cursor WHERE source = ?"
            " ORDER BY entity",
            source.name);
        one["cursors"] = Json::array();
        while (cursors->step()) {
            one["cursors"].push_back({{"entity", std::string(cursors->text(0))},
                                      {"cursor", std::string(cursors->text(1))},
                                      {"at", timestamp_text(cursors->i64(2))}});
        }
        list.push_back(std::move(one));
    }
    return {{"sources", list}, {"running", progress()}};
}

Json Sync::progress() const {
    std::lock_guard lock(impl_->mutex);
    Json list = Json::array();
    for (const auto& [source, progress] : impl_->last) list.push_back(to_json(progress));
    return list;
}

Json Sync::quarantine(const std::string& source) {
    auto tx = impl_->host.begin(Access::read);
    auto rows = tx->db().query(
        "SELECT entity, row_key, position, code, reason, raw_json, can_retry, attempts,"
        " first_seen_us, last_seen_us FROM dunlin_quarantine WHERE source = ? AND state = 'open'"
        " ORDER BY entity, row_key LIMIT 1000",
        source);
    Json list = Json::array();
    while (rows->step()) {
        list.push_back({{"entity", std::string(rows->text(0))},
                        {"row", std::string(rows->text(1))},
                        {"position", std::string(rows->text(2))},
                        {"code", std::string(rows->text(3))},
                        {"reason", std::string(rows->text(4))},
                        {"raw", Json::parse(rows->text(5), nullptr, /*allow_exceptions=*/false)},
                        {"may_succeed_later", rows->i64(6) != 0},
                        {"attempts", rows->i64(7)},
                        {"first_seen", timestamp_text(rows->i64(8))},
                        {"last_seen", timestamp_text(rows->i64(9))}});
    }
    return list;
}

int64_t Sync::retry_quarantine(const std::string& source) {
    const auto& config = impl_->source(source);
    SyncRun run(impl_->host, config, impl_->connector(config), impl_->sink(), nullptr, nullptr);
    return run.retry_only();
}

void Sync::start() {
    for (const auto& source : impl_->host.config().sources) {
        if (source.every_us <= 0) continue;
        Schedule schedule;
        schedule.name = std::string(sync_kind) + ":" + source.name;
        schedule.kind = sync_kind;
        schedule.dedup_key = source.name;
        schedule.args_json = Json{{"source", source.name}}.dump();
        schedule.next = [every = source.every_us](int64_t after) { return after + every; };
        schedule.fires_at_once = true;
        impl_->host.jobs().add_schedule(std::move(schedule));
    }
}

void Sync::stop() {}

}  // namespace dunlin::host
