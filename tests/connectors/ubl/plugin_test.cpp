// SPDX-License-Identifier: Apache-2.0
#include <support/loaded_connector.hpp>

#include "sample.hpp"

namespace dunlin::ubl::test {

TEST_CASE("the module gives its entities, rows and refusals through the C contract") {
    const dunlin::test::LoadedConnector ubl("ubl");
    CHECK(ubl.manifest()["id"] == "ubl");
    CHECK(ubl.description()["entities"].size() == 8);

    const Drop drop;
    drop.put("a.xml", ubl_invoice());
    drop.put("b.xml", "no document");
    const auto page = ubl.only_page({{"folder", drop.path().string()},
                                     {"archive_path", drop.archive.path().string()},
                                     {"settle_seconds", 0}},
                                    "invoice");
    CHECK(line_of(BatchView(page.rows), 0, {"number", "total"}) == "R/17|1740000");
    CHECK(page.errors[0]["position"] == "b.xml:1");
}

}  // namespace dunlin::ubl::test
