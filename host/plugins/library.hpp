// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plugins/plugin.hpp"

#include <filesystem>
#include <string>

namespace dunlin::host {

/// A file's bytes. Error not_found when it cannot be read.
std::string read_file(const std::filesystem::path& file);

/// "linux-x86_64"
std::string platform_name();

/// Rule 1: refuses everything that can be refused without running the plugin's code.
void check_sidecar(const Plugin& plugin);
/// Maps the library for the rest of the process's life and returns its descriptor, by rules 2 and 3
/// in agreement with the manifest. [main]
const dunlin_plugin_desc& load_descriptor(Host& host, const Plugin& plugin);

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
