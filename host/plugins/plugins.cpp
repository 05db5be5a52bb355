// SPDX-License-Identifier: Apache-2.0
#include "host.hpp"
#include "plugins/library.hpp"
#include "plugins/services.hpp"
#include "worker/connector.hpp"

#include <array>
#include <chrono>

namespace dunlin::host {

namespace {

constexpr int64_t stop_deadline_us = 10'000'000;

PluginCaller caller(Host& host, const Plugin& plugin) {
    return [&](const char* what, const PluginCall& body) {
        return call_plugin(host, plugin, what, body);
    };
}

/// The table of a declared extension point, long enough to be used.
template <class Table>
void fetch(Host& host, const Plugin& plugin, const char* id, const Table*& out,
           std::set<std::string>& declared) {
    if (!declared.erase(id)) return;
    out = static_cast<const Table*>(extension_of(plugin, id, sizeof(Table), caller(host, plugin)));
}

void destroy(Host& host, Plugin& plugin) noexcept {
    auto* instance = std::exchange(plugin.instance, nullptr);
    if (!instance || !instance->destroy) return;
    guard(&ErrorSink::set, nullptr, [&] {
        call_plugin(host, plugin, "destroy", [&](dunlin_err*) {
            instance->destroy(instance);
            return DUNLIN_OK;
        });
    });
}

void stop_one(Host& host, Plugin& plugin) noexcept {
    const auto began = std::chrono::steady_clock::now();
    ErrorSink sink;
    guard(&ErrorSink::set, sink.sink(), [&] {
        call_plugin(host, plugin, "stop", [&](dunlin_err* err) {
            return plugin.instance->stop(plugin.instance, stop_deadline_us, err);
        });
    });
    if (!sink.message().empty()) {
        host.log().error(plugin.id(), "the plugin did not stop well: " + sink.message());
    }
    if (std::chrono::steady_clock::now() - began > std::chrono::microseconds(stop_deadline_us)) {
        host.log().warn(plugin.id(), "the plugin took longer to stop than it was given");
    }
}

}  // namespace

const char* name_of(PluginState state) {
    static constexpr std::array names = {"found", "blocked", "quarantined", "started", "stopped"};
    return names.at(static_cast<std::size_t>(state));
}

std::filesystem::path Plugins::marker_folder() const {
    return host_.config().instance / "state";
}

Plugin* Plugins::by_id(const std::string& id) const {
    Plugin* blocked = nullptr;
    for (const auto& plugin : all_) {
        if (plugin->id() != id) continue;
        if (plugin->state != PluginState::blocked) return plugin.get();
        if (!blocked) blocked = plugin.get();
    }
    return blocked;
}

const CommandSpec* Plugins::command(const std::string& name) const {
    const auto* plugin = by_id(name.substr(0, name.find('.')));
    if (!plugin || !plugin->is_running()) return nullptr;
    for (const auto& command : plugin->manifest.commands) {
        if (command.name == name) return &command;
    }
    return nullptr;
}

std::set<std::string> Plugins::permissions_of(const std::string& role) const {
    std::set<std::string> out;
    for (const auto& plugin : all_) {
        const auto it = plugin->manifest.roles.find(role);
        if (!plugin->is_running() || it == plugin->manifest.roles.end()) continue;
        out.insert(it->second.begin(), it->second.end());
    }
    return out;
}

std::vector<Migration> Plugins::migrations_of(const Plugin& plugin, Dialect dialect) const {
    if (plugin.manifest.migrations.empty()) return {};
    return read_migrations(plugin.id(), plugin.folder / plugin.manifest.migrations, dialect);
}

std::vector<Migration> Plugins::migrations(Dialect dialect) const {
    std::vector<Migration> out;
    for (const auto* plugin : order_) {
        if (plugin->state != PluginState::found && !plugin->is_running()) continue;
        for (auto& one : migrations_of(*plugin, dialect)) out.push_back(std::move(one));
    }
    return out;
}

void Plugins::block(Plugin& plugin, const std::string& reason) {
    plugin.refuse(reason);
    host_.log().error(plugin.id(), "the plugin is blocked: " + reason);
    check_requirements();
}

void Plugins::start() {
    for (auto* plugin : order_) {
        if (plugin->state == PluginState::blocked || plugin->state == PluginState::quarantined) {
            host_.log().warn(plugin->id(), "the plugin is not started: " + plugin->reason);
        }
        if (plugin->state != PluginState::found) continue;
        try {
            start_one(*plugin);
        } catch (const Error& e) {
            destroy(host_, *plugin);
            block(*plugin, e.what());
        }
    }
}

void Plugins::start_one(Plugin& plugin) {
    if (runs_in_worker(host_.config(), plugin.manifest)) {
        plugin.worker = std::make_shared<WorkerConnector>(host_, plugin);
        plugin.instance = plugin.worker->instance();
        plugin.connector = WorkerConnector::table();
        plugin.state = PluginState::started;
        return;
    }
    const LoadingMarker marker(marker_folder(), plugin.id(), plugin.manifest.sha256);
    const auto& context = contexts_.emplace_back(new dunlin_ctx{&host_, &plugin});
    bring_up(plugin, host_table(context.get()), caller(host_, plugin));
    try {
        fetch_extensions(plugin);
    } catch (...) {
        stop_one(host_, plugin);
        throw;
    }
    plugin.state = PluginState::started;
    host_.log().info(plugin.id(), "the plugin is started", {{"version", plugin.manifest.version}});
}

void Plugins::fetch_extensions(Plugin& plugin) {
    auto declared = plugin.manifest.extensions;
    fetch(host_, plugin, DUNLIN_EXT_COMMAND_HANDLER, plugin.commands, declared);
    fetch(host_, plugin, DUNLIN_EXT_EVENT_HANDLER, plugin.events, declared);
    fetch(host_, plugin, DUNLIN_EXT_JOB_HANDLER, plugin.jobs, declared);
    fetch(host_, plugin, DUNLIN_EXT_SINK, plugin.sink, declared);
    fetch(host_, plugin, DUNLIN_EXT_CONNECTOR, plugin.connector, declared);
    fetch(host_, plugin, DUNLIN_EXT_HEALTH, plugin.health, declared);
    for (const auto& id : declared) {
        host_.log().warn(plugin.id(), "this host does not use the extension " + id);
    }
}

void Plugins::stop() {
    for (auto it = order_.rbegin(); it != order_.rend(); ++it) {
        auto& plugin = **it;
        if (!plugin.is_running()) continue;
        plugin.state = PluginState::stopped;
        stop_one(host_, plugin);
        destroy(host_, plugin);
    }
}

}  // namespace dunlin::host
