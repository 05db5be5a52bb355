// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plugins/manifest.hpp"

#include <dunlin/abi/commands.h>
#include <dunlin/abi/connector.h>
#include <dunlin/abi/events.h>
#include <dunlin/abi/health.h>
#include <dunlin/abi/jobs.h>
#include <dunlin/abi/plugin.h>
#include <dunlin/abi/sink.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace dunlin::host {

class Host;
class WorkerConnector;  // worker/connector.hpp

enum class PluginState { found, blocked, quarantined, started, stopped };
const char* name_of(PluginState state);

/// One plugin: its manifest, its library once loaded, its instance once created. Owned by Plugins
/// and never freed while the process lives: callbacks may hold pointers to it.
struct Plugin {
    std::filesystem::path folder;
    Manifest manifest;
    PluginState state = PluginState::found;
    std::string reason;  // Why it is blocked or quarantined, with the remedy.
    Json config = Json::object();

    Wall wall;         // For its transactions.
    Wall scoped_wall;  // The same, for scoped calls.
    dunlin_plugin* instance = nullptr;
    const dunlin_command_handler_v1* commands = nullptr;
    const dunlin_event_handler_v1* events = nullptr;
    const dunlin_job_handler_v1* jobs = nullptr;
    const dunlin_sink_v1* sink = nullptr;
    const dunlin_connector_v1* connector = nullptr;
    const dunlin_health_v1* health = nullptr;
    std::shared_ptr<WorkerConnector> worker;  // Set when it runs in processes of its own.

    const std::string& id() const { return manifest.id; }
    bool is_running() const { return state == PluginState::started; }
    void refuse(const std::string& why) {
        state = PluginState::blocked;
        reason = why;
    }
};

}  // namespace dunlin::host

/// What the contract calls a context: one per loaded plugin, host-owned.
struct dunlin_ctx {
    dunlin::host::Host* host;
    dunlin::host::Plugin* plugin;
    dunlin_host table{};  // What create() is given.
    std::mutex mutex{};   // Guards the series.
    std::set<std::string> series{};
};
