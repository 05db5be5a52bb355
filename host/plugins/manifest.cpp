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
#include <charconv>

namespace dunlin::host {

namespace {

const Schema& schema_of_manifests() {
    static const auto schema = Schema::compile(Json::parse(manifest_schema), "manifest-1");
    return *schema;
}

std::set<std::string> text_set(const Json& document, const char* key) {
    return document.value(key, std::set<std::string>());
}

std::vector<Requirement> requirements(const Json& document, const char* key) {
    std::vector<Requirement> out;
    for (const auto& one : document.value(key, Json::array())) {
        out.push_back({one["id"], one["range"]});
    }
    return out;
}

/// What the schema of manifests cannot say.
class CrossCheck {
public:
    explicit CrossCheck(const Manifest& m) : m_(m) {}

    std::vector<std::string> run() {
        static const std::set<std::string> reserved = {
            "host", "dunlin", "pg", "sqlite", "main", "temp", "information", "lo", "dblink"};
        if (reserved.count(m_.id)) {
            say("id: \"" + m_.id + "\" is reserved for the host and the database; choose another");
        }
        for (const auto& command : m_.commands) starts_with(command.name, m_.id + ".", "command");
        for (const auto& job : m_.jobs) {
            starts_with(job.kind, m_.id + ".", "job");
            check_cron(job);
        }
        for (const auto& topic : m_.emits) {
            starts_with(topic.topic, m_.id + ".", "topic");
            if (!m_.may_emit(topic.topic)) {
                say("topic " + topic.topic + " needs the permission \"event.emit:" + topic.topic +
                    "\"");
            }
        }
        for (const auto& table : m_.tables) starts_with(table.first, m_.id + "_", "table");
        for (const auto& view : m_.views) starts_with(view.name, m_.id + "_", "view");
        unique();
        needs(!m_.commands.empty(), DUNLIN_EXT_COMMAND_HANDLER, "commands");
        needs(!m_.subscribes.empty(), DUNLIN_EXT_EVENT_HANDLER, "subscribes");
        needs(!m_.jobs.empty(), DUNLIN_EXT_JOB_HANDLER, "jobs");
        if (!m_.migrations.empty() && !m_.permissions.count("db.own")) {
            say("migrations need the permission \"db.own\"");
        }
        return std::move(found_);
    }

private:
    void say(std::string text) { found_.push_back(std::move(text)); }
    void starts_with(const std::string& name, const std::string& prefix, const char* what) {
        if (name.rfind(prefix, 0) == 0) return;
        say(std::string(what) + " " + name + " must start with \"" + prefix + "\"");
    }
    void check_cron(const JobSpec& job) {
        try {
            if (!job.cron.empty()) next_cron(job.cron, "UTC", 0);
        } catch (const Error& e) {
            say("job " + job.kind + ": " + e.what());
        }
    }
    void needs(bool is_used, const char* extension, const char* key) {
        if (!is_used || m_.extensions.count(extension)) return;
        say(std::string(key) + " needs the extension \"" + extension + "\"");
    }
    void unique() {
        std::set<std::string> seen;
        const auto once = [&](const std::string& name) {
            if (!seen.insert(name).second) say(name + " is declared twice");
        };
        for (const auto& command : m_.commands) once("command " + command.name);
        for (const auto& job : m_.jobs) once("job " + job.kind);
        for (const auto& topic : m_.emits) once("topic " + topic.topic);
        for (const auto& view : m_.views) once("view " + view.name);
    }

