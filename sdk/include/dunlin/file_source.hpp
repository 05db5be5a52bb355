// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/json.hpp>
#include <dunlin/services.hpp>

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What every connector that reads a watched folder needs: whole files only, each once by the hash
// of its bytes, and a cursor that finds the place in a file again. Needs libxxhash; include it only
// in a connector for files.

namespace dunlin {

/// A whole file of the watched folder as it was when it was listed.
struct SourceFile {
    std::string name;
    std::filesystem::path path;
    int64_t size = 0;
    int64_t modified_us = 0;
};

namespace detail {

struct FileCloser {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using FileHandle = std::unique_ptr<std::FILE, FileCloser>;

inline FileHandle open_file(const SourceFile& file) {
    FileHandle in(std::fopen(file.path.c_str(), "rb"));
    if (!in) {
        throw Error(DUNLIN_E_UNAVAILABLE, "the file " + file.path.string() +
                                              " cannot be opened; let Dunlin's user read it");
    }
    return in;
}

inline std::string hex_of(XXH128_hash_t hash) {
    std::array<char, 33> text{};
    std::snprintf(text.data(), text.size(), "%016llx%016llx",
                  static_cast<unsigned long long>(hash.high64),
                  static_cast<unsigned long long>(hash.low64));
    return text.data();
}

/// Microseconds since 1970. A library without to_sys counts from there anyway.
template <class Time>
int64_t to_us(Time time) {
    using std::chrono::duration_cast;
    using std::chrono::microseconds;
    if constexpr (requires { Time::clock::to_sys(time); }) {
        return duration_cast<microseconds>(Time::clock::to_sys(time).time_since_epoch()).count();
    } else {
        return duration_cast<microseconds>(time.time_since_epoch()).count();
    }
}

/// Size and time now; false when the file is gone.
inline bool look_at(const std::filesystem::path& path, SourceFile& out) {
    std::error_code failure;
    const auto size = std::filesystem::file_size(path, failure);
    if (failure) return false;
    const auto time = std::filesystem::last_write_time(path, failure);
    if (failure) return false;
    out = {path.filename().string(), path, static_cast<int64_t>(size), to_us(time)};
    return true;
}

inline bool has_temporary_name(std::string_view name) {
    if (name.empty() || name.front() == '.' || name.back() == '~') return true;
    const auto ends = [&](std::string_view suffix) {
        return name.size() > suffix.size() && name.substr(name.size() - suffix.size()) == suffix;
    };
    return ends(".part") || ends(".tmp") || ends(".filepart") || ends(".crdownload");
}

/// False for anything but a regular file inside the folder.
inline bool is_inside(const std::filesystem::directory_entry& entry,
                      const std::filesystem::path& folder) {
    std::error_code failure;
    if (!entry.is_regular_file(failure)) return false;
    if (!entry.is_symlink(failure)) return true;
    const auto target = std::filesystem::canonical(entry.path(), failure);
    return !failure && target.parent_path() == std::filesystem::canonical(folder, failure);
}

}  // namespace detail

/// The hash of a text, 32 hex digits.
inline std::string hash_of_text(std::string_view text) {
    return detail::hex_of(XXH3_128bits(text.data(), text.size()));
}

/// Throws DUNLIN_E_UNAVAILABLE when the file is no longer what was listed.
inline void require_unchanged(const SourceFile& file) {
    SourceFile now;
    if (detail::look_at(file.path, now) && now.size == file.size &&
        now.modified_us == file.modified_us) {
        return;
    }
    throw Error(DUNLIN_E_UNAVAILABLE, file.name +
                                          " is still being written; it is read again once it "
                                          "rests. Deliver it under a name ending in .part first");
}

/// All bytes of a file, for formats that are read as a whole. Throws DUNLIN_E_DATA when it is
/// larger than the limit.
inline std::string read_whole(const SourceFile& file, int64_t bytes_max) {
    if (file.size > bytes_max) {
        throw Error(DUNLIN_E_DATA, "the file has " + std::to_string(file.size) +
                                       " bytes, more than the limit of " +
                                       std::to_string(bytes_max) +
                                       "; deliver it in parts, or raise max_file_bytes");
    }
    const auto in = detail::open_file(file);
    std::string bytes(static_cast<std::size_t>(file.size), '\0');
    const auto got = std::fread(bytes.data(), 1, bytes.size(), in.get());
    if (got != bytes.size() && std::ferror(in.get()) != 0) {
        throw Error(DUNLIN_E_UNAVAILABLE, "reading " + file.name +
                                              " failed half way; check the disk or the network "
                                              "share");
    }
    require_unchanged(file);
    return bytes;
}

/// The folder somebody drops files into. Hands out whole files only: nothing hidden, nothing under
/// a temporary name, nothing that changed within the settling time, nothing behind a link that
/// leads out of the folder.
class WatchedFolder {
public:
    WatchedFolder(std::filesystem::path path, int64_t settle_us)
        : path_(std::move(path)), settle_us_(settle_us) {}

    const std::filesystem::path& path() const { return path_; }

