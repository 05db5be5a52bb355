// SPDX-License-Identifier: Apache-2.0
#include "support/instance.hpp"

#include <catch2/catch.hpp>

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;
using host::Principal;

namespace {

InstanceOptions with_alpha() {
    InstanceOptions options;
    options.has_shipped_plugins = false;
    options.test_plugins = {"alpha", "beta"};
    options.toml = "[secrets]\nknown = \"env:DUNLIN_TEST_SECRET\"\n";
    return options;
}

Principal reader() {
    Principal out;
    out.name = "token:reader";
    out.permissions = {"alpha.read"};
    return out;
}

Json one(const char* name = "a", int amount = 1) {
    return {{"name", name}, {"amount", amount}};
}

#define ON_BOTH GENERATE(Dialect::sqlite, Dialect::postgresql), with_alpha()

}  // namespace

TEST_CASE("an action commits its row, its event and its audit entry, and a query sees them") {
    Instance instance(ON_BOTH);

    CHECK(instance.call("alpha.add", one())["sum"] == 1);

    CHECK(instance.call("alpha.sum")["sum"] == 1);
    CHECK(instance.cell("SELECT count(*) FROM dunlin_event") == 1);
    CHECK(instance.cell("SELECT status FROM dunlin_audit") == "ok");
}

TEST_CASE("an action that fails leaves neither row nor event nor audit entry") {
    Instance instance(ON_BOTH);
    auto request = one();
    request["fail"] = true;

    CHECK(instance.status_of("alpha.add", request) == DUNLIN_E_CONFLICT);

    CHECK(instance.call("alpha.sum")["sum"] == 0);
    CHECK(instance.cell("SELECT count(*) FROM dunlin_event") == 0);
    CHECK(instance.cell("SELECT count(*) FROM dunlin_audit") == 0);
}

TEST_CASE("a missing permission is refused and kept in the audit") {
    Instance instance(ON_BOTH);

    const auto error = error_of([&] { instance.call("alpha.add", one(), reader()); });

    CHECK_THAT(error, Contains("token:reader") && Contains("alpha.write"));
    const auto rows = instance.sql("SELECT principal, command, status FROM dunlin_audit");
    REQUIRE(rows.size() == 1);
    CHECK(rows[0] == std::vector<Json>{"token:reader", "alpha.add", "denied"});
}

TEST_CASE("a request that breaks its schema gets every violation") {
    Instance instance(Dialect::sqlite, with_alpha());
    const Json request = {{"name", "A1"},  {"amount", 0},  {"on", "2023-02-30"},
                          {"colour", "x"}, {"shape", "y"}, {"tags", {"red", "blue"}}};

    const auto error = error_of([&] { instance.call("alpha.add", request); });

    CHECK_THAT(error, Contains("name: must match ^[a-z]+$"));
    CHECK_THAT(error, Contains("amount: Expected number greater than or equal to 1"));
    CHECK_THAT(error, Contains("on: must be a date such as"));
    CHECK_THAT(error, Contains("tags[1]: must be one of"));
    CHECK_THAT(error, Contains("'colour'") && Contains("'shape'"));
}

TEST_CASE("a date that no calendar has is refused by the name of its member") {
    Instance instance(Dialect::sqlite, with_alpha());
    const auto refusal = [&](const char* date) {
        return error_of([&] { instance.call("alpha.add", {{"name", "a"}, {"on", date}}); });
    };

    for (const auto* date :
         {"2023-02-29", "1900-02-29", "2024-02-30", "2024-04-31", "0000-01-01"}) {
        CHECK_THAT(refusal(date), Contains("on: must be a date such as 2026-02-28"));
    }
    for (const auto* date : {"2024-02-29", "2000-02-29", "2023-02-28", "1996-02-29"}) {
        CHECK_THAT(refusal(date), !Contains("date"));
    }
}

