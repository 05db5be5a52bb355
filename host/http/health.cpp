// SPDX-License-Identifier: Apache-2.0
#include "http/api.hpp"

#include "host.hpp"
#include "plugins/services.hpp"

namespace dunlin::host {

namespace {

/// What a plugin says of itself. One that answers nonsense is the one that is not well.
void ask(Host& host, Plugin& plugin, std::vector<Finding>& out) {
    std::string text;
    try {
        const StringWriter writer(text);
        const auto tx = host.begin(Access::read);
        call_plugin(host, plugin, *tx, /*is_scoped=*/false, "health check",
                    [&](dunlin_tx* view, dunlin_err* err) {
                        return plugin.health->check(plugin.instance, view, writer.abi(), err);
                    });
    } catch (const Error& e) {
        out.push_back({plugin.id(), "fail", e.what(), ""});
        return;
    }
    const auto said = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!said.is_array()) {
        out.push_back({plugin.id(), "warn", "its health check wrote no list", ""});
        return;
    }
    for (const auto& one : said) {
        if (!one.is_object()) continue;
        const auto field = [&](const char* key) {
            return one.contains(key) && one[key].is_string() ? one[key].get<std::string>() : "";
        };
        const auto state = field("state");
        out.push_back({plugin.id() + "." + field("name"),
                       state == "ok" || state == "fail" ? state : "warn", field("message"),
                       field("remedy")});
    }
}

}  // namespace

std::vector<Finding> health(Host& host) {
    std::vector<Finding> out;
    bool has_store = true;
    try {
        host.begin(Access::read)->db().query("SELECT 1")->step();
        out.push_back({"store", "ok", "the database answers", ""});
    } catch (const Error& e) {
        has_store = false;
        // The message may name hosts and users; they are for the log and for doctor.
        host.log().error("health", e.what());
        out.push_back({"store", "fail", "the database cannot be reached", "dunlin doctor"});
    }
    for (auto* plugin : host.plugins().in_order()) {
        if (!plugin->is_running()) {
            // The host is meant to live without it: worth a look, no reason to be restarted.
            out.push_back({plugin->id(), "warn", std::string("plugin is ") + name_of(plugin->state),
                           "dunlin plugin info " + plugin->id()});
        } else if (plugin->health && has_store) {
            ask(host, *plugin, out);
        } else {
            out.push_back({plugin->id(), "ok", "running", ""});
        }
    }
    return out;
}

}  // namespace dunlin::host
