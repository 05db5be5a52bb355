// SPDX-License-Identifier: Apache-2.0
#include "source.hpp"

#include <dunlin_manifest.h>
#include <dunlin/plugin.hpp>

namespace dunlin::tryton {

/// Reads a Tryton database through its JSON-RPC.
class TrytonPlugin : public Plugin<TrytonPlugin> {
public:
    using Plugin::Plugin;

    Json describe_connector() { return TrytonSource::describe(); }

    std::unique_ptr<Source> open_source(std::string_view name, const Json& config) {
        const auto secret = [this](const std::string& of) { return services().secret(of); };
        const HttpSend send = [client = HttpClient(services())](const HttpRequest& request,
                                                                const Cancel& cancel) {
            return client.send(request, cancel);
        };
        return std::make_unique<TrytonSource>(std::string(name), Settings::parse(config, secret),
                                              send);
    }
};

}  // namespace dunlin::tryton

DUNLIN_PLUGIN(dunlin::tryton::TrytonPlugin);