    const Manifest& m_;
    std::vector<std::string> found_;
};

[[noreturn]] void refuse(const std::string& where, const std::vector<std::string>& violations) {
    std::string message = where + " is not a valid manifest: ";
    for (const auto& text : violations) message += (&text == &violations[0] ? "" : "; ") + text;
    throw Error(DUNLIN_E_DATA, message, Json{{"violations", violations}}.dump());
}

void read_commands(const Json& document, Manifest& out) {
    for (const auto& one : document.value("commands", Json::array())) {
        CommandSpec spec;
        spec.name = one["name"];
        spec.plugin = out.id;
        spec.permission = one["permission"];
        spec.summary = one["summary"];
        spec.is_action = one["kind"] == "action";
        spec.is_scoped = one.value("scoped", false);
        spec.request = one["request"];
        spec.reply = one["reply"];
        spec.request_schema = Schema::compile(spec.request, "of the request of " + spec.name);
        spec.reply_schema = Schema::compile(spec.reply, "of the reply of " + spec.name);
        out.commands.push_back(std::move(spec));
    }
}

void read_contract(const Json& document, Manifest& out) {
    out.id = document["id"];
    out.name = document["name"];
    out.version = document["version"];
    out.abi_major = document["abi"]["major"];
    out.abi_minor_required = document["abi"]["minor_required"];
    if (const auto artifact = document.find("artifact"); artifact != document.end()) {
        out.file = (*artifact)["file"];
        out.platform = (*artifact)["platform"];
        out.sha256 = (*artifact)["sha256"];
    }
    out.requires_ = requirements(document, "requires");
    out.optional_ = requirements(document, "optional");
    out.services = text_set(document, "services");
    out.extensions = text_set(document, "extensions");
    out.permissions = text_set(document, "permissions");
    out.drafts = text_set(document, "drafts");
    out.calls = text_set(document, "calls");
    out.subscribes = text_set(document, "subscribes");
}

void read_declared(const Json& document, Manifest& out) {
    read_commands(document, out);
    for (const auto& one : document.value("jobs", Json::array())) {
        out.jobs.push_back({one["kind"], out.id, one.value("cron", ""), one["summary"]});
    }
    for (const auto& one : document.value("emits", Json::array())) {
        const std::string topic = one["topic"];
        out.emits.push_back({topic, out.id, one["schema"],
                             Schema::compile(one["schema"], "of the topic " + topic)});
    }
    for (const auto& one : document.value("tables", Json::array())) {
        out.tables[one["name"]] = one.value("partition_key", "");
    }
    for (const auto& one : document.value("views", Json::array())) {
        out.views.push_back(
            {one["name"], one.value("scopes", std::map<std::string, std::string>())});
    }
    for (const auto& one : document.value("scope_dimensions", Json::array())) {
        out.scope_dimensions[one["name"]] = one["title"];
    }
    for (const auto& one : document.value("roles", Json::array())) {
        out.roles[one["name"]] = one["permissions"].get<std::set<std::string>>();
    }
    out.config_schema = document.value("config_schema", Json());
    out.source_schema = document.value("source_schema", Json());
    if (!out.config_schema.is_null()) Schema::compile(out.config_schema, "of the configuration");
    if (!out.source_schema.is_null()) Schema::compile(out.source_schema, "of a source");
    out.migrations = document.value("migrations", "");
}

/// Three numbers and whether a pre-release follows, which sorts before the release.
std::array<int64_t, 4> parts_of(std::string_view version) {
    std::array<int64_t, 4> parts{0, 0, 0, 1};
    const auto dash = version.find('-');
    if (dash != std::string_view::npos) {
        parts[3] = 0;
        version = version.substr(0, dash);
    }
    for (std::size_t i = 0; i < 3 && !version.empty(); ++i) {
        const auto* end = version.data() + version.size();
        const auto* next = std::from_chars(version.data(), end, parts[i]).ptr;
        const auto read = static_cast<std::size_t>(next - version.data());
        version.remove_prefix(std::min(read + 1, version.size()));
    }
    return parts;
}

}  // namespace

Manifest Manifest::parse(std::string_view text, const std::string& where) {
    Manifest out;
    try {
        out.document = Json::parse(text);
    } catch (const Json::parse_error& e) {
        throw Error(DUNLIN_E_DATA, where + " is not JSON: " + e.what());
    }
    const auto violations = schema_of_manifests().violations(out.document);
    if (!violations.empty()) refuse(where, violations);
    read_contract(out.document, out);
    try {
        read_declared(out.document, out);
    } catch (const Error& e) {
        throw Error(e.status(), where + " is not a valid manifest: " + e.what());
    }
    const auto contradictions = CrossCheck(out).run();
    if (!contradictions.empty()) refuse(where, contradictions);
    return out;
}

const TopicSpec* Manifest::topic(std::string_view wanted) const {
    for (const auto& one : emits) {
        if (one.topic == wanted) return &one;
    }
    return nullptr;
}

bool Manifest::has_job(std::string_view kind) const {
    for (const auto& one : jobs) {
        if (one.kind == kind) return true;
    }
    return false;
}

bool Manifest::may_emit(const std::string& topic) const {
    if (permissions.count("event.emit:" + topic)) return true;
    const auto dot = topic.find('.');
    return dot != std::string::npos &&
           permissions.count("event.emit:" + topic.substr(0, dot) + ".*");
}

int compare_versions(std::string_view a, std::string_view b) {
    const auto left = parts_of(a), right = parts_of(b);
    return left < right ? -1 : (right < left ? 1 : 0);
}

bool is_in_range(std::string_view version, std::string_view range) {
    while (!range.empty()) {
        const auto end = std::min(range.find(' '), range.size());
        const auto one = range.substr(0, end);
        range.remove_prefix(std::min(end + 1, range.size()));
        const auto operator_size = one.find_first_of("0123456789");
        if (operator_size == std::string_view::npos) return false;
        const auto sign = one.substr(0, operator_size);
        const auto order = compare_versions(version, one.substr(operator_size));
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
