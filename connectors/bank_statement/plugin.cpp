// SPDX-License-Identifier: Apache-2.0
#include "source.hpp"

#include <dunlin_manifest.h>
#include <dunlin/plugin.hpp>

namespace dunlin::bank_statement {

/// Reads a watched folder of bank statements.
class BankStatementPlugin : public Plugin<BankStatementPlugin> {
public:
    using Plugin::Plugin;

    Json describe_connector() {
        Json payment{{"name", "payment"}, {"deletes", "rows"}};
        return {
            {"entities", Json::array({payment})}, {"retries", 0}, {"write_backs", Json::array()}};
    }

    std::unique_ptr<Source> open_source(std::string_view name, const Json& config) {
        return std::make_unique<StatementSource>(
            std::string(name), Settings::parse(config),
            Surroundings{[this] { return services().now_us(); },
                         [this](const std::string& message) { services().warn(message); }});
    }
};

}  // namespace dunlin::bank_statement

DUNLIN_PLUGIN(dunlin::bank_statement::BankStatementPlugin);
