// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "store/store.hpp"

#include <dunlin/json.hpp>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin::host {

class Schema;  // commands/commands.hpp

struct CommandSpec {
    std::string name, plugin, permission, summary;
    bool is_action = false;
    bool is_scoped = false;
    Json request, reply;                                         // JSON Schema, draft-07.
    std::shared_ptr<const Schema> request_schema, reply_schema;  // The same, compiled.
};

struct JobSpec {
    std::string kind, cron;  // cron may be empty.
};

struct TopicSpec {
    std::string topic;
    std::shared_ptr<const Schema> schema;
};

struct Requirement {
    std::string id, range;  // ">=1.0.0 <2.0.0"
};

/// plugin.json, read and valid against sdk/schema/manifest-1.schema.json.
struct Manifest {
    std::string id, name, version;
    int abi_major = 0, abi_minor_required = 0;
    std::string file, platform, sha256;  // From "artifact"; empty in the embedded copy.
    std::vector<Requirement> requires_, optional_;
    std::set<std::string> services, extensions, permissions, drafts, calls, subscribes;
    std::vector<CommandSpec> commands;
    std::vector<JobSpec> jobs;
    std::vector<TopicSpec> emits;
    std::map<std::string, std::string>
        tables;                     // Name → partition key, empty for a reference table.
    std::vector<ScopedView> views;  // All published ones; columns may be empty.
    std::map<std::string, std::string> scope_dimensions;  // Name → title.
    std::map<std::string, std::set<std::string>> roles;   // Name → permissions.
    Json config_schema, source_schema;
    std::string migrations;  // Folder beside plugin.json, or empty.
    Json document;           // All of it.

    /// Error data that lists every violation with its place.
    static Manifest parse(std::string_view text, const std::string& where);
    const TopicSpec* topic(std::string_view wanted) const;  // Of those it emits, or null.
    bool has_job(std::string_view kind) const;
    /// True when the plugin may name that published view of another.
    bool may_read(const std::string& view) const {
        return permissions.count("db.read:" + view) > 0;
    }
};

/// Whether a version "1.2.3" is one of ">=1.0.0 <2.0.0".
bool is_in_range(const std::string& version, const std::string& range);

}  // namespace dunlin::host
