// SPDX-License-Identifier: Apache-2.0
#include "support/instance.hpp"

#include <catch2/catch.hpp>

using namespace dunlin;
using namespace dunlin::test;

namespace {

InstanceOptions with_hellos() {
    InstanceOptions options;
    options.has_shipped_plugins = false;
    options.test_plugins = {"hello_c", "hello_rust", "alpha"};
    return options;
}

}  // namespace

TEST_CASE("plugins in C, Rust and C++ live beside each other") {
    Instance instance(GENERATE(Dialect::sqlite, Dialect::postgresql), with_hellos());
    const std::string id = GENERATE("hello_c", "hello_rust");

    const auto reply = instance.call(id + ".remember", {{"text", "knot, sanderling"}});

    const auto notes = instance.call(id + ".recall")["notes"];
    REQUIRE(notes.size() == 1);
    CHECK(notes[0] == Json{{"id", reply["id"]}, {"text", "knot, sanderling"}});
    CHECK(instance.host().events().deliver_pending() == 1);
    CHECK(instance.call(id + ".recall")["deliveries"] == 1);
}

TEST_CASE("a rollback undoes the row and the event of a plugin in any language") {
    Instance instance(GENERATE(Dialect::sqlite, Dialect::postgresql), with_hellos());
    const std::string id = GENERATE("hello_c", "hello_rust");

    CHECK(instance.status_of(id + ".remember", {{"text", "x"}, {"fail", true}}) != DUNLIN_OK);

    CHECK(instance.call(id + ".recall")["notes"].empty());
    CHECK(instance.host().events().deliver_pending() == 0);
}
