// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dunlin::mailbox {

/// UTF-8 of whatever it was, without control characters but line ends and tabs, at most that long.
std::string clean_text(std::string_view bytes, std::size_t bytes_max);
/// The same in one line.
std::string clean_line(std::string_view bytes, std::size_t bytes_max);
/// What a person reads of a page.
std::string text_of_html(std::string_view html, std::size_t bytes_max);
/// ASCII only.
std::string lower(std::string_view text);

}  // namespace dunlin::mailbox
