// SPDX-License-Identifier: Apache-2.0
#include "drop_folder.hpp"

#include <dunlin/abi/plugin.h>
#include <dunlin/guard.hpp>

#include <catch2/catch.hpp>

#include <support/clock_only.hpp>

#include <dlfcn.h>

namespace dunlin::csv::test {
namespace {

/// The built module under a host that has a clock and nothing else.
class LoadedPlugin {
public:
    LoadedPlugin() {
        host_.struct_size = sizeof host_;
        host_.get_service = &dunlin::test::clock_only;
        host_.err_set = &ErrorSink::set;
        void* library = ::dlopen(DUNLIN_BINARY_DIR "/plugins/csv/csv.so", RTLD_NOW | RTLD_LOCAL);
        if (!library) throw Error(DUNLIN_E_NOT_FOUND, ::dlerror());
        const auto query =
            reinterpret_cast<dunlin_plugin_query_v1_fn>(::dlsym(library, DUNLIN_QUERY_SYMBOL));
        desc = query();
        ErrorSink err;
        err.check(desc->create(&host_, &plugin, err.sink()), "create");
        connector = static_cast<const dunlin_connector_v1*>(
            plugin->get_extension(plugin, DUNLIN_EXT_CONNECTOR));
    }
    ~LoadedPlugin() { plugin->destroy(plugin); }
    LoadedPlugin(const LoadedPlugin&) = delete;
    LoadedPlugin& operator=(const LoadedPlugin&) = delete;

    const dunlin_plugin_desc* desc = nullptr;
    dunlin_plugin* plugin = nullptr;
    const dunlin_connector_v1* connector = nullptr;

private:
    dunlin_host host_{};
};

}  // namespace

TEST_CASE("the module gives its manifest, its entities and rows through the C contract") {
    const LoadedPlugin loaded;
    const auto& connector = *loaded.connector;
    CHECK(Json::parse(loaded.desc->manifest_json)["id"] == "csv");
    std::string description;
    const StringWriter writer(description);
    REQUIRE(connector.describe(loaded.plugin, writer.abi(), nullptr) == DUNLIN_OK);
    CHECK(Json::parse(description)["entities"].size() == 10);

    const DropFolder drop;
    drop.put("customer.csv", "external_id,name\nC1,Good Ltd\nC2\n");
    const auto config = Json{{"folder", drop.path().string()}, {"settle_seconds", 0}}.dump();
    dunlin_source* source = nullptr;
    dunlin_pull* pull = nullptr;
    REQUIRE(connector.open(loaded.plugin, to_abi("erp"), to_abi(config), &source, nullptr) ==
            DUNLIN_OK);
    const dunlin_pull_request request{
        sizeof request, DUNLIN_PULL_CHANGES, to_abi("customer"), {}, DUNLIN_NO_TIME, {}};
    REQUIRE(connector.pull(source, &request, nullptr, &pull, nullptr) == DUNLIN_OK);
    ArrowSchema schema{};
    ArrowArray rows{};
    dunlin_page page{sizeof page, 0, &schema, &rows, {}, {}, 0, 0, 0, 0};
    REQUIRE(connector.next(pull, &page, nullptr) == DUNLIN_OK);
    const Batch batch(schema, rows);
    CHECK(line_of(BatchView(batch), 0, {"external_id", "name"}) == "C1|Good Ltd");
    CHECK(Json::parse(to_view(page.errors_json))[0]["position"] == "customer.csv:3");
    CHECK(connector.next(pull, &page, nullptr) == DUNLIN_DONE);
    connector.end(pull);
    connector.close(source);
}

TEST_CASE("a source with an impossible setting is refused through the C contract with a sentence") {
    const LoadedPlugin loaded;
    ErrorSink err;
    dunlin_source* source = nullptr;
    const auto status = loaded.connector->open(loaded.plugin, to_abi("erp"),
                                               to_abi(R"({"folder":"/x","encoding":"klingon"})"),
                                               &source, err.sink());
    CHECK(status == DUNLIN_E_INVALID);
    CHECK_THAT(refusal_of([&] { err.check(status, "open"); }), Catch::Contains("klingon"));
}

}  // namespace dunlin::csv::test
