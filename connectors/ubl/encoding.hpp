// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace dunlin::ubl {

/// An XML text as UTF-8 without a byte-order mark. The mark decides, then the pattern of UTF-16,
/// then the XML declaration. Refuses bytes that mean nothing in the encoding and characters that
/// XML does not allow.
std::string to_utf8(std::string_view bytes);

}  // namespace dunlin::ubl
