// SPDX-License-Identifier: Apache-2.0
#include "source.hpp"

#include <dunlin_manifest.h>
#include <dunlin/plugin.hpp>

namespace dunlin::stripe {

/// Reads customers, invoices and the money that settles them from Stripe.
class StripePlugin : public Plugin<StripePlugin> {
public:
    using Plugin::Plugin;

    Json describe_connector() { return describe(); }

    std::unique_ptr<Source> open_source(std::string_view /*name*/, const Json& config) {
        return std::make_unique<StripeSource>(
            Settings::parse(config),
            Surroundings{[this](const HttpRequest& request, const Cancel& cancel) {
                             return HttpClient(services()).send(request, cancel);
                         },
                         [this](const std::string& name) { return services().secret(name); }});
    }
};

}  // namespace dunlin::stripe

DUNLIN_PLUGIN(dunlin::stripe::StripePlugin);
