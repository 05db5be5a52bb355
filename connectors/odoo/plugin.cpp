// SPDX-License-Identifier: Apache-2.0
#include "source.hpp"

#include <dunlin_manifest.h>
#include <dunlin/plugin.hpp>

namespace dunlin::odoo {

/// Reads customers and their accounts from Odoo.
class OdooPlugin : public Plugin<OdooPlugin> {
public:
    using Plugin::Plugin;

    Json describe_connector() { return describe(); }

    std::unique_ptr<Source> open_source(std::string_view /*name*/, const Json& config) {
        return std::make_unique<OdooSource>(
            Settings::parse(config),
            Surroundings{[this](const HttpRequest& request, const Cancel& cancel) {
                             return HttpClient(services()).send(request, cancel);
                         },
                         [this](const std::string& name) { return services().secret(name); }});
    }
};

}  // namespace dunlin::odoo

DUNLIN_PLUGIN(dunlin::odoo::OdooPlugin);
