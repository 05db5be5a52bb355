// SPDX-License-Identifier: Apache-2.0
#include "text.hpp"

#include <dunlin/money.hpp>

#include <unicode/ucnv.h>
#include <unicode/ustring.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <limits>
#include <memory>

namespace dunlin::bank_statement {
namespace {

struct CloseConverter {
    void operator()(UConverter* converter) const { ucnv_close(converter); }
};

std::unique_ptr<UConverter, CloseConverter> open_converter(std::string_view name) {
    UErrorCode failure = U_ZERO_ERROR;
    std::unique_ptr<UConverter, CloseConverter> out(ucnv_open(std::string(name).c_str(), &failure));
    if (U_FAILURE(failure)) {
        throw Error(DUNLIN_E_INVALID, in_quotes(name) +
                                          " is not an encoding; use UTF-8, windows-1252, "
                                          "ISO-8859-15 or another IANA name");
    }
    return out;
}

bool is_utf8(std::string_view text) {
    UErrorCode status = U_ZERO_ERROR;
    u_strFromUTF8(nullptr, 0, nullptr, text.data(), static_cast<int32_t>(text.size()), &status);
    return status != U_INVALID_CHAR_FOUND;
}

std::string converted(std::string_view bytes, std::string_view encoding) {
    const auto from = open_converter(encoding);
    const auto to = open_converter("UTF-8");
    const char* source = bytes.data();
    const char* const end = source + bytes.size();
    std::string out(bytes.size() + bytes.size() / 2 + 16, '\0');
    std::size_t size = 0;
    std::vector<UChar> pivot(4096);
    UChar* pivot_source = pivot.data();
    UChar* pivot_target = pivot.data();
    for (bool is_first = true;; is_first = false) {
        UErrorCode status = U_ZERO_ERROR;
        char* target = out.data() + size;
        ucnv_convertEx(to.get(), from.get(), &target, out.data() + out.size(), &source, end,
                       pivot.data(), &pivot_source, &pivot_target, pivot.data() + pivot.size(),
                       static_cast<UBool>(is_first ? 1 : 0), 1, &status);
        size = static_cast<std::size_t>(target - out.data());
        if (status != U_BUFFER_OVERFLOW_ERROR) {
            out.resize(size);
            // Half a character at the very end stays away; the format notices what is cut off.
            if (U_FAILURE(status) && status != U_TRUNCATED_CHAR_FOUND) {
                refuse_file(0, std::string("the file cannot be read as ") + std::string(encoding) +
                                   "; correct the source's \"encoding\"");
            }
            return out;
        }
        out.resize(out.size() * 2);
    }
}

bool is_blank(char c) {
    return static_cast<unsigned char>(c) <= ' ';
}

}  // namespace

void require_encoding(std::string_view name) {
    open_converter(name);
}

std::string to_utf8(std::string_view bytes, std::string_view declared, std::string_view fallback) {
    const auto begins = [&](std::string_view mark) { return bytes.substr(0, mark.size()) == mark; };
    if (begins("\xEF\xBB\xBF")) {
        bytes.remove_prefix(3);
        declared = "UTF-8";
    } else if (begins("\xFF\xFE")) {
        return converted(bytes.substr(2), "UTF-16LE");
    } else if (begins("\xFE\xFF")) {
        return converted(bytes.substr(2), "UTF-16BE");
    } else if (begins({"<\0", 2})) {
        return converted(bytes, "UTF-16LE");
    } else if (begins({"\0<", 2})) {
        return converted(bytes, "UTF-16BE");
    }
    if (is_utf8(bytes)) return std::string(bytes);
    const auto name = upper(declared);
    // What is not UTF-8 cannot be what such a declaration says.
    const bool says_nothing = name.empty() || name == "UTF-8" || name == "US-ASCII";
    return converted(bytes, says_nothing ? fallback : declared);
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

std::string one_line(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    bool is_gap = false;
    for (const char c : text) {
        if (is_blank(c) || c == '\x7f') {
            is_gap = !out.empty();
            continue;
        }
        if (is_gap) out += ' ';
        is_gap = false;
        out += c;
    }
    return out;
}

void append_part(std::string& out, std::string_view separator, std::string_view part) {
    if (part.empty()) return;
    if (!out.empty()) out += separator;
    out += part;
}

std::string cut(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return std::string(text);
    auto size = bytes_max;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
    return std::string(text.substr(0, size));
}

std::string in_quotes(std::string_view text) {
    return '"' + cut(text, 40) + (text.size() > 40 ? "…\"" : "\"");
}

bool all_digits(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string upper(std::string_view text) {
    std::string out(text);
    for (auto& c : out) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return out;
}

std::string bare_account(std::string_view text) {
    auto out = upper(text);
    std::erase_if(out, is_blank);
    return out;
}

std::optional<int64_t> parse_units(std::string_view text, char decimal, std::string& reason) {
    const auto all = trimmed(text);
    auto rest = all;
    std::string plain;
    if (!rest.empty() && (rest.front() == '-' || rest.front() == '+')) {
        if (rest.front() == '-') plain = "-";
        rest.remove_prefix(1);
    }
    const auto point = std::min(rest.find(decimal), rest.size());
    const auto whole = rest.substr(0, point);
    auto decimals = rest.substr(std::min(point + 1, rest.size()));
    const bool is_number = (whole.empty() || all_digits(whole)) &&
                           (decimals.empty() || all_digits(decimals)) &&
                           !(whole.empty() && decimals.empty());
    if (!is_number) {
        reason = in_quotes(all) + " is not an amount; ask the bank for the file again";
        return std::nullopt;
    }
    while (!decimals.empty() && decimals.back() == '0') decimals.remove_suffix(1);
    if (decimals.size() > 4) {
        reason = in_quotes(all) + " has more than four decimals and cannot be kept exactly";
        return std::nullopt;
    }
    plain += whole.empty() ? "0" : whole;
    if (!decimals.empty()) append_part(plain, ".", decimals);
    try {
        return Money::parse_units(plain);
    } catch (const Error&) {
        reason = in_quotes(all) + " is too large for an amount; the limit is 922337203685477.5807";
        return std::nullopt;
    }
}

std::optional<int64_t> parse_whole(std::string_view text, std::string& reason) {
    auto digits = trimmed(text);
    if (digits.size() > 1 && digits.front() == '+') digits.remove_prefix(1);
    int64_t out = 0;
    const auto* const end = digits.data() + digits.size();
    const auto [at, failure] = std::from_chars(digits.data(), end, out);
    if (digits.empty() || at != end || failure != std::errc()) {
        reason = in_quotes(text) +
                 " is not a number of the smallest coins; ask the bank for the file again";
        return std::nullopt;
    }
    return out;
}

std::optional<int64_t> units_of_coins(int64_t coins, int decimals) {
    int64_t units = coins;
    for (int i = decimals; i < 4; ++i) {
        if (__builtin_mul_overflow(units, int64_t{10}, &units)) return std::nullopt;
    }
    return units;
}

std::optional<int64_t> sum_of(int64_t a, int64_t b) {
    int64_t sum = 0;
    if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
    return sum;
}

std::optional<Date> date_of(int year, int month, int day) {
    if (year < 1900 || year > 9999 || month < 1 || day < 1) return std::nullopt;
    const std::chrono::year_month_day ymd{std::chrono::year(year),
                                          std::chrono::month(static_cast<unsigned>(month)),
                                          std::chrono::day(static_cast<unsigned>(day))};
    if (!ymd.ok()) return std::nullopt;
    return Date(year, static_cast<unsigned>(month), static_cast<unsigned>(day));
}

namespace {

int number_at(std::string_view text, std::size_t at, std::size_t size) {
    int value = -1;
    const auto part = at <= text.size() ? text.substr(at, size) : std::string_view();
    if (part.size() == size && all_digits(part)) {
        std::from_chars(part.data(), part.data() + part.size(), value);
    }
    return value;
}

}  // namespace

std::optional<Date> parse_date8(std::string_view text) {
    return date_of(number_at(text, 0, 4), number_at(text, 4, 2), number_at(text, 6, 2));
}

std::optional<Date> parse_iso_date(std::string_view text) {
    const auto all = trimmed(text);
    const bool has_shape = all.size() >= 10 && all[4] == '-' && all[7] == '-' &&
                           (all.size() == 10 || !all_digits(all.substr(10, 1)));
    if (!has_shape) return std::nullopt;
    return date_of(number_at(all, 0, 4), number_at(all, 5, 2), number_at(all, 8, 2));
}

std::optional<Date> parse_date6(std::string_view text) {
    const int year = number_at(text, 0, 2);
    if (year < 0) return std::nullopt;
    return date_of(year + (year < 70 ? 2000 : 1900), number_at(text, 2, 2), number_at(text, 4, 2));
}

bool LineReader::next(std::string_view& line) {
    if (rest_.empty()) return false;
    ++number_;
    const auto end = std::min(rest_.find_first_of("\r\n"), rest_.size());
    line = rest_.substr(0, end);
    rest_.remove_prefix(end);
    if (rest_.substr(0, 2) == "\r\n") {
        rest_.remove_prefix(2);
    } else if (!rest_.empty()) {
        rest_.remove_prefix(1);
    }
    return true;
}

LineIndex::LineIndex(std::string_view text) {
    for (std::size_t at = text.find('\n'); at != std::string_view::npos;
         at = text.find('\n', at + 1)) {
        ends_.push_back(at);
    }
}

int64_t LineIndex::line_at(std::size_t offset) const {
    return 1 + (std::lower_bound(ends_.begin(), ends_.end(), offset) - ends_.begin());
}

std::size_t LineIndex::offset_of(int64_t line) const {
    if (line < 2 || ends_.empty()) return 0;
    return ends_[std::min(static_cast<std::size_t>(line - 2), ends_.size() - 1)] + 1;
}

}  // namespace dunlin::bank_statement