    /// Sorted by name, bytewise. Throws one sentence when the folder cannot be read.
    std::vector<SourceFile> list(int64_t now_us) const {
        std::error_code failure;
        std::filesystem::directory_iterator entries(path_, failure);
        if (failure) {
            throw Error(DUNLIN_E_UNAVAILABLE,
                        "the folder " + path_.string() + " cannot be read (" + failure.message() +
                            "); create it, or correct \"folder\" in the source");
        }
        std::vector<SourceFile> files;
        const std::filesystem::directory_iterator end;
        for (; entries != end; entries.increment(failure)) {
            SourceFile file;
            const auto& entry = *entries;
            if (detail::has_temporary_name(entry.path().filename().string())) continue;
            if (!detail::is_inside(entry, path_) || !detail::look_at(entry.path(), file)) continue;
            // A file server's clock may be ahead of ours: just written is just written either way.
            const auto age = std::llabs(now_us - file.modified_us);
            if (settle_us_ == 0 || age >= settle_us_) files.push_back(std::move(file));
        }
        std::sort(files.begin(), files.end(),
                  [](const SourceFile& a, const SourceFile& b) { return a.name < b.name; });
        return files;
    }

    /// The hash of a file's bytes, 32 hex digits; computed once per size and time of change.
    std::string hash(const SourceFile& file, const Cancel& cancel) {
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

private:
    static std::string hash_bytes(const SourceFile& file, const Cancel& cancel) {
        struct Free {
            void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
        };
        const auto in = detail::open_file(file);
        const std::unique_ptr<XXH3_state_t, Free> state(XXH3_createState());
        XXH3_128bits_reset(state.get());
        std::vector<char> chunk(std::size_t{256} << 10U);
        while (const auto got = std::fread(chunk.data(), 1, chunk.size(), in.get())) {
            XXH3_128bits_update(state.get(), chunk.data(), got);
            cancel.throw_if_requested();
        }
        return detail::hex_of(XXH3_128bits_digest(state.get()));
    }

    std::filesystem::path path_;
    int64_t settle_us_;
    std::mutex mutex_;
    std::map<std::string, std::string> hashes_;
};

/// "ledger*.csv" against a name; * and ? as in a shell.
inline bool matches(std::string_view pattern, std::string_view name) {
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

/// Where reading goes on in a file: an offset in whatever the connector counts, bytes or records,
/// and the line for a person.
struct FilePosition {
    int64_t offset = 0;
    int64_t line = 1;
};

/// How far an entity has been read: the files that are done, by key, and the place in the one that
/// is not. The host keeps it as text, in the transaction of the rows it stands for.
struct FileCursor {
    struct Place {
        std::string key;
        FilePosition position;
        std::string name;  // What the file was called.
    };
    static constexpr std::size_t files_max = 10000;

    std::vector<std::string> files;  // In the order they were finished.
    std::optional<Place> current;

    static FileCursor parse(std::string_view text) {
        FileCursor out;
        if (text.empty()) return out;
        try {
            const auto json = Json::parse(text);
            out.files = json.at("files").get<std::vector<std::string>>();
            if (const auto it = json.find("current"); it != json.end()) {
                out.current =
                    Place{it->at("file").get<std::string>(),
                          {it->at("offset").get<int64_t>(), it->at("line").get<int64_t>()},
                          it->value("name", std::string())};
            }
        } catch (const Json::exception& e) {
            throw Error(DUNLIN_E_DATA, std::string("the cursor of this source cannot be read (") +
                                           e.what() + "); reset it, and every file is read again");
        }
        return out;
    }

    std::string text() const {
        Json json{{"files", files}};
        if (current) {
            json["current"] = {{"file", current->key},
                               {"offset", current->position.offset},
                               {"line", current->position.line},
                               {"name", current->name}};
        }
        return json.dump();
    }

    bool is_done(const std::string& key) const {
        return std::find(files.begin(), files.end(), key) != files.end();
    }

    /// Adds a finished file. Beyond files_max the oldest that is no longer in the folder goes,
    /// never one that is: it would be read again.
    void finish(const std::string& key, const std::set<std::string>& present) {
        current.reset();
        files.push_back(key);
        if (files.size() <= files_max) return;
        const auto absent = std::find_if(files.begin(), files.end(), [&](const std::string& file) {
            return present.find(file) == present.end();
        });
        if (absent != files.end()) files.erase(absent);
    }
};

/// A file that waits for its turn. The key is the hash of its bytes and of everything else that
/// decides what its rows are, so that a corrected layout reads it again.
struct WaitingFile {
    SourceFile file;
    std::string key;
};

/// What a run has to read, fixed when it begins.
struct FileQueue {
    std::vector<WaitingFile> files;  // In order; the one the cursor stands in is the first.
    std::set<std::string> present;   // Keys of all files of the folder.
    std::string lost;  // What is behind "the source X" when the half-read file is not there.

    /// `is_ours` chooses among the folder's files, `layout` is what besides the bytes decides.
    static FileQueue make(WatchedFolder& folder, int64_t now_us, const FileCursor& cursor,
                          std::string_view layout, const Cancel& cancel,
                          const std::function<bool(const SourceFile&)>& is_ours) {
        FileQueue out;
        std::vector<WaitingFile> later;
        for (auto& file : folder.list(now_us)) {
            if (!is_ours(file)) continue;
            const auto key = hash_of_text(folder.hash(file, cancel).append(layout));
            // The same bytes under two names are one file.
            if (!out.present.insert(key).second || cursor.is_done(key)) continue;
            const bool is_current = cursor.current && cursor.current->key == key;
            (is_current ? out.files : later).push_back({std::move(file), key});
        }
        if (const auto& half = cursor.current; half && out.present.count(half->key) == 0) {
            const auto line = std::to_string(half->position.line);
            out.lost = "has read " + half->name + " up to line " + line +
                       " only: the file is gone or was changed, or is read another way now; "
                       "deliver " +
                       half->name + ":" + line + " and what follows again";
        }
        out.files.insert(out.files.end(), std::make_move_iterator(later.begin()),
                         std::make_move_iterator(later.end()));
        return out;
    }
};

}  // namespace dunlin
