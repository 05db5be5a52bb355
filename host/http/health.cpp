// SPDX-License-Identifier: Apache-2.0
#include "http/api.hpp"

#include "host.hpp"
#include "plugins/services.hpp"

#include <dunlin/guard.hpp>

namespace dunlin::host {

namespace {

Json line(const std::string& name, const char* state, const std::string& message,
          const std::string& remedy = {}) {
    return {{"name", name}, {"state", state}, {"message", message}, {"remedy", remedy}};
}

/// What a plugin says of itself. One that answers nonsense is the one that is not well.
Json ask(Host& host, Plugin& plugin) {
    std::string text;
    try {
        auto tx = host.begin(Access::read);
        dunlin_tx view{tx.get(), &host, &plugin, false, nullptr};
        ErrorSink sink;
        StringWriter writer(text);
        tx->db().enter(&plugin.wall);
        sink.check(plugin.health->check(plugin.instance, &view, writer.abi(), sink.sink()),
                   "health check");
    } catch (const Error& e) {
        return Json::array({line(plugin.id(), "fail", e.what())});
    }
    const auto said = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    auto out = Json::array();
    if (!said.is_array()) {
        out.push_back(line(plugin.id(), "warn", "its health check wrote no list"));
        return out;
    }
    for (const auto& one : said) {
        if (!one.is_object()) continue;
        const auto field = [&](const char* key) {
            return one.contains(key) && one[key].is_string() ? one[key].get<std::string>() : "";
        };
        const auto state = field("state");
        const char* known = state == "ok" ? "ok" : state == "fail" ? "fail" : "warn";
        out.push_back(
            line(plugin.id() + "." + field("name"), known, field("message"), field("remedy")));
    }
    return out;
}

}  // namespace

Json health(Host& host) {
    auto checks = Json::array();
    bool has_store = true;
    try {
        host.begin(Access::read)->db().query("SELECT 1")->step();
        checks.push_back(line("store", "ok", "the database answers"));
    } catch (const Error& e) {
        has_store = false;
        // The message may name hosts and users; they are for the log and for doctor.
        host.log().error("health", e.what());
        checks.push_back(line("store", "fail", "the database cannot be reached", "dunlin doctor"));
    }
    for (auto* plugin : host.plugins().in_order()) {
        if (!plugin->is_running()) {
            // The host is meant to live without it: worth a look, no reason to be restarted.
            checks.push_back(line(plugin->id(), "warn",
                                  std::string("plugin is ") + name_of(plugin->state),
                                  "dunlin plugin info " + plugin->id()));
        } else if (plugin->health && has_store) {
            for (auto& check : ask(host, *plugin)) checks.push_back(std::move(check));
        } else {
            checks.push_back(line(plugin->id(), "ok", "running"));
        }
    }
    std::string status = "ok";
    for (const auto& check : checks) {
        if (check["state"] == "fail") status = "fail";
        if (check["state"] == "warn" && status == "ok") status = "warn";
    }
    return {{"status", status}, {"checks", checks}};
}

}  // namespace dunlin::host
