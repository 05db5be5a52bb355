// SPDX-License-Identifier: Apache-2.0
#include "support/instance.hpp"

#include <catch2/catch.hpp>

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;
using host::Principal;

namespace {

InstanceOptions with_both() {
    InstanceOptions options;
    options.has_shipped_plugins = false;
    options.test_plugins = {"alpha", "beta"};
    return options;
}

Json adding(bool fails) {
    return {{"name", "a"}, {"amount", 1}, {"fail", fails}};
}

Json relay(const char* command, const Json& request, bool is_tolerant = false) {
    return {{"command", command}, {"request", request}, {"is_tolerant", is_tolerant}};
}

Json asking(const char* command, const Json& request = Json::object()) {
    return {{"command", command}, {"request", request}};
}

}  // namespace

TEST_CASE("a nested action writes its own plugin's tables and commits with the outer one") {
    Instance instance(GENERATE(Dialect::sqlite, Dialect::postgresql), with_both());

    CHECK(instance.call("beta.relay", relay("alpha.add", adding(false)))["sum"] == 1);

    CHECK(instance.call("alpha.sum")["sum"] == 1);
    CHECK(instance.cell("SELECT count(*) FROM dunlin_event") == 1);
}

TEST_CASE("a nested failure undoes the callee's rows and events and nothing else") {
    Instance instance(GENERATE(Dialect::sqlite, Dialect::postgresql), with_both());

    const auto reply = instance.call("beta.relay", relay("alpha.add", adding(true), true));

    CHECK(reply["failed"] == "asked to fail");
    CHECK(instance.call("alpha.sum")["sum"] == 0);
    CHECK(instance.cell("SELECT count(*) FROM dunlin_event") == 0);
    CHECK(instance.cell("SELECT count(*) FROM dunlin_audit") == 1);
}

TEST_CASE("a cycle of commands is refused and shown") {
    Instance instance(GENERATE(Dialect::sqlite, Dialect::postgresql), with_both());
    const auto inner = relay("alpha.relay", relay("beta.sum", Json::object()));

    const auto error = error_of([&] { instance.call("alpha.relay", relay("beta.relay", inner)); });

    CHECK_THAT(error, Contains("alpha.relay → beta.relay → alpha.relay"));
}

TEST_CASE("a query calls queries only") {
    Instance instance(Dialect::sqlite, with_both());

    CHECK(instance.call("beta.ask", asking("alpha.sum"))["sum"] == 0);
    CHECK_THAT(error_of([&] { instance.call("beta.ask", asking("alpha.add", adding(false))); }),
               Contains("only queries"));
}

TEST_CASE("a nested call needs the permission of the one who asked first") {
    Instance instance(Dialect::sqlite, with_both());
    Principal principal;
    principal.name = "token:b";
    principal.permissions = {"beta.read"};

    CHECK_THAT(error_of([&] { instance.call("beta.ask", asking("alpha.sum"), principal); }),
               Contains("token:b") && Contains("alpha.read"));
}

TEST_CASE("a plugin reads another's granted view and nothing else of it") {
    Instance instance(GENERATE(Dialect::sqlite, Dialect::postgresql), with_both());
    const auto run = [&](const char* sql) {
        return instance.status_of("beta.sql", {{"sql", sql}});
    };

    CHECK(run("INSERT INTO beta_thing (name, id, amount) SELECT name, id, amount "
              "FROM alpha_v1_thing") == DUNLIN_OK);
    CHECK(run("INSERT INTO beta_thing (name, id, amount) SELECT name, id, amount "
              "FROM alpha_thing") == DUNLIN_E_DENIED);
    CHECK(run("DELETE FROM alpha_thing") == DUNLIN_E_DENIED);
    CHECK(run("DELETE FROM dunlin_audit") == DUNLIN_E_DENIED);
}
