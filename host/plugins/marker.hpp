// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace dunlin::host {

/// "loading-<id>" lies in the state folder while a plugin's code runs for the first time in a
/// process. When that code crashes or ends the process, a handler writes the library's hash into
/// it. A process that was killed from outside leaves a marker without one: no fault of the plugin.
class LoadingMarker {
public:
    LoadingMarker(const std::filesystem::path& folder, const std::string& id,
                  const std::string& sha256);
    ~LoadingMarker();
    LoadingMarker(const LoadingMarker&) = delete;
    LoadingMarker& operator=(const LoadingMarker&) = delete;

    static std::filesystem::path path_of(const std::filesystem::path& folder,
                                         const std::string& id);
    /// True when this very library crashed; any other marker that nobody holds is removed.
    static bool was_left(const std::filesystem::path& folder, const std::string& id,
                         const std::string& sha256);

private:
    std::filesystem::path path_;
    int fd_ = -1;
};

}  // namespace dunlin::host
