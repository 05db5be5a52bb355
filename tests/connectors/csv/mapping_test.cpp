// SPDX-License-Identifier: Apache-2.0
#include "mapping.hpp"

#include "drop_folder.hpp"

#include <catch2/catch.hpp>

namespace dunlin::csv::test {
namespace {

std::string mistakes_in(const std::string& json) {
    return refusal_of([&] { parse_mapping("ledger.json", json, Layout{}); });
}

}  // namespace

TEST_CASE("a mapping that is not JSON is refused with the place") {
    REQUIRE_THAT(mistakes_in("{\"mapping\": 1,"),
                 Catch::Contains("ledger.json is not JSON") && Catch::Contains("line 1"));
}

TEST_CASE("every mistake of a mapping is reported at once, each with its place") {
    const auto text = mistakes_in(R"({
      "mapping": 2, "files": "", "delimitter": ";", "date_format": "YYYY", "decimal": "!",
      "rows": [
        {"entity": "invoise", "columns": {}},
        {"entity": "customer", "when": {"column": "A", "filled": "yes"},
         "columns": {"external_id": {"column": "A", "constant": "B"}, "nam": "A",
                     "kind": {"column": "K", "map": {"x": 1}, "sign": "minus"}}},
        {"entity": "payment", "columns": {"external_id": {"template": "pay-{"}}}
      ]})");
    CHECK_THAT(text, Catch::Contains("mapping: must be 1"));
    CHECK_THAT(text, Catch::Contains("files: must be a pattern"));
    CHECK_THAT(text, Catch::Contains("\"delimitter\"; did you mean \"delimiter\"?"));
    CHECK_THAT(text, Catch::Contains("date_format: \"YYYY\" is not a date format"));
    CHECK_THAT(text, Catch::Contains("decimal: \"!\" is not a decimal sign"));
    CHECK_THAT(text, Catch::Contains("rows[0]: \"invoise\" is not an entity; did you mean"));
    CHECK_THAT(text, Catch::Contains("rows[1].when: \"filled\" has the wrong kind"));
    CHECK_THAT(text, Catch::Contains("rows[1].columns.external_id: give exactly one of"));
    CHECK_THAT(text, Catch::Contains("rows[1].columns.nam: unknown column; did you mean \"name\""));
    CHECK_THAT(text, Catch::Contains("rows[1].columns.kind: \"map\" must give text"));
    CHECK_THAT(text, Catch::Contains("\"sign\" is keep, negate or absolute"));
    CHECK_THAT(text, Catch::Contains("rows[1]: the customer needs the column \"name\""));
    CHECK_THAT(text, Catch::Contains("rows[2].columns.external_id: \"pay-{\" lacks a column"));
    CHECK_THAT(text, Catch::Contains("rows[2]: the payment needs the column \"currency\""));
}

TEST_CASE("a mapping without rows is refused") {
    REQUIRE_THAT(mistakes_in(R"({"mapping":1,"files":"*.csv","rows":[]})"),
                 Catch::Contains("has 1 mistake:") && Catch::Contains("rows: must be a list"));
}

TEST_CASE("a mapping overrides the source's layout and keeps the rest of it") {
    Layout defaults;
    defaults.delimiter = ';';
    defaults.encoding = "windows-1252";
    const auto mapping = parse_mapping("m", R"({"mapping":1,"files":"*.txt","delimiter":"tab",
        "decimal":",","thousands":".","skip_rows":2,
        "rows":[{"entity":"customer","columns":{"external_id":"Id","name":"Name"}}]})",
                                       defaults);
    CHECK(mapping.layout.delimiter == '\t');
    CHECK(mapping.layout.encoding == "windows-1252");
    CHECK(mapping.layout.formats.number.decimal == ',');
    CHECK(mapping.layout.formats.number.thousands == '.');
    CHECK(mapping.layout.skip_rows == 2);
    CHECK(mapping.gives(*find_entity("customer")));
    CHECK_FALSE(mapping.gives(*find_entity("invoice")));
}

TEST_CASE("a canonical header with an unknown, a missing and a doubtful column is refused once") {
    const auto& invoice = *find_entity("invoice");
    const auto text = refusal_of([&] {
        canonical_rule(invoice, {"external_id", "customer", "currency", "totl", "issue_date"}, {});
    });
    CHECK_THAT(text,
               Catch::Contains("\"totl\" is not a column of invoice; did you mean \"total\"?"));
    CHECK_THAT(text, Catch::Contains("the column \"total\" is missing"));
}

TEST_CASE("a canonical file of tombstones needs no other column") {
    REQUIRE_NOTHROW(canonical_rule(*find_entity("invoice"), {"external_id", "deleted"}, {}));
    REQUIRE_THROWS_AS(canonical_rule(*find_entity("invoice"), {"number", "deleted"}, {}), Error);
}

TEST_CASE("a delimiter or number format that can mean two things is refused") {
    REQUIRE_THROWS_AS(parse_delimiter("\""), Error);
    REQUIRE_THROWS_AS(parse_delimiter(""), Error);
    REQUIRE_THROWS_AS(parse_number_format(",", ","), Error);
    REQUIRE_THROWS_AS(parse_number_format(".", "5"), Error);
}

}  // namespace dunlin::csv::test
