// SPDX-License-Identifier: Apache-2.0
#include "push_tool.hpp"

#include "source.hpp"

int main() {
    using namespace dunlin;
    return live::answer_lines([](const Json& settings, const std::string& secret,
                                 const live::Send& send) -> std::unique_ptr<Source> {
        return std::make_unique<odoo::OdooSource>(
            odoo::Settings::parse(settings),
            odoo::Surroundings{send, [secret](const std::string&) { return secret; }});
    });
}
