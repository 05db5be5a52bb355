// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "source.hpp"

#include <support/drop_folder.hpp>

namespace dunlin::csv::test {

using namespace dunlin::test;

/// A source over a folder; no settling time unless the extra settings give one.
class Drop : public DropFolder {
public:
    int64_t now_us = 4'000'000'000'000'000;
    std::vector<std::string> warnings;

    CsvSource source(Json settings = Json::object()) {
        settings["folder"] = path().string();
        if (!settings.contains("settle_seconds")) settings["settle_seconds"] = 0;
        return CsvSource("erp", Settings::parse(settings),
                         {[this] { return now_us; },
                          [this](const std::string& text) { warnings.push_back(text); }});
    }
};

}  // namespace dunlin::csv::test
