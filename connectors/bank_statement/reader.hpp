// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "document.hpp"

#include <string_view>

namespace dunlin::bank_statement {

/// Reads a file of any of the formats, which it recognises by what is in it. A file that is none
/// of them or cannot be read throws DUNLIN_E_DATA; a statement or an entry that cannot be used
/// says so itself. `fallback` is the encoding of what is not UTF-8 and says nothing better.
Document read_document(std::string_view bytes, std::string_view fallback = "windows-1252",
                       const Limits& limits = {});

/// The readers of the formats; `text` is UTF-8.
Document read_camt(std::string text, const Limits& limits);
Document read_mt940(std::string_view text, const Limits& limits);
Document read_ofx(std::string_view text, const Limits& limits);
Document read_bai2(std::string_view text, const Limits& limits);

}  // namespace dunlin::bank_statement
