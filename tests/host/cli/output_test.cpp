// SPDX-License-Identifier: Apache-2.0
#include "cli/output.hpp"

#include <dunlin/error.hpp>

#include <catch2/catch.hpp>

#include <sstream>

using namespace dunlin;
using namespace dunlin::host;

namespace {

std::string printed(const char* json, Format format, const std::string& rows = {}) {
    std::ostringstream out;
    print(out, Ordered::parse(json), format, rows);
    return out.str();
}

}  // namespace

TEST_CASE("several lists in one reply are refused for csv and named") {
    const auto reply = R"({"rows":[{"a":1}],"totals":[{"b":2}]})";

    CHECK_THROWS_WITH(printed(reply, Format::csv), Catch::Contains("rows, totals"));
    CHECK_THROWS_WITH(printed(reply, Format::csv, "none"), Catch::Contains("no list \"none\""));
    CHECK(printed(reply, Format::csv, "totals") == "b\r\n2\r\n");
}

TEST_CASE("csv quotes what needs it and nothing else") {
    const auto reply = R"({"rows":[{"name":"A, \"B\"\n","open":{"amount":"-1.50","currency":"EUR"}},
                                   {"name":"C","open":null,"extra":[1,2]}]})";

    CHECK(printed(reply, Format::csv) ==
          "name,open.amount,open.currency,open,extra\r\n"
          "\"A, \"\"B\"\"\n\",-1.50,EUR,,\r\n"
          "C,,,,\"[1,2]\"\r\n");
}

TEST_CASE("a table puts amounts to the right and text to the left") {
    const auto reply = R"({"as_of":"2024-05-31","rows":[
        {"name":"Ärger","open":{"amount":"5.00","currency":"EUR"}},
        {"name":"B","open":{"amount":"1234.50","currency":"EUR"}}]})";

    CHECK(printed(reply, Format::table) ==
          "as_of  2024-05-31\n"
          "rows\n"
          "  name          open\n"
          "  Ärger     5.00 EUR\n"
          "  B      1234.50 EUR\n");
}

TEST_CASE("a list inside a row stands below it") {
    const auto reply = R"([{"id":"1","rules":[{"points":3,"rule":"late"}]},{"id":"2","rules":[]}])";

    CHECK(printed(reply, Format::table) ==
          "  id\n"
          "   1\n"
          "      rules: points 3, rule late\n"
          "   2\n");
}

TEST_CASE("stored text cannot send commands to the terminal") {
    CHECK(printed(R"({"name":"a\u001b[2Jb"})", Format::table) == "name  a [2Jb\n");
}

TEST_CASE("an empty list says so, and json keeps the order of the reply") {
    CHECK(printed("[]", Format::table) == "(none)\n");
    CHECK(printed(R"({"b":1,"a":2})", Format::json) == "{\n  \"b\": 1,\n  \"a\": 2\n}\n");
}
