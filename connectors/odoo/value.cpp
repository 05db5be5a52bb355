// SPDX-License-Identifier: Apache-2.0
#include "value.hpp"

#include <dunlin/money.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>

namespace dunlin::odoo {
namespace {

constexpr int64_t second_us = 1'000'000;
constexpr int64_t day_seconds = 86'400;

const Json& member(const Json& record, const char* field) {
    const auto it = record.find(field);
    if (it == record.end()) {
        throw BadValue("missing_field",
                       std::string("Odoo sent no \"") + field + "\" although it was asked for");
    }
    return *it;
}

bool is_empty(const Json& value) {
    return value.is_null() || (value.is_boolean() && !value.get<bool>());
}

[[noreturn]] void refuse(const std::string& code, const char* field, const Json& value,
                         const std::string& wanted) {
    throw BadValue(
        code, std::string(field) + " is " + value.dump().substr(0, 60) + ", which is no " + wanted);
}

/// The text of a number as sign, digits without a point, and the power of ten of the last one.
struct Decimal {
    bool is_negative = false;
    std::string digits;
    int exponent = 0;
};

std::optional<Decimal> parse_decimal(std::string_view text) {
    Decimal out;
    std::size_t at = 0;
    if (at < text.size() && text[at] == '-') {
        out.is_negative = true;
        ++at;
    }
    bool has_point = false;
    for (; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '.' && !has_point) {
            has_point = true;
        } else if (c >= '0' && c <= '9') {
            out.digits += c;
            if (has_point) --out.exponent;
        } else {
            break;
        }
    }
    if (out.digits.empty() || out.digits.size() > 40) return std::nullopt;
    if (at == text.size()) return out;
    if (text[at] != 'e' && text[at] != 'E') return std::nullopt;
    ++at;
    bool is_small = false;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) is_small = text[at++] == '-';
    int power = 0;
    if (at == text.size() || text.size() - at > 2) return std::nullopt;
    for (; at < text.size(); ++at) {
        if (text[at] < '0' || text[at] > '9') return std::nullopt;
        power = power * 10 + (text[at] - '0');
    }
    out.exponent += is_small ? -power : power;
    return out;
}

Decimal decimal_at(const Json& record, const char* field, const char* code) {
    const auto& value = member(record, field);
    if (is_empty(value)) return {false, "0", 0};
    const auto text = value.is_string()           ? value.get<std::string>()
                      : value.is_number_integer() ? value.dump()
                                                  : std::string();
    const auto parsed = parse_decimal(text);
    if (!parsed) refuse(code, field, value, "number");
    return *parsed;
}

}  // namespace

std::string text_of(const Json& record, const char* field) {
    const auto& value = member(record, field);
    if (is_empty(value)) return {};
    if (value.is_string()) return value.get<std::string>();
    if (value.is_number_integer()) return value.dump();
    refuse("text", field, value, "text");
}

bool flag_of(const Json& record, const char* field) {
    const auto& value = member(record, field);
    if (value.is_null()) return false;
    if (!value.is_boolean()) refuse("flag", field, value, "true or false");
    return value.get<bool>();
}

int64_t id_of(const Json& record, const char* field) {
    const auto& value = member(record, field);
    if (is_empty(value)) return 0;
    if (value.is_number_integer()) return value.get<int64_t>();
    if (value.is_array() && !value.empty() && value[0].is_number_integer()) {
        return value[0].get<int64_t>();
    }
    refuse("reference", field, value, "reference");
}

std::vector<int64_t> ids_of(const Json& record, const char* field) {
    const auto& value = member(record, field);
    std::vector<int64_t> out;
    if (is_empty(value)) return out;
    if (!value.is_array()) refuse("reference", field, value, "list of references");
    for (const auto& id : value) {
        if (!id.is_number_integer()) refuse("reference", field, value, "list of references");
        out.push_back(id.get<int64_t>());
    }
    return out;
}

std::optional<Date> date_of(const Json& record, const char* field) {
    const auto& value = member(record, field);
    if (is_empty(value)) return std::nullopt;
    try {
        return Date::parse(value.is_string() ? value.get_ref<const std::string&>() : value.dump());
    } catch (const Error&) {
        refuse("date", field, value, "date");
    }
}

std::optional<int64_t> instant_of(const Json& record, const char* field) {
    const auto& value = member(record, field);
    if (is_empty(value)) return std::nullopt;
    const auto text = value.is_string() ? value.get<std::string>() : std::string();
    int hour = 0, minute = 0, second = 0;
    char tail = 0;
    const bool is_time = text.size() == 19 && std::sscanf(text.c_str() + 10, " %2d:%2d:%2d%c",
                                                          &hour, &minute, &second, &tail) == 3;
    try {
        if (is_time) {
            const auto days = int64_t{Date::parse(text.substr(0, 10)).days()};
            return (days * day_seconds + hour * 3600 + minute * 60 + second) * second_us;
        }
    } catch (const Error&) {
        // Said below.
    }
    refuse("instant", field, value, "time");
}

int64_t amount_of(const Json& record, const char* field) {
    const auto decimal = decimal_at(record, field, "amount");
    // Whole ten-thousandths, and two digits more for what the binary fraction added.
    constexpr int kept = 6;
    const auto drop = -(decimal.exponent + kept);
    std::string digits = decimal.digits;
    if (drop > 0) {
        digits.resize(digits.size() - std::min(digits.size(), static_cast<std::size_t>(drop)));
    } else {
        digits.append(static_cast<std::size_t>(-drop), '0');
    }
    detail::Wide value = 0;
    bool fits = true;
    for (const char c : digits) {
        fits = fits && value / 100 < std::numeric_limits<int64_t>::max();
        if (fits) value = value * 10 + (c - '0');
    }
    const auto rest = value % 100;
    value = value / 100 + (rest >= 98 ? 1 : 0);
    if (!fits || (rest > 1 && rest < 98) || value > std::numeric_limits<int64_t>::max()) {
        refuse("amount", field, record.at(field), "amount with at most four decimals");
    }
    return static_cast<int64_t>(decimal.is_negative ? -value : value);
}

std::string decimal_of(const Json& record, const char* field) {
    auto [is_negative, digits, exponent] = decimal_at(record, field, "number");
    if (exponent >= 0) {
        digits.append(static_cast<std::size_t>(exponent), '0');
    } else {
        const auto decimals = static_cast<std::size_t>(-exponent);
        if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
        digits.insert(digits.size() - decimals, ".");
    }
    return (is_negative ? "-" : "") + digits;
}

std::string second_text(int64_t us) {
    const auto seconds = us / second_us - (us % second_us < 0 ? 1 : 0);
    const auto days = seconds / day_seconds - (seconds % day_seconds < 0 ? 1 : 0);
    const auto rest = seconds - days * day_seconds;
    std::array<char, 32> out{};
    std::snprintf(out.data(), out.size(), " %02d:%02d:%02d", static_cast<int>(rest / 3600),
                  static_cast<int>(rest / 60 % 60), static_cast<int>(rest % 60));
    return Date(static_cast<int32_t>(days)).text() + out.data();
}

}  // namespace dunlin::odoo
