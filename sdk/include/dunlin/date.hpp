// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/error.hpp>

#include <chrono>
#include <compare>
#include <cstdio>
#include <string>
#include <string_view>

namespace dunlin {

/// A civil date: days since 1970-01-01. In JSON and text "2026-02-28", in the database a day
/// number.
class Date {
public:
    constexpr Date() = default;
    constexpr explicit Date(int32_t days) : days_(days) {}
    Date(int year, unsigned month, unsigned day) {
        const std::chrono::year_month_day ymd{std::chrono::year(year), std::chrono::month(month),
                                              std::chrono::day(day)};
        if (!ymd.ok()) throw Error(DUNLIN_E_INVALID, "there is no such date in the calendar");
        days_ = static_cast<int32_t>(std::chrono::sys_days(ymd).time_since_epoch().count());
    }

    /// Reads "2026-02-28" and nothing else; refuses 2023-02-30.
    static Date parse(std::string_view text) {
        const auto digits = [&](std::size_t at, std::size_t n) {
            int value = 0;
            for (const char c : text.substr(at, n)) {
                if (c < '0' || c > '9') return -1;
                value = value * 10 + (c - '0');
            }
            return value;
        };
        bool ok = text.size() == 10 && text[4] == '-' && text[7] == '-';
        const int year = ok ? digits(0, 4) : -1;
        const int month = ok ? digits(5, 2) : -1;
        const int day = ok ? digits(8, 2) : -1;
        ok = ok && year > 0 && month > 0 && day > 0;
        const std::chrono::year_month_day ymd{std::chrono::year(year),
                                              std::chrono::month(static_cast<unsigned>(month)),
                                              std::chrono::day(static_cast<unsigned>(day))};
        if (!ok || !ymd.ok()) {
            throw Error(DUNLIN_E_INVALID, "\"" + std::string(text.substr(0, 40)) +
                                              "\" is not a date; write it as 2026-02-28");
        }
        return Date(static_cast<int32_t>(std::chrono::sys_days(ymd).time_since_epoch().count()));
    }

    constexpr int32_t days() const { return days_; }
    std::chrono::year_month_day ymd() const {
        return std::chrono::year_month_day(std::chrono::sys_days(std::chrono::days(days_)));
    }
    std::string text() const {
        const auto d = ymd();
        char out[32];
        std::snprintf(out, sizeof out, "%04d-%02u-%02u", static_cast<int>(d.year()),
                      static_cast<unsigned>(d.month()), static_cast<unsigned>(d.day()));
        return out;
    }

    constexpr Date operator+(int32_t n) const { return Date(days_ + n); }
    constexpr Date operator-(int32_t n) const { return Date(days_ - n); }
    constexpr int32_t operator-(Date other) const { return days_ - other.days_; }
    constexpr auto operator<=>(const Date&) const = default;

private:
    int32_t days_ = 0;
};

/// "Never" in a column that says until when something holds: 9999-12-31.
inline constexpr Date never{2932896};

}  // namespace dunlin
