// SPDX-License-Identifier: Apache-2.0
// What is agreed on in instalments.
#include "promises/terms.hpp"

#include <catch2/catch.hpp>

#include <rapidcheck.h>

using namespace dunlin;
using namespace dunlin::receivables;
using Catch::Contains;

namespace {

using Share = Term::Share;

Money euro(const char* text) {
    return {Money::parse_units(text), Currency("EUR")};
}

/// Tryton's modules/account_invoice/tests/test_module.py (19667f95).
std::vector<Term> tryton(const char* fixed) {
    return {{Share::percent_of_rest, 25 * Money::scale, 0, 30, {}},
            {Share::percent_of_total, 25 * Money::scale, 1, 0, {}},
            {Share::fixed, Money::parse_units(fixed), 1, 30, {}},
            {Share::rest, 0, 2, 30, 15U}};
}

std::string refusal(const Json& terms) {
    try {
        split_by_terms(euro("100"), Date(2026, 1, 31), parse_terms(terms));
        return "";
    } catch (const Error& e) {
        return e.what();
    }
}

}  // namespace

TEST_CASE(
    "terms that say two things, nothing, or leave something over are refused by their place") {
    const Json all = Json::object();
    CHECK_THAT(refusal({all, {{"percent", "25"}, {"amount", "5"}}}), Contains("term 2"));
    CHECK_THAT(refusal({{{"percent", "0"}}, all}), Contains("term 1") && Contains("above zero"));
    CHECK_THAT(refusal({{{"months", -1}}, all}), Contains("term 1") && Contains("months"));
    CHECK_THAT(refusal({{{"percent", "25"}}, {{"amount", "70"}}}), Contains("5.00 EUR over"));
    CHECK(refusal({{{"percent", "25"}}, {{"amount", "75"}}}).empty());
    CHECK(refusal({{{"percent", "25"}}, {{"amount", "80"}}}).empty());  // The last is what is left.
}

TEST_CASE("P4_tryton: instalments are rounded, and the last one takes what rounding left") {
    const Date from(2011, 10, 1);
    const std::vector<Date> days{Date(2011, 10, 31), Date(2011, 11, 1), Date(2011, 12, 1),
                                 Date(2012, 1, 14)};
    using Parts = std::vector<AgreedPart>;
    CHECK(split_by_terms(euro("1587.35"), from, tryton("396.84")) ==
          Parts{{days[0], euro("396.84")},
                {days[1], euro("396.84")},
                {days[2], euro("396.84")},
                {days[3], euro("396.83")}});
    CHECK(split_by_terms(euro("-10.00"), from, tryton("4.0")) == Parts{{days[0], euro("-2.5")},
                                                                       {days[1], euro("-2.5")},
                                                                       {days[2], euro("-4.0")},
                                                                       {days[3], euro("-1.0")}});
    CHECK(split_by_terms(euro("0"), Date(2016, 5, 17), tryton("1")) ==
          Parts{{Date(2016, 5, 17), euro("0")}});
}

TEST_CASE("a month without that day ends on its last one") {
    CHECK(split_by_terms(euro("9"), Date(2026, 1, 31), {{Share::rest, 0, 1, 0, {}}}).at(0).due_on ==
          Date(2026, 2, 28));
    CHECK(split_by_terms(euro("9"), Date(2028, 1, 5), {{Share::rest, 0, 1, 0, 31U}}).at(0).due_on ==
          Date(2028, 2, 29));
}

TEST_CASE("instalments add up to the amount, and none has another sign") {
    rc::check([](int32_t cents, std::vector<std::pair<uint8_t, uint16_t>> drawn) {
        std::vector<Term> terms;
        for (const auto& [kind, value] : drawn) {
            terms.push_back({static_cast<Share>(kind % 3), 1 + value * Money::scale / 100, kind, 0,
                             std::nullopt});
        }
        terms.push_back({});
        const Money amount(int64_t{cents} * 100, Currency("EUR"));
        int64_t sum = 0;
        for (const auto& one : split_by_terms(amount, Date(2026, 1, 31), terms)) {
            RC_ASSERT((one.amount.units() < 0) == (cents < 0));
            sum += one.amount.units();
        }
        RC_ASSERT(sum == amount.units());
    });
}
