// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "payment.hpp"

#include <dunlin/connector.hpp>
#include <dunlin/file_source.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace dunlin::bank_statement {

/// A source's section of the configuration.
struct Settings {
    std::filesystem::path folder;
    std::string files = "*";
    std::string encoding = "windows-1252";  // Of what is not UTF-8 and does not say.
    int64_t settle_us = 0;
    int64_t batch_rows = 10000;
    int64_t file_bytes_max = int64_t{50} << 20U;
    Rules rules;
    std::string layout;  // Everything that decides what the rows of a file are.

    /// `config` is valid against the manifest's source_schema. Throws what only shows in words.
    static Settings parse(const Json& config);
};

/// What a source needs from outside.
struct Surroundings {
    std::function<int64_t()> now_us;
    std::function<void(const std::string&)> warn;
};

/// A folder of bank statements.
class StatementSource : public Source {
public:
    StatementSource(std::string name, Settings settings, Surroundings surroundings);

    Json check(const Cancel& cancel) override;
    std::unique_ptr<Pull> pull(const PullRequest& request, Cancel cancel) override;

private:
    std::string name_;
    Settings settings_;
    Surroundings surroundings_;
    WatchedFolder folder_;
};

}  // namespace dunlin::bank_statement
