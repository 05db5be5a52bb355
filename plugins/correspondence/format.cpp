// SPDX-License-Identifier: Apache-2.0
#include "format.hpp"

#include <dunlin/money.hpp>

#include <array>

namespace dunlin::correspondence {

namespace {

constexpr std::array<const char*, 12> months{"January",   "February", "March",    "April",
                                             "May",       "June",     "July",     "August",
                                             "September", "October",  "November", "December"};
constexpr std::array<const char*, 7> days{"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};

std::string two(int64_t number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
}

}  // namespace

std::string amount_text(int64_t units, std::string_view currency, std::string_view language) {
    const bool is_german = language == "de";
    auto text = Money::text_of(units, minor_digits(currency));
    const auto point = std::min(text.find('.'), text.size());
    const std::size_t first = units < 0 ? 2 : 1;
    std::string out = text;
    if (is_german && point < out.size()) out[point] = ',';
    for (std::size_t at = point; at >= first + 3;) {
        at -= 3;
        out.insert(at, is_german ? "." : ",");
    }
    const std::string code(currency);
    return is_german ? out + " " + code : code + " " + out;
}

std::string date_text(Date date, std::string_view language) {
    const auto ymd = date.ymd();
    const auto day = static_cast<unsigned>(ymd.day()), month = static_cast<unsigned>(ymd.month());
    const auto year = std::to_string(static_cast<int>(ymd.year()));
    if (language == "de") return two(day) + "." + two(month) + "." + year;
    return std::to_string(day) + " " + months[month - 1] + " " + year;
}

std::string mail_date(int64_t now_us) {
    constexpr int64_t day_s = 86'400;
    const auto seconds = now_us / 1'000'000;
    const Date date(static_cast<int32_t>(seconds / day_s));
    const auto ymd = date.ymd();
    const auto time = seconds % day_s;
    return std::string(days[static_cast<std::size_t>(seconds / day_s % 7)]) + ", " +
           two(static_cast<unsigned>(ymd.day())) + " " +
           std::string(months[static_cast<unsigned>(ymd.month()) - 1]).substr(0, 3) + " " +
           std::to_string(static_cast<int>(ymd.year())) + " " + two(time / 3600) + ":" +
           two(time / 60 % 60) + ":" + two(time % 60) + " +0000";
}

}  // namespace dunlin::correspondence
