#include <rapidcheck.h>
#include <catch2/catch.hpp>
#include <dunlin/money.hpp>
#include <functional>
#include <limits>

using dunlin::Currency;
using dunlin::Error;
using dunlin::Money;
using dunlin::multiply_divide;

namespace {

constexpr auto largest = std::numeric_limits<int64_t>::max();
constexpr auto smallest = std::numeric_limits<int64_t>::min();

Money eur(std::string_view text) {
    return {Money::parse_units(text), Currency("EUR")};
}

dunlin_status status_of(const std::function<void()>& body) {
    try {
        body();
    } catch (const Error& e) {
        return e.status();
    }
    return DUNLIN_OK;
}

}  // namespace

TEST_CASE("what is not a plain amount is refused") {
    const auto text = GENERATE(as<std::string>{}, "", "-", ".", "1.", ".5", "+1", "1,50", "1 000",
                               "1e3", "0x10", "1.23456", "--1", "1.2.3", "1-", " 1", "1 ", "NaN",
                               "€1", "922337203685477.5808", "99999999999999999999");

    CHECK(status_of([&] { Money::parse_units(text); }) == DUNLIN_E_INVALID);
}

TEST_CASE("an amount is read in units of a ten-thousandth") {
    CHECK(Money::parse_units("0") == 0);
    CHECK(Money::parse_units("1234.50") == 12345000);
    CHECK(Money::parse_units("-0.5") == -5000);
    CHECK(Money::parse_units("0.0001") == 1);
    CHECK(Money::parse_units("922337203685477.5807") == largest);
}

TEST_CASE("an amount shows its currency's digits and more only where they matter") {
    CHECK(eur("12").text() == "12.00");
    CHECK(eur("12.3456").text() == "12.3456");
    CHECK(eur("-0.05").text() == "-0.05");
    CHECK(Money(120000, Currency("JPY")).text() == "12");
    CHECK(Money(123450, Currency("KWD")).text() == "12.345");
    CHECK(Money(smallest, Currency("EUR")).text() == "-922337203685477.5808");
}

TEST_CASE("an unknown currency is refused and named") {
    const auto code =
        GENERATE(as<std::string>{}, "", "EU", "eur", "EURO", "XXY", "UR ", "R F", "   ");

    CHECK_THROWS_WITH(Currency(code), Catch::Contains("\"" + code + "\" is not a currency"));
}

TEST_CASE("currencies know their minor digits") {
    CHECK(dunlin::minor_digits("EUR") == 2);
    CHECK(dunlin::minor_digits("JPY") == 0);
    CHECK(dunlin::minor_digits("BHD") == 3);
    CHECK(dunlin::minor_digits("CLF") == 4);
    CHECK(dunlin::minor_digits("ABC") == -1);
}

TEST_CASE("two currencies are never added") {
    const Money pounds(1, Currency("GBP"));

    CHECK_THROWS_WITH(eur("1") + pounds, "amounts in EUR and GBP cannot be added without a rate");
    CHECK_THROWS_WITH(eur("1") - pounds, "amounts in EUR and GBP cannot be added without a rate");
}

TEST_CASE("a sum that does not fit is refused, not wrapped") {
    const Money top(largest, Currency("EUR")), bottom(smallest, Currency("EUR"));

    CHECK(status_of([&] { (void)(top + eur("0.0001")); }) == DUNLIN_E_LIMIT);
    CHECK(status_of([&] { (void)(eur("0") - bottom); }) == DUNLIN_E_LIMIT);
    CHECK(status_of([&] { (void)-bottom; }) == DUNLIN_E_LIMIT);
    CHECK((top + bottom).units() == -1);
}

TEST_CASE("division rounds half away from zero, on both sides of zero") {
    CHECK(multiply_divide(5, 1, 2) == 3);
    CHECK(multiply_divide(-5, 1, 2) == -3);
    CHECK(multiply_divide(5, 1, -2) == -3);
    CHECK(multiply_divide(-5, 1, -2) == 3);
    CHECK(multiply_divide(4, 1, 3) == 1);
    CHECK(multiply_divide(5, 1, 3) == 2);
    CHECK(multiply_divide(-4, 1, 3) == -1);
    CHECK(multiply_divide(-5, 1, 3) == -2);
    CHECK(multiply_divide(0, 7, 2) == 0);
    CHECK(multiply_divide(largest, largest, largest) == largest);
    CHECK(multiply_divide(smallest, largest, largest) == smallest);
}

TEST_CASE("a quotient that does not exist or does not fit is refused") {
    CHECK(status_of([] { multiply_divide(1, 1, 0); }) == DUNLIN_E_INVALID);
    CHECK(status_of([] { multiply_divide(largest, 2, 1); }) == DUNLIN_E_LIMIT);
    CHECK(status_of([] { multiply_divide(smallest, 1, -1); }) == DUNLIN_E_LIMIT);
}

TEST_CASE("a share is rounded once, to the smallest coin") {
    CHECK(eur("100").share(1, 3).text() == "33.33");
    CHECK(eur("-100").share(2, 3).text() == "-66.67");
    CHECK(eur("0.01").share(1, 2).text() == "0.01");
    CHECK(Money(1000000, Currency("JPY")).share(1, 3).text() == "33");
    // 0.00499999 is below half a cent; rounding to four decimals first would make it a cent.
    CHECK(eur("499.999").share(1, 100000).text() == "0.00");
}

TEST_CASE("what is written is read back") {
    CHECK(rc::check("parse(text) is the identity", [](int64_t units) {
        RC_PRE(units != smallest);
        const Money money(units, Currency("EUR"));
        RC_ASSERT(Money::parse_units(money.text()) == units);
    }));
}

TEST_CASE("rounded division agrees with its definition") {
    CHECK(rc::check("|a×b/c − result| is at most one half, and a half goes away from zero",
                    [](int32_t a, int32_t b, int32_t c) {
                        RC_PRE(c != 0);
                        const auto result = multiply_divide(a, b, c);
                        const dunlin::detail::Wide exact = static_cast<dunlin::detail::Wide>(a) * b;
                        const dunlin::detail::Wide rest =
                            (exact - static_cast<dunlin::detail::Wide>(result) * c) * 2;
                        const dunlin::detail::Wide size = rest < 0 ? -rest : rest;
                        const dunlin::detail::Wide whole =
                            c < 0 ? -static_cast<dunlin::detail::Wide>(c) : c;
                        RC_ASSERT(size <= whole);
                        if (size == whole) {
                            const bool is_negative = (exact < 0) != (c < 0);
                            RC_ASSERT((is_negative ? -result : result) > 0);
                        }
                        RC_ASSERT(multiply_divide(-static_cast<int64_t>(a), b, c) == -result);
                    }));
}

TEST_CASE("addition undoes subtraction") {
    CHECK(rc::check([](int32_t a, int32_t b) {
        const Money x(a, Currency("EUR")), y(b, Currency("EUR"));
        RC_ASSERT(x - y + y == x);
        RC_ASSERT(-(x - y) == y - x);
    }));
}
