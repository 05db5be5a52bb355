// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "document.hpp"

#include <string_view>
#include <vector>

namespace dunlin::bank_statement {

/// Reads field :86: (or a German :NS:) into the entry it follows. Knows the "?20" subfields of
/// German banks with SEPA's "EREF+", the "/EREF/" codes of Dutch ones, and takes anything else as
/// text.
void read_details(const std::vector<std::string_view>& lines, bool is_non_swift, Entry& entry);

}  // namespace dunlin::bank_statement
