// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/connector.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace dunlin::test {

/// Another system that writes go into: the file "made" has a line for each that took effect. What
/// happens to the next calls is in the files "push" and "find", a JSON list each; once it is empty,
/// all goes well. "cut_after" and "cut_before" lose the connection.
class WriteBacks {
public:
    explicit WriteBacks(const std::filesystem::path& beside)
        : folder_(std::filesystem::weakly_canonical(beside).parent_path()) {}

    Receipt push(const WriteBack& write) const {
        const auto what = next("push");
        if (what == "busy") throw unavailable("the other system is busy");
        if (what == "rests") {
            throw unavailable("too many requests", std::chrono::milliseconds(600'000));
        }
        if (what == "cut_before") throw Error(DUNLIN_E_TIMEOUT, "the connection was cut");
        if (what == "reject") return {Receipt::State::rejected, "", "it is closed"};
        if (what == "conflict" && !write.base.is_null()) {
            return {Receipt::State::conflict, "", "it holds another value"};
        }
        auto found = find(write);
        if (found.state == Receipt::State::absent) {
            std::ofstream(folder_ / "made", std::ios::app)
                << write.key << ' ' << write.body.dump() << '\n';
            found = find(write);
        }
        if (what == "cut_after") throw Error(DUNLIN_E_TIMEOUT, "the connection was cut");
        return found;
    }
    Receipt find(const WriteBack& write) const {
        if (next("find") == "down") throw unavailable("nobody answers");
        std::ifstream made(folder_ / "made");
        int number = 1;
        for (std::string line; std::getline(made, line); ++number) {
            if (line.starts_with(write.key + ' ')) {
                return {Receipt::State::confirmed, std::to_string(number), "", {{"keyed", "a"}}};
            }
        }
        return {Receipt::State::absent};
    }

private:
    std::string next(const char* call) const {
        std::ifstream in(folder_ / call);
        auto script = in ? Json::parse(in) : Json::array();
        if (script.empty()) return {};
        const std::string first = script[0];
        script.erase(0);
        std::ofstream(folder_ / call) << script;
        return first;
    }

    std::filesystem::path folder_;
};

}  // namespace dunlin::test
