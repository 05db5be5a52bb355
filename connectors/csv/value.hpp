// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin::csv {

/// How a file writes dates: "M/D/YYYY", "DD.MM.YYYY", "YYYYMMDD", "DD MMM YY". M and D take one or
/// two digits, MM and DD exactly two, MMM an English month, YY stands for 1970 to 2069, and a final
/// "*" lets anything follow, such as a time of day.
class DateFormat {
public:
    DateFormat() : DateFormat("YYYY-MM-DD") {}
    /// Throws dunlin::Error when the pattern does not name a day, a month and a year once each.
    explicit DateFormat(std::string_view pattern);

    const std::string& pattern() const { return pattern_; }
    /// Days since 1970-01-01; nothing, and why, when the text is no such date.
    std::optional<int64_t> parse(std::string_view text, std::string& reason) const;

private:
    enum class Part { literal, year4, year2, month2, month, month_name, day2, day, rest };
    struct Token {
        Part part;
        char literal;
    };
    struct Fields {
        int year = 0;
        unsigned month = 0;
        unsigned day = 0;
    };
    static Token token_at(std::string_view pattern, std::size_t& at);
    static bool take(const Token& token, std::string_view& text, Fields& out);

    std::string pattern_;
    std::vector<Token> tokens_;
};

/// How a file writes numbers. Thousands separators are refused unless the file's layout says that
/// it uses them, because "1.234" is a different amount in Berlin and in Boston.
struct NumberFormat {
    char decimal = '.';
    char thousands = 0;  // 0: none. ' ' also takes the no-break spaces.
};

struct Formats {
    DateFormat date;
    NumberFormat number;
};

/// "-1234.50" out of "1.234,50-", "(1,234.50)" or "+1234.50"; false, and why, when it is no number.
bool to_plain_decimal(std::string_view text, const NumberFormat& format, std::string& plain,
                      std::string& reason);

/// Units of 1/10000.
std::optional<int64_t> parse_amount(std::string_view text, const NumberFormat& format,
                                    std::string& reason);
/// An exact positive decimal, as text with a point.
bool parse_rate(std::string_view text, const NumberFormat& format, std::string& out,
                std::string& reason);
std::optional<double> parse_real(std::string_view text, const NumberFormat& format,
                                 std::string& reason);
std::optional<int64_t> parse_sequence(std::string_view text, std::string& reason);
std::optional<int64_t> parse_flag(std::string_view text, std::string& reason);
/// Microseconds since 1970-01-01 UTC out of an ISO 8601 instant, or of a date in the file's format.
std::optional<int64_t> parse_instant(std::string_view text, const DateFormat& format,
                                     std::string& reason);

/// A value for a message: quoted and cut.
std::string in_quotes(std::string_view text);

}  // namespace dunlin::csv
