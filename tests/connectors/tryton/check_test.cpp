// SPDX-License-Identifier: Apache-2.0
#include "fake_tryton.hpp"

namespace dunlin::tryton::test {
namespace {

std::string refusal_of(FakeTryton& server, const Json& settings = Json::object()) {
    try {
        server.source(settings)->check(no_cancel());
    } catch (const Error& e) {
        return e.what();
    }
    return {};
}

}  // namespace

TEST_CASE("a company that the user may not see is refused by name, with the remedy") {
    FakeTryton server;
    server.add("company.company",
               {{"id", 3}, {"party.", {{"name", "Hidden"}}}, {"currency.", {{"code", "EUR"}}}});

    CHECK_THAT(refusal_of(server, {{"companies", {"Hidden"}}}),
               Catch::Contains("\"dunlin\" may not see the company \"Hidden\""));
    CHECK_THAT(refusal_of(server, {{"companies", {"Mian"}}}),
               Catch::Contains("no company \"Mian\", only \"Main\", \"Hidden\""));
}

TEST_CASE("a second company is not left out in silence when the user's filter hides it") {
    FakeTryton server;
    server.add("company.company",
               {{"id", 2}, {"party.", {{"name", "Second"}}}, {"currency.", {{"code", "EUR"}}}});
    server.answers["model.res.user.get_preferences"]["company_filter"] = "one";

    CHECK_THAT(refusal_of(server, {{"companies", {"Main", "Second"}}}),
               Catch::Contains("set the company filter in its preferences to \"All\""));
}

TEST_CASE("missing rights are listed together") {
    FakeTryton server;
    server.answers["model.ir.model.access.get_access"] = {{"party.party", {{"read", 1}}}};

    CHECK_THAT(refusal_of(server), Catch::Contains("may not read party.address, ") &&
                                       Catch::Contains("account.move.line") &&
                                       !Catch::Contains("party.party"));
}

TEST_CASE("a database without invoices names the module to activate") {
    FakeTryton server;
    server.answers["model.ir.model.access.get_access"] = {{"error", {"'account.invoice'", ""}}};

    CHECK_THAT(refusal_of(server), Catch::Contains("activate the module account_invoice"));
}

TEST_CASE("Tryton's own active dunning is named with its numbers") {
    FakeTryton server;
    server.add("account.dunning", {{"id", 1}, {"state", "waiting"}});
    server.add("party.party", {{"id", 7}, {"dunning_procedure", 1}});

    const auto found = server.source()->check(no_cancel());

    CHECK(found["system"] == "Tryton 6.0.29");
    CHECK(found["own_dunning"]["reminders"] == 1);
    CHECK_THAT(found["warnings"][0].get<std::string>(),
               Catch::Contains("1 reminders, 1 customers"));
}

TEST_CASE("a user who may only read is warned of before anything is written back") {
    FakeTryton server;
    server.can_write = false;

    const auto found = server.source()->check(no_cancel())["warnings"];

    REQUIRE(found.size() == 1);
    CHECK_THAT(found[0].get<std::string>(),
               Catch::Contains("may not write ir.note, ir.attachment, party.party"));
}

TEST_CASE("without reminders and procedures there is nothing to warn of") {
    FakeTryton server;

    CHECK(server.source()->check(no_cancel())["warnings"].empty());
}

}  // namespace dunlin::tryton::test
