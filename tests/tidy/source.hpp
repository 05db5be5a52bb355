#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin::tidy {

using Path = std::filesystem::path;

/// Folders directly below, sorted.
std::vector<Path> folders_in(const Path& parent);

/// Files below with one of the extensions (all of them when none is given), sorted. Build folders
/// and hidden ones are left out.
std::vector<Path> files_in(const Path& folder, const std::vector<std::string>& extensions = {});

/// .cpp, .hpp, .c and .h.
std::vector<Path> sources_in(const Path& folder);

std::string read(const Path& file);
std::vector<std::string> lines_of(const Path& file);

/// "host/http/api.cpp:17: text".
std::string finding(const Path& root, const Path& file, int line, std::string_view text);

/// C or C++ source with the same lines, but without comments, literals and preprocessor lines.
std::string without_comments_and_literals(std::string_view source);

/// The words of a line in lower case: "CustomerId customer_ids" has customer, id, customer, ids.
std::vector<std::string> words_of(std::string_view line);

}  // namespace dunlin::tidy
