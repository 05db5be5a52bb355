// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plugins/plugin.hpp"
#include "store/migrations.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace dunlin::host {

/// Finds, checks, loads, starts and stops plugins by the version rule of the contract. [main]
class Plugins {
public:
    struct Options {
        std::vector<std::filesystem::path> folders;  // Each holds <id>/plugin.json.
        std::filesystem::path state_folder;          // For the "loading" marker.
        std::vector<std::string> disabled;           // By configuration.
        bool is_safe_mode = false;                   // Only plugins of first_party_folder.
        std::filesystem::path first_party_folder;
        Json configs = Json::object();  // [plugins.<id>] sections.
    };
    explicit Plugins(Host& host);
    ~Plugins();

    /// Reads sidecars, refuses what can be refused without loading, and orders the rest. No dlopen.
    void find(const Options& options);
    /// Migrations of every plugin that is not blocked, in start order.
    std::vector<Migration> migrations(Dialect dialect) const;
    std::vector<Migration> migrations_of(const Plugin& plugin, Dialect dialect) const;
    /// Loads, creates, inits and starts in order. A failure blocks that plugin and its dependants.
    void start();
    /// In reverse; never unloads.
    void stop();
    /// Takes a plugin out before or during the start, with what requires it.
    void block(Plugin& plugin, const std::string& reason);

    const std::vector<Plugin*>& in_order() const { return order_; }  // Blocked ones last.
    Plugin* by_id(const std::string& id) const;                      // Or null.
    const CommandSpec* command(const std::string& name) const;       // Of running plugins, or null.
    /// Permissions of a role bundle over all running plugins.
    std::set<std::string> permissions_of(const std::string& role) const;

private:
    void read_folder(const std::filesystem::path& folder, const Options& options);
    void check_ids();
    void check_requirements();
    void sort();
    void build_walls();
    const char* why_missing(const Requirement& wanted) const;
    void start_one(Plugin& plugin);
    void fetch_extensions(Plugin& plugin);

    Host& host_;
    std::vector<std::unique_ptr<Plugin>> all_;
    std::vector<Plugin*> order_;
    std::vector<std::unique_ptr<dunlin_ctx>> contexts_;
    std::filesystem::path marker_folder_;
};

}  // namespace dunlin::host
