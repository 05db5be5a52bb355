// SPDX-License-Identifier: Apache-2.0
#include "value.hpp"

#include <dunlin/money.hpp>

#include <algorithm>

namespace dunlin::stripe {
namespace {

constexpr int64_t second_us = 1'000'000;
constexpr int64_t day_us = 86'400 * second_us;

const Json* find(const Json& object, const char* field) {
    const auto it = object.is_object() ? object.find(field) : object.end();
    if (!object.is_object() || it == object.end() || it->is_null()) return nullptr;
    return &*it;
}

[[noreturn]] void refuse(const char* code, const char* field, const Json& value,
                         const char* wanted) {
    throw BadValue(code,
                   std::string(field) + " is " + value.dump().substr(0, 80) + ", not " + wanted);
}

bool is_in(std::string_view list, std::string_view currency) {
    return currency.size() == 3 && list.find(currency) != std::string_view::npos;
}

int64_t scale_of(std::string_view currency) {
    int64_t scale = Money::scale;
    for (int i = stripe_digits(currency); i > 0; --i) scale /= 10;
    return scale;
}

}  // namespace

std::string text_of(const Json& object, const char* field) {
    const auto* value = find(object, field);
    if (!value) return {};
    if (!value->is_string()) refuse("text", field, *value, "a text");
    return value->get<std::string>();
}

bool flag_of(const Json& object, const char* field) {
    const auto* value = find(object, field);
    if (!value) return false;
    if (!value->is_boolean()) refuse("flag", field, *value, "true or false");
    return value->get<bool>();
}

std::optional<int64_t> number_of(const Json& object, const char* field) {
    const auto* value = find(object, field);
    if (!value) return std::nullopt;
    // A larger one than int64 would come as a double.
    if (!value->is_number_integer()) refuse("amount", field, *value, "a whole number");
    return value->get<int64_t>();
}

std::string id_of(const Json& object, const char* field) {
    const auto* value = find(object, field);
    if (!value) return {};
    return value->is_object() ? text_of(*value, "id") : text_of(object, field);
}

const Json& object_of(const Json& object, const char* field) {
    static const auto none = Json::object();
    const auto* value = find(object, field);
    return value && value->is_object() ? *value : none;
}

const Json& list_of(const Json& object, const char* field) {
    static const auto none = Json::array();
    const auto* value = find(object, field);
    if (value && value->is_object()) value = find(*value, "data");
    return value && value->is_array() ? *value : none;
}

std::optional<int64_t> instant_of(const Json& object, const char* field) {
    const auto seconds = number_of(object, field);
    if (!seconds) return std::nullopt;
    constexpr int64_t seconds_max = 253'402'300'799;  // The end of the year 9999.
    if (*seconds < 0 || *seconds > seconds_max) {
        refuse("date", field, object.at(field), "a time");
    }
    return *seconds * second_us;
}

std::optional<Date> day_of(std::optional<int64_t> instant_us) {
    if (!instant_us) return std::nullopt;
    return Date(static_cast<int32_t>(*instant_us / day_us));
}

std::optional<Date> date_of(const Json& object, const char* field) {
    return day_of(instant_of(object, field));
}

std::string currency_of(const Json& object) {
    auto code = text_of(object, "currency");
    std::transform(code.begin(), code.end(), code.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    if (minor_digits(code) < 0) {
        throw BadValue("currency", "\"" + code.substr(0, 12) + "\" is not a currency");
    }
    return code;
}

int stripe_digits(std::string_view currency) {
    // ISK and UGX have no decimals any more, but keep two of them in Stripe; MGA is the reverse.
    static constexpr std::string_view zero =
        "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF";
    static constexpr std::string_view three = "BHD JOD KWD OMR TND";
    if (is_in(zero, currency)) return 0;
    return is_in(three, currency) ? 3 : 2;
}

int64_t units_of(int64_t amount, std::string_view currency) {
    int64_t units = 0;
    if (__builtin_mul_overflow(amount, scale_of(currency), &units)) {
        throw BadValue("amount", std::to_string(amount) + " " + std::string(currency) +
                                     " is more than can be kept");
    }
    return units;
}

std::optional<int64_t> amount_of(int64_t units, std::string_view currency) {
    const auto scale = scale_of(currency);
    if (units % scale != 0) return std::nullopt;
    return units / scale;
}

}  // namespace dunlin::stripe
