// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "exact_json.hpp"
#include "value.hpp"

namespace dunlin::odoo {
namespace {

int64_t amount(const std::string& number) {
    return amount_of(parse_exact("{\"a\": " + number + "}", "it"), "a");
}

}  // namespace

TEST_CASE("what is no amount is refused and named") {
    for (const char* number : {"0.12345", "1e30", "99999999999999999999", "true", "\"12,50\"",
                               "[1]", "{}", "\"\"", "9999999999999999.5"}) {
        CAPTURE(number);
        CHECK_THROWS_AS(amount(number), BadValue);
    }
    CHECK_THROWS_WITH(amount("\"12,50\""), Catch::Contains("a is \"12,50\""));
    CHECK_THROWS_WITH(amount_of(Json::object(), "amount_total"), Catch::Contains("amount_total"));
}

TEST_CASE("an amount is exact, also where Odoo's binary fraction shows") {
    CHECK(amount("360.36") == 3603600);
    CHECK(amount("-0.01") == -100);
    CHECK(amount("1636.1100000000001") == 16361100);
    CHECK(amount("0.30000000000000004") == 3000);
    CHECK(amount("0.009999999999990905") == 100);
    CHECK(amount("-4.547473508864641e-13") == 0);
    CHECK(amount("1e-04") == 1);
    CHECK(amount("2640206.0") == 26402060000);
    CHECK(amount("12") == 120000);
    CHECK(amount("false") == 0);
    CHECK(amount("99999999999999.99") == 999999999999999900);
}

TEST_CASE("a number is written without an exponent") {
    const auto text = [](const std::string& number) {
        return decimal_of(parse_exact("{\"a\": " + number + "}", "it"), "a");
    };
    CHECK(text("0.92") == "0.92");
    CHECK(text("1.5e-05") == "0.000015");
    CHECK(text("1.2e+3") == "1200");
    CHECK(text("-151.25") == "-151.25");
    CHECK_THROWS_AS(text("\"1.2.3\""), BadValue);
    CHECK_THROWS_AS(text("1e400"), Error);
}

TEST_CASE("JSON that is broken or too deep is refused") {
    CHECK_THROWS_WITH(parse_exact("{\"a\": NaN}", "the answer"),
                      Catch::StartsWith("the answer is"));
    CHECK_THROWS_AS(parse_exact("", "it"), Error);
    CHECK_THROWS_AS(parse_exact(std::string(100, '[') + std::string(100, ']'), "it"), Error);
    const auto value = parse_exact(R"({"a": [1, 2.50, {"b": null}], "c": "d"})", "it");
    CHECK(value.dump() == R"({"a":[1,"2.50",{"b":null}],"c":"d"})");
}

TEST_CASE("times are read and written to the second") {
    const Json record{{"at", "2026-11-22 05:17:26"}, {"none", false}, {"day", "2026-11-22"}};
    const auto at = instant_of(record, "at");
    CHECK(at == 1795324646000000);
    CHECK(second_text(*at + 999999) == "2026-11-22 05:17:26");
    CHECK(second_text(-1) == "1969-12-31 23:59:59");
    CHECK_FALSE(instant_of(record, "none"));
    CHECK_THROWS_AS(instant_of(record, "day"), BadValue);
    CHECK(date_of(record, "day") == Date(2026, 11, 22));
}

TEST_CASE("false is an empty field of any type, and another type is refused") {
    const Json record{{"none", false}, {"ref", {11, "Name"}}, {"plain", 12}, {"text", "x"}};
    CHECK(text_of(record, "none").empty());
    CHECK(id_of(record, "none") == 0);
    CHECK(id_of(record, "ref") == 11);
    CHECK(id_of(record, "plain") == 12);
    CHECK_THROWS_AS(id_of(record, "text"), BadValue);
    CHECK_THROWS_AS(text_of(record, "ref"), BadValue);
    CHECK_THROWS_AS(flag_of(record, "text"), BadValue);
}

}  // namespace dunlin::odoo
