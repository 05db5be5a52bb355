// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/abi/plugin.h>

#include <filesystem>
#include <string>

namespace dunlin::host {

/// Maps a library for the rest of the process's life and returns its descriptor. Error data when it
/// cannot be loaded or is no plugin.
const dunlin_plugin_desc* load_descriptor(const std::filesystem::path& file);

/// SHA-256 of a file in hex. Error not_found when it cannot be read.
std::string sha256_of(const std::filesystem::path& file);

/// "linux-x86_64"
std::string platform_name();

}  // namespace dunlin::host
