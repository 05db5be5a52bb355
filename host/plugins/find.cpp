// SPDX-License-Identifier: Apache-2.0
#include "host.hpp"
#include "plugins/library.hpp"

#include <boost/algorithm/string/join.hpp>

#include <algorithm>

namespace dunlin::host {

namespace fs = std::filesystem;

void Plugins::find(const fs::path& shipped, bool is_safe_mode) {
    auto roots = host_.config().plugin_folders;
    roots.insert(roots.begin(), shipped);
    for (const auto& root : roots) {
        if (!fs::is_directory(root)) continue;
        std::set<fs::path> found;
        for (const auto& entry : fs::directory_iterator(root)) {
            if (fs::is_regular_file(entry.path() / "plugin.json")) found.insert(entry.path());
        }
        for (const auto& folder : found) {
            auto& plugin = *all_.emplace_back(std::make_unique<Plugin>());
            plugin.folder = folder;
            try {
                read(plugin, is_safe_mode && root != shipped);
            } catch (const Error& e) {
                plugin.refuse(e.what());
                if (plugin.id().empty()) plugin.manifest.id = folder.filename().string();
            }
        }
    }
    check_ids();
    check_requirements();
    sort();
    build_walls();
}

void Plugins::read(Plugin& plugin, bool is_left_out) {
    const auto file = plugin.folder / "plugin.json";
    const auto& config = host_.config();
    const auto& m = plugin.manifest = Manifest::parse(read_file(file), file.string());
    if (is_left_out) throw Error(DUNLIN_E_DENIED, "safe mode starts no third-party plugin");
    const auto& disabled = config.plugins_disabled;
    if (std::count(disabled.begin(), disabled.end(), m.id)) {
        throw Error(DUNLIN_E_DENIED, "disabled by [plugins] in dunlin.toml");
    }
    check_sidecar(plugin);
    if (LoadingMarker::was_left(marker_folder(), m.id, m.sha256)) {
        plugin.state = PluginState::quarantined;
        plugin.reason = quarantine_reason(plugin, marker_folder());
        return;
    }
    plugin.config = config.plugin_settings.value(m.id, Json::object());
    if (m.config_schema.is_null()) return;
    const auto wrong = config.violations("plugins." + m.id, plugin.config, m.config_schema);
    if (!wrong.empty()) throw Error(DUNLIN_E_INVALID, boost::join(wrong, "; "));
}

void Plugins::check_ids() {
    std::map<std::string, Plugin*> first;
    for (const auto& plugin : all_) {
        if (plugin->state == PluginState::blocked) continue;
        const auto [it, is_new] = first.emplace(plugin->id(), plugin.get());
        if (is_new) continue;
        plugin->refuse("the id " + plugin->id() + " is taken by " + it->second->folder.string() +
                       "; remove one of the two folders");
    }
    // "a" would own the tables of "a_b": whose is a_b_c?
    for (const auto& [id, plugin] : first) {
        for (const auto& [shorter, other] : first) {
            if (id.rfind(shorter + "_", 0) != 0) continue;
            plugin->refuse("the id " + id + " begins with \"" + shorter +
                           "_\", which belongs to the plugin " + shorter +
                           "; one of them must be renamed");
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
            for (const auto& wanted : plugin->manifest.requires_) {
                const auto* why = why_missing(wanted);
                if (!why || plugin->state != PluginState::found) continue;
                const auto* there = by_id(wanted.id);
                const auto version = there ? there->manifest.version : "";
                plugin->refuse("it requires " + wanted.id + " " + wanted.range + ", which " + why +
                               (version.empty() ? "" : " (" + version + ")") +
                               "; see `dunlin plugin list`");
                is_settled = false;
            }
        }
    }
}

/// Whoever requires nothing that still waits goes next, the smallest id first, so that the order is
/// the same everywhere.
void Plugins::sort() {
    std::map<std::string, Plugin*> waiting;
    for (const auto& plugin : all_) {
        if (plugin->state == PluginState::found) waiting[plugin->id()] = plugin.get();
    }
    const auto waits_for = [&](const Plugin& plugin) {
        std::vector<std::string> out;
        for (const auto* wanted : {&plugin.manifest.requires_, &plugin.manifest.optional_}) {
            for (const auto& one : *wanted) {
                if (waiting.count(one.id) && !why_missing(one)) out.push_back(one.id);
            }
        }
        return out;
    };
    for (;;) {
        const auto ready = std::find_if(waiting.begin(), waiting.end(), [&](const auto& one) {
            return waits_for(*one.second).empty();
        });
        if (ready == waiting.end()) break;
        order_.push_back(ready->second);
        waiting.erase(ready);
    }
    std::map<Plugin*, std::string> stuck;
    for (const auto& one : waiting) stuck[one.second] = boost::join(waits_for(*one.second), ", ");
    for (const auto& [plugin, names] : stuck) {
        plugin->refuse("it and what it requires (" + names +
                       ") require each other in a cycle; remove one of them");
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
