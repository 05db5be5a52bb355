// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/date.hpp>
#include <dunlin/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin::tryton {

// Tryton's values in JSON, and back. A member that is absent or null is "nothing"; one of another
// kind than asked for throws INVALID with its text.

/// The member at a path of records: "currency.code" is record["currency."]["code"].
const Json& at(const Json& record, std::string_view path);

/// An id; 0 for nothing.
int64_t id_at(const Json& record, std::string_view path);
/// The ids of a field that refers to several records.
std::vector<int64_t> ids_at(const Json& record, std::string_view path);
/// Empty for nothing.
std::string text_at(const Json& record, std::string_view path);
/// True is true or 1: SQLite knows no boolean.
bool flag_at(const Json& record, std::string_view path);
std::optional<Date> date_at(const Json& record, std::string_view path);
/// Microseconds since 1970 UTC.
std::optional<int64_t> instant_at(const Json& record, std::string_view path);
/// A decimal in 1/10000, exact: refuses what has more decimals.
std::optional<int64_t> amount_at(const Json& record, std::string_view path);
/// A decimal as plain text, "0.92": no exponent, no zeros at the end.
std::string decimal_at(const Json& record, std::string_view path);

/// "1E+3", "0E-8", "12.500000" as "1000", "0", "12.5".
std::string plain_decimal(std::string_view text);

/// When a record was last changed: write_date, or create_date while it was never written.
std::optional<int64_t> change_of(const Json& record);

/// A moment as Tryton wants it in a domain.
Json instant_json(int64_t micros);

/// The id behind "account.invoice,17"; 0 when it refers to another model.
int64_t id_of_reference(std::string_view reference, std::string_view model);

/// "…", cut to what a sentence bears.
std::string in_quotes(std::string_view text);

}  // namespace dunlin::tryton
