// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "refused.hpp"

#include <string_view>

namespace dunlin::ubl {

/// Looks an XML text over before a tree is made of it: no DOCTYPE and so no entities but the five
/// that XML has and numbers, one root, nothing outside it, neither deeper nor longer than the
/// limits. Whether tags match is left to the parser.
void check_markup(std::string_view text, const Limits& limits);

}  // namespace dunlin::ubl
