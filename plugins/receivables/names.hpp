// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace dunlin::receivables {

/// What a name is compared by: the same for every case, accent and compatible form of its letters.
std::string name_key(std::string_view name);

}  // namespace dunlin::receivables
