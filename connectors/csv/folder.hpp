// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/services.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunlin::csv {

/// A whole file of the watched folder as it was when it was listed.
struct File {
    std::string name;
    std::filesystem::path path;
    int64_t size = 0;
    int64_t modified_us = 0;
};

/// The folder somebody drops files into. Hands out whole files only: nothing hidden, nothing under
/// a temporary name, nothing that changed within the settling time, nothing behind a link that
/// leads out of the folder.
class Folder {
public:
    Folder(std::filesystem::path path, int64_t settle_us)
        : path_(std::move(path)), settle_us_(settle_us) {}

    /// Sorted by name, bytewise. Throws one sentence when the folder cannot be read.
    std::vector<File> list(int64_t now_us) const;

    /// The hash of a file's bytes, 32 hex digits; computed once per size and time of change.
    std::string hash(const File& file, const Cancel& cancel);

    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
    int64_t settle_us_;
    std::mutex mutex_;
    std::map<std::string, std::string> hashes_;
};

/// Throws DUNLIN_E_UNAVAILABLE when the file is no longer what was listed.
void require_unchanged(const File& file);

/// "ledger*.csv" against a name; * and ? as in a shell.
bool matches(std::string_view pattern, std::string_view name);

}  // namespace dunlin::csv
