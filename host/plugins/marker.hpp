// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace dunlin::host {

/// "loading-<id>" lies in the state folder while a plugin's code runs for the first time in a
/// process. One that nobody holds a lock on was left by a process that died there.
class LoadingMarker {
public:
    LoadingMarker(const std::filesystem::path& folder, const std::string& id,
                  const std::string& sha256);
    ~LoadingMarker();
    LoadingMarker(const LoadingMarker&) = delete;
    LoadingMarker& operator=(const LoadingMarker&) = delete;

    static std::filesystem::path path_of(const std::filesystem::path& folder,
                                         const std::string& id);
    /// True when this very library was left behind; a marker of another version is removed.
    static bool was_left(const std::filesystem::path& folder, const std::string& id,
                         const std::string& sha256);

private:
    std::filesystem::path path_;
    int fd_ = -1;
};

}  // namespace dunlin::host
