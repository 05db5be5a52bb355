// SPDX-License-Identifier: Apache-2.0
// The operator's file of postcodes, and what is wrong with it.
#include <catch2/catch.hpp>

#include <dunlin/error.hpp>

#include "visits/postcode.hpp"

using namespace dunlin;
using namespace dunlin::receivables;
using Catch::Contains;

namespace {

const std::string head = "country,postcode,lat,lon\n";

std::string refusal(const std::string& csv) {
    try {
        parse_postcodes(csv);
    } catch (const Error& e) {
        return e.what();
    }
    return "none";
}

}  // namespace

TEST_CASE("a file of postcodes is refused with every line that is wrong") {
    CHECK_THAT(refusal(""), Contains("the file is empty"));
    CHECK_THAT(refusal("country;postcode;lat;lon\n"), Contains("no column \"country\""));
    CHECK_THAT(refusal("country,postcode,lat\n"), Contains("no column \"lon\""));
    CHECK_THAT(refusal(head + "DE,10115,52.5\n"), Contains("line 2: 3 fields"));
    CHECK_THAT(refusal(head + "Germany,10115,52.5,13.4\n"), Contains("\"Germany\" is no country"));
    CHECK_THAT(refusal(head + "DE, - ,52.5,13.4\n"), Contains("is no postcode"));
    CHECK_THAT(refusal(head + "DE,10115,90.1,13.4\n"), Contains("lat \"90.1\""));
    CHECK_THAT(refusal(head + "DE,10115,52.5,-180.5\n"), Contains("lon \"-180.5\""));
    CHECK_THAT(refusal(head + "DE,10115,52.5N,13.4\n"), Contains("lat \"52.5N\""));
    CHECK_THAT(refusal(head + "DE,10115,nan,13.4\n"), Contains("lat \"nan\""));
    CHECK_THAT(refusal(head + "DE,10115,,13.4\nX,1,1,1\n"),
               Contains("line 2") && Contains("line 3"));
    CHECK_THAT(refusal(head + "DE,10115,52.5,13.4\nde,10 115,52.6,13.4\n"),
               Contains("line 3: DE 10115 lies elsewhere in line 2"));
    std::string many = head;
    for (int i = 0; i < 12; ++i) many += "DE,1,x,1\n";
    CHECK_THAT(refusal(many), Contains("line 11") && Contains("and 2 more lines"));
}

TEST_CASE("postcodes are read in whatever order, case and quotes a file has them") {
    const auto read = parse_postcodes(
        "\xEF\xBB\xBFLon,Lat,\"Postcode\",country\r\n-0.14,51.5,\"sw1a 1aa\",gb\r\n\r\n"
        "-0.14,51.5,SW1A-1AA,GB\r\n13.4,52.5,10115,DE");

    REQUIRE(read.size() == 2);
    CHECK(read[0].country == "GB");
    CHECK(read[0].postcode == "SW1A1AA");
    CHECK(read[0].place.latitude == 51.5);
    CHECK(read[1].place.longitude == 13.4);
}

TEST_CASE("an address is looked for by its whole postcode and then by its area") {
    CHECK(postcode_keys(" sw1a 1aa") == std::vector<std::string>{"SW1A1AA", "SW1A"});
    CHECK(postcode_keys("10115") == std::vector<std::string>{"10115"});
    CHECK(postcode_keys(" ").empty());
}
