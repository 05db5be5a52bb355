// SPDX-License-Identifier: Apache-2.0
#include "plugins/manifest.hpp"

#include "commands/commands.hpp"
#include "jobs/jobs.hpp"
#include "manifest_schema.hpp"

#include <dunlin/abi/commands.h>
#include <dunlin/abi/events.h>
#include <dunlin/abi/jobs.h>
#include <dunlin/error.hpp>

#include <algorithm>
#include <array>
#include <compare>
#include <sstream>

namespace dunlin::host {

namespace {

/// What the schema of manifests cannot say.
std::vector<std::string> contradictions(const Manifest& m) {
    static const std::set<std::string> reserved = {"host", "dunlin",      "pg", "sqlite", "main",
                                                   "temp", "information", "lo", "dblink"};
    std::vector<std::string> out;
    std::set<std::string> seen;
    const auto own = [&](const std::string& what, const std::string& name, const char* separator) {
        const auto prefix = m.id + separator;
        if (name.rfind(prefix, 0) != 0) {
            out.push_back(what + " " + name + " must start with \"" + prefix + "\"");
        }
        if (!seen.insert(what + name).second)
            out.push_back(what + " " + name + " is declared twice");
    };
    const auto needs = [&](bool is_used, const char* extension, const std::string& key) {
        if (!is_used || m.extensions.count(extension)) return;
        out.push_back(key + " needs the extension \"" + extension + "\"");
    };
    if (reserved.count(m.id)) {
        out.push_back("id: \"" + m.id +
                      "\" is reserved for the host and the database; choose another");
    }
    for (const auto& command : m.commands) own("command", command.name, ".");
    for (const auto& table : m.tables) own("table", table.first, "_");
    for (const auto& view : m.views) own("view", view.name, "_");
    for (const auto& job : m.jobs) {
        own("job", job.kind, ".");
        try {
            if (!job.cron.empty()) next_cron(job.cron, "UTC", 0);
        } catch (const Error& e) {
            out.push_back("job " + job.kind + ": " + e.what());
        }
    }
    for (const auto& topic : m.emits) {
        own("topic", topic.topic, ".");
        if (m.permissions.count("event.emit:" + topic.topic) ||
            m.permissions.count("event.emit:" + m.id + ".*")) {
            continue;
        }
        out.push_back("topic " + topic.topic + " needs the permission \"event.emit:" + topic.topic +
                      "\"");
    }
    needs(!m.commands.empty(), DUNLIN_EXT_COMMAND_HANDLER, "commands");
    needs(!m.subscribes.empty(), DUNLIN_EXT_EVENT_HANDLER, "subscribes");
    needs(!m.jobs.empty(), DUNLIN_EXT_JOB_HANDLER, "jobs");
    std::set<std::string> scoped;
    for (const auto& view : m.views) {
        for (const auto& [other, column] : view.through) {
            if (scoped.count(other)) continue;
            out.push_back("the view " + view.name + " is seen through " + other +
                          ", which must be a view with scopes and stand before it");
        }
        if (!view.columns.empty()) scoped.insert(view.name);
    }
    if (!m.migrations.empty() && !m.permissions.count("db.own")) {
        out.push_back("migrations need the permission \"db.own\"");
    }
    return out;
}

/// From a document that is valid against the schema of manifests.
void read(const Json& document, Manifest& out) {
    const auto list = [&](const char* key) { return document.value(key, Json::array()); };
    const auto texts = [&](const char* key) { return list(key).get<std::set<std::string>>(); };
    const auto schema = [&](const char* key, const std::string& where) {
        const auto found = document.value(key, Json());
        if (!found.is_null()) Schema::compile(found, where);
        return found;
    };
    out.id = document["id"];
    out.name = document["name"];
    out.version = document["version"];
    out.abi_major = document["abi"]["major"];
    out.abi_minor_required = document["abi"]["minor_required"];
    const auto artifact = document.value("artifact", Json::object());
    out.file = artifact.value("file", "");
    out.platform = artifact.value("platform", "");
    out.sha256 = artifact.value("sha256", "");
    for (const auto& one : list("requires")) out.requires_.push_back({one["id"], one["range"]});
    for (const auto& one : list("optional")) out.optional_.push_back({one["id"], one["range"]});
    out.services = texts("services");
    out.extensions = texts("extensions");
    out.permissions = texts("permissions");
    out.drafts = texts("drafts");
    out.calls = texts("calls");
    out.subscribes = texts("subscribes");
    for (const auto& one : list("commands")) {
        const std::string name = one["name"];
        out.commands.push_back({name, out.id, one["permission"], one["summary"],
                                one["kind"] == "action", one.value("scoped", false), one["request"],
                                one["reply"],
                                Schema::compile(one["request"], "of the request of " + name),
                                Schema::compile(one["reply"], "of the reply of " + name)});
    }
    for (const auto& one : list("jobs")) out.jobs.push_back({one["kind"], one.value("cron", "")});
    for (const auto& one : list("emits")) {
        const std::string topic = one["topic"];
        out.emits.push_back({topic, Schema::compile(one["schema"], "of the topic " + topic)});
    }
    for (const auto& one : list("tables")) out.tables[one["name"]] = one.value("partition_key", "");
    for (const auto& one : list("views")) {
        using Names = std::map<std::string, std::string>;
        out.views.push_back(
            {one["name"], one.value("scopes", Names()), one.value("through", Names())});
    }
    for (const auto& one : list("scope_dimensions")) {
        out.scope_dimensions[one["name"]] = one["title"];
    }
    for (const auto& one : list("roles")) one["permissions"].get_to(out.roles[one["name"]]);
    out.config_schema = schema("config_schema", "of the configuration");
    out.source_schema = schema("source_schema", "of a source");
    out.migrations = document.value("migrations", "");
}

/// Three numbers and whether it is a release, which sorts behind its pre-releases.
std::array<int64_t, 4> parts_of(const std::string& version) {
    std::array<int64_t, 4> parts{0, 0, 0, version.find('-') == std::string::npos};
    std::istringstream in(version);
    char dot = 0;
    in >> parts[0] >> dot >> parts[1] >> dot >> parts[2];
    return parts;
}

}  // namespace

Manifest Manifest::parse(std::string_view text, const std::string& where) {
    static const auto schema = Schema::compile(Json::parse(manifest_schema), "manifest-1");
    const auto invalid = where + " is not a valid manifest";
    Manifest out;
    try {
        out.document = Json::parse(text);
    } catch (const Json::exception& e) {  // Numbers too large are no parse_error.
        throw Error(DUNLIN_E_DATA, where + " is not JSON: " + e.what());
    }
    need_none(invalid, schema->violations(out.document), DUNLIN_E_DATA);
    try {
        read(out.document, out);
    } catch (const Error& e) {
        throw Error(e.status(), invalid + ": " + e.what());
    }
    need_none(invalid, contradictions(out), DUNLIN_E_DATA);
    return out;
}

const TopicSpec* Manifest::topic(std::string_view wanted) const {
    const auto found = std::find_if(emits.begin(), emits.end(),
                                    [&](const auto& one) { return one.topic == wanted; });
    return found == emits.end() ? nullptr : &*found;
}

bool Manifest::has_job(std::string_view kind) const {
    return std::any_of(jobs.begin(), jobs.end(), [&](const auto& one) { return one.kind == kind; });
}

bool is_in_range(const std::string& version, const std::string& range) {
    std::istringstream in(range);
    for (std::string one; in >> one;) {
        const auto sign = one.substr(0, one.find_first_of("0123456789"));
        const auto order = parts_of(version) <=> parts_of(one.substr(sign.size()));
        const bool holds = sign == ">="   ? order >= 0
                           : sign == "<=" ? order <= 0
                           : sign == ">"  ? order > 0
                           : sign == "<"  ? order < 0
                                          : order == 0;
        if (!holds) return false;
    }
    return true;
}

}  // namespace dunlin::host
