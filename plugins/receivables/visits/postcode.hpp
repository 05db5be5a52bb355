// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "visits/route.hpp"

namespace dunlin::receivables {

/// Where a postcode lies: a line of an operator's file.
struct PostcodePlace {
    std::string country;   // Two capitals.
    std::string postcode;  // As postcode_key() makes it.
    Place place;
};

/// Capitals and digits alone, so that "sw1a 1aa" and "SW1A-1AA" are one.
std::string postcode_key(std::string_view postcode);

/// What an address may be found by, the most exact first: the whole postcode, then what stands
/// before a space, which is the area in some countries.
std::vector<std::string> postcode_keys(std::string_view postcode);

/// Reads country,postcode,lat,lon. Throws with every line that is wrong (the first ten), or the
/// column that is missing: a file is taken whole or not at all.
std::vector<PostcodePlace> parse_postcodes(std::string_view csv);

}  // namespace dunlin::receivables
