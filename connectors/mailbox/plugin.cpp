// SPDX-License-Identifier: Apache-2.0
#include "source.hpp"

#include <dunlin_manifest.h>
#include <dunlin/plugin.hpp>

namespace dunlin::mailbox {

/// Reads post that came in: mailboxes and folders of scans.
class MailboxPlugin : public Plugin<MailboxPlugin> {
public:
    using Plugin::Plugin;

    Json describe_connector() {
        return {{"entities", Json::array({{{"name", "message"}, {"cursor", "token"}}})},
                {"retries", 3},
                {"write_backs", Json::array()}};
    }

    std::unique_ptr<Source> open_source(std::string_view /*name*/, const Json& config) {
        const auto secret = [this](const std::string& of) { return services().secret(of); };
        return std::make_unique<MailSource>(Settings::parse(config, secret),
                                            [this] { return services().now_us(); });
    }
};

}  // namespace dunlin::mailbox

DUNLIN_PLUGIN(dunlin::mailbox::MailboxPlugin);
