// SPDX-License-Identifier: Apache-2.0
#include "source.hpp"

#include <dunlin_manifest.h>
#include <dunlin/plugin.hpp>

namespace dunlin::ubl {

/// Reads a watched folder of electronic invoices.
class UblPlugin : public Plugin<UblPlugin> {
public:
    using Plugin::Plugin;

    Json describe_connector() {
        auto list = Json::array();
        for (const auto& entity : entities()) {
            list.push_back(
                {{"name", entity.name}, {"deletes", entity.has_tombstones ? "rows" : "none"}});
        }
        return {{"entities", list},
                {"retries", 0},
                {"write_backs", Json::array()},
                {"documents", Json::array({"invoice"})}};
    }

    std::unique_ptr<Source> open_source(std::string_view name, const Json& config) {
        return std::make_unique<UblSource>(
            std::string(name), Settings::parse(config),
            Surroundings{[this] { return services().now_us(); },
                         [this](const std::string& message) { services().warn(message); }});
    }
};

}  // namespace dunlin::ubl

DUNLIN_PLUGIN(dunlin::ubl::UblPlugin);
