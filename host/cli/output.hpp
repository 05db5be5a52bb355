// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include <ostream>
#include <string>

namespace dunlin::host {

/// Keeps the order in which a reply was written.
using Ordered = nlohmann::ordered_json;

enum class Format { table, json, csv };

/// table: for people, with aligned columns, amounts to the right, lists inside a row below it.
/// csv: RFC 4180. The rows are the reply's only list of objects, or the one named; nested objects
/// become columns "open.amount". Error invalid naming the lists when there are several.
void print(std::ostream& out, const Ordered& reply, Format format, const std::string& rows = {});

}  // namespace dunlin::host
