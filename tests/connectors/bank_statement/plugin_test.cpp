// SPDX-License-Identifier: Apache-2.0
#include <support/loaded_connector.hpp>

#include "statements.hpp"

namespace dunlin::bank_statement::test {

TEST_CASE("the module gives its manifest and payments through the C contract") {
    const dunlin::test::LoadedConnector bank("bank_statement");
    CHECK(bank.manifest()["id"] == "bank_statement");

    const DropFolder drop;
    drop.put("a.sta",
             ":20:X\n:25:ACC\n:28C:1/1\n:60F:C260226EUR0,00\n:61:2602270227C1,00NTRFNONREF//R1\n"
             ":86:Invoice 4711\n:62F:C260227EUR1,00\n-\n");
    const auto page =
        bank.only_page({{"folder", drop.path().string()}, {"settle_seconds", 0}}, "payment");
    CHECK(line_of(BatchView(page.rows), 0,
                  {"external_id", "customer", "date", "amount", "reference", "status"}) ==
          "ACC/2026-02-27/1.00EUR/1/1/R1|-|2026-02-27|10000|Invoice 4711|posted");
}

}  // namespace dunlin::bank_statement::test
