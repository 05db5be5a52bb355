// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/drop_folder.hpp"
#include "support/instance.hpp"
#include "sync/page.hpp"

#include <chrono>
#include <fstream>
#include <thread>

namespace dunlin::test {

enum class Mode { in_process, worker };

/// An instance with the connector "remote", whose source "src" has these settings.
inline InstanceOptions remote_options(Mode mode, const std::string& settings = "",
                                      const std::string& worker = "") {
    InstanceOptions options;
    options.has_shipped_plugins = false;
    options.test_plugins = {"flow", "remote"};
    options.toml =
        "[secrets]\npw = \"env:DUNLIN_TEST_SECRET\"\nkey = \"env:DUNLIN_TEST_KEY\"\n"
        "[worker]\n" +
        worker + (mode == Mode::in_process ? "\nin_process = [\"remote\"]" : "") +
        "\n[sources.src]\nconnector = \"remote\"\n[sources.src.settings]\n" + settings;
    return options;
}

/// The connector as the engine reaches it.
class Driven {
public:
    explicit Driven(Mode mode, const std::string& settings = "", const std::string& worker = "",
                    Dialect dialect = Dialect::sqlite)
        : instance(dialect, remote_options(mode, settings, worker)),
          plugin(*instance.host().plugins().by_id("remote")) {}

    host::Owned<dunlin_source> open(const Json& settings = Json::object()) {
        auto config = instance.host().config().sources.at(0);
        config.settings.update(settings);
        return host::open_source(instance.host(), plugin, config);
    }
    Json check(dunlin_source* source) {
        dunlin_cancel cancel;
        return host::ask_plugin(instance.host(), plugin, "check", plugin.connector->check, source,
                                &cancel);
    }
    template <class Call>
    Json write(Call call, dunlin_source* source, const Json& write) {
        dunlin_cancel cancel;
        const auto text = write.dump();
        return host::ask_plugin(instance.host(), plugin, "write", call, source, to_abi(text),
                                &cancel);
    }
    host::PageReader reader(dunlin_source* source, PullRequest request) {
        return {instance.host(), plugin, source, std::move(request)};
    }
    std::vector<host::PulledPage> pages(dunlin_source* source, const PullRequest& request) {
        std::vector<host::PulledPage> out;
        auto reading = reader(source, request);
        while (auto page = reading.take()) out.push_back(std::move(*page));
        return out;
    }
    host::Host& host() { return instance.host(); }

    Instance instance;
    host::Plugin& plugin;
};

inline Lines lines_of(const host::PulledPage& page) {
    Lines out;
    const BatchView rows(page.rows);
    std::vector<std::string> names;
    for (int64_t i = 0; i < rows.columns(); ++i) names.emplace_back(rows.name(i));
    for (int64_t i = 0; i < rows.rows(); ++i) {
        std::string line;
        for (int64_t c = 0; c < rows.columns(); ++c) {
            const auto column = rows[c];
            if (c > 0) line += '|';
            if (column.is_null(i)) {
                line += '-';
            } else if (column.type() == Type::text || column.type() == Type::bytes) {
                line += column.text(i);
            } else if (column.type() == Type::f64) {
                line += std::to_string(column.f64(i));
            } else {
                line += std::to_string(column.i64(i));
            }
        }
        out.push_back(line);
    }
    return out;
}

/// Status, message and detail of what a call throws.
template <class Body>
std::tuple<dunlin_status, std::string, std::string> failure_of(Body&& body) {
    try {
        body();
    } catch (const Error& e) {
        return {e.status(), e.what(), e.detail_json()};
    }
    return {DUNLIN_OK, "", ""};
}

}  // namespace dunlin::test
