// SPDX-License-Identifier: Apache-2.0
#include "folder.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace dunlin::csv {
namespace {

namespace fs = std::filesystem;

int64_t to_us(fs::file_time_type time) {
    const auto since = std::chrono::file_clock::to_sys(time).time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
}

bool has_temporary_name(std::string_view name) {
    if (name.empty() || name.front() == '.' || name.back() == '~') return true;
    const auto ends = [&](std::string_view suffix) {
        return name.size() > suffix.size() && name.substr(name.size() - suffix.size()) == suffix;
    };
    return ends(".part") || ends(".tmp") || ends(".filepart") || ends(".crdownload");
}

/// False for anything but a regular file inside the folder.
bool is_inside(const fs::directory_entry& entry, const fs::path& folder) {
    std::error_code failure;
    if (!entry.is_regular_file(failure)) return false;
    if (!entry.is_symlink(failure)) return true;
    const auto target = fs::canonical(entry.path(), failure);
    return !failure && target.parent_path() == fs::canonical(folder, failure);
}

/// Size and time now; false when the file is gone.
bool look_at(const fs::path& path, File& out) {
    std::error_code failure;
    const auto size = fs::file_size(path, failure);
    if (failure) return false;
    const auto time = fs::last_write_time(path, failure);
    if (failure) return false;
    out.name = path.filename().string();
    out.path = path;
    out.size = static_cast<int64_t>(size);
    out.modified_us = to_us(time);
    return true;
}

struct HashStateDeleter {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
};
struct FileCloser {
    void operator()(std::FILE* file) const { std::fclose(file); }
};

std::string hash_bytes(const File& file, const Cancel& cancel) {
    const std::unique_ptr<std::FILE, FileCloser> in(std::fopen(file.path.c_str(), "rb"));
    if (!in) {
        throw Error(DUNLIN_E_UNAVAILABLE, "the file " + file.path.string() +
                                              " cannot be opened; let Dunlin's user read it");
    }
    const std::unique_ptr<XXH3_state_t, HashStateDeleter> state(XXH3_createState());
    XXH3_128bits_reset(state.get());
    std::vector<char> chunk(std::size_t{256} << 10U);
    for (;;) {
        const auto got = std::fread(chunk.data(), 1, chunk.size(), in.get());
        if (got == 0) break;
        XXH3_128bits_update(state.get(), chunk.data(), got);
        cancel.throw_if_requested();
    }
    const auto hash = XXH3_128bits_digest(state.get());
    std::array<char, 33> text{};
    std::snprintf(text.data(), text.size(), "%016llx%016llx",
                  static_cast<unsigned long long>(hash.high64),
                  static_cast<unsigned long long>(hash.low64));
    return text.data();
}

}  // namespace

std::vector<File> Folder::list(int64_t now_us) const {
    std::error_code failure;
    fs::directory_iterator entries(path_, failure);
    if (failure) {
        throw Error(DUNLIN_E_UNAVAILABLE, "the folder " + path_.string() + " cannot be read (" +
                                              failure.message() +
                                              "); create it, or correct \"folder\" in the source");
    }
    std::vector<File> files;
    for (; entries != fs::directory_iterator(); entries.increment(failure)) {
        File file;
        const auto& entry = *entries;
        if (has_temporary_name(entry.path().filename().string())) continue;
        if (!is_inside(entry, path_) || !look_at(entry.path(), file)) continue;
        // A file server's clock may be ahead of ours: just written is just written either way.
        const auto age = std::llabs(now_us - file.modified_us);
        if (settle_us_ == 0 || age >= settle_us_) files.push_back(std::move(file));
    }
    std::sort(files.begin(), files.end(),
              [](const File& a, const File& b) { return a.name < b.name; });
    return files;
}

std::string Folder::hash(const File& file, const Cancel& cancel) {
    const auto key =
        file.name + '/' + std::to_string(file.size) + '/' + std::to_string(file.modified_us);
    {
        const std::lock_guard lock(mutex_);
        const auto known = hashes_.find(key);
        if (known != hashes_.end()) return known->second;
    }
    auto hash = hash_bytes(file, cancel);
    require_unchanged(file);
    const std::lock_guard lock(mutex_);
    hashes_[key] = hash;
    return hash;
}

void require_unchanged(const File& file) {
    File now;
    if (look_at(file.path, now) && now.size == file.size && now.modified_us == file.modified_us) {
        return;
    }
    throw Error(DUNLIN_E_UNAVAILABLE, file.name +
                                          " is still being written; it is read again once it "
                                          "rests. Deliver it under a name ending in .part first");
}

bool matches(std::string_view pattern, std::string_view name) {
    std::size_t p = 0, n = 0, star = std::string_view::npos, resume = 0;
    while (n < name.size()) {
        if (p < pattern.size() &&
            (pattern[p] == '?' || (pattern[p] == name[n] && name[n] != '*'))) {
            ++p;
            ++n;
        } else if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = n;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            n = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

}  // namespace dunlin::csv
