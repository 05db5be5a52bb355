// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/date.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace dunlin::correspondence {

/// Amounts and dates as people of that language write them: "EUR 1,234.50" and "2 March 2026",
/// "1.234,50 EUR" and "02.03.2026".
std::string amount_text(int64_t units, std::string_view currency, std::string_view language);
std::string date_text(Date date, std::string_view language);
/// "Mon, 02 Mar 2026 09:00:00 +0000", for the head of a message.
std::string mail_date(int64_t now_us);

}  // namespace dunlin::correspondence
