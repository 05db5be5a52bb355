// SPDX-License-Identifier: Apache-2.0
#include "host.hpp"
#include "plugins/services.hpp"

#include <dunlin/abi/config.h>
#include <dunlin/entry.hpp>

namespace dunlin::host {

namespace {

void config(dunlin_ctx* context, const dunlin_writer* json) {
    write_to(json, context->plugin->config.dump());
}

std::string granted(const dunlin_ctx& context, std::string_view name) {
    const std::string key(name);
    const auto& plugin = *context.plugin;
    const auto refuse = [&](const std::string& why) {
        throw Error(DUNLIN_E_DENIED,
                    "the plugin " + plugin.id() + " may not read the secret " + key + "; " + why);
    };
    if (key == sealing_key) refuse("it seals others; give this one another name in [secrets]");
    if (!plugin.manifest.permissions.count("secret:" + key) &&
        !granted_settings(*context.host, plugin, "secret").count(key)) {
        refuse("add \"secret:" + key + "\" to its permissions in plugin.json");
    }
    return key;
}

void secret(dunlin_ctx* context, std::string_view name, const dunlin_writer* value) {
    write_to(value, context->host->secrets().value(granted(*context, name)));
}

void hold(dunlin_ctx* context, std::string_view name, dunlin_cancel* cancel,
          const dunlin_writer* current, dunlin_held_secret** out) {
    const auto key = granted(*context, name);
    need_no_transaction("a secret was held");
    auto& slot = held_in_call();
    if (slot) {
        throw Error(DUNLIN_E_INVALID,
                    "the secret " + slot->name + " is held already; release it before another one");
    }
    std::string value;
    const auto stops = [&] { return cancel && (cancel->requested || cancel->is_late()); };
    auto held = context->host->secrets().hold(context->plugin->id(), key, stops, value);
    write_to(current, value);
    slot = std::move(held);
    *out = slot.get();
}

void keep(dunlin_held_secret* held, std::string_view value) {
    held->keep(value);
}

void release(dunlin_held_secret* held) {
    auto& slot = held_in_call();
    if (slot.get() == held) slot.reset();
}

}  // namespace

const dunlin_config_v1 config_service = {sizeof config_service, 0,           entry<config>,
                                         entry<secret>,         entry<hold>, entry<keep>,
                                         quiet<release>};

}  // namespace dunlin::host
