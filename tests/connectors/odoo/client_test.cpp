// SPDX-License-Identifier: Apache-2.0
#include "fake_odoo.hpp"

namespace dunlin::odoo::test {
namespace {

HttpReply reply(int32_t status, const std::string& body,
                const std::string& type = "application/json") {
    HttpReply out;
    out.status = status;
    out.body = body;
    out.headers = {{"content-type", type}};
    return out;
}

HttpReply odoo_error(const std::string& name, const std::string& message) {
    return reply(200, Json{{"error", {{"data", {{"name", name}, {"message", message}}}}}}.dump());
}

/// Status and message of a check that fails.
Error refusal(FakeOdoo& odoo, const Json& settings = Json::object()) {
    auto source = odoo.source(settings);
    try {
        source.check(no_cancel);
    } catch (const Error& e) {
        return e;
    }
    return {DUNLIN_OK, "nothing was refused"};
}

struct Case {
    HttpReply reply;
    dunlin_status status;
    std::string part;
};

}  // namespace

TEST_CASE("every refusal is one sentence that says what to do") {
    const std::vector<Case> cases{
        {odoo_error("odoo.exceptions.AccessDenied", "Access Denied"), DUNLIN_E_DENIED,
         "correct the secret \"erp\""},
        {odoo_error("psycopg2.OperationalError", "FATAL:  database \"books\" does not exist\n"),
         DUNLIN_E_INVALID, "has no database \"books\"; correct \"database\""},
        {odoo_error("odoo.exceptions.AccessError", "You are not allowed\nto"), DUNLIN_E_DENIED,
         "the user dunlin may not read"},
        {odoo_error("psycopg2.errors.SerializationFailure", "could not serialize access"),
         DUNLIN_E_UNAVAILABLE, "just now"},
        {odoo_error("builtins.ValueError", "Invalid field 'x'"), DUNLIN_E_DATA, "Invalid field"},
        {reply(503, "busy", "text/html"), DUNLIN_E_UNAVAILABLE, "HTTP 503"},
        {reply(404, "<html>", "text/html"), DUNLIN_E_INVALID,
         "there is no Odoo at http://erp.example"},
        {reply(200, "<html>", "text/html"), DUNLIN_E_INVALID, "correct \"url\""},
        {reply(403, ""), DUNLIN_E_DENIED, "let requests to /jsonrpc pass"},
        {reply(200, "{\"result\": "), DUNLIN_E_DATA, "is not JSON"},
        {reply(200, "[]"), DUNLIN_E_DATA, "without an object"},
    };
    for (const auto& [answer, status, part] : cases) {
        FakeOdoo odoo;
        odoo.broken = answer;
        const auto error = refusal(odoo);
        CAPTURE(answer.body, error.what());
        CHECK(error.status() == status);
        CHECK_THAT(error.what(), Catch::Contains(part));
        CHECK(std::string(error.what()).find('\n') == std::string::npos);
    }
}

TEST_CASE("a wait that Odoo asks for is handed on") {
    FakeOdoo odoo;
    odoo.broken = reply(429, "");
    odoo.broken.retry_after = std::chrono::milliseconds(7000);
    const auto error = refusal(odoo);
    CHECK(error.status() == DUNLIN_E_UNAVAILABLE);
    CHECK(Json::parse(error.detail_json())["retry_after_ms"] == 7000);
}

TEST_CASE(
    "a wrong user, an old Odoo and a company out of reach are refused before anything is read") {
    FakeOdoo odoo;
    odoo.login = false;
    CHECK_THAT(refusal(odoo).what(), Catch::Contains("does not know the user dunlin"));
    odoo.login = 7;
    const auto error = refusal(odoo, {{"companies", {"Northwind", "Elsewhere"}}});
    CHECK(error.status() == DUNLIN_E_DENIED);
    CHECK_THAT(error.what(), Catch::Contains("\"Elsewhere\"") && Catch::Contains("\"Abroad\""));
    odoo.version = "13.0";
    CHECK(refusal(odoo).status() == DUNLIN_E_UNSUPPORTED);
    CHECK(odoo.searched.empty());
}

TEST_CASE("a refused login is not tried again in the same run") {
    FakeOdoo odoo;
    odoo.login = false;
    auto source = odoo.source();
    CHECK_THROWS_AS(source.check(no_cancel), Error);
    odoo.login = 7;
    CHECK_THROWS_WITH(source.check(no_cancel), Catch::Contains("does not know the user"));
    CHECK_NOTHROW(odoo.source().check(no_cancel));
    auto waiting = odoo.source();
    odoo.broken = reply(503, "");
    CHECK_THROWS_AS(waiting.check(no_cancel), Error);
    odoo.broken = {};
    CHECK_NOTHROW(waiting.check(no_cancel));
}

TEST_CASE("a check says which companies are read and what is there") {
    FakeOdoo odoo;
    odoo.put("account.move", 5, invoice("INV/5", 10));
    auto source = odoo.source({{"companies", {"2"}}});
    const auto found = source.check(no_cancel);
    CHECK(found["companies"] == Json{"Abroad"});
    CHECK(found["version"] == "14.0");
    CHECK(found["counts"]["invoice"] == 1);
    CHECK_THAT(odoo.searched.back(), Catch::Contains("[\"company_id\",\"in\",[2]]"));
}

TEST_CASE("a user who may not write contacts is warned of before any is written back") {
    FakeOdoo odoo;
    odoo.may_create = false;
    const auto warnings = odoo.source().check(no_cancel)["warnings"];
    CHECK_THAT(warnings.back().get<std::string>(), Catch::Contains("\"Contact Creation\""));
}

TEST_CASE("an Odoo with reminders of its own is named") {
    FakeOdoo odoo;
    const auto warnings = odoo.source().check(no_cancel)["warnings"];
    REQUIRE(warnings.size() == 3);  // This one has every model there is.
    CHECK_THAT(warnings[0].get<std::string>(), Catch::Contains("reminded twice"));
}

}  // namespace dunlin::odoo::test
