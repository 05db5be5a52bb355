// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/error.hpp>
#include <dunlin/json.hpp>

#include <string>
#include <string_view>

namespace dunlin::odoo {

/// Reads JSON in which every number that is no int64 stays its text: 360.36 is "360.36" and never
/// a double. Throws Error data naming what it is.
Json parse_exact(std::string_view text, const std::string& what);

}  // namespace dunlin::odoo
