// SPDX-License-Identifier: Apache-2.0
// What dunlin_manifest_header() and DUNLIN_PLUGIN() make of a plugin.json.
#include <catch2/catch.hpp>

#include <dunlin/plugin.hpp>
#include "dunlin_manifest.h"

#include <fstream>
#include <iterator>

namespace {

class Long : public dunlin::Plugin<Long> {
public:
    using Plugin::Plugin;
};

}  // namespace

DUNLIN_PLUGIN(Long);

TEST_CASE("a manifest of any length is embedded byte by byte") {
    std::ifstream in(LONG_MANIFEST, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    REQUIRE(text.size() > 65536);
    CHECK(text == dunlin_plugin_query_v1()->manifest_json);
}

TEST_CASE("the descriptor repeats what the manifest says of the plugin") {
    const auto* desc = dunlin_plugin_query_v1();
    CHECK(desc->id == std::string("long"));
    CHECK(desc->version == std::string("1.2.3"));
    CHECK(desc->abi_minor_required == 7);
    CHECK(desc->abi_minor_built == DUNLIN_ABI_MINOR);
}
