// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mapping.hpp"
#include "reader.hpp"

#include <dunlin/connector.hpp>
#include <dunlin/file_source.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace dunlin::csv {

/// A source's section of the configuration.
struct Settings {
    std::filesystem::path folder;
    std::filesystem::path mapping;  // Empty: canonical files.
    Layout layout;
    int64_t settle_us = 0;
    int64_t batch_rows = 50000;
    double max_bad_share = 0.5;
    ReaderSettings reader;

    /// `config` is valid against the manifest's source_schema. Throws what only shows in words.
    static Settings parse(const Json& config);
};

/// What a source needs from outside.
struct Surroundings {
    std::function<int64_t()> now_us;
    std::function<void(const std::string&)> warn;
};

/// A folder of CSV files, canonical or described by one mapping.
class CsvSource : public Source {
public:
    CsvSource(std::string name, Settings settings, Surroundings surroundings);

    Json check(const Cancel& cancel) override;
    std::unique_ptr<Pull> pull(const PullRequest& request, Cancel cancel) override;

private:
    /// Empty when the source has no mapping.
    std::shared_ptr<const Mapping> load_mapping(std::string& text) const;
    void warn_of(const SourceFile& file);
    void warn_once(const std::string& about, const std::string& text);

    std::string name_;
    Settings settings_;
    Surroundings surroundings_;
    WatchedFolder folder_;
    std::mutex mutex_;
    std::set<std::string> warned_;
};

}  // namespace dunlin::csv
