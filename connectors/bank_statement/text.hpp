// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "document.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin::bank_statement {

/// The bytes as UTF-8 without a byte-order mark. A mark decides, then valid UTF-8, then the
/// declared encoding, then `fallback`. Throws when there is no such encoding.
std::string to_utf8(std::string_view bytes, std::string_view declared, std::string_view fallback);

/// Throws DUNLIN_E_INVALID when ICU knows no such encoding.
void require_encoding(std::string_view name);

std::string_view trimmed(std::string_view text);
/// One line: control characters and runs of blanks become one blank, none at the ends.
std::string one_line(std::string_view text);
/// Adds a part behind a separator; nothing when the part is empty.
void append_part(std::string& out, std::string_view separator, std::string_view part);
/// The first bytes, cut between two characters.
std::string cut(std::string_view text, std::size_t bytes_max);
/// A value for a message: quoted and cut.
std::string in_quotes(std::string_view text);
bool all_digits(std::string_view text);
std::string upper(std::string_view text);
/// An account number or IBAN without blanks, in capitals: to compare with.
std::string bare_account(std::string_view text);

/// Units of 1/10000 out of "-1234.5", "+12", ".5" or, with the comma, "1500,". More than four
/// decimals only when they are zeros. Nothing, and why, for anything else.
std::optional<int64_t> parse_units(std::string_view text, char decimal, std::string& reason);
/// Digits without a decimal sign, perhaps signed.
std::optional<int64_t> parse_whole(std::string_view text, std::string& reason);
/// Units of 1/10000 for so many smallest coins; nothing on overflow.
std::optional<int64_t> units_of_coins(int64_t coins, int decimals);
/// a + b, or nothing on overflow.
std::optional<int64_t> sum_of(int64_t a, int64_t b);

std::optional<Date> date_of(int year, int month, int day);
/// "20260228…" or "2026-02-28…": the civil date as it is written.
std::optional<Date> parse_date8(std::string_view text);
std::optional<Date> parse_iso_date(std::string_view text);
/// "260228"; 70 to 99 are of the last century.
std::optional<Date> parse_date6(std::string_view text);

/// Lines with \n, \r\n or \r; counted from 1.
class LineReader {
public:
    explicit LineReader(std::string_view text) : rest_(text) {}
    bool next(std::string_view& line);
    int64_t number() const { return number_; }

private:
    std::string_view rest_;
    int64_t number_ = 0;
};

/// Finds the line of an offset in a text, and back.
class LineIndex {
public:
    explicit LineIndex(std::string_view text);
    int64_t line_at(std::size_t offset) const;
    std::size_t offset_of(int64_t line) const;

private:
    std::vector<std::size_t> ends_;
};

}  // namespace dunlin::bank_statement
