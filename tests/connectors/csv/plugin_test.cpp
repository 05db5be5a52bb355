// SPDX-License-Identifier: Apache-2.0
#include <support/loaded_connector.hpp>

#include "drop_folder.hpp"

namespace dunlin::csv::test {

using dunlin::test::LoadedConnector;

TEST_CASE("the module gives its manifest, its entities and rows through the C contract") {
    const LoadedConnector csv("csv");
    CHECK(csv.manifest()["id"] == "csv");
    CHECK(csv.description()["entities"].size() == 10);

    const DropFolder drop;
    drop.put("customer.csv", "external_id,name\nC1,Good Ltd\nC2\n");
    const auto page =
        csv.only_page({{"folder", drop.path().string()}, {"settle_seconds", 0}}, "customer");
    CHECK(line_of(BatchView(page.rows), 0, {"external_id", "name"}) == "C1|Good Ltd");
    CHECK(page.errors[0]["position"] == "customer.csv:3");
}

TEST_CASE("a source with an impossible setting is refused through the C contract with a sentence") {
    const LoadedConnector csv("csv");
    CHECK_THAT(refusal_of([&] {
                   csv.open({{"folder", "/x"}, {"encoding", "klingon"}});
               }),
               Catch::Contains("klingon"));
}

}  // namespace dunlin::csv::test
