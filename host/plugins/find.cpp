// SPDX-License-Identifier: Apache-2.0
#include "commands/commands.hpp"
#include "host.hpp"
#include "plugins/library.hpp"
#include "plugins/marker.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace dunlin::host {

namespace {

namespace fs = std::filesystem;

std::string read_text(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    if (!in) throw Error(DUNLIN_E_DATA, file.string() + " cannot be read");
    return out.str();
}

std::string abi_text(int major, int minor) {
    return std::to_string(major) + "." + std::to_string(minor);
}

/// Rule 1: everything that can be refused without running the plugin's code.
void check_sidecar(const Plugin& plugin) {
    const auto& m = plugin.manifest;
    const auto who = m.id + " " + m.version;
    const auto host = abi_text(DUNLIN_ABI_MAJOR, DUNLIN_ABI_MINOR);
    if (m.abi_major != DUNLIN_ABI_MAJOR) {
        throw Error(DUNLIN_E_UNSUPPORTED, who + " is made for plugin ABI " +
                                              std::to_string(m.abi_major) + ", this host has " +
                                              host + "; install a build of it for ABI " +
                                              std::to_string(DUNLIN_ABI_MAJOR));
    }
    if (m.abi_minor_required > DUNLIN_ABI_MINOR) {
        throw Error(DUNLIN_E_UNSUPPORTED,
                    who + " needs plugin ABI " + abi_text(m.abi_major, m.abi_minor_required) +
                        " or newer, this host has " + host +
                        "; update the host, or install an older version of the plugin");
    }
    if (m.file.empty()) {
        throw Error(DUNLIN_E_DATA, who +
                                       " has no \"artifact\" in its plugin.json; install the "
                                       "folder that the build made, not the source");
    }
    if (m.platform != platform_name()) {
        throw Error(DUNLIN_E_UNSUPPORTED, who + " is built for " + m.platform + ", this is " +
                                              platform_name() + "; install a build for it");
    }
    if (sha256_of(plugin.folder / m.file) != m.sha256) {
        throw Error(DUNLIN_E_DATA, who + ": " + m.file +
                                       " is not the file that plugin.json describes (SHA-256 "
                                       "differs); install the plugin again");
    }
}

void check_config(const Plugin& plugin) {
    const auto& schema = plugin.manifest.config_schema;
    if (schema.is_null()) return;
    const auto wrong = Schema::compile(schema, "of the configuration")->violations(plugin.config);
    if (wrong.empty()) return;
    std::string message = "[plugins." + plugin.id() + "] in dunlin.toml is wrong: ";
    for (const auto& text : wrong) message += (&text == &wrong[0] ? "" : "; ") + text;
    throw Error(DUNLIN_E_INVALID, message);
}

bool is_inside(const fs::path& folder, const fs::path& root) {
    return !root.empty() &&
           fs::weakly_canonical(folder.parent_path()) == fs::weakly_canonical(root);
}

}  // namespace

void Plugins::find(const Options& options) {
    marker_folder_ = options.state_folder;
    for (const auto& folder : options.folders) {
        if (!fs::is_directory(folder)) continue;
        std::set<fs::path> found;
        for (const auto& entry : fs::directory_iterator(folder)) {
            if (fs::is_regular_file(entry.path() / "plugin.json")) found.insert(entry.path());
        }
        for (const auto& one : found) read_folder(one, options);
    }
    check_ids();
    check_requirements();
    sort();
    build_walls();
}

void Plugins::read_folder(const fs::path& folder, const Options& options) {
    auto& plugin = *all_.emplace_back(std::make_unique<Plugin>());
    plugin.folder = folder;
    try {
        const auto file = folder / "plugin.json";
        plugin.manifest = Manifest::parse(read_text(file), file.string());
        const auto& id = plugin.id();
        if (options.is_safe_mode && !is_inside(folder, options.first_party_folder)) {
            throw Error(DUNLIN_E_DENIED, "safe mode starts no third-party plugin");
        }
        if (std::count(options.disabled.begin(), options.disabled.end(), id)) {
            throw Error(DUNLIN_E_DENIED, "disabled by [plugins] in dunlin.toml");
        }
        check_sidecar(plugin);
        if (LoadingMarker::was_left(marker_folder_, id, plugin.manifest.sha256)) {
            plugin.state = PluginState::quarantined;
            plugin.reason = "the host died while it loaded " + id + " " + plugin.manifest.version +
                            "; install another version of it, or delete " +
                            LoadingMarker::path_of(marker_folder_, id).string() + " to try again";
            return;
        }
        plugin.config = options.configs.value(id, Json::object());
        check_config(plugin);
    } catch (const Error& e) {
        plugin.state = PluginState::blocked;
        plugin.reason = e.what();
        if (plugin.manifest.id.empty()) plugin.manifest.id = folder.filename().string();
    }
}

