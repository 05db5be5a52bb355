// SPDX-License-Identifier: Apache-2.0
#include "source.hpp"

#include <dunlin_manifest.h>
#include <dunlin/plugin.hpp>

namespace dunlin::csv {

/// Reads a watched folder of CSV files.
class CsvPlugin : public Plugin<CsvPlugin> {
public:
    using Plugin::Plugin;

    Json describe_connector() {
        auto list = Json::array();
        for (const auto& entity : entities()) {
            list.push_back({{"name", entity.name}, {"deletes", "rows"}});
        }
        return {{"entities", list}, {"retries", 0}, {"write_backs", Json::array()}};
    }

    std::unique_ptr<Source> open_source(std::string_view name, const Json& config) {
        return std::make_unique<CsvSource>(
            std::string(name), Settings::parse(config),
            Surroundings{[this] { return services().now_us(); },
                         [this](const std::string& message) { services().warn(message); }});
    }
};

}  // namespace dunlin::csv

DUNLIN_PLUGIN(dunlin::csv::CsvPlugin);
