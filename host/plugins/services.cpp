// SPDX-License-Identifier: Apache-2.0
#include "plugins/services.hpp"

#include "host.hpp"

#include <dunlin/abi/clock.h>
#include <dunlin/abi/config.h>
#include <dunlin/abi/ids.h>
#include <dunlin/abi/metrics.h>
#include <dunlin/abi/policies.h>

#include <array>
#include <utility>

namespace dunlin::host {

namespace {

using Getter = const void* (*)();
constexpr std::array<std::pair<std::string_view, Getter>, 11> services = {{
    {DUNLIN_SVC_LOG, &log_table},
    {DUNLIN_SVC_CONFIG, &config_table},
    {DUNLIN_SVC_CLOCK, &clock_table},
    {DUNLIN_SVC_DB, &db_table},
    {DUNLIN_SVC_EVENTS, &events_table},
    {DUNLIN_SVC_JOBS, &jobs_table},
    {DUNLIN_SVC_COMMANDS, &commands_table},
    {DUNLIN_SVC_POLICIES, &policies_table},
    {DUNLIN_SVC_CANCEL, &cancel_table},
    {DUNLIN_SVC_METRICS, &metrics_table},
    {DUNLIN_SVC_IDS, &ids_table},
}};

std::string host_version() {
    return "this host (ABI " + std::to_string(DUNLIN_ABI_MAJOR) + "." +
           std::to_string(DUNLIN_ABI_MINOR) + ")";
}

const void* fetch_service(const dunlin_ctx& context, const std::string& id) {
    const auto& manifest = context.plugin->manifest;
    if (manifest.drafts.count(id)) {
        throw Error(DUNLIN_E_UNSUPPORTED, host_version() + " serves no draft of " + id +
                                              "; use a host that does, or go on without it");
    }
    const void* table = service_table(id);
    if (!table) {
        throw Error(DUNLIN_E_UNSUPPORTED, host_version() + " has no service " + id +
                                              "; use a newer host, or go on without it");
    }
    if (!manifest.services.count(id)) {
        throw Error(DUNLIN_E_DENIED, "the manifest of " + manifest.id + " does not list " + id +
                                         "; add it under \"services\" in plugin.json");
    }
    return table;
}

dunlin_status DUNLIN_CALL get_service(dunlin_ctx* context, const char* id, const void** table,
                                      dunlin_err* err) noexcept {
    return guard(&ErrorSink::set, err, [&] {
        *table = nullptr;
        *table = fetch_service(*context, id);
    });
}

}  // namespace

const void* service_table(std::string_view id) {
    for (const auto& [name, table] : services) {
        if (name == id) return table();
    }
    return nullptr;
}

const dunlin_host* host_table(dunlin_ctx* context) {
    context->table = {sizeof(dunlin_host), DUNLIN_ABI_MAJOR, DUNLIN_ABI_MINOR, context,
                      &get_service,        &ErrorSink::set};
    return &context->table;
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

void throw_escaped(Host& host, const Plugin& plugin, const char* what) {
    std::string text = "something that is not a std::exception";
    try {
        throw;
    } catch (const std::exception& e) {
        text = e.what();
    } catch (...) {
    }
    const auto message = "the plugin " + plugin.id() + " " + plugin.manifest.version +
                         " let an exception escape from " + what + ": " + text +
                         "; report this to its author";
    host.log().error(plugin.id(), message);
    throw Error(DUNLIN_E_INTERNAL, message);
}

void check_call(const Plugin& plugin, const char* what, dunlin_status status,
                const ErrorSink& sink) {
    if (status == DUNLIN_OK || status == DUNLIN_DONE) return;
    if (status < DUNLIN_OK || status > DUNLIN_E_INTERNAL) {
        throw Error(DUNLIN_E_INTERNAL, "the plugin " + plugin.id() + " ended " + what +
                                           " with the unknown status " + std::to_string(status));
    }
    if (sink.message().empty()) {
        throw Error(status, "the plugin " + plugin.id() + " ended " + what + " with \"" +
                                status_name(status) + "\" and gave no reason");
    }
    throw Error(status, sink.message(), sink.detail_json());
}

}  // namespace dunlin::host
