// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/instance.hpp"

#include <chrono>
#include <fstream>
#include <functional>
#include <regex>
#include <sstream>
#include <thread>

namespace dunlin::test {

inline InstanceOptions flow_options() {
    InstanceOptions options;
    options.has_shipped_plugins = false;
    options.test_plugins = {"flow"};
    options.toml =
        "[sources.src]\nconnector = \"flow\"\n[sources.src.settings]\npages_path = \"in.json\"\n"
        "[sources.again]\nconnector = \"flow\"\n[sources.again.settings]\n"
        "pages_path = \"again.json\"\nfull = true\n";
    return options;
}

/// A second host on the same database: another process, as far as the store can tell. Its ids and
/// clock are its own.
inline std::unique_ptr<host::Host> second_host(Instance& first, const std::string& now = {}) {
    const auto folder = first.folder() / "second";
    std::filesystem::create_directories(folder);
    for (const auto* shared : {"data", "plugins", "shipped", "in.json"}) {
        std::error_code exists;
        std::filesystem::create_symlink(first.folder() / shared, folder / shared, exists);
    }
    std::ifstream in(first.folder() / "dunlin.toml");
    std::stringstream text;
    text << in.rdbuf();
    auto toml =
        std::regex_replace(text.str(), std::regex("ids_seed = (\\d+)"), "ids_seed = 70000000$1");
    if (!now.empty()) {
        toml =
            std::regex_replace(toml, std::regex("clock = \"[^\"]*\""), "clock = \"" + now + "\"");
    }
    std::ofstream(folder / "dunlin.toml") << toml;
    host::Host::Options options;
    options.instance = folder;
    options.plugin_root = first.folder() / "shipped";
    options.program = std::filesystem::path(DUNLIN_BINARY_DIR) / "dunlin";
    auto second = std::make_unique<host::Host>(options);
    second->start();
    return second;
}

inline bool waits_until(const std::function<bool()>& is_true) {
    for (int i = 0; i < 4000; ++i) {
        if (is_true()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
}

inline Json event_of(const std::string& key, int64_t seq, Json payload = Json::object()) {
    payload["seq"] = seq;
    return {{"key", key}, {"payload", payload}};
}

inline void write_json(const std::filesystem::path& file, const Json& json) {
    std::ofstream(file) << json;
}

}  // namespace dunlin::test
