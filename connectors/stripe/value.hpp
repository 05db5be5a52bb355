// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/record_rows.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dunlin::stripe {

using Row = RecordRow;
using Rows = RecordRows;

/// Empty when it is null or not there.
std::string text_of(const Json& object, const char* field);
bool flag_of(const Json& object, const char* field);
/// A whole number; nothing when it is null or not there.
std::optional<int64_t> number_of(const Json& object, const char* field);
/// The id of what a field refers to, whether it came as an id or as the object itself.
std::string id_of(const Json& object, const char* field);
/// What a field holds, an empty object unless it is one.
const Json& object_of(const Json& object, const char* field);
/// The data of a list inside an object.
const Json& list_of(const Json& object, const char* field);

/// Stripe's seconds.
std::optional<int64_t> instant_of(const Json& object, const char* field);
/// Their day in UTC.
std::optional<Date> date_of(const Json& object, const char* field);
std::optional<Date> day_of(std::optional<int64_t> instant_us);

/// "EUR" of an object's "eur".
std::string currency_of(const Json& object);
/// Digits behind the point in Stripe's amounts, which are not always those of ISO 4217.
int stripe_digits(std::string_view currency);
/// An amount of Stripe's, a whole number of the smallest unit, in 1/10000.
int64_t units_of(int64_t amount, std::string_view currency);
/// The other way; nothing when Stripe has no such amount.
std::optional<int64_t> amount_of(int64_t units, std::string_view currency);

}  // namespace dunlin::stripe
