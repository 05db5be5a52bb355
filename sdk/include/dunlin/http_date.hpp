// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/date.hpp>

#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

namespace dunlin {

/// The other side's clock in a reply's header: "Sun, 22 Nov 2026 05:13:07 GMT" in microseconds
/// since 1970; nothing when it is no such date.
inline std::optional<int64_t> parse_http_date(std::string_view text) {
    static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    std::array<char, 4> month{};
    int year = 0, hour = 0, minute = 0, second = 0;
    unsigned day = 0;
    const std::string copy(text);
    if (std::sscanf(copy.c_str(), "%*3s, %2u %3s %4d %2d:%2d:%2d GMT", &day, month.data(), &year,
                    &hour, &minute, &second) != 6) {
        return std::nullopt;
    }
    const auto place = months.find(month.data());
    if (place == std::string_view::npos || place % 3 != 0) return std::nullopt;
    try {
        const Date date(year, static_cast<unsigned>(place / 3 + 1), day);
        return ((int64_t{date.days()} * 24 + hour) * 3600 + minute * 60 + second) * 1000000;
    } catch (const Error&) {
        return std::nullopt;
    }
}

}  // namespace dunlin
