// SPDX-License-Identifier: Apache-2.0
#include "sync/sync.hpp"

#include "host.hpp"
#include "store/json_rows.hpp"
#include "sync/hints.hpp"
#include "sync/page.hpp"
#include "sync/run.hpp"
#include "sync/sink.hpp"
#include "sync/stream.hpp"

#include <boost/algorithm/string/join.hpp>

namespace dunlin::host {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SyncProgress, source, entity, rows, rows_per_s, done, total,
                                   entity_is_done)

namespace {
constexpr const char* sync_kind = "host.sync";
constexpr int hooks_in_a_minute = 300;
}  // namespace

Sync::Sync(Host& host) : host_(host) {
    host.jobs().add_host_kind(
        sync_kind, [this](const Json& args, dunlin_cancel* cancel) { run_job(args, cancel); });
    host.jobs().add_host_kind(hint_kind, [this](const Json& args, dunlin_cancel* cancel) {
        read_hinted(args.at("source"), cancel);
    });
}

const SourceConfig& Sync::source(const std::string& name) const {
    std::vector<std::string> known;
    for (const auto& source : host_.config().sources) {
        if (source.name == name) return source;
        known.push_back(source.name);
    }
    throw Error(DUNLIN_E_NOT_FOUND, "there is no source \"" + name +
                                        "\"; dunlin.toml has [sources.…] for " +
                                        (known.empty() ? "none" : boost::join(known, ", ")));
}

Plugin& Sync::connector_of(const SourceConfig& source) const {
    auto* plugin = host_.plugins().by_id(source.connector);
    const auto where = "the source " + source.name + " uses the connector " + source.connector;
    if (!plugin) throw Error(DUNLIN_E_NOT_FOUND, where + ", which is not installed");
    if (!plugin->is_running()) {
        throw Error(DUNLIN_E_UNSUPPORTED,
                    where + ", which is " + name_of(plugin->state) + ": " + plugin->reason);
    }
    if (!plugin->connector) {
        throw Error(DUNLIN_E_UNSUPPORTED, where + ", a plugin that is no connector");
    }
    const auto& schema = plugin->manifest.source_schema;
    const auto wrong = schema.is_object()
                           ? host_.config().violations("sources." + source.name + ".settings",
                                                       source.settings, schema)
                           : std::vector<std::string>();
    if (!wrong.empty()) {
        throw Error(DUNLIN_E_INVALID, boost::join(wrong, "; "), Json{{"violations", wrong}}.dump());
    }
    return *plugin;
}

Plugin& Sync::sink(const Plugin& connector) const {
    const auto needs = [](const Plugin& who, const Plugin& whom) {
        const auto& all = who.manifest.requires_;
        return std::any_of(all.begin(), all.end(),
                           [&](const auto& wanted) { return wanted.id == whom.id(); });
    };
    Plugin* found = nullptr;
    for (auto* plugin : host_.plugins().in_order()) {
        if (!plugin->is_running() || !plugin->sink) continue;
        if (needs(connector, *plugin)) return *plugin;
        if (found && needs(*plugin, *found)) continue;
        if (found) {
            throw Error(DUNLIN_E_CONFLICT, "both " + found->id() + " and " + plugin->id() +
                                               " keep what connectors bring; disable one");
        }
        found = plugin;
    }
    if (found) return *found;
    throw Error(DUNLIN_E_UNSUPPORTED,
                "no running plugin keeps what connectors bring (has a sink); see: dunlin plugin "
                "list");
}

Json Sync::run(const std::string& source_name, const ProgressHandler& progress,
               dunlin_cancel* cancel, const SyncOptions& options) {
    const auto [config, connector] = target(source_name);
    const auto tell = [&](const SyncProgress& now) {
        if (progress) progress(now);
        std::lock_guard lock(mutex_);
        progress_[source_name] = now;
    };
    const std::shared_ptr<void> forgets(nullptr, [&](void*) {
        std::lock_guard lock(mutex_);
        progress_.erase(source_name);
    });
    return run_source(host_, *config, *connector, sink(*connector), options, tell, cancel);
}

void Sync::run_job(const Json& args, dunlin_cancel* cancel) {
    const std::string name = args.at("source");
    const auto progress = [&](const SyncProgress& now) {
        if (cancel->on_progress) cancel->on_progress(now.done, now.total, now.entity);
    };
    const auto report = run(name, progress, cancel);
    const std::string state = report.at("state");
    if (state == "ok" || state == "partial") return;
    if (cancel->requested) throw Error(DUNLIN_E_CANCELLED, "stopped on request");
    auto why = report.value("error", "");
    for (const auto& entity : report.at("entities")) why = entity.value("error", why);
    throw Error(state == "failed" ? DUNLIN_E_DATA : DUNLIN_E_UNAVAILABLE,
                "the sync of " + name + " is " + state + ": " + why);
}

