// SPDX-License-Identifier: Apache-2.0
#include "statements.hpp"

#include <dunlin/abi/plugin.h>
#include <dunlin/guard.hpp>

#include <catch2/catch.hpp>

#include <support/clock_only.hpp>

#include <dlfcn.h>

namespace dunlin::bank_statement::test {
TEST_CASE("the module gives its manifest and payments through the C contract") {
    void* const library = ::dlopen(DUNLIN_BINARY_DIR "/plugins/bank_statement/bank_statement.so",
                                   RTLD_NOW | RTLD_LOCAL);
    REQUIRE(library != nullptr);
    const auto query =
        reinterpret_cast<dunlin_plugin_query_v1_fn>(::dlsym(library, DUNLIN_QUERY_SYMBOL));
    const auto* const desc = query();
    CHECK(Json::parse(desc->manifest_json)["id"] == "bank_statement");
    dunlin_host host{};
    host.struct_size = sizeof host;
    host.get_service = &dunlin::test::clock_only;
    host.err_set = &ErrorSink::set;
    dunlin_plugin* plugin = nullptr;
    REQUIRE(desc->create(&host, &plugin, nullptr) == DUNLIN_OK);
    const auto& connector = *static_cast<const dunlin_connector_v1*>(
        plugin->get_extension(plugin, DUNLIN_EXT_CONNECTOR));

    const DropFolder drop;
    drop.put("a.sta",
             ":20:X\n:25:ACC\n:28C:1/1\n:60F:C260226EUR0,00\n:61:2602270227C1,00NTRFNONREF//R1\n"
             ":86:Invoice 4711\n:62F:C260227EUR1,00\n-\n");
    const auto config = Json{{"folder", drop.path().string()}, {"settle_seconds", 0}}.dump();
    dunlin_source* source = nullptr;
    dunlin_pull* pull = nullptr;
    REQUIRE(connector.open(plugin, to_abi("bank"), to_abi(config), &source, nullptr) == DUNLIN_OK);
    const dunlin_pull_request request{
        sizeof request, DUNLIN_PULL_CHANGES, to_abi("payment"), {}, DUNLIN_NO_TIME, {}};
    REQUIRE(connector.pull(source, &request, nullptr, &pull, nullptr) == DUNLIN_OK);
    ArrowSchema schema{};
    ArrowArray rows{};
    dunlin_page page{sizeof page, 0, &schema, &rows, {}, {}, 0, 0, 0, 0};
    REQUIRE(connector.next(pull, &page, nullptr) == DUNLIN_OK);
    const Batch batch(schema, rows);
    CHECK(line_of(BatchView(batch), 0,
                  {"external_id", "customer", "date", "amount", "reference", "status"}) ==
          "ACC/2026-02-27/1.00EUR/1/1/R1|-|2026-02-27|10000|Invoice 4711|posted");
    CHECK(connector.next(pull, &page, nullptr) == DUNLIN_DONE);
    connector.end(pull);
    connector.close(source);
    plugin->destroy(plugin);
}

}  // namespace dunlin::bank_statement::test
