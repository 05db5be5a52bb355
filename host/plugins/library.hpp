// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plugins/plugin.hpp"

#include <filesystem>
#include <string>

namespace dunlin::host {

/// A file's bytes, and their SHA-256 in hex. Error not_found when it cannot be read.
std::string read_file(const std::filesystem::path& file);
std::string sha256_of(const std::filesystem::path& file);

/// "linux-x86_64"
std::string platform_name();

/// Rule 1: refuses everything that can be refused without running the plugin's code.
void check_sidecar(const Plugin& plugin);
/// Maps the library for the rest of the process's life and returns its descriptor, by rules 2 and 3
/// in agreement with the manifest. [main]
const dunlin_plugin_desc& load_descriptor(Host& host, const Plugin& plugin);

}  // namespace dunlin::host
