// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plugins/services.hpp"

#include <filesystem>
#include <string>

namespace dunlin::host {

/// How a plugin is called: call_plugin() or call_into(), with the name of the function.
using PluginCaller = std::function<dunlin_status(const char* what, const PluginCall& body)>;

/// A file's bytes. Error not_found when it cannot be read.
std::string read_file(const std::filesystem::path& file);

/// "linux-x86_64"
std::string platform_name();

/// Rule 1: refuses everything that can be refused without running the plugin's code.
void check_sidecar(const Plugin& plugin);
/// Maps the library for the rest of the process's life and returns its descriptor, by rules 2 and 3
/// in agreement with the manifest. [main]
const dunlin_plugin_desc& load_descriptor(const Plugin& plugin, const PluginCaller& call);
/// Loads it, then create, init and start. plugin.instance is set as soon as there is one. [main]
void bring_up(Plugin& plugin, const dunlin_host* services, const PluginCaller& call);
/// The table of an extension point that the manifest declares, at least `size` bytes long.
const void* extension_of(const Plugin& plugin, const char* id, std::size_t size,
                         const PluginCaller& call);

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

/// What a person is told of a plugin whose marker was left.
std::string quarantine_reason(const Plugin& plugin, const std::filesystem::path& folder);

}  // namespace dunlin::host
