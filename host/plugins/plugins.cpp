// SPDX-License-Identifier: Apache-2.0
#include "host.hpp"
#include "plugins/library.hpp"
#include "plugins/marker.hpp"
#include "plugins/services.hpp"

#include <chrono>

namespace dunlin::host {

namespace {

constexpr int64_t stop_deadline_us = 10'000'000;

std::string abi_text(int major, int minor) {
    return std::to_string(major) + "." + std::to_string(minor);
}

/// Rules 2 and 3: what the library says of itself.
void check_descriptor(const dunlin_plugin_desc* desc, const Manifest& m) {
    const auto who = m.id + " " + m.version;
    const auto fail = [&](dunlin_status status, const std::string& what) {
        throw Error(status,
                    who + ": " + what + "; install the plugin again, or report this to its author");
    };
    if (!desc || desc->magic != DUNLIN_MAGIC) {
        fail(DUNLIN_E_DATA, m.file + " returns no descriptor of a Dunlin plugin");
    }
    if (desc->struct_size < sizeof(dunlin_plugin_desc)) {
        fail(DUNLIN_E_DATA, "its descriptor is shorter than the contract says");
    }
    if (desc->abi_major != DUNLIN_ABI_MAJOR || desc->abi_minor_required > DUNLIN_ABI_MINOR) {
        fail(DUNLIN_E_UNSUPPORTED,
             "its library needs plugin ABI " + abi_text(desc->abi_major, desc->abi_minor_required) +
                 ", this host has " + abi_text(DUNLIN_ABI_MAJOR, DUNLIN_ABI_MINOR));
    }
    if (desc->pointer_bits != 8 * sizeof(void*)) {
        fail(DUNLIN_E_UNSUPPORTED,
             "its library is built for " + std::to_string(desc->pointer_bits) + "-bit pointers");
    }
    if (m.id != desc->id || m.version != desc->version) {
        fail(DUNLIN_E_DATA,
             "its library says it is " + std::string(desc->id) + " " + desc->version);
    }
    auto beside = m.document;
    beside.erase("artifact");
    auto embedded = Json::parse(desc->manifest_json, nullptr, /*allow_exceptions=*/false);
    if (embedded.is_object()) embedded.erase("artifact");
    if (embedded != beside) {
        fail(DUNLIN_E_DATA, "plugin.json differs from the manifest inside its library");
    }
}

/// The table of a declared extension point, long enough to be used.
template <class Table>
void fetch(Host& host, const Plugin& plugin, const char* id, const Table*& out) {
    if (!plugin.manifest.extensions.count(id)) return;
    call_plugin(host, plugin, "get_extension", [&](dunlin_err*) {
        out = static_cast<const Table*>(plugin.instance->get_extension(plugin.instance, id));
        return DUNLIN_OK;
    });
    if (out && out->struct_size >= sizeof(Table)) return;
    const auto what = out ? " offers a table of " + std::string(id) + " that is too short"
                          : " declares " + std::string(id) + " but does not implement it";
    out = nullptr;
    throw Error(DUNLIN_E_DATA, "the plugin " + plugin.id() + " " + plugin.manifest.version + what +
                                   "; report this to its author");
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
    switch (state) {
        case PluginState::found: return "found";
        case PluginState::blocked: return "blocked";
        case PluginState::quarantined: return "quarantined";
        case PluginState::started: return "started";
        case PluginState::stopped: return "stopped";
    }
    return "found";
}

Plugins::Plugins(Host& host) : host_(host) {}

Plugins::~Plugins() {
    stop();
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
    plugin.state = PluginState::blocked;
    plugin.reason = reason;
    host_.log().error(plugin.id(), "the plugin is blocked: " + reason);
    for (auto* other : order_) {
        if (other->state != PluginState::found) continue;
        for (const auto& wanted : other->manifest.requires_) {
            if (wanted.id != plugin.id()) continue;
            block(*other, "it requires " + plugin.id() + ", which is blocked: " + reason);
            break;
        }
    }
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
    const LoadingMarker marker(marker_folder_, plugin.id(), plugin.manifest.sha256);
    const auto& context = contexts_.emplace_back(new dunlin_ctx{&host_, &plugin});
    const dunlin_plugin_desc* desc = nullptr;
    try {
        desc = load_descriptor(plugin.folder / plugin.manifest.file);
    } catch (const Error&) {
        throw;
    } catch (...) {
        throw_escaped(host_, plugin, DUNLIN_QUERY_SYMBOL);
    }
    check_descriptor(desc, plugin.manifest);
    call_plugin(host_, plugin, "create", [&](dunlin_err* err) {
        return desc->create(host_table(context.get()), &plugin.instance, err);
    });
    if (!plugin.instance || plugin.instance->struct_size < sizeof(dunlin_plugin)) {
        plugin.instance = nullptr;
        throw Error(DUNLIN_E_DATA, "the plugin " + plugin.id() + " " + plugin.manifest.version +
                                       " made no instance as the contract describes it; report "
                                       "this to its author");
    }
    call_plugin(host_, plugin, "init",
                [&](dunlin_err* err) { return plugin.instance->init(plugin.instance, err); });
    call_plugin(host_, plugin, "start",
                [&](dunlin_err* err) { return plugin.instance->start(plugin.instance, err); });
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
    fetch(host_, plugin, DUNLIN_EXT_COMMAND_HANDLER, plugin.commands);
    fetch(host_, plugin, DUNLIN_EXT_EVENT_HANDLER, plugin.events);
    fetch(host_, plugin, DUNLIN_EXT_JOB_HANDLER, plugin.jobs);
    fetch(host_, plugin, DUNLIN_EXT_SINK, plugin.sink);
    fetch(host_, plugin, DUNLIN_EXT_CONNECTOR, plugin.connector);
    fetch(host_, plugin, DUNLIN_EXT_HEALTH, plugin.health);
    for (const auto& id : plugin.manifest.extensions) {
        static const std::set<std::string> known = {
            DUNLIN_EXT_COMMAND_HANDLER, DUNLIN_EXT_EVENT_HANDLER,
            DUNLIN_EXT_JOB_HANDLER,     DUNLIN_EXT_SINK,
            DUNLIN_EXT_CONNECTOR,       DUNLIN_EXT_HEALTH};
        if (!known.count(id)) {
            host_.log().warn(plugin.id(), "this host does not use the extension " + id);
        }
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
