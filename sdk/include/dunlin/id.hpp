// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/error.hpp>

#include <charconv>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace dunlin {

/// A 63-bit id made by the host's ids service. A number in the database, a string in JSON.
/// Make one type per noun: `using CustomerId = Id<struct CustomerTag>;`
template <class Tag>
class Id {
public:
    constexpr Id() = default;
    constexpr explicit Id(int64_t value) : value_(value) {}

    static Id parse(std::string_view text) {
        int64_t value = 0;
        const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (failure != std::errc{} || end != text.data() + text.size() || value <= 0) {
            throw Error(DUNLIN_E_INVALID, "\"" + std::string(text.substr(0, 40)) +
                                              "\" is not an id; copy it from a list");
        }
        return Id(value);
    }

    constexpr int64_t value() const { return value_; }
    std::string text() const { return std::to_string(value_); }
    constexpr explicit operator bool() const { return value_ != 0; }
    constexpr auto operator<=>(const Id&) const = default;

private:
    int64_t value_ = 0;
};

}  // namespace dunlin