Json Sync::check(const std::string& source_name) {
    const auto [config, plugin] = target(source_name);
    const auto open = open_source(host_, *plugin, *config);
    dunlin_cancel cancel;
    return ask_plugin(host_, *plugin, "check", plugin->connector->check, open.get(), &cancel);
}

void Sync::read_hinted(const std::string& source_name, dunlin_cancel* cancel) {
    const auto [config, connector] = target(source_name);
    read_hints(host_, *config, *connector, sink(*connector), cancel);
}

void Sync::count_hook(const std::string& source_name) {
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex_);
    auto& [began, count] = hooks_[source_name];
    if (now - began >= std::chrono::minutes(1)) {
        began = now;
        count = 0;
    }
    if (++count > hooks_in_a_minute) {
        throw Error(DUNLIN_E_LIMIT, "too many messages for " + source_name);
    }
}

void Sync::hook(const std::string& source_name,
                const std::vector<std::pair<std::string, std::string>>& headers,
                const std::string& body) {
    const auto [config, plugin] = target(source_name);
    const auto& table = *plugin->connector;
    if (!table.hook) {
        throw Error(DUNLIN_E_UNSUPPORTED, source_name + " takes no messages");
    }
    count_hook(source_name);
    const auto headers_json = Json(headers).dump(-1, ' ', false, Json::error_handler_t::replace);
    const dunlin_hook hook{sizeof hook, 0, to_abi(headers_json), to_abi(body),
                           host_.clock().now_us()};
    Json said;
    try {
        const auto open = open_source(host_, *plugin, *config);
        said = ask_plugin(host_, *plugin, "hook", table.hook, open.get(), &hook);
    } catch (const Error& e) {
        if (e.status() == DUNLIN_E_UNSUPPORTED) throw;
        host_.log().warn("sync", "a message was not taken",
                         {{"source", source_name}, {"error", e.what()}});
        if (e.status() == DUNLIN_E_NOT_FOUND) throw Error(DUNLIN_E_INTERNAL, e.what());
        throw;
    }
    auto tx = host_.begin(Access::write);
    keep_hints(host_, *tx, source_name, said.value("changed", Json::array()));
    tx->commit();
}

Json Sync::preview(const std::string& source_name, const ProgressHandler& progress) {
    const auto& config = source(source_name);
    const auto& plugin = connector_of(config);
    const auto open = open_source(host_, plugin, config);
    const auto described = Described::of(describe(plugin.id()), plugin.id());
    std::set<std::string> taken;
    for (const auto& e : Sink{host_, sink(plugin), source_name}.entities()) taken.insert(e.name);
    Json out = Json::array();
    for (const auto& spec : described.streams) {
        if (!taken.count(spec.entity)) continue;
        SyncProgress now{source_name, spec.entity};
        int64_t unreadable = 0;
        std::string example;
        // Where ids are cheap, all of them and a look at the first page.
        const auto read = [&](PullRequest request, bool is_all) {
            PageReader reader(host_, plugin, open.get(), std::move(request));
            for (auto page = reader.take(); page; page = reader.take()) {
                for (const auto& row : page->refused) example = row.reason;
                unreadable += static_cast<int64_t>(page->refused.size());
                if (!is_all) return;
                now.rows += page->rows.rows() + static_cast<int64_t>(page->refused.size());
                now.done = page->done;
                now.total = page->total;
                if (progress) progress(now);
            }
        };
        PullRequest ids{spec.entity};
        ids.mode = PullRequest::Mode::ids;
        if (spec.is_swept) read(ids, /*is_all=*/true);
        read({spec.entity}, !spec.is_swept);
        now.entity_is_done = true;
        if (progress) progress(now);
        out.push_back({{"entity", spec.entity}, {"rows", now.rows}, {"unreadable", unreadable}});
        if (!example.empty()) out.back()["for_example"] = example;
    }
    return out;
}

Json Sync::status() {
    auto tx = host_.begin(Access::read);
    auto& db = tx->db();
    Json list = Json::array();
    for (const auto& source : host_.config().sources) {
        auto& one =
            list.emplace_back(Json{{"source", source.name}, {"connector", source.connector}});
        const auto last = json_rows(*db.query(
            R"(SELECT state, report_json AS "last_run:json" FROM dunlin_sync_run
               WHERE source = ? ORDER BY id DESC LIMIT 1)",
            source.name));
        if (!last.empty()) one.update(last[0]);
        one.update(json_rows(*db.query(
            R"(SELECT count(*) AS "quarantine_open" FROM dunlin_quarantine
               WHERE source = ? AND state = 'open')",
            source.name))[0]);
        one["cursors"] = json_rows(*db.query(
            R"(SELECT entity, cursor_text AS "cursor", at_us AS "at:time",
                      since_us AS "since:time", swept_us AS "swept:time" FROM dunlin_sync_cursor
               WHERE source = ? ORDER BY entity)",
            source.name));
    }
    return {{"sources", list}, {"running", progress()}};
}

