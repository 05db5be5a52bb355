// SPDX-License-Identifier: Apache-2.0
#include "sample.hpp"

#include <dunlin/abi/plugin.h>
#include <dunlin/guard.hpp>

#include <support/clock_only.hpp>

#include <dlfcn.h>

namespace dunlin::ubl::test {
TEST_CASE("the module gives its entities, rows and refusals through the C contract") {
    void* library = ::dlopen(DUNLIN_BINARY_DIR "/plugins/ubl/ubl.so", RTLD_NOW | RTLD_LOCAL);
    REQUIRE(library != nullptr);
    const auto query =
        reinterpret_cast<dunlin_plugin_query_v1_fn>(::dlsym(library, DUNLIN_QUERY_SYMBOL));
    const auto* desc = query();
    CHECK(Json::parse(desc->manifest_json)["id"] == "ubl");
    dunlin_host host{};
    host.struct_size = sizeof host;
    host.get_service = &dunlin::test::clock_only;
    host.err_set = &ErrorSink::set;
    dunlin_plugin* plugin = nullptr;
    ErrorSink err;
    err.check(desc->create(&host, &plugin, err.sink()), "create");
    const auto& connector = *static_cast<const dunlin_connector_v1*>(
        plugin->get_extension(plugin, DUNLIN_EXT_CONNECTOR));
    std::string description;
    const StringWriter writer(description);
    REQUIRE(connector.describe(plugin, writer.abi(), nullptr) == DUNLIN_OK);
    CHECK(Json::parse(description)["entities"].size() == 8);

    const Drop drop;
    drop.put("a.xml", ubl_invoice());
    drop.put("b.xml", "no document");
    const auto config = Json{
        {"folder", drop.path().string()},
        {"archive_path", drop.archive.path().string()},
        {"settle_seconds",
         0}}.dump();
    dunlin_source* source = nullptr;
    dunlin_pull* pull = nullptr;
    REQUIRE(connector.open(plugin, to_abi("peppol"), to_abi(config), &source, nullptr) ==
            DUNLIN_OK);
    const dunlin_pull_request request{
        sizeof request, DUNLIN_PULL_CHANGES, to_abi("invoice"), {}, DUNLIN_NO_TIME, {}};
    REQUIRE(connector.pull(source, &request, nullptr, &pull, nullptr) == DUNLIN_OK);
    ArrowSchema schema{};
    ArrowArray rows{};
    dunlin_page page{sizeof page, 0, &schema, &rows, {}, {}, 0, 0, 0, 0};
    REQUIRE(connector.next(pull, &page, nullptr) == DUNLIN_OK);
    const Batch batch(schema, rows);
    CHECK(line_of(BatchView(batch), 0, {"number", "total"}) == "R/17|1740000");
    CHECK(Json::parse(to_view(page.errors_json))[0]["position"] == "b.xml:1");
    CHECK(connector.next(pull, &page, nullptr) == DUNLIN_DONE);
    connector.end(pull);
    connector.close(source);
    plugin->destroy(plugin);
}

}  // namespace dunlin::ubl::test
