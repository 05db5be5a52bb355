// SPDX-License-Identifier: Apache-2.0
#include "value.hpp"

#include <dunlin/money.hpp>

#include <algorithm>
#include <charconv>

namespace dunlin::tryton {
namespace {

const Json nothing;

constexpr int64_t day_us = int64_t{86400} * 1000000;

[[noreturn]] void refuse(const Json& value, std::string_view path, const char* wanted) {
    throw Error(DUNLIN_E_INVALID,
                std::string(path) + " holds " + value.dump().substr(0, 60) + ", not " + wanted);
}

bool is_of_class(const Json& value, const char* name) {
    const auto it = value.is_object() ? value.find("__class__") : value.end();
    return value.is_object() && it != value.end() && *it == name;
}

Date civil_date(const Json& value) {
    return Date(value.at("year").get<int>(), value.at("month").get<unsigned>(),
                value.at("day").get<unsigned>());
}

std::string decimal_text(const Json& value, std::string_view path) {
    if (is_of_class(value, "Decimal")) return value.at("decimal").get<std::string>();
    // Integers come as such where the server's database has no decimals.
    if (value.is_number_integer()) return value.dump();
    refuse(value, path, "a decimal");
}

}  // namespace

const Json& at(const Json& record, std::string_view path) {
    const Json* here = &record;
    while (true) {
        if (!here->is_object()) return nothing;
        const auto dot = path.find('.');
        const bool is_last = dot == std::string_view::npos;
        const auto it = here->find(std::string(path.substr(0, is_last ? dot : dot + 1)));
        if (it == here->end()) return nothing;
        if (is_last) return *it;
        here = &*it;
        path.remove_prefix(dot + 1);
    }
}

int64_t id_at(const Json& record, std::string_view path) {
    const auto& value = at(record, path);
    if (value.is_null()) return 0;
    if (!value.is_number_integer()) refuse(value, path, "an id");
    return value.get<int64_t>();
}

std::vector<int64_t> ids_at(const Json& record, std::string_view path) {
    const auto& value = at(record, path);
    std::vector<int64_t> out;
    if (value.is_null()) return out;
    if (!value.is_array()) refuse(value, path, "a list of ids");
    for (const auto& id : value) out.push_back(id.get<int64_t>());
    return out;
}

std::string text_at(const Json& record, std::string_view path) {
    const auto& value = at(record, path);
    if (value.is_null()) return {};
    if (!value.is_string()) refuse(value, path, "a text");
    return value.get<std::string>();
}

bool flag_at(const Json& record, std::string_view path) {
    const auto& value = at(record, path);
    if (value.is_boolean()) return value.get<bool>();
    return value.is_number_integer() && value.get<int64_t>() != 0;
}

std::optional<Date> date_at(const Json& record, std::string_view path) {
    const auto& value = at(record, path);
    if (value.is_null()) return std::nullopt;
    if (!is_of_class(value, "date")) refuse(value, path, "a date");
    return civil_date(value);
}

std::optional<int64_t> instant_at(const Json& record, std::string_view path) {
    const auto& value = at(record, path);
    if (value.is_null()) return std::nullopt;
    if (!is_of_class(value, "datetime")) refuse(value, path, "a moment");
    const auto part = [&](const char* name) { return value.at(name).get<int64_t>(); };
    return civil_date(value).days() * day_us +
           ((part("hour") * 60 + part("minute")) * 60 + part("second")) * 1000000 +
           part("microsecond");
}

std::string plain_decimal(std::string_view text) {
    const auto fail = [&] {
        throw Error(DUNLIN_E_INVALID,
                    "\"" + std::string(text.substr(0, 40)) + "\" is not a decimal");
    };
    const auto end = text.find_first_of("eE");
    auto body = text.substr(0, end);
    int exponent = 0;
    if (end != std::string_view::npos) {
        auto power = text.substr(end + 1);
        if (!power.empty() && power.front() == '+') power.remove_prefix(1);
        const auto read = std::from_chars(power.data(), power.data() + power.size(), exponent);
        // Beyond that no amount is written, and padding would only eat memory.
        const bool is_sane = exponent >= -60 && exponent <= 60;
        if (read.ec != std::errc() || read.ptr != power.data() + power.size() || !is_sane) fail();
    }
    const bool is_negative = !body.empty() && body.front() == '-';
    if (is_negative) body.remove_prefix(1);
    const auto point = std::min(body.find('.'), body.size());
    std::string digits(body.substr(0, point));
    if (point < body.size()) digits += body.substr(point + 1);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) fail();
    auto whole = static_cast<int>(point) + exponent;  // Digits before the point.
    if (whole <= 0) {
        digits.insert(0, static_cast<std::size_t>(1 - whole), '0');
        whole = 1;
    }
    if (static_cast<std::size_t>(whole) > digits.size()) {
        digits.resize(static_cast<std::size_t>(whole), '0');
    }
    auto before = digits.substr(0, static_cast<std::size_t>(whole));
    auto behind = digits.substr(static_cast<std::size_t>(whole));
    before.erase(0, std::min(before.find_first_not_of('0'), before.size() - 1));
    behind.erase(behind.find_last_not_of('0') + 1);
    const bool is_zero = before == "0" && behind.empty();
    return (is_negative && !is_zero ? "-" : "") + before + (behind.empty() ? "" : "." + behind);
}

std::optional<int64_t> amount_at(const Json& record, std::string_view path) {
    const auto& value = at(record, path);
    if (value.is_null()) return std::nullopt;
    try {
        return Money::parse_units(plain_decimal(decimal_text(value, path)));
    } catch (const Error& e) {
        throw Error(DUNLIN_E_INVALID, std::string(path) + ": " + e.what());
    }
}

std::string decimal_at(const Json& record, std::string_view path) {
    const auto& value = at(record, path);
    return value.is_null() ? std::string() : plain_decimal(decimal_text(value, path));
}

std::optional<int64_t> change_of(const Json& record) {
    const auto written = instant_at(record, "write_date");
    return written ? written : instant_at(record, "create_date");
}

Json instant_json(int64_t micros) {
    auto days = micros / day_us;
    auto rest = micros % day_us;
    if (rest < 0) {
        rest += day_us;
        --days;
    }
    const auto date = Date(static_cast<int32_t>(days)).ymd();
    const auto seconds = rest / 1000000;
    return {{"__class__", "datetime"},
            {"year", static_cast<int>(date.year())},
            {"month", static_cast<unsigned>(date.month())},
            {"day", static_cast<unsigned>(date.day())},
            {"hour", seconds / 3600},
            {"minute", seconds / 60 % 60},
            {"second", seconds % 60},
            {"microsecond", rest % 1000000}};
}

int64_t id_of_reference(std::string_view reference, std::string_view model) {
    const auto comma = reference.find(',');
    if (comma == std::string_view::npos || reference.substr(0, comma) != model) return 0;
    const auto number = reference.substr(comma + 1);
    int64_t id = 0;
    const auto read = std::from_chars(number.data(), number.data() + number.size(), id);
    return read.ec == std::errc() && read.ptr == number.data() + number.size() && id > 0 ? id : 0;
}

std::string in_quotes(std::string_view text) {
    return "\"" + std::string(text.substr(0, 80)) + "\"";
}

}  // namespace dunlin::tryton
