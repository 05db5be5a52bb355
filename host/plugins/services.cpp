// SPDX-License-Identifier: Apache-2.0
#include "plugins/services.hpp"

#include "host.hpp"

#include <dunlin/abi/clock.h>
#include <dunlin/abi/ids.h>
#include <dunlin/abi/metrics.h>
#include <dunlin/abi/policies.h>
#include <dunlin/document.hpp>
#include <dunlin/entry.hpp>

#include <algorithm>

namespace dunlin::host {

namespace {

constexpr std::size_t series_max = 200;

[[noreturn]] void deny(const Plugin& plugin, const std::string& what, const std::string& remedy) {
    throw Error(DUNLIN_E_DENIED, "the plugin " + plugin.id() + " may not " + what + "; " + remedy +
                                     " in plugin.json");
}

void log(dunlin_ctx* context, int32_t level, std::string_view message, std::string_view json) {
    auto fields = json.empty() ? Json() : Json::parse(json, nullptr, /*allow_exceptions=*/false);
    if (!fields.is_null() && !fields.is_object()) fields = {{"fields_not_json", json}};
    const auto known = std::clamp<int32_t>(level, DUNLIN_LOG_DEBUG, DUNLIN_LOG_ERROR);
    context->host->log().write(known, context->plugin->id(), message, fields);
}

int32_t cancel_requested(dunlin_cancel* cancel) {
    return cancel && (cancel->requested.load(std::memory_order_relaxed) || cancel->is_late());
}

void cancel_progress(dunlin_cancel* cancel, int64_t done, int64_t total, std::string_view note) {
    if (cancel && cancel->on_progress) cancel->on_progress(done, total, note);
}

std::string label_text(std::string_view labels_json) {
    std::string out;
    const auto labels = labels_json.empty() ? Json::object() : Json::parse(labels_json);
    for (const auto& [name, value] : labels.items()) {
        out += (out.empty() ? "" : ",") + name + "=" + Json(value.get<std::string>()).dump();
    }
    return out;
}

/// Adds to or sets a plugin's metric under Prometheus' name for it, unless it has too many series.
template <auto write, class Value>
void metric(dunlin_ctx* context, std::string_view name, std::string_view labels_json, Value value) {
    const auto labels = label_text(labels_json);
    auto& metrics = context->host->metrics();
    const auto& id = context->plugin->id();
    const auto is_plain = name.size() <= 100 && !name.empty() &&
                          std::all_of(name.begin(), name.end(),
                                      [](char c) { return c == '_' || (c >= 'a' && c <= 'z'); });
    const auto key = std::string(name) + "{" + labels;
    const std::scoped_lock lock(context->mutex);
    if (!is_plain || (context->series.size() >= series_max && !context->series.count(key))) {
        metrics.add("dunlin_series_dropped_total", "plugin=\"" + id + "\"");
        return;
    }
    context->series.insert(key);
    (metrics.*write)("dunlin_" + id + "_" + std::string(name), labels, value);
}

void ids_next(dunlin_ctx* context, uint64_t n, int64_t* out) {
    context->host->ids().next(n, out);
}

int64_t now_us(dunlin_ctx* context) {
    return context->host->clock().now_us();
}

dunlin_status of_tx(dunlin_tx* tx, int64_t* now, int32_t* today, int32_t* overridden) {
    const auto& moment = tx->tx->moment();
    if (now) *now = moment.now_us;
    if (today) *today = moment.today.days();
    if (overridden) *overridden = moment.is_overridden;
    return DUNLIN_OK;
}

void today_in(dunlin_tx* tx, std::string_view zone, int32_t* today) {
    const auto& moment = tx->tx->moment();
    const auto civil = Clock::date_in(zone, moment.now_us);
    *today = (moment.is_overridden ? moment.today : civil).days();
}

void emit(dunlin_tx* tx, std::string_view topic, std::string_view key, std::string_view json) {
    const std::string name(topic);
    const auto* declared = tx->plugin->manifest.topic(topic);
    if (!declared) deny(*tx->plugin, "emit \"" + name + "\"", "declare it under \"emits\"");
    auto& writer = writable(tx, "emit");
    need_none("the event does not fit " + name,
              declared->schema->violations(parse_document(json, "the event")));
    tx->host->events().emit(writer, tx->plugin->id(), topic, key, json);
}

void enqueue(dunlin_tx* tx, std::string_view kind, std::string_view dedup_key,
             std::string_view args_json, int64_t run_at_us) {
    if (!tx->plugin->manifest.has_job(kind)) {
        deny(*tx->plugin, "enqueue a job \"" + std::string(kind) + "\"", "add it under \"jobs\"");
    }
    parse_document(args_json, "the job's arguments");
    tx->host->jobs().enqueue(writable(tx, "enqueue"), kind, dedup_key, args_json, run_at_us);
}

void call(dunlin_tx* tx, std::string_view command, std::string_view request_json,
          const dunlin_writer* reply_json) {
    const std::string name(command);
    if (!tx->plugin->manifest.calls.count(name)) {
        deny(*tx->plugin, "call " + name, "list it under \"calls\"");
    }
    write_to(reply_json,
             tx->host->commands().call_nested(*tx->tx, *tx->plugin, name, request_json));
}

void policy_get(dunlin_tx* tx, std::string_view kind, std::string_view scope, int32_t on,
                const dunlin_writer* json) {
    auto& db = tx->tx->db();
    db.enter(nullptr);
    auto row = db.query(
        "SELECT version, valid_from, author, body_json FROM dunlin_policy WHERE plugin = ? AND "
        "kind = ? AND scope = ? AND valid_from <= ? ORDER BY valid_from DESC, version DESC "
        "LIMIT 1",
        tx->plugin->id(), kind, scope, on);
    if (!row->step()) {
        throw Error(DUNLIN_E_NOT_FOUND,
                    "no policy " + std::string(kind) + " is in force on " + Date(on).text());
    }
    const Json out = {{"version", row->i64(0)},
                      {"scope", scope},
                      {"valid_from", Date(static_cast<int32_t>(row->i64(1))).text()},
                      {"author", row->text(2)},
                      {"body", Json::parse(row->text(3))}};
    write_to(json, out.dump());
}

void policy_put(dunlin_tx* tx, std::string_view kind, std::string_view scope, int32_t valid_from,
                std::string_view body_json, int64_t* version) {
    auto& writer = writable(tx, "put");
    const auto body = parse_document(body_json, "the policy").dump();
    const auto last = writer.db().value(
        "SELECT coalesce(max(version), 0) FROM dunlin_policy WHERE plugin = ? AND kind = ? AND "
        "scope = ?",
        tx->plugin->id(), kind, scope);
    const auto next = std::stoll(last) + 1;
    writer.db().exec("INSERT INTO dunlin_policy VALUES (?, ?, ?, ?, ?, ?, ?, ?)", tx->plugin->id(),
                     kind, scope, next, valid_from, writer.principal().name, writer.moment().now_us,
                     body);
    if (version) *version = next;
}

const dunlin_log_v1 log_service = {sizeof log_service, 0, quiet<log>};
const dunlin_clock_v1 clock_service = {sizeof clock_service, 0, quiet<now_us>, quiet<of_tx>,
                                       entry<today_in>};
const dunlin_events_v1 events_service = {sizeof events_service, 0, entry<emit>};
const dunlin_jobs_v1 jobs_service = {sizeof jobs_service, 0, entry<enqueue>};
const dunlin_commands_v1 commands_service = {sizeof commands_service, 0, entry<call>};
const dunlin_policies_v1 policies_service = {sizeof policies_service, 0, entry<policy_get>,
                                             entry<policy_put>};
const dunlin_cancel_v1 cancel_service = {sizeof cancel_service, 0, quiet<cancel_requested>,
                                         quiet<cancel_progress>};
const dunlin_metrics_v1 metrics_service = {sizeof metrics_service, 0,
                                           quiet<metric<&Metrics::add, int64_t>>,
                                           quiet<metric<&Metrics::set, double>>};
const dunlin_ids_v1 ids_service = {sizeof ids_service, 0, entry<ids_next>};

const std::map<std::string, const void*> services = {{DUNLIN_SVC_LOG, &log_service},
                                                     {DUNLIN_SVC_CONFIG, &config_service},
                                                     {DUNLIN_SVC_CLOCK, &clock_service},
                                                     {DUNLIN_SVC_DB, &db_service},
                                                     {DUNLIN_SVC_EVENTS, &events_service},
                                                     {DUNLIN_SVC_JOBS, &jobs_service},
                                                     {DUNLIN_SVC_COMMANDS, &commands_service},
                                                     {DUNLIN_SVC_POLICIES, &policies_service},
                                                     {DUNLIN_SVC_CANCEL, &cancel_service},
                                                     {DUNLIN_SVC_METRICS, &metrics_service},
                                                     {DUNLIN_SVC_HTTP_CLIENT, &http_client_service},
                                                     {DUNLIN_SVC_WRITE_BACKS, &write_backs_service},
                                                     {DUNLIN_SVC_BLOBS, &blobs_service},
                                                     {DUNLIN_SVC_DOCUMENTS, &documents_service},
                                                     {DUNLIN_SVC_MAIL, &mail_service},
                                                     {DUNLIN_SVC_TOOLS, &tools_service},
                                                     {DUNLIN_SVC_IDS, &ids_service}};

void get_service(dunlin_ctx* context, const char* id, const void** table) {
    *table = nullptr;
    const auto& plugin = *context->plugin;
    const auto found = services.find(id);
    const auto is_draft = plugin.manifest.drafts.count(id) > 0;
    if (is_draft || found == services.end()) {
        throw Error(DUNLIN_E_UNSUPPORTED,
                    "this host (ABI " + std::to_string(DUNLIN_ABI_MAJOR) + "." +
                        std::to_string(DUNLIN_ABI_MINOR) + ") " +
                        (is_draft ? "serves no draft of " : "has no service ") + id +
                        "; use a host that does, or go on without it");
    }
    if (!plugin.manifest.services.count(id)) {
        deny(plugin, std::string("use ") + id, "list it under \"services\"");
    }
    *table = found->second;
}

}  // namespace

Tx& writable(dunlin_tx* view, const char* what) {
    if (view->tx->access() == Access::read) {
        throw Error(DUNLIN_E_DENIED,
                    std::string(what) + ": the transaction is read-only; a query changes nothing");
    }
    view->tx->db().enter(nullptr);
    return *view->tx;
}

void need_permission(const Plugin& plugin, const std::string& permission, const std::string& what) {
    if (plugin.manifest.permissions.count(permission)) return;
    deny(plugin, what, "add \"" + permission + "\" to its permissions");
}

void need_no_transaction(const char* what) {
    if (!is_in_transaction()) return;
    throw Error(DUNLIN_E_INVALID, std::string(what) +
                                      " inside a transaction, which would wait for it; do that "
                                      "before or after");
}

const dunlin_host* host_table(dunlin_ctx* context) {
    context->table = {sizeof(dunlin_host), DUNLIN_ABI_MAJOR, DUNLIN_ABI_MINOR, context,
                      entry<get_service>,  &ErrorSink::set};
    return &context->table;
}

std::set<std::string> texts_of_format(const Json& schema, const Json& settings,
                                      const char* format) {
    std::set<std::string> out;
    if (!schema.is_object()) return out;
    const auto properties = schema.value("properties", Json::object());
    for (const auto& [key, rules] : properties.items()) {
        const auto value = settings.find(key);
        if (rules.value("format", "") != format || value == settings.end()) continue;
        if (value->is_string()) out.insert(value->get<std::string>());
    }
    return out;
}

std::set<std::string> granted_settings(Host& host, const Plugin& plugin, const char* format) {
    auto out = texts_of_format(plugin.manifest.config_schema, plugin.config, format);
    for (const auto& source : host.config().sources) {
        if (source.connector != plugin.id()) continue;
        out.merge(texts_of_format(plugin.manifest.source_schema, source.settings, format));
    }
    return out;
}

Principal principal_of(Host& host, const Plugin& plugin) {
    Principal out;
    out.name = "plugin:" + plugin.id();
    for (const auto& name : plugin.manifest.calls) {
        if (const auto* command = host.plugins().command(name)) {
            out.permissions.insert(command->permission);
        }
    }
    return out;
}

}  // namespace dunlin::host
