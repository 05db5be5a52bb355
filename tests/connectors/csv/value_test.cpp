// SPDX-License-Identifier: Apache-2.0
#include "value.hpp"

#include "drop_folder.hpp"

#include <dunlin/date.hpp>
#include <dunlin/money.hpp>

#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include <array>

namespace dunlin::csv::test {
namespace {

constexpr NumberFormat german{',', '.'};
constexpr NumberFormat french{',', ' '};
constexpr NumberFormat english{'.', ','};
constexpr NumberFormat canonical{};

std::string date_of(const char* format, std::string_view text) {
    std::string reason;
    const auto days = DateFormat(format).parse(text, reason);
    return days ? Date(static_cast<int32_t>(*days)).text() : reason;
}

std::string amount_of(const NumberFormat& format, std::string_view text) {
    std::string reason;
    const auto units = parse_amount(text, format, reason);
    return units ? Money::text_of(*units, 2) : reason;
}

/// An amount as a file would write it.
std::string written(int64_t units, const NumberFormat& format, bool is_sign_trailing) {
    const auto plain = Money::text_of(units < 0 ? -units : units, 2);
    const auto point = plain.find('.');
    std::string out = plain.substr(0, point);
    for (int at = static_cast<int>(out.size()) - 3; format.thousands != 0 && at > 0; at -= 3) {
        out.insert(static_cast<std::size_t>(at), 1, format.thousands);
    }
    out += format.decimal + plain.substr(point + 1);
    if (units >= 0) return out;
    return is_sign_trailing ? out + "-" : "-" + out;
}

}  // namespace

TEST_CASE("a day that is not in the calendar is refused and named") {
    REQUIRE_THAT(date_of("YYYY-MM-DD", "2023-02-30"), Catch::Contains("2023-02-30"));
    REQUIRE_THAT(date_of("YYYY-MM-DD", "2023-02-30"), Catch::Contains("calendar"));
    REQUIRE_THAT(date_of("DD.MM.YYYY", "29.02.2023"), Catch::Contains("calendar"));
    REQUIRE_THAT(date_of("M/D/YYYY", "13/1/2013"), Catch::Contains("calendar"));
}

TEST_CASE("a date in another shape than the format's is refused with the format") {
    const auto* text = GENERATE("2.1.2023", "2023-01-02", "02.01.23", "02.01.2023 x", "", "02.01.");
    REQUIRE_THAT(date_of("DD.MM.YYYY", text), Catch::Contains("DD.MM.YYYY"));
}

TEST_CASE("a date format that lacks a part is refused") {
    const auto* pattern = GENERATE("", "YYYY-MM", "DD.MM.", "YYYY YY MM DD", "banana");
    REQUIRE_THROWS_AS(DateFormat(pattern), Error);
}

TEST_CASE("every supported date format reads the same day") {
    REQUIRE(date_of("YYYY-MM-DD", "2013-01-02") == "2013-01-02");
    REQUIRE(date_of("M/D/YYYY", "1/2/2013") == "2013-01-02");
    REQUIRE(date_of("M/D/YYYY", "01/02/2013") == "2013-01-02");
    REQUIRE(date_of("DD.MM.YYYY", "02.01.2013") == "2013-01-02");
    REQUIRE(date_of("D/M/YY", "2/1/13") == "2013-01-02");
    REQUIRE(date_of("D/M/YY", "2/1/99") == "1999-01-02");
    REQUIRE(date_of("YYYYMMDD", "20130102") == "2013-01-02");
    REQUIRE(date_of("DD-MMM-YYYY", "02-JAN-2013") == "2013-01-02");
    REQUIRE(date_of("YYYY-MM-DD*", "2013-01-02 00:00:00") == "2013-01-02");
}

TEST_CASE("a number whose separators are in the wrong place is refused") {
    const auto* text =
        GENERATE("12.34.5", "1234.567,00", "1.23,00", ".123,00", "1..234,00", "1,2,3", "1,", ",5",
                 "", "-", "1-2", "-5-", "(-5)", "EUR 5", "1e3", "5 000,00");
    REQUIRE_THAT(amount_of(german, text), Catch::Contains("write it as 1.234,50"));
}

TEST_CASE("a thousands separator is refused where the layout names none") {
    REQUIRE_THAT(amount_of(canonical, "12,34,5"), Catch::Contains("\"12,34,5\" is not a number"));
    REQUIRE_THAT(amount_of(canonical, "1,234.50"), Catch::Contains("write it as 1234.50"));
    REQUIRE_THAT(amount_of({',', 0}, "1.234,50"), Catch::Contains("write it as 1234,50"));
}

TEST_CASE("an amount beyond what can be held is refused and not rounded") {
    REQUIRE_THAT(amount_of(canonical, "1.00001"), Catch::Contains("four decimals"));
    REQUIRE_THAT(amount_of(canonical, "922337203685477.5808"), Catch::Contains("too large"));
    REQUIRE_THAT(amount_of(canonical, "99999999999999999999999"), Catch::Contains("too large"));
}

TEST_CASE("amounts of every notation are exact") {
    REQUIRE(amount_of(canonical, "1234.50") == "1234.50");
    REQUIRE(amount_of(canonical, "360.36000000") == "360.36");
    REQUIRE(amount_of(canonical, "922337203685477.5807") == "922337203685477.5807");
    REQUIRE(amount_of(german, "1.234,56-") == "-1234.56");
    REQUIRE(amount_of(german, "-1.234.567,8") == "-1234567.80");
    REQUIRE(amount_of(german, "1234,56") == "1234.56");
    REQUIRE(amount_of({'.', ','}, "(1,234.56)") == "-1234.56");
    REQUIRE(amount_of(french,
                      "1\xC2\xA0"
                      "234\xE2\x80\xAF"
                      "567,89") == "1234567.89");
    REQUIRE(amount_of({'.', '\''}, "+12'345.00") == "12345.00");
}

TEST_CASE("any amount written in any notation is read back as it was") {
    const std::array formats{canonical, german, french, english};
    const auto format = formats[GENERATE(0U, 1U, 2U, 3U)];
    const bool is_sign_trailing = GENERATE(true, false);
    REQUIRE(rc::check([&](int64_t any) {
        const auto units = any / 2;
        std::string reason;
        const auto text = written(units, format, is_sign_trailing);
        const auto read = parse_amount(text, format, reason);
        RC_LOG() << text << ": " << reason;
        RC_ASSERT(read.has_value());
        RC_ASSERT(*read == units);
    }));
}

TEST_CASE("any day written in any format is read back as it was") {
    REQUIRE(rc::check([] {
        const auto days = *rc::gen::inRange(-25567, 47482);  // 1900 to 2099.
        const auto iso = Date(days).text();
        const auto dotted = iso.substr(8) + "." + iso.substr(5, 2) + "." + iso.substr(0, 4);
        RC_ASSERT(date_of("YYYY-MM-DD", iso) == iso);
        RC_ASSERT(date_of("DD.MM.YYYY", dotted) == iso);
    }));
}

TEST_CASE("a rate of zero, below zero or of too many digits is refused") {
    std::string out, reason;
    const auto* text = GENERATE("0", "0.000", "-1.5", "1.1234567890123456789", "one");
    REQUIRE_FALSE(parse_rate(text, canonical, out, reason));
}

TEST_CASE("a rate keeps its digits") {
    std::string out, reason;
    REQUIRE(parse_rate("1,08250", german, out, reason));
    REQUIRE(out == "1.08250");
}

TEST_CASE("an instant of an impossible time is refused") {
    const DateFormat iso;
    std::string reason;
    const auto* text =
        GENERATE("2026-02-28T24:00:00Z", "2026-02-28T10:61", "2026-02-28T10", "2026-02-28X10:00",
                 "2026-02-30T10:00:00Z", "2026-02-28T10:00:00+1");
    REQUIRE_FALSE(parse_instant(text, iso, reason));
}

TEST_CASE("an instant is read with its zone and its fraction") {
    const DateFormat german_date("DD.MM.YYYY");
    std::string reason;
    REQUIRE(parse_instant("1970-01-01T00:00:01.5Z", german_date, reason) == 1'500'000);
    REQUIRE(parse_instant("1970-01-01 02:00:00+02:00", german_date, reason) == 0);
    REQUIRE(parse_instant("1970-01-02", german_date, reason) == 86'400'000'000);
    REQUIRE(parse_instant("02.01.1970", german_date, reason) == 86'400'000'000);
}

}  // namespace dunlin::csv::test