Json Sync::progress() const {
    std::lock_guard lock(mutex_);
    Json list = Json::array();
    for (const auto& [source, progress] : progress_) list.push_back(progress);
    return list;
}

Json Sync::quarantine(const std::string& source) {
    return json_rows(
        *host_.begin(Access::read)
             ->db()
             .query(
                 R"(SELECT entity, row_key AS "row", position, code, reason, raw_json AS "raw:json",
             can_retry AS "may_succeed_later:bool", attempts, first_seen_us AS "first_seen:time",
             last_seen_us AS "last_seen:time"
           FROM dunlin_quarantine WHERE source = ? AND state = 'open'
           ORDER BY entity, row_key LIMIT 1000)",
                 source));
}

int64_t Sync::retry_quarantine(const std::string& source_name) {
    const auto [config, connector] = target(source_name);
    return retry_quarantined(host_, *config, *connector, sink(*connector));
}

bool Sync::fix_quarantined(const std::string& source_name, const std::string& entity,
                           const std::string& row, const Json& columns) {
    const auto [config, connector] = target(source_name);
    const Sink keeper{host_, sink(*connector), source_name};
    auto tx = host_.begin(Access::write);
    const auto where = std::string(
        " WHERE source = ? AND entity = ? AND row_key = ?"
        " AND state = 'open'");
    const auto raw =
        tx->db().value("SELECT raw_json FROM dunlin_quarantine" + where, source_name, entity, row);
    if (raw.empty()) {
        throw Error(DUNLIN_E_NOT_FOUND, "no row " + row + " of " + entity +
                                            " waits in the quarantine of " + source_name +
                                            "; see: dunlin sync quarantine list " + source_name);
    }
    auto fixed = Json::parse(raw, nullptr, /*allow_exceptions=*/false);
    // What could not even be read has only a text: the correction is the whole row then.
    if (!fixed.is_object()) fixed = {{"external_id", row}};
    fixed.update(keeper.typed(entity, columns));
    tx->db().exec("UPDATE dunlin_quarantine SET raw_json = ?, can_retry = 1" + where, fixed.dump(),
                  source_name, entity, row);
    tx->commit();
    host_.log().info("sync", "a quarantined row was corrected",
                     {{"source", source_name}, {"entity", entity}, {"row", row}});
    retry_quarantine(source_name);
    return host_.begin(Access::read)
        ->db()
        .value("SELECT 1 FROM dunlin_quarantine" + where, source_name, entity, row)
        .empty();
}

Json Sync::describe(const std::string& connector) {
    const auto* plugin = host_.plugins().by_id(connector);
    if (!plugin || !plugin->is_running() || !plugin->connector) {
        throw Error(DUNLIN_E_NOT_FOUND,
                    "no connector \"" + connector + "\" is running; see: dunlin plugin list");
    }
    return ask_plugin(host_, *plugin, "describe", plugin->connector->describe, plugin->instance);
}

std::pair<const SourceConfig*, Plugin*> Sync::target(const std::string& source_name) const {
    return {&source(source_name), &connector_of(source(source_name))};
}

std::map<std::string, std::string> Sync::write_backs_of(const std::string& source_name) {
    const auto& connector = connector_of(source(source_name)).id();
    {
        std::lock_guard lock(mutex_);
        if (const auto found = write_backs_.find(connector); found != write_backs_.end()) {
            return found->second;
        }
    }
    const auto offered = Described::of(describe(connector), connector).write_backs;
    std::lock_guard lock(mutex_);
    return write_backs_[connector] = offered;
}

void Sync::start() {
    for (const auto& source : host_.config().sources) {
        if (source.every_us <= 0) continue;
        Schedule schedule;
        schedule.name = std::string(sync_kind) + ":" + source.name;
        schedule.kind = sync_kind;
        schedule.dedup_key = source.name;
        schedule.args_json = Json{{"source", source.name}}.dump();
        schedule.next = [every = source.every_us](int64_t after) { return after + every; };
        schedule.fires_at_once = true;
        host_.jobs().add_schedule(std::move(schedule));
    }
}

}  // namespace dunlin::host