TEST_CASE("texts that would exhaust a stack or a memory are refused") {
    Instance instance(Dialect::sqlite, with_alpha());
    auto& commands = instance.host().commands();
    const auto call = [&](const std::string& text) {
        return error_of([&] { commands.call(Principal::of_operator(), "alpha.add", text); });
    };

    CHECK_THAT(call(std::string(900'000, '[')), Contains("nests deeper"));
    CHECK_THAT(call(one(std::string(900'000, 'a').c_str()).dump()), Contains("no more than 4096"));
    CHECK_THAT(call(std::string(1'100'000, ' ')), Contains("larger than 1 MB"));
    CHECK_THAT(call("{\"name\":"), Contains("is not JSON"));
    CHECK_THAT(call("{\"name\":1e999}"), Contains("is not JSON"));
}

TEST_CASE("the same idempotency key gives the first reply, another request a conflict") {
    Instance instance(ON_BOTH);
    host::CallOptions options;
    options.idempotency_key = "k1";

    const auto first = instance.call("alpha.add", one("a", 5), Principal::of_operator(), options);
    const auto second = instance.call("alpha.add", one("a", 5), Principal::of_operator(), options);

    CHECK(first == second);
    CHECK(instance.call("alpha.sum")["sum"] == 5);
    CHECK_THAT(error_of([&] {
                   instance.call("alpha.add", one("a", 6), Principal::of_operator(), options);
               }),
               Contains("k1") && Contains("another request"));
}

TEST_CASE("a failed action leaves its idempotency key free") {
    Instance instance(ON_BOTH);
    host::CallOptions options;
    options.idempotency_key = "k1";
    auto failing = one();
    failing["fail"] = true;

    error_of([&] { instance.call("alpha.add", failing, Principal::of_operator(), options); });

    CHECK(instance.call("alpha.add", one(), Principal::of_operator(), options)["sum"] == 1);
}

TEST_CASE("a query cannot write") {
    Instance instance(ON_BOTH);

    CHECK(instance.status_of("alpha.sum", {{"sneak", true}}) != DUNLIN_OK);

    CHECK(instance.call("alpha.sum")["sum"] == 0);
}

TEST_CASE("another business date needs its permission") {
    Instance instance(Dialect::sqlite, with_alpha());
    host::CallOptions options;
    options.today = Date::parse("2025-12-31");

    CHECK(instance.call("alpha.sum")["today"] == "2026-03-02");
    CHECK(instance.call("alpha.sum", Json::object(), Principal::of_operator(), options)["today"] ==
          "2025-12-31");
    CHECK_THAT(error_of([&] { instance.call("alpha.sum", Json::object(), reader(), options); }),
               Contains("host.override_date"));
}

TEST_CASE("a reply larger than 64 MB is refused") {
    auto options = with_alpha();
    options.checks_replies = false;
    Instance instance(Dialect::sqlite, options);

    CHECK_THAT(error_of([&] {
                   instance.call("alpha.big", {{"megabytes", 65}});
               }),
               Contains("alpha.big") && Contains("64 MB"));
}

TEST_CASE("a restricted principal sees its scope only, through scoped commands only") {
    Instance instance(ON_BOTH);
    instance.call("alpha.add", one("red"));
    instance.call("alpha.add", one("green"));
    auto restricted = reader();
    restricted.scopes["team"] = {"red"};

    CHECK(instance.call("alpha.things", Json::object(), restricted) == Json{"red"});
    CHECK(instance.call("alpha.things") == Json{"green", "red"});
    CHECK_THAT(error_of([&] { instance.call("alpha.sum", Json::object(), restricted); }),
               Contains("does not keep to scopes"));
}

TEST_CASE("texts from a command line become what the schema says") {
    Instance instance(Dialect::sqlite, with_alpha());
    const auto* spec = instance.host().plugins().command("alpha.add");
    REQUIRE(spec);

    const auto request = instance.host().commands().request_from_texts(
        *spec, {{"name", "12"}, {"amount", "12"}, {"fail", "true"}, {"tags", "red,green"}});

    CHECK(request ==
          Json{{"name", "12"}, {"amount", 12}, {"fail", true}, {"tags", {"red", "green"}}});
}

TEST_CASE("a plugin that breaks the contract's rules is refused and named") {
    Instance instance(Dialect::sqlite, with_alpha());
    const auto try_to = [&](const char* how) {
        return error_of([&] { instance.call("alpha.misuse", {{"how", how}}); });
    };

    CHECK_THAT(try_to("commit"), Contains("the host ends the one it gave to a handler"));
    CHECK_THAT(try_to("topic"), Contains("other.topic"));
    CHECK_THAT(try_to("payload"), Contains("unknown member 'nam'"));
    CHECK_THAT(try_to("secret"), Contains("\"secret:unknown\""));
    CHECK_THAT(try_to("call"), Contains("\"calls\""));
}

TEST_CASE("a policy is found by date, and a secret never reaches the log") {
    ::setenv("DUNLIN_TEST_SECRET", "hunter2hunter2", /*overwrite=*/1);
    Instance instance(ON_BOTH);

    const auto policies = instance.call("alpha.misuse", {{"how", "policy"}});
    CHECK(policies[0]["body"]["n"] == 1);
    CHECK(policies[1]["version"] == 2);
    CHECK(policies[2] == false);
    CHECK(instance.call("alpha.misuse", {{"how", "known"}}) == "hunter2hunter2");
    instance.host().log().info("test", "it is hunter2hunter2");
    CHECK_THAT(instance.log(), !Contains("hunter2hunter2"));
}

TEST_CASE("a token gives its roles' permissions, and no other text gives any") {
    Instance instance(ON_BOTH);

    const auto token = instance.host().create_token("r", {"alpha_reader"}, {{"team", {"red"}}});

    const auto principal = instance.host().authenticate(token);
    REQUIRE(principal);
    CHECK(principal->name == "token:r");
    CHECK(principal->may("alpha.read"));
    CHECK_FALSE(principal->may("alpha.write"));
    CHECK(principal->scopes.at("team") == std::set<std::string>{"red"});
    CHECK_FALSE(instance.host().authenticate(token + "x"));
    CHECK_THAT(error_of([&] { instance.host().create_token("x", {"nobody"}, {}); }),
               Contains("alpha_reader"));
}
