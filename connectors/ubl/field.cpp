// SPDX-License-Identifier: Apache-2.0
#include "field.hpp"

#include <dunlin/money.hpp>

#include <charconv>
#include <cmath>
#include <limits>

namespace dunlin::ubl {
namespace {

constexpr std::size_t identifier_bytes_max = 200;
constexpr std::size_t words_bytes_max = 2000;

[[noreturn]] void refuse(const char* code, const Element& element, const std::string& reason) {
    throw Refused(code, element.name() + ": " + reason, element.line());
}

void require_short(const Element& element, const std::string& text) {
    if (text.size() <= identifier_bytes_max) return;
    refuse("too_long", element, in_quotes(text) + " is longer than 200 bytes");
}

/// xs:decimal as Money::parse_units reads it: no plus, a digit on either side of the point, no
/// zeros behind the fourth decimal.
std::string plain_decimal(std::string text) {
    const bool is_negative = !text.empty() && text.front() == '-';
    if (is_negative || (!text.empty() && text.front() == '+')) text.erase(0, 1);
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) return "?";
    const auto point = text.find('.');
    if (point != std::string::npos) {
        while (text.size() > point + 5 && text.back() == '0') text.pop_back();
        if (text.back() == '.' && point > 0) text.pop_back();
        if (point == 0) text.insert(0, 1, '0');
    }
    return (is_negative ? "-" : "") + text;
}

bool has_more_than_four_decimals(std::string_view plain) {
    const auto point = plain.find('.');
    return point != std::string_view::npos && plain.size() > point + 5 &&
           plain.find_first_not_of("-.0123456789") == std::string_view::npos;
}

Date calendar_date(const Element& element, const std::string& iso) {
    try {
        return Date::parse(iso);
    } catch (const Error&) {
        refuse("date", element, in_quotes(element.text()) + " is not a date of the calendar");
    }
}

}  // namespace

std::string identifier(const Element& element) {
    auto text = element.text();
    require_short(element, text);
    return text;
}

Identifier numbered(const Element& element) {
    auto scheme = element.attribute("schemeID");
    require_short(element, scheme);
    return {std::move(scheme), identifier(element)};
}

std::string words(const Element& element) {
    auto text = element.text();
    if (text.size() <= words_bytes_max) return text;
    auto size = words_bytes_max;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
    text.resize(size);
    return text;
}

std::string required(std::string value, const Element& near, const char* rule, const char* what) {
    if (!value.empty()) return value;
    throw Refused(rule, std::string(rule) + ": the document has no " + what, near.line());
}

int64_t amount(const Element& element, std::string_view currency) {
    if (!element) return 0;
    const auto own = element.attribute("currencyID");
    if (!own.empty() && own != currency) {
        refuse("currency", element,
               "is in " + in_quotes(own) + " while the document is in " + std::string(currency) +
                   "; only the tax total may be stated in a second currency");
    }
    const auto text = element.text();
    const auto plain = plain_decimal(text);
    if (has_more_than_four_decimals(plain)) {
        refuse("amount", element,
               in_quotes(text) + " has more than four decimals; round it at the sender");
    }
    try {
        return Money::parse_units(plain);
    } catch (const Error&) {
        refuse("amount", element, in_quotes(text) + " is not an amount such as 1234.50");
    }
}

int64_t required_amount(const Element& parent, const char* path, std::string_view currency,
                        const char* rule) {
    const auto found = parent.at(path);
    if (!found) {
        throw Refused(rule, std::string(rule) + ": the document has no " + path, parent.line());
    }
    return amount(found, currency);
}

int64_t plus(int64_t a, int64_t b) {
    int64_t sum = 0;
    if (!__builtin_add_overflow(a, b, &sum) && sum != std::numeric_limits<int64_t>::min()) {
        return sum;
    }
    throw Refused("too_large", "the document's amounts add up to more than an amount can be");
}

std::optional<Date> iso_date(const Element& element) {
    const auto text = element.text();
    if (text.empty()) return std::nullopt;
    // A civil date: "2026-02-28+01:00" is the 28th wherever it is read.
    const auto zone = text.substr(std::min(text.size(), std::size_t{10}));
    const bool has_offset =
        zone.size() == 6 && (zone[0] == '+' || zone[0] == '-') && zone[3] == ':';
    if (!zone.empty() && zone != "Z" && !has_offset) {
        refuse("date", element, in_quotes(text) + " is not a date written as 2026-02-28");
    }
    return calendar_date(element, text.substr(0, 10));
}

std::optional<Date> cii_date(const Element& element) {
    const auto text = element.text();
    if (text.empty()) return std::nullopt;
    const auto format = element.attribute("format");
    const bool is_day = (format.empty() || format == "102") && text.size() == 8;
    const bool is_minute = format == "203" && text.size() == 12;
    if (!is_day && !is_minute) {
        refuse("date", element,
               in_quotes(text) + " in the format " + in_quotes(format) +
                   " is not read; write it as 20260228 in the format 102");
    }
    return calendar_date(element,
                         text.substr(0, 4) + '-' + text.substr(4, 2) + '-' + text.substr(6, 2));
}

std::optional<double> quantity(const Element& element) {
    auto text = element.text();
    if (text.empty()) return std::nullopt;
    if (text.front() == '+') text.erase(0, 1);
    double value = 0;
    const auto* const end = text.data() + text.size();
    const auto [at, failure] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
    if (failure != std::errc{} || at != end || !std::isfinite(value)) {
        refuse("quantity", element, in_quotes(text) + " is not a number such as 12.5");
    }
    return value;
}

bool flag(const Element& element) {
    const auto text = element.text();
    if (text == "true" || text == "1") return true;
    if (text == "false" || text == "0") return false;
    refuse("flag", element, in_quotes(text) + " is neither true nor false");
}

}  // namespace dunlin::ubl
