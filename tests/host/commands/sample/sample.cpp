// SPDX-License-Identifier: Apache-2.0
#include "dunlin_manifest.h"

#include <dunlin/plugin.hpp>

namespace dunlin::sample {

/// Does on request what commands may and may not do.
class Sample : public Plugin<Sample> {
public:
    using Plugin::Plugin;

    Json on_command(Call& call) {
        const auto name = std::string(call.command().substr(call.command().find('.') + 1));
        if (name == "add") return add(call);
        if (name == "sum") return sum(call);
        if (name == "things") return things(call);
        if (name == "relay" || name == "ask") return relay(call);
        if (name == "big") return big(call);
        if (name == "sql") return {{"rows", call.tx().exec(call.value("sql", std::string()))}};
        return misuse(call);
    }

private:
    static std::string table() { return DUNLIN_PLUGIN_ID "_thing"; }

    Json add(Call& call) {
        const auto name = call.value("name", std::string());
        call.tx().exec("INSERT INTO " + table() + " (name, id, amount) VALUES (?, ?, ?)", name,
                       services().next_id(), call.value("amount", int64_t{0}));
        call.tx().emit(DUNLIN_PLUGIN_ID ".added", name, {{"name", name}});
        if (call.value("fail", false)) throw Error(DUNLIN_E_CONFLICT, "asked to fail");
        return sum(call);
    }
    Json sum(Call& call) {
        if (call.value("sneak", false)) {
            call.tx().exec("INSERT INTO " + table() + " (name, id, amount) VALUES ('x', 1, 1)");
        }
        auto row =
            call.tx().query("SELECT CAST(coalesce(sum(amount), 0) AS bigint) FROM " + table());
        row.step();
        return {{"sum", row.i64(0)}, {"today", call.today().text()}};
    }
    Json things(Call& call) {
        auto out = Json::array();
        for (const auto& row : call.tx().query("SELECT name FROM " DUNLIN_PLUGIN_ID
                                               "_v1_thing_scoped ORDER BY name")) {
            out.push_back(row.string(0));
        }
        return out;
    }
    Json relay(Call& call) {
        try {
            return call.tx().call(call.value("command", std::string()),
                                  call.value("request", Json::object()));
        } catch (const Error& e) {
            if (!call.value("is_tolerant", false)) throw;
            return {{"failed", e.what()}};
        }
    }
    Json big(Call& call) {
        const auto n = call.value("megabytes", int64_t{1});
        return std::string(static_cast<std::size_t>(n) << 20U, 'x');
    }
    Json misuse(Call& call) {
        const auto how = call.value("how", std::string());
        if (how == "commit") call.tx().commit();
        if (how == "topic") call.tx().emit("other.topic", "k", Json::object());
        if (how == "payload") {
            call.tx().emit(DUNLIN_PLUGIN_ID ".added", "k", {{"nam", std::string(40, 'x')}});
        }
        if (how == "secret") return services().secret("unknown");
        if (how == "known") return services().secret("known");
        if (how == "call") return call.tx().call("alpha.big", Json::object());
        if (how == "policy") {
            call.tx().put_policy("plan", "", Date::parse("2026-01-01"), {{"n", 1}});
            call.tx().put_policy("plan", "", Date::parse("2026-02-01"), {{"n", 2}});
            return {call.tx().policy("plan", "", Date::parse("2026-01-15")).value(),
                    call.tx().policy("plan", "", Date::parse("2026-02-15")).value(),
                    call.tx().policy("plan", "", Date::parse("2025-02-15")).has_value()};
        }
        return nullptr;
    }
};

}  // namespace dunlin::sample

DUNLIN_PLUGIN(dunlin::sample::Sample);
