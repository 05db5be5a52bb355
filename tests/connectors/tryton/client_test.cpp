// SPDX-License-Identifier: Apache-2.0
#include "fake_tryton.hpp"

#include <dunlin/http_date.hpp>

namespace dunlin::tryton::test {
namespace {

Client client_of(FakeTryton& server) {
    return {{"http://erp.test:8000", "books", "dunlin", [&server] { return server.password; }},
            server.send()};
}

/// What a call ends with: the status and the sentence.
std::pair<dunlin_status, std::string> failure_of(FakeTryton& server) {
    auto client = client_of(server);
    try {
        client.call("model.party.party.search", Json::array(), no_cancel());
    } catch (const Error& e) {
        return {e.status(), e.what()};
    }
    return {DUNLIN_OK, ""};
}

}  // namespace

TEST_CASE("a wrong password ends in one sentence that names the user and the remedy") {
    FakeTryton server;
    server.password = "bad";

    const auto [status, text] = failure_of(server);

    CHECK(status == DUNLIN_E_DENIED);
    CHECK(
        text ==
        "Tryton refuses the login of \"dunlin\" to the database \"books\"; correct \"user\" or the "
        "secret behind \"password\"");
    CHECK(server.logins == 1);
}

TEST_CASE("a refused login is not tried again, so that the user is not locked out") {
    FakeTryton server;
    server.password = "bad";
    auto client = client_of(server);

    CHECK_THROWS_WITH(client.count({"party.party"}, no_cancel()), Catch::Contains("refuses"));
    CHECK_THROWS_WITH(client.count({"party.party"}, no_cancel()), Catch::Contains("refuses"));

    CHECK(server.logins == 1);
}

TEST_CASE("an unknown database, a page that is no Tryton and a locked login say what they are") {
    const auto [reply, status, word] =
        GENERATE(table<int, dunlin_status, std::string>({{404, DUNLIN_E_INVALID, "no database"},
                                                         {429, DUNLIN_E_UNAVAILABLE, "wait"},
                                                         {503, DUNLIN_E_UNAVAILABLE, "503"},
                                                         {302, DUNLIN_E_INVALID, "\"url\""}}));
    FakeTryton server;
    server.next_replies = {reply_of(reply, "")};

    const auto failed = failure_of(server);

    CHECK(failed.first == status);
    CHECK_THAT(failed.second, Catch::Contains(word));
}

TEST_CASE("a reply that is no JSON is not taken for an empty one") {
    FakeTryton server;
    server.next_replies = {reply_of(200, "<html>")};

    CHECK(failure_of(server).first == DUNLIN_E_INVALID);
}

TEST_CASE("how long to wait is told to the host") {
    FakeTryton server;
    auto client = client_of(server);
    client.count({"party.party"}, no_cancel());
    server.next_replies = {reply_of(503, "")};
    server.next_replies[0].retry_after = std::chrono::seconds(7);
    try {
        client.count({"party.party"}, no_cancel());
        FAIL("it should have failed");
    } catch (const Error& e) {
        CHECK(Json::parse(e.detail_json()) == Json{{"retry_after_ms", 7000}});
    }
}

TEST_CASE("a session that ended is renewed once, and the call repeated") {
    FakeTryton server;
    auto client = client_of(server);
    client.count({"party.party"}, no_cancel());
    server.end_sessions();

    client.count({"party.party"}, no_cancel());

    CHECK(server.logins == 2);
}

TEST_CASE("what Tryton refuses is told in its words, an exception without its trace") {
    FakeTryton server;
    auto client = client_of(server);
    const auto failed_with = [&](const Json& error) -> std::pair<dunlin_status, std::string> {
        server.answers["model.x.search"] = {{"error", error}};
        try {
            client.ids({"x"}, no_cancel());
        } catch (const Error& e) {
            return {e.status(), e.what()};
        }
        return {DUNLIN_OK, ""};
    };

    const auto denied =
        failed_with({"UserError", {"You are not allowed to access \"Invoice\".", "", nullptr}});
    const auto broken = failed_with({"'nofield'", "Traceback: secret paths"});

    CHECK(denied.first == DUNLIN_E_DENIED);
    CHECK_THAT(denied.second, Catch::Contains("You are not allowed to access"));
    CHECK(broken.first == DUNLIN_E_INVALID);
    CHECK_THAT(broken.second, Catch::Contains("nofield") && !Catch::Contains("Traceback"));
}

TEST_CASE("the server's clock is read from its replies") {
    FakeTryton server;
    auto client = client_of(server);
    CHECK_FALSE(client.server_us());

    client.version(no_cancel());

    CHECK(client.server_us() == int64_t{1795324387} * 1000000);
    CHECK_FALSE(parse_http_date("yesterday"));
    CHECK_FALSE(parse_http_date("Sun, 31 Feb 2026 05:13:07 GMT"));
}

}  // namespace dunlin::tryton::test