void Plugins::check_ids() {
    std::map<std::string, Plugin*> first;
    for (const auto& plugin : all_) {
        if (plugin->state == PluginState::blocked) continue;
        const auto [it, is_new] = first.emplace(plugin->id(), plugin.get());
        if (is_new) continue;
        plugin->state = PluginState::blocked;
        plugin->reason = "the id " + plugin->id() + " is taken by " + it->second->folder.string() +
                         "; remove one of the two folders";
    }
    // "a" would own the tables of "a_b": whose is a_b_c?
    for (const auto& [id, plugin] : first) {
        for (const auto& [shorter, other] : first) {
            if (id.rfind(shorter + "_", 0) != 0) continue;
            plugin->state = PluginState::blocked;
            plugin->reason = "the id " + id + " begins with \"" + shorter +
                             "_\", which belongs to the plugin " + shorter +
                             "; one of them must be renamed";
        }
    }
}

const char* Plugins::why_missing(const Requirement& wanted) const {
    const auto* plugin = by_id(wanted.id);
    if (!plugin) return "is not installed";
    if (plugin->state == PluginState::blocked) return "is blocked";
    if (plugin->state == PluginState::quarantined) return "is quarantined";
    return is_in_range(plugin->manifest.version, wanted.range) ? nullptr : "has another version";
}

void Plugins::check_requirements() {
    for (bool is_settled = false; !is_settled;) {
        is_settled = true;
        for (const auto& plugin : all_) {
            if (plugin->state != PluginState::found) continue;
            for (const auto& wanted : plugin->manifest.requires_) {
                const auto* why = why_missing(wanted);
                if (!why) continue;
                const auto* there = by_id(wanted.id);
                plugin->state = PluginState::blocked;
                plugin->reason = "it requires " + wanted.id + " " + wanted.range + ", which " +
                                 why +
                                 (there && !there->manifest.version.empty()
                                      ? " (" + there->manifest.version + ")"
                                      : std::string()) +
                                 "; see `dunlin plugin list`";
                is_settled = false;
                break;
            }
        }
    }
}

/// Kahn's algorithm; among those that are ready the smallest id goes first, so that the order is
/// the same everywhere.
void Plugins::sort() {
    order_.clear();
    std::map<std::string, std::set<std::string>> waits_for;
    for (const auto& plugin : all_) {
        if (plugin->state != PluginState::found) continue;
        auto& waits = waits_for[plugin->id()];
        for (const auto& one : plugin->manifest.requires_) waits.insert(one.id);
        for (const auto& one : plugin->manifest.optional_) {
            if (!why_missing(one)) waits.insert(one.id);
        }
    }
    for (;;) {
        const auto ready = std::find_if(waits_for.begin(), waits_for.end(),
                                        [](const auto& one) { return one.second.empty(); });
        if (ready == waits_for.end()) break;
        const auto id = ready->first;
        order_.push_back(by_id(id));
        waits_for.erase(ready);
        for (auto& one : waits_for) one.second.erase(id);
    }
    for (const auto& [id, waits] : waits_for) {
        auto* plugin = by_id(id);
        plugin->state = PluginState::blocked;
        std::string names;
        for (const auto& one : waits) names += (names.empty() ? "" : ", ") + one;
        plugin->reason = "it and what it requires (" + names +
                         ") require each other in a cycle; remove one of them";
    }
    for (const auto& plugin : all_) {
        if (plugin->state != PluginState::found) order_.push_back(plugin.get());
    }
}

void Plugins::build_walls() {
    std::map<std::string, const ScopedView*> views;
    for (const auto& plugin : all_) {
        if (plugin->state != PluginState::found) continue;
        for (const auto& view : plugin->manifest.views) views[view.name] = &view;
    }
    for (const auto& plugin : all_) {
        auto& wall = plugin->wall;
        wall.plugin_id = plugin->id();
        for (const auto& [table, key] : plugin->manifest.tables) {
            if (!key.empty()) wall.scope_only.insert(table);
        }
        for (const auto& [name, view] : views) {
            const auto is_own = name.rfind(plugin->id() + "_", 0) == 0;
            const auto is_granted = plugin->manifest.may_read(name);
            if (is_granted) wall.readable.insert(name);
            if (view->columns.empty() || !(is_own || is_granted)) continue;
            wall.scope_only.insert(name);
            if (is_granted) wall.readable.insert(name + "_scoped");
        }
        plugin->scoped_wall = wall;
        plugin->scoped_wall.is_scoped = true;
    }
}

}  // namespace dunlin::host
