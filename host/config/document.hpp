// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/json.hpp>

#include <map>
#include <string>

namespace dunlin::host {

using Lines = std::map<std::string, int>;          // Of every dotted key.
using Mistakes = std::multimap<int, std::string>;  // By line.

/// A TOML file as JSON. Syntax errors go to `mistakes`; the document is then what can be read
/// without those lines. Keeps the TOML library in one file.
Json read_toml(const std::string& text, Lines& lines, Mistakes& mistakes);

}  // namespace dunlin::host
