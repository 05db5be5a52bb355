// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "store/connection.hpp"

#include <dunlin/json.hpp>

namespace dunlin::host {

/// The rows that are left as a list of objects, for lists that people read. The columns' aliases
/// are the keys ("a/b" is b inside a), with a kind behind a colon where the store's own type is
/// not what is meant: text, bool, json (a document) or time (microseconds). Nulls are left out.
Json json_rows(Prepared& rows);

}  // namespace dunlin::host
