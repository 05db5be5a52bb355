// SPDX-License-Identifier: Apache-2.0
#include "host.hpp"
#include "plugins/services.hpp"

#include <dunlin/abi/clock.h>
#include <dunlin/abi/policies.h>

namespace dunlin::host {

namespace {

int64_t DUNLIN_CALL now_us(dunlin_ctx* context) noexcept {
    return context->host->clock().now_us();
}

dunlin_status DUNLIN_CALL of_tx(dunlin_tx* tx, int64_t* now, int32_t* today,
                                int32_t* overridden) noexcept {
    const auto& moment = tx->tx->moment();
    if (now) *now = moment.now_us;
    if (today) *today = moment.today.days();
    if (overridden) *overridden = moment.is_overridden ? 1 : 0;
    return DUNLIN_OK;
}

dunlin_status DUNLIN_CALL today_in(dunlin_tx* tx, dunlin_str zone, int32_t* today,
                                   dunlin_err* err) noexcept {
    return guard(&ErrorSink::set, err, [&] {
        const auto& moment = tx->tx->moment();
        const auto civil = Clock::date_in(to_view(zone), moment.now_us);
        *today = (moment.is_overridden ? moment.today : civil).days();
    });
}

/// A transaction that may write, as the host's own: no wall.
Tx& writable(dunlin_tx* view, const char* what) {
    if (view->tx->access() == Access::read) {
        throw Error(DUNLIN_E_DENIED,
                    std::string(what) + ": the transaction is read-only; a query changes nothing");
    }
    view->tx->db().enter(nullptr);
    return *view->tx;
}

dunlin_status DUNLIN_CALL emit(dunlin_tx* tx, dunlin_str topic, dunlin_str key,
                               dunlin_str payload_json, dunlin_err* err) noexcept {
    return guard(&ErrorSink::set, err, [&] {
        const auto& plugin = *tx->plugin;
        const auto name = to_view(topic);
        if (!plugin.manifest.topic(name)) {
            throw Error(DUNLIN_E_DENIED, "the plugin " + plugin.id() + " may not emit \"" +
                                             std::string(name) +
                                             "\"; declare it under \"emits\" in plugin.json");
        }
        auto& writer = writable(tx, "emit");
        tx->host->commands().validate_event(std::string(name), to_view(payload_json));
        tx->host->events().emit(writer, plugin.id(), name, to_view(key), to_view(payload_json));
    });
}

dunlin_status DUNLIN_CALL enqueue(dunlin_tx* tx, dunlin_str kind, dunlin_str dedup_key,
                                  dunlin_str args_json, int64_t run_at_us,
                                  dunlin_err* err) noexcept {
    return guard(&ErrorSink::set, err, [&] {
        const auto& plugin = *tx->plugin;
        if (!plugin.manifest.has_job(to_view(kind))) {
            throw Error(DUNLIN_E_DENIED, "the plugin " + plugin.id() + " declares no job \"" +
                                             std::string(to_view(kind)) +
                                             "\"; add it under \"jobs\" in plugin.json");
        }
        const auto args = to_view(args_json);
        parse_document(args, "the job's arguments");
        tx->host->jobs().enqueue(writable(tx, "enqueue"), to_view(kind), to_view(dedup_key), args,
                                 run_at_us);
    });
}

dunlin_status DUNLIN_CALL call(dunlin_tx* tx, dunlin_str command, dunlin_str request_json,
                               const dunlin_writer* reply_json, dunlin_err* err) noexcept {
    return guard(&ErrorSink::set, err, [&] {
        const auto& plugin = *tx->plugin;
        const std::string name(to_view(command));
        if (!plugin.manifest.calls.count(name)) {
            throw Error(DUNLIN_E_DENIED, "the plugin " + plugin.id() + " may not call " + name +
                                             "; list it under \"calls\" in plugin.json");
        }
        write_to(reply_json,
                 tx->host->commands().call_nested(*tx->tx, plugin, name, to_view(request_json)));
    });
}

dunlin_status DUNLIN_CALL policy_get(dunlin_tx* tx, dunlin_str kind, dunlin_str scope, int32_t on,
                                     const dunlin_writer* json, dunlin_err* err) noexcept {
    return guard(&ErrorSink::set, err, [&] {
        auto& db = tx->tx->db();
        db.enter(nullptr);
        auto row = db.query(
            "SELECT version, valid_from, author, body_json FROM dunlin_policy WHERE plugin = ? AND "
            "kind = ? AND scope = ? AND valid_from <= ? ORDER BY valid_from DESC, version DESC "
            "LIMIT 1",
            tx->plugin->id(), to_view(kind), to_view(scope), on);
        if (!row->step()) {
            throw Error(DUNLIN_E_NOT_FOUND, "no policy " + std::string(to_view(kind)) +
                                                " is in force on " + Date(on).text());
        }
        const Json out = {{"version", row->i64(0)},
                          {"scope", std::string(to_view(scope))},
                          {"valid_from", Date(static_cast<int32_t>(row->i64(1))).text()},
                          {"author", std::string(row->text(2))},
                          {"body", Json::parse(row->text(3))}};
        write_to(json, out.dump());
    });
}

dunlin_status DUNLIN_CALL policy_put(dunlin_tx* tx, dunlin_str kind, dunlin_str scope,
                                     int32_t valid_from, dunlin_str body_json, int64_t* version,
                                     dunlin_err* err) noexcept {
    return guard(&ErrorSink::set, err, [&] {
        auto& writer = writable(tx, "put");
        const auto body = parse_document(to_view(body_json), "the policy").dump();
        int64_t next = 1;
        {
            auto last = writer.db().query(
                "SELECT max(version) FROM dunlin_policy WHERE plugin = ? AND kind = ? AND scope = "
                "?",
                tx->plugin->id(), to_view(kind), to_view(scope));
            if (last->step()) next = last->i64(0) + 1;
        }
        writer.db().exec("INSERT INTO dunlin_policy VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                         tx->plugin->id(), to_view(kind), to_view(scope), next, valid_from,
                         writer.principal().name, writer.moment().now_us, body);
        if (version) *version = next;
    });
}

}  // namespace

const void* clock_table() {
    static const dunlin_clock_v1 table = {sizeof table, 0, now_us, of_tx, today_in};
    return &table;
}
const void* events_table() {
    static const dunlin_events_v1 table = {sizeof table, 0, emit};
    return &table;
}
const void* jobs_table() {
    static const dunlin_jobs_v1 table = {sizeof table, 0, enqueue};
    return &table;
}
const void* commands_table() {
    static const dunlin_commands_v1 table = {sizeof table, 0, call};
    return &table;
}
const void* policies_table() {
    static const dunlin_policies_v1 table = {sizeof table, 0, policy_get, policy_put};
    return &table;
}

}  // namespace dunlin::host
