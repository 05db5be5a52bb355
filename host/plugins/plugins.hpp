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
    explicit Plugins(Host& host) : host_(host) {}
    ~Plugins() { stop(); }

    /// Reads the sidecars <id>/plugin.json of the shipped plugins and, but for safe mode, of the
    /// configured folders; refuses what can be refused without loading, and orders the rest. No
    /// dlopen.
    void find(const std::filesystem::path& shipped, bool is_safe_mode);
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
    void read(Plugin& plugin, bool is_left_out);
    void check_ids();
    void check_requirements();
    void sort();
    void build_walls();
    const char* why_missing(const Requirement& wanted) const;
    void start_one(Plugin& plugin);
    void fetch_extensions(Plugin& plugin);
    std::filesystem::path marker_folder() const;

    Host& host_;
    std::vector<std::unique_ptr<Plugin>> all_;
    std::vector<Plugin*> order_;
    std::vector<std::unique_ptr<dunlin_ctx>> contexts_;
};

}  // namespace dunlin::host
