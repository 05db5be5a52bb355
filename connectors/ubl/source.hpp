// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive.hpp"
#include "rows.hpp"

#include <dunlin/connector.hpp>
#include <dunlin/file_source.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace dunlin::ubl {

/// A source's section of the configuration.
struct Settings {
    std::filesystem::path folder, archive;
    PostingRules posting;
    std::string purpose = "business";
    int64_t settle_us = 0;
    int64_t batch_rows = 0;
    Limits limits;

    /// `config` is valid against the manifest's source_schema.
    static Settings parse(const Json& config);
    /// What besides a file's bytes decides what its rows are.
    std::string fingerprint() const;
};

/// What a source needs from outside.
struct Surroundings {
    std::function<int64_t()> now_us;
    std::function<void(const std::string&)> warn;
};

/// A folder of electronic invoices, one in a file.
class UblSource : public Source {
public:
    UblSource(std::string name, Settings settings, Surroundings surroundings);

    Json check(const Cancel& cancel) override;
    std::unique_ptr<Pull> pull(const PullRequest& request, Cancel cancel) override;
    void document(std::string_view entity, std::string_view external_id, const TakeBytes& take,
                  const Cancel& cancel) override;

private:
    void warn_of(const SourceFile& file);

    std::string name_;
    Settings settings_;
    Surroundings surroundings_;
    WatchedFolder folder_;
    std::mutex mutex_;
    std::set<std::string> warned_;
};

/// Reads the waiting documents, each as a whole, in pages. The pull of invoices also archives what
/// it takes and reports what is refused, so that both happen once.
class UblPull : public Pull {
public:
    UblPull(const Entity& entity, Settings settings, FileCursor cursor, FileQueue queue,
            Cancel cancel);

    bool next(Page& page) override;

private:
    void read(const WaitingFile& waiting, Page& page);
    void give(const WaitingFile& waiting, const Posting& posting, std::string_view bytes);
    void require_own_number(const WaitingFile& waiting, const Posting& posting,
                            const std::string& sha256);

    const Entity& entity_;
    const bool is_of_invoices_;
    Settings settings_;
    FileCursor cursor_;
    FileQueue queue_;
    Cancel cancel_;
    Archive archive_;
    Rows rows_;
    std::size_t next_file_ = 0;
    int64_t bytes_ = 0;
    int64_t bytes_total_ = 0;
};

}  // namespace dunlin::ubl
