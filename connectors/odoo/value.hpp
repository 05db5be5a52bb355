// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/record_rows.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin::odoo {

using Row = RecordRow;
using Rows = RecordRows;

/// Odoo says false for an empty field of any type.
std::string text_of(const Json& record, const char* field);
bool flag_of(const Json& record, const char* field);
/// The id behind a reference, 0 for none.
int64_t id_of(const Json& record, const char* field);
/// Those behind a list of references.
std::vector<int64_t> ids_of(const Json& record, const char* field);
std::optional<Date> date_of(const Json& record, const char* field);
/// "2026-11-22 05:17:26" in UTC, cut to the second by Odoo.
std::optional<int64_t> instant_of(const Json& record, const char* field);
/// An amount in 1/10000. Odoo counts in binary fractions: what is nearer to an amount with four
/// decimals than a hundredth of the last one is that amount.
int64_t amount_of(const Json& record, const char* field);
/// A number as plain decimal text: "1.5e-05" is "0.000015".
std::string decimal_of(const Json& record, const char* field);

/// For a domain: the second in which the instant lies.
std::string second_text(int64_t us);

}  // namespace dunlin::odoo
