// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/error.hpp>

#include <algorithm>
#include <compare>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace dunlin {

/// Digits behind the point of a currency, by ISO 4217, withdrawn codes
/// included; -1 when it is no currency.
inline int minor_digits(std::string_view currency) noexcept {
    // All alphabetic codes with two digits, then those with another number.
    static constexpr std::string_view two =
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP "
        "BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR "
        "FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR "
        "KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR "
        "MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK "
        "SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN "
        "UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG ZWL ";
    static constexpr std::string_view zero =
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF ";
    static constexpr std::string_view three = "BHD IQD JOD KWD LYD OMR TND ";
    static constexpr std::string_view four = "CLF UYW ";
    const auto in = [&](std::string_view list) {
        const auto at = list.find(currency);
        return at != std::string_view::npos && at % 4 == 0;
    };
    if (currency.size() != 3 || currency.find(' ') != std::string_view::npos) return -1;
    if (in(two)) return 2;
    if (in(zero)) return 0;
    if (in(three)) return 3;
    if (in(four)) return 4;
    return -1;
}

/// An ISO 4217 code, held in place. Refuses what is none.
class Currency {
public:
    Currency() = default;
    explicit Currency(std::string_view code) {
        if (minor_digits(code) < 0) {
            throw Error(DUNLIN_E_INVALID, "\"" + std::string(code.substr(0, 12)) +
                                              "\" is not a currency; use an ISO 4217 code "
                                              "such as EUR");
        }
        std::copy(code.begin(), code.end(), code_);
    }
    std::string_view code() const { return {code_, 3}; }
    int digits() const { return minor_digits(code()); }
    auto operator<=>(const Currency&) const = default;

private:
    char code_[3] = {'X', 'X', 'X'};
};

namespace detail {
__extension__ using Wide = __int128;

/// product / divisor rounded half away from zero, exact in between.
inline int64_t divide_rounded(Wide product, Wide divisor) {
    if (divisor == 0) throw Error(DUNLIN_E_INVALID, "division of an amount by zero");
    if (divisor < 0) {
        product = -product;
        divisor = -divisor;
    }
    const Wide rest = product % divisor;
    const Wide size = rest < 0 ? -rest : rest;
    const bool away = size >= divisor - size;
    const Wide result = product / divisor + (away ? (product < 0 ? -1 : 1) : 0);
    if (result > std::numeric_limits<int64_t>::max() ||
        result < std::numeric_limits<int64_t>::min()) {
        throw Error(DUNLIN_E_LIMIT, "an amount is too large");
    }
    return static_cast<int64_t>(result);
}
}  // namespace detail

/// a × b / c rounded half away from zero, exact in between. Throws on overflow and on c = 0.
inline int64_t multiply_divide(int64_t a, int64_t b, int64_t c) {
    return detail::divide_rounded(static_cast<detail::Wide>(a) * b, c);
}

/// An amount in 1/10000 of its currency's unit. Never a double; two currencies never add.
class Money {
public:
    static constexpr int64_t scale = 10000;

    Money() = default;
    Money(int64_t units, Currency currency) : units_(units), currency_(currency) {}

    /// Reads "1234.50", "-0.5", "12": digits, at most one point, at most four decimals.
    static int64_t parse_units(std::string_view text) {
        const auto fail = [&]() -> int64_t {
            throw Error(DUNLIN_E_INVALID, "\"" + std::string(text.substr(0, 40)) +
                                              "\" is not an amount; write it as 1234.50");
        };
        std::string_view rest = text;
        const bool negative = !rest.empty() && rest.front() == '-';
        if (negative) rest.remove_prefix(1);
        int64_t units = 0;
        int decimals = -1;
        bool any = false;
        for (const char c : rest) {
            if (c == '.' && decimals < 0 && any) {
                decimals = 0;
                continue;
            }
            if (c < '0' || c > '9' || decimals == 4) return fail();
            if (__builtin_mul_overflow(units, int64_t{10}, &units) ||
                __builtin_add_overflow(units, int64_t{c - '0'}, &units)) {
                return fail();
            }
            any = true;
            if (decimals >= 0) ++decimals;
        }
        if (!any || decimals == 0) return fail();
        for (int i = std::max(decimals, 0); i < 4; ++i) {
            if (__builtin_mul_overflow(units, int64_t{10}, &units)) return fail();
        }
        return negative ? -units : units;
    }

    /// "1234.50": at least the currency's minor digits, more only where they are not zero.
    static std::string text_of(int64_t units, int digits_min) {
        const bool negative = units < 0;
        const uint64_t size =
            negative ? 0 - static_cast<uint64_t>(units) : static_cast<uint64_t>(units);
        constexpr auto unit = static_cast<uint64_t>(scale);
        std::string decimals = std::to_string(size % unit);
        decimals.insert(0, 4 - decimals.size(), '0');
        auto keep = decimals.find_last_not_of('0') + 1;
        keep = std::max(keep, static_cast<std::size_t>(std::max(digits_min, 0)));
        decimals.resize(keep);
        std::string out = (negative ? "-" : "") + std::to_string(size / unit);
        return decimals.empty() ? out : out + "." + decimals;
    }

    int64_t units() const { return units_; }
    Currency currency() const { return currency_; }
    std::string text() const { return text_of(units_, currency_.digits()); }
    bool is_zero() const { return units_ == 0; }

    Money operator-() const { return Money(0, currency_) - *this; }
    Money operator+(const Money& other) const {
        int64_t sum = 0;
        const bool overflow = __builtin_add_overflow(units_, other.units_, &sum);
        return result(other, overflow, sum);
    }
    Money operator-(const Money& other) const {
        int64_t difference = 0;
        const bool overflow = __builtin_sub_overflow(units_, other.units_, &difference);
        return result(other, overflow, difference);
    }
    Money& operator+=(const Money& other) { return *this = *this + other; }
    Money& operator-=(const Money& other) { return *this = *this - other; }
    bool operator==(const Money&) const = default;

    /// This amount × numerator / denominator, rounded once, half away from zero, to the minor unit.
    Money share(int64_t numerator, int64_t denominator) const {
        const auto product = static_cast<detail::Wide>(units_) * numerator;
        return whole_steps(product, static_cast<detail::Wide>(denominator) * step());
    }

    /// Rounded half away from zero to the currency's minor unit.
    Money rounded() const { return whole_steps(units_, step()); }

private:
    /// Units of 1/10000 in the smallest coin.
    int64_t step() const {
        int64_t step = scale;
        for (int i = currency_.digits(); i > 0; --i) step /= 10;
        return step;
    }
    Money whole_steps(detail::Wide product, detail::Wide divisor) const {
        int64_t units = 0;
        if (__builtin_mul_overflow(detail::divide_rounded(product, divisor), step(), &units)) {
            throw Error(DUNLIN_E_LIMIT, "an amount is too large");
        }
        return {units, currency_};
    }
    Money result(const Money& other, bool overflow, int64_t units) const {
        if (currency_ != other.currency_) {
            throw Error(DUNLIN_E_INVALID, "amounts in " + std::string(currency_.code()) + " and " +
                                              std::string(other.currency_.code()) +
                                              " cannot be added without a rate");
        }
        if (overflow) throw Error(DUNLIN_E_LIMIT, "an amount is too large");
        return {units, currency_};
    }

    int64_t units_ = 0;
    Currency currency_;
};

}  // namespace dunlin
