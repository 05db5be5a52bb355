// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

namespace dunlin {

/// JSON inside a plugin. Only its bytes cross the contract, never this type.
using Json = nlohmann::json;

}  // namespace dunlin
