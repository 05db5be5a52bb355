// SPDX-License-Identifier: Apache-2.0
#include "cli/actions.hpp"
#include "host.hpp"

#include <fstream>
#include <iostream>
#include <iterator>

namespace dunlin::host {

namespace {

/// A reply of the host with the columns in an order that reads well; others follow behind.
Ordered ordered(const Json& reply, const std::vector<std::string>& first = {}) {
    if (!reply.is_array()) return Ordered::parse(reply.dump());
    auto out = Ordered::array();
    for (const auto& row : reply) {
        auto one = Ordered::object();
        for (const auto& key : first) {
            if (row.contains(key)) one[key] = Ordered::parse(row[key].dump());
        }
        for (const auto& [key, value] : row.items()) {
            if (!one.contains(key)) one[key] = Ordered::parse(value.dump());
        }
        out.push_back(std::move(one));
    }
    return out;
}

std::string read_json(const std::string& text) {
    if (text == "-") return {std::istreambuf_iterator<char>(std::cin), {}};
    if (text.rfind('@', 0) != 0) return text;
    std::ifstream file(text.substr(1), std::ios::binary);
    if (!file) throw Error(DUNLIN_E_NOT_FOUND, text.substr(1) + " cannot be read; check --json");
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The request as far as --json gives it.
Json given_request(const Invocation& in) {
    if (in.json.empty()) return Json::object();
    auto request = Json::parse(read_json(in.json), nullptr, /*allow_exceptions=*/false);
    if (!request.is_object()) {
        throw Error(DUNLIN_E_INVALID, "--json is not a JSON object, such as '{\"a\": 1}'");
    }
    return request;
}

}  // namespace

std::unique_ptr<Host> open_host(const Invocation& in, bool migrates) {
    Host::Options options;
    options.instance = in.instance;
    options.is_safe_mode = in.is_safe_mode;
    options.migrates = migrates;
    auto host = std::make_unique<Host>(std::move(options));
    // What a person sees of one command is its answer; serve logs in full.
    if (host->config().log_path == "-") host->log().set_level(DUNLIN_LOG_ERROR);
    return host;
}

std::unique_ptr<Host> started_host(const Invocation& in) {
    auto host = open_host(in);
    host->start();
    return host;
}

std::vector<std::pair<std::string, std::string>> split_pairs(
    const std::vector<std::string>& pairs) {
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& pair : pairs) {
        const auto at = pair.find('=');
        if (at == std::string::npos || at == 0) {
            throw Error(DUNLIN_E_INVALID, "\"" + pair + "\" is not name=value");
        }
        out.emplace_back(pair.substr(0, at), pair.substr(at + 1));
    }
    return out;
}

void call(const Invocation& in) {
    const auto texts = split_pairs(in.pairs);
    const auto host = started_host(in);
    const auto* command = host->plugins().command(in.name);
    if (!command) {
        throw Error(DUNLIN_E_NOT_FOUND,
                    "no running plugin has a command \"" + in.name + "\"; see: dunlin plugin list");
    }
    auto request = given_request(in);
    request.update(host->commands().request_from_texts(*command, texts));
    CallOptions options;
    options.today = in.today;
    options.idempotency_key = in.idempotency_key;
    const auto reply =
        host->commands().call(Principal::of_operator(), in.name, request.dump(), options);
    print(std::cout, Ordered::parse(reply), in.format, in.rows);
}

void migrate_plan(const Invocation& in) {
    const auto pending = open_host(in, /*migrates=*/false)->pending_migrations();
    if (pending.empty()) std::cout << "-- Nothing is pending.\n";
    for (const auto& one : pending) {
        std::cout << "-- " << one.owner << ": " << one.name << " (" << one.sha256 << ")\n"
                  << one.sql << "\n";
    }
}

void migrate_apply(const Invocation& in) {
    const auto pending = open_host(in, /*migrates=*/false)->pending_migrations();
    started_host(in);
    for (const auto& one : pending)
        std::cout << "applied " << one.owner << ": " << one.name << "\n";
    if (pending.empty()) std::cout << "Nothing was pending.\n";
}

void plugin_list(const Invocation& in) {
    const auto host = started_host(in);
    auto list = Ordered::array();
    for (const auto* plugin : host->plugins().in_order()) {
        list.push_back({{"id", plugin->id()},
                        {"version", plugin->manifest.version},
                        {"state", name_of(plugin->state)},
                        {"reason", plugin->reason}});
    }
    print(std::cout, list, in.format);
}

void plugin_info(const Invocation& in) {
    const auto host = started_host(in);
    const auto* plugin = host->plugins().by_id(in.name);
    if (!plugin) {
        throw Error(DUNLIN_E_NOT_FOUND,
                    "there is no plugin \"" + in.name + "\"; see: dunlin plugin list");
    }
    const auto& manifest = plugin->manifest;
    auto commands = Ordered::array();
    for (const auto& command : manifest.commands) {
        commands.push_back({{"name", command.name},
                            {"kind", command.is_action ? "action" : "query"},
                            {"permission", command.permission},
                            {"summary", command.summary}});
    }
    Ordered out{{"id", manifest.id},
                {"name", manifest.name},
                {"version", manifest.version},
                {"state", name_of(plugin->state)},
                {"reason", plugin->reason},
                {"folder", plugin->folder.string()},
                {"permissions", manifest.permissions},
                {"commands", commands},
                {"roles", Ordered::parse(Json(manifest.roles).dump())}};
    print(std::cout, out, in.format, in.rows);
}

void events_status(const Invocation& in) {
    print(std::cout, ordered(started_host(in)->events().status()), in.format);
}

void events_list(const Invocation& in) {
    const auto state = in.state.empty() ? "dead" : in.state;
    print(std::cout,
          ordered(started_host(in)->events().list(state), {"plugin", "event", "topic", "key"}),
          in.format);
}

void events_replay(const Invocation& in) {
    const auto host = started_host(in);
    const auto replayed = host->events().replay(in.name, in.id);
    host->events().deliver_pending();
    std::cout << replayed << " deliveries are tried again\n";
}

void events_deliver(const Invocation& in) {
    std::cout << started_host(in)->events().deliver_pending() << " events delivered\n";
}

void jobs_list(const Invocation& in) {
    print(std::cout, ordered(started_host(in)->jobs().list(in.state), {"id", "kind", "state"}),
          in.format);
}

void jobs_cancel(const Invocation& in) {
    started_host(in)->jobs().cancel(in.id);
    std::cout << "job " << in.id << " is asked to stop\n";
}

void jobs_retry(const Invocation& in) {
    started_host(in)->jobs().retry(in.id);
    std::cout << "job " << in.id << " waits for its turn; dunlin run-jobs runs it now\n";
}

void run_jobs(const Invocation& in) {
    std::cout << started_host(in)->jobs().run_due() << " jobs ran\n";
}

void backup(const Invocation& in) {
    const auto host = open_host(in, /*migrates=*/false);
    make_empty_folder(in.folder, "the backup");
    host->store().backup(in.folder);
    std::filesystem::copy_file(host->config().instance / "dunlin.toml", in.folder / "dunlin.toml");
    std::cout << "Backed up into " << in.folder.string() << "; secrets and tokens are not in it\n";
}

void token_create(const Invocation& in) {
    const auto host = started_host(in);
    std::map<std::string, std::set<std::string>> scopes;
    for (const auto& [dimension, value] : split_pairs(in.pairs)) {
        scopes[dimension].insert(value);
    }
    std::cout << host->create_token(in.name, {in.name}, scopes) << "\n";
    std::cerr << "This is the only time it is shown.\n";
}

}  // namespace dunlin::host
