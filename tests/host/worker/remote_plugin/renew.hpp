// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/plugin.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace dunlin::test {

/// What is done with a secret while it is held: "look", "keep", "twice", "in_tx", "crash", "leave".
/// With a path it says there that it holds it, and waits for a file beside that.
struct Renewal {
    explicit Renewal(const Json& json)
        : act(json.value("renew", "")),
          value(json.value("value", "")),
          path(json.value("wait_path", "")) {}
    std::string act, value, path;

    Json run(const Services& services, const std::string& secret, const Cancel& cancel) const {
        std::optional<Transaction> tx;
        if (act == "in_tx") tx.emplace(services.begin(DUNLIN_TX_READ));
        auto held = services.hold_secret(secret, cancel);
        Json out{{"held", held.value()}};
        if (act == "twice") static_cast<void>(services.hold_secret(secret, cancel));
        if (act == "crash") std::abort();
        static auto* left = new std::vector<HeldSecret>;
        if (act == "leave") left->push_back(std::move(held));
        if (!path.empty()) {
            std::ofstream(path) << "held";
            while (!std::filesystem::exists(path + ".go")) {
                std::this_thread::sleep_for(std::chrono::milliseconds(2));
            }
        }
        if (act == "keep") held.keep(value);
        services.info("a token is renewed", {{"token", value}});
        out["now"] = services.secret(secret);
        return out;
    }
};

}  // namespace dunlin::test
