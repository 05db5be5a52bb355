// SPDX-License-Identifier: Apache-2.0
#include "value.hpp"

#include <dunlin/error.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

namespace dunlin::csv {
namespace {

constexpr std::array<std::string_view, 12> months = {"jan", "feb", "mar", "apr", "may", "jun",
                                                     "jul", "aug", "sep", "oct", "nov", "dec"};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

/// Takes between `least` and `most` digits off the front.
template <class T>
bool take_number(std::string_view& text, std::size_t least, std::size_t most, T& out) {
    std::size_t n = 0;
    T value = 0;
    while (n < most && n < text.size() && is_digit(text[n])) {
        value = static_cast<T>(value * 10 + static_cast<T>(text[n] - '0'));
        ++n;
    }
    if (n < least) return false;
    text.remove_prefix(n);
    out = value;
    return true;
}

bool take_char(std::string_view& text, char c) {
    if (text.empty() || text.front() != c) return false;
    text.remove_prefix(1);
    return true;
}

/// Bytes of a thousands separator at the front, 0 when there is none.
std::size_t separator_size(std::string_view text, char thousands) {
    if (thousands == 0 || text.empty()) return 0;
    if (text.front() == thousands) return 1;
    if (thousands == ' ' && text.substr(0, 2) == "\xC2\xA0") return 2;
    if (thousands == ' ' && text.substr(0, 3) == "\xE2\x80\xAF") return 3;
    return 0;
}

std::string example(const NumberFormat& format) {
    std::string out = "1";
    if (format.thousands != 0) out += format.thousands;
    return out + "234" + format.decimal + "50";
}

bool take_sign(std::string_view& text, bool& is_negative) {
    const bool leading = !text.empty() && (text.front() == '-' || text.front() == '+');
    const bool trailing = !text.empty() && (text.back() == '-' || text.back() == '+');
    const bool brackets = text.size() > 2 && text.front() == '(' && text.back() == ')';
    if (leading + trailing + brackets > 1) return false;
    if (leading) {
        is_negative = text.front() == '-';
        text.remove_prefix(1);
    } else if (trailing) {
        is_negative = text.back() == '-';
        text.remove_suffix(1);
    } else if (brackets) {
        is_negative = true;
        text = text.substr(1, text.size() - 2);
    }
    text = trimmed(text);
    return true;
}

/// Digits with separators every three of them, then at most one decimal sign and more digits.
bool take_digits(std::string_view text, const NumberFormat& format, std::string& plain) {
    std::size_t group = 0;
    bool is_grouped = false;
    while (!text.empty() && text.front() != format.decimal) {
        const auto separator = separator_size(text, format.thousands);
        if (separator != 0) {
            if (group == 0 || (is_grouped ? group != 3 : group > 3)) return false;
            is_grouped = true;
            group = 0;
            text.remove_prefix(separator);
            continue;
        }
        if (!is_digit(text.front())) return false;
        plain += text.front();
        ++group;
        text.remove_prefix(1);
    }
    if (group == 0 || (is_grouped && group != 3)) return false;
    if (text.empty()) return true;
    text.remove_prefix(1);
    if (text.empty()) return false;
    plain += '.';
    for (const char c : text) {
        if (!is_digit(c)) return false;
        plain += c;
    }
    return true;
}

}  // namespace

std::string in_quotes(std::string_view text) {
    const bool is_long = text.size() > 40;
    std::string out = "\"";
    out.append(text.substr(0, 40));
    return out + (is_long ? "…\"" : "\"");
}

DateFormat::Token DateFormat::token_at(std::string_view pattern, std::size_t& at) {
    static constexpr std::pair<std::string_view, Part> words[] = {
        {"YYYY", Part::year4}, {"YY", Part::year2}, {"MMM", Part::month_name}, {"MM", Part::month2},
        {"M", Part::month},    {"DD", Part::day2},  {"D", Part::day},
    };
    for (const auto& [word, part] : words) {
        if (pattern.substr(at, word.size()) == word) {
            at += word.size();
            return {part, 0};
        }
    }
    const char c = pattern[at++];
    if (c == '*' && at == pattern.size()) return {Part::rest, 0};
    return {Part::literal, c};
}

DateFormat::DateFormat(std::string_view pattern) : pattern_(pattern) {
    int years = 0, month_count = 0, days = 0;
    for (std::size_t at = 0; at < pattern.size();) {
        const auto token = token_at(pattern, at);
        years += token.part == Part::year4 || token.part == Part::year2;
        month_count += token.part == Part::month2 || token.part == Part::month ||
                       token.part == Part::month_name;
        days += token.part == Part::day2 || token.part == Part::day;
        tokens_.push_back(token);
    }
    if (years != 1 || month_count != 1 || days != 1) {
        throw Error(DUNLIN_E_INVALID, in_quotes(pattern) +
                                          " is not a date format; name year, month and day once "
                                          "each, as in DD.MM.YYYY or M/D/YYYY");
    }
}

bool DateFormat::take(const Token& token, std::string_view& text, Fields& out) {
    switch (token.part) {
        case Part::literal: return take_char(text, token.literal);
        case Part::year4: return take_number(text, 4, 4, out.year);
        case Part::year2: {
            const bool ok = take_number(text, 2, 2, out.year);
            out.year += out.year < 70 ? 2000 : 1900;
            return ok;
        }
        case Part::month2: return take_number(text, 2, 2, out.month);
        case Part::month: return take_number(text, 1, 2, out.month);
        case Part::day2: return take_number(text, 2, 2, out.day);
        case Part::day: return take_number(text, 1, 2, out.day);
        case Part::rest: text = {}; return true;
        case Part::month_name: break;
    }
    if (text.size() < 3) return false;
    const std::array<char, 3> word{lower(text[0]), lower(text[1]), lower(text[2])};
    for (std::size_t i = 0; i < months.size(); ++i) {
        if (months[i] != std::string_view(word.data(), 3)) continue;
        out.month = static_cast<unsigned>(i + 1);
        text.remove_prefix(3);
        return true;
    }
    return false;
}

std::optional<int64_t> DateFormat::parse(std::string_view text, std::string& reason) const {
    Fields found;
    auto rest = trimmed(text);
    bool ok = true;
    for (const auto& token : tokens_) ok = ok && take(token, rest, found);
    if (!ok || !rest.empty()) {
        reason = in_quotes(text) + " is not a date written as " + pattern_;
        return std::nullopt;
    }
    const std::chrono::year_month_day ymd{std::chrono::year(found.year),
                                          std::chrono::month(found.month),
                                          std::chrono::day(found.day)};
    if (!ymd.ok()) {
        reason = in_quotes(text) + " is not in the calendar; correct the day or the month";
        return std::nullopt;
    }
    return std::chrono::sys_days(ymd).time_since_epoch().count();
}

bool to_plain_decimal(std::string_view text, const NumberFormat& format, std::string& plain,
                      std::string& reason) {
    plain.clear();
    auto rest = trimmed(text);
    bool is_negative = false;
    if (take_sign(rest, is_negative)) {
        if (is_negative) plain += '-';
        if (take_digits(rest, format, plain)) return true;
    }
    reason = in_quotes(text) + " is not a number; write it as " + example(format);
    return false;
}

std::optional<int64_t> parse_amount(std::string_view text, const NumberFormat& format,
                                    std::string& reason) {
    std::string plain;
    if (!to_plain_decimal(text, format, plain, reason)) return std::nullopt;
    const bool is_negative = plain.front() == '-';
    int64_t units = 0;
    int decimals = -1;
    bool overflow = false;
    const auto push = [&](int64_t digit) {
        overflow = overflow || __builtin_mul_overflow(units, int64_t{10}, &units) ||
                   __builtin_add_overflow(units, digit, &units);
    };
    for (const char c : plain) {
        if (c == '-') continue;
        if (c == '.') {
            decimals = 0;
        } else if (decimals == 4) {
            if (c == '0') continue;
            reason = in_quotes(text) + " has more than four decimals; round it at the source";
            return std::nullopt;
        } else {
            push(c - '0');
            if (decimals >= 0) ++decimals;
        }
    }
    for (int i = decimals < 0 ? 0 : decimals; i < 4; ++i) push(0);
    if (overflow) {
        reason = in_quotes(text) + " is too large for an amount; the limit is 922337203685477.5807";
        return std::nullopt;
    }
    return is_negative ? -units : units;
}

bool parse_rate(std::string_view text, const NumberFormat& format, std::string& out,
                std::string& reason) {
    if (!to_plain_decimal(text, format, out, reason)) return false;
    const bool is_zero = out.find_first_not_of("0.") == std::string::npos;
    if (is_zero || out.front() == '-' || out.size() > 19) {
        reason =
            in_quotes(text) + " is not a rate; it must be above zero and at most 18 digits long";
        return false;
    }
    return true;
}

std::optional<double> parse_real(std::string_view text, const NumberFormat& format,
                                 std::string& reason) {
    std::string plain;
    if (!to_plain_decimal(text, format, plain, reason)) return std::nullopt;
    double value = 0;
    const auto* end = plain.data() + plain.size();
    const auto [at, failure] = std::from_chars(plain.data(), end, value);
    if (failure != std::errc{} || at != end || !std::isfinite(value)) {
        reason = in_quotes(text) + " is too large for a number";
        return std::nullopt;
    }
    return value;
}

std::optional<int64_t> parse_sequence(std::string_view text, std::string& reason) {
    int64_t value = 0;
    const auto digits = trimmed(text);
    const auto* end = digits.data() + digits.size();
    const auto [at, failure] = std::from_chars(digits.data(), end, value);
    if (failure != std::errc{} || at != end || value < 0) {
        reason = in_quotes(text) + " is not a sequence number; write it as 1, 2, 3";
        return std::nullopt;
    }
    return value;
}

std::optional<int64_t> parse_flag(std::string_view text, std::string& reason) {
    std::string word;
    for (const char c : trimmed(text.substr(0, 16))) word += lower(c);
    for (const auto* yes : {"1", "true", "yes", "y", "t"}) {
        if (word == yes) return 1;
    }
    for (const auto* no : {"0", "false", "no", "n", "f"}) {
        if (word == no) return 0;
    }
    reason = in_quotes(text) + " is neither yes nor no; write 1 or 0";
    return std::nullopt;
}

std::optional<int64_t> parse_instant(std::string_view text, const DateFormat& format,
                                     std::string& reason) {
    static const DateFormat iso;
    const auto all = trimmed(text);
    const bool is_iso = all.size() >= 10 && all[4] == '-' && all[7] == '-';
    const auto days = is_iso ? iso.parse(all.substr(0, 10), reason) : format.parse(all, reason);
    if (!days) return std::nullopt;
    const int64_t midnight = *days * 86'400'000'000;
    if (!is_iso || all.size() == 10) return midnight;

    auto rest = all.substr(11);
    int hour = 0, minute = 0, second = 0;
    bool ok = (all[10] == 'T' || all[10] == ' ') && take_number(rest, 2, 2, hour) &&
              take_char(rest, ':') && take_number(rest, 2, 2, minute);
    if (ok && take_char(rest, ':')) ok = take_number(rest, 2, 2, second);
    int64_t micros = 0, unit = 100'000;
    if (ok && (take_char(rest, '.') || take_char(rest, ','))) {
        ok = !rest.empty() && is_digit(rest.front());
        for (; !rest.empty() && is_digit(rest.front()); rest.remove_prefix(1), unit /= 10) {
            micros += (rest.front() - '0') * unit;
        }
    }
    int zone_hour = 0, zone_minute = 0, direction = 0;
    if (ok && !take_char(rest, 'Z') && !rest.empty()) {
        direction = take_char(rest, '-') ? -1 : take_char(rest, '+') ? 1 : 0;
        ok = direction != 0 && take_number(rest, 2, 2, zone_hour);
        take_char(rest, ':');
        ok = ok && (rest.empty() || take_number(rest, 2, 2, zone_minute));
    }
    if (!ok || !rest.empty() || hour > 23 || minute > 59 || second > 60 || zone_hour > 18) {
        reason = in_quotes(text) + " is not an instant; write it as 2026-02-28T13:45:00Z";
        return std::nullopt;
    }
    const int64_t offset = int64_t{direction} * (zone_hour * 3600 + zone_minute * 60);
    return midnight + (hour * 3600 + minute * 60 + second - offset) * 1'000'000LL + micros;
}

}  // namespace dunlin::csv
