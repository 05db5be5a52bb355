// SPDX-License-Identifier: Apache-2.0
#include "commands/commands.hpp"
#include "config/config.hpp"

#include <algorithm>

namespace dunlin::host {

namespace {

/// "/a/b/0" and "a.b.0" name the same place.
std::string dotted(std::string place) {
    std::replace(place.begin(), place.end(), '/', '.');
    const auto begin = place.find_first_not_of('.');
    return begin == std::string::npos ? std::string() : place.substr(begin);
}

void check(const Config& config, const std::string& section, const Json& settings,
           const Schema& schema, std::vector<std::string>& out) {
    for (const auto& violation : schema.violations(settings)) {
        const auto colon = violation.find(": ");
        const auto place = colon == std::string::npos ? "" : dotted(violation.substr(0, colon));
        const auto line = config.line_of(place.empty() ? section : section + "." + place);
        out.push_back("dunlin.toml:" + std::to_string(std::max(line, 1)) + ": [" + section + "] " +
                      (place.empty() ? "" : place + ": ") +
                      (colon == std::string::npos ? violation : violation.substr(colon + 2)));
    }
}

}  // namespace

std::vector<std::string> check_settings(const Config& config, const std::string& plugin_id,
                                        const Json& config_schema) {
    std::vector<std::string> out;
    const auto schema = Schema::compile(config_schema, plugin_id + ": config_schema");
    check(config, "plugins." + plugin_id, config.plugin_settings.value(plugin_id, Json::object()),
          *schema, out);
    return out;
}

std::vector<std::string> check_sources(const Config& config, const std::string& connector_id,
                                       const Json& source_schema) {
    std::vector<std::string> out;
    const auto schema = Schema::compile(source_schema, connector_id + ": source_schema");
    for (const auto& source : config.sources) {
        if (source.connector != connector_id) continue;
        check(config, "sources." + source.name + ".settings", source.settings, *schema, out);
    }
    return out;
}

}  // namespace dunlin::host
