// SPDX-License-Identifier: Apache-2.0
#include <dunlin/entry.hpp>
#include <dunlin/rotating_token.hpp>

#include <catch2/catch.hpp>

#include <deque>
#include <map>
#include <set>
#include <tuple>
#include <vector>

using namespace dunlin;
using Catch::Contains;

namespace {

/// A host with one secret, and another system whose answers are written down before.
struct FakeSystem {
    struct Answer {
        int status = 200;
        std::string body{};
        dunlin_status failure = DUNLIN_OK;  // No answer at all.
    };
    struct Asked {
        std::string url, authorization, body;
        std::string stored;  // What a crash at this moment would have left.
    };
    std::string stored = "first";
    std::deque<Answer> answers;  // Of the token endpoint.
    std::vector<Asked> asked;
    std::set<std::string> good;               // Access tokens.
    std::vector<std::string> kept_by_others;  // One at each keep(), which is a conflict then.
    std::vector<std::string> kept_before_us;  // One at each hold().
    dunlin_status hold_fails = DUNLIN_OK;
    bool is_held = false;

    static FakeSystem& of(void* handle) { return *static_cast<FakeSystem*>(handle); }

    static void get_service(dunlin_ctx*, const char* id, const void** table) {
        static const dunlin_config_v1 config{sizeof config, 0,           entry<settings>,
                                             entry<secret>, entry<hold>, entry<keep>,
                                             quiet<release>};
        static const dunlin_http_client_v1 http{sizeof http, 0, entry<send>};
        static const std::map<std::string, const void*> all{{DUNLIN_SVC_CONFIG, &config},
                                                            {DUNLIN_SVC_HTTP_CLIENT, &http}};
        const auto found = all.find(id);
        if (found == all.end()) throw Error(DUNLIN_E_UNSUPPORTED, "no such service");
        *table = found->second;
    }
    static void settings(dunlin_ctx*, const dunlin_writer* json) { write_to(json, "{}"); }
    static void secret(dunlin_ctx* ctx, std::string_view name, const dunlin_writer* value) {
        write_to(value, name == "client" ? "top secret" : of(ctx).stored);
    }
    static void hold(dunlin_ctx* ctx, std::string_view, dunlin_cancel*,
                     const dunlin_writer* current, dunlin_held_secret** out) {
        auto& self = of(ctx);
        if (self.hold_fails != DUNLIN_OK) throw Error(self.hold_fails, "not now");
        REQUIRE_FALSE(std::exchange(self.is_held, true));
        take(self.kept_before_us, self.stored);
        write_to(current, self.stored);
        *out = reinterpret_cast<dunlin_held_secret*>(&self);
    }
    static void keep(dunlin_held_secret* held, std::string_view value) {
        auto& self = of(held);
        if (take(self.kept_by_others, self.stored)) throw Error(DUNLIN_E_CONFLICT, "taken over");
        self.stored = value;
    }
    static void release(dunlin_held_secret* held) { of(held).is_held = false; }
    static bool take(std::vector<std::string>& values, std::string& to) {
        if (values.empty()) return false;
        if (!values.front().empty()) to = values.front();
        values.erase(values.begin());
        return true;
    }
    static void send(dunlin_ctx* ctx, const dunlin_http_request* in, dunlin_cancel*,
                     dunlin_http_response* out) {
        auto& self = of(ctx);
        Asked request{std::string(to_view(in->url)), "", std::string(to_view(in->body)),
                      self.stored};
        for (const auto& [name, value] :
             Json::parse(to_view(in->headers_json)).get<HttpHeaders>()) {
            if (name == "Authorization") request.authorization = value;
        }
        self.asked.push_back(request);
        write_to(&out->headers_json, "[]");
        out->http_status = 200;
        if (request.url != "https://id.example/token") {
            const auto access = request.authorization.substr(std::string("Bearer ").size());
            if (!self.good.count(access)) out->http_status = 401;
            return;
        }
        REQUIRE(self.is_held);
        REQUIRE_FALSE(self.answers.empty());
        const auto answer = self.answers.front();
        self.answers.pop_front();
        if (answer.failure != DUNLIN_OK) throw Error(answer.failure, "no answer");
        out->http_status = answer.status;
        out->retry_after_ms = answer.status == 429 ? 7000 : -1;
        write_to(&out->body, answer.body);
    }

    dunlin_host host{sizeof host,    1, 0, reinterpret_cast<dunlin_ctx*>(this), entry<get_service>,
                     &ErrorSink::set};
    Services services{&host};

    HttpReply get(TokenEndpoint endpoint = {.url = "https://id.example/token"}) {
        const RotatingToken token(services, "erp", std::move(endpoint));
        return token.send({"GET", "https://erp.example/rows"}, Cancel(nullptr, nullptr));
    }
    std::tuple<dunlin_status, std::string, std::string> failure() {
        try {
            get();
        } catch (const Error& e) {
            return {e.status(), e.what(), e.detail_json()};
        }
        return {DUNLIN_OK, "", ""};
    }
};

std::string pair_of(const std::string& access, const std::string& refresh) {
    return Json{{"access_token", access}, {"refresh_token", refresh}}.dump();
}

}  // namespace

TEST_CASE("while no token can be had the other system is away, and nobody has to sign in") {
    const auto [answer, wait] = GENERATE(table<FakeSystem::Answer, std::string>(
        {{{500, "oops"}, ""},
         {{503}, ""},
         {{408}, ""},
         {{429, R"({"error":"slow_down"})"}, R"({"retry_after_ms":7000})"},
         {{200, "<html>We will be back.</html>"}, ""},
         {{200, "[]"}, ""},
         {{200, R"({"access_token":7})"}, ""},
         {{200, "", DUNLIN_E_UNAVAILABLE}, ""},
         {{200, "", DUNLIN_E_TIMEOUT}, ""}}));
    FakeSystem system;
    system.answers = {answer};
    const auto [status, message, detail] = system.failure();
    CHECK(status == DUNLIN_E_UNAVAILABLE);
    CHECK(detail == wait);
    CHECK_THAT(message, !Contains("sign in"));
    CHECK(system.stored == "first");
    CHECK_FALSE(system.is_held);
}

TEST_CASE("only a refused refresh token wants a new sign-in, and names the secret") {
    const auto answer = GENERATE(FakeSystem::Answer{400, R"({"error":"invalid_grant"})"},
                                 FakeSystem::Answer{401, "no"});
    FakeSystem system;
    system.answers = {answer};
    const auto [status, message, detail] = system.failure();
    CHECK(status == DUNLIN_E_DENIED);
    CHECK_THAT(message, Contains("sign in there again") && Contains("\"erp\""));
    CHECK(system.asked.size() == 1);
}

TEST_CASE("a wrong client or address is another sentence") {
    FakeSystem system;
    system.answers = {{401, R"({"error":"invalid_client"})"}, {404, "nothing here"}};
    auto [status, message, detail] = system.failure();
    CHECK(status == DUNLIN_E_DENIED);
    CHECK_THAT(message, Contains("client id") && !Contains("sign in"));
    std::tie(status, message, detail) = system.failure();
    CHECK(status == DUNLIN_E_INVALID);
    CHECK_THAT(message, Contains("HTTP 404") && Contains("address"));
}

TEST_CASE("a secret without a refresh token says what belongs there") {
    FakeSystem system;
    system.stored = R"({"access_token":"a"})";
    const auto [status, message, detail] = system.failure();
    CHECK(status == DUNLIN_E_DENIED);
    CHECK_THAT(message, Contains("refresh_token"));
}

TEST_CASE("who waits in vain for the others may try again") {
    FakeSystem system;
    system.hold_fails = GENERATE(as<dunlin_status>{}, DUNLIN_E_TIMEOUT, DUNLIN_E_CONFLICT);
    CHECK(std::get<0>(system.failure()) == DUNLIN_E_UNAVAILABLE);
    system.hold_fails = DUNLIN_E_UNSUPPORTED;
    CHECK(std::get<0>(system.failure()) == DUNLIN_E_UNSUPPORTED);
}

TEST_CASE("a new token is kept before it is used") {
    FakeSystem system;
    system.good = {"a2"};
    system.answers = {{200, pair_of("a2", "r2")}};
    CHECK(system.get().status == 200);
    REQUIRE(system.asked.size() == 2);
    CHECK(system.asked[0].body == "grant_type=refresh_token&refresh_token=first");
    CHECK(system.asked[1].authorization == "Bearer a2");
    CHECK(system.asked[1].stored == pair_of("a2", "r2"));
    CHECK(system.get().status == 200);
    CHECK(system.asked.size() == 3);
}

TEST_CASE("a token that is refused is renewed once, and a second refusal is the caller's") {
    FakeSystem system;
    system.stored = pair_of("a1", "r1");
    system.answers = {{200, R"({"access_token":"a2"})"}};  // The refresh token stays.
    CHECK(system.get().status == 401);
    REQUIRE(system.asked.size() == 3);
    CHECK(system.stored == pair_of("a2", "r1"));
}

TEST_CASE("what another one renewed meanwhile is used, and nothing is asked") {
    FakeSystem system;
    system.stored = pair_of("a1", "r1");
    system.good = {"a2"};
    system.kept_before_us = {pair_of("a2", "r2")};
    CHECK(system.get().status == 200);
    REQUIRE(system.asked.size() == 2);
    CHECK(system.asked[1].authorization == "Bearer a2");
}

TEST_CASE("an answer is not lost when another one took over while it was on its way") {
    FakeSystem system;
    system.stored = pair_of("a1", "r1");
    system.good = {"a2"};
    system.answers = {{200, pair_of("a2", "r2")}};
    system.kept_by_others = {""};  // Took it and kept nothing.
    CHECK(system.get().status == 200);
    CHECK(system.stored == pair_of("a2", "r2"));

    system.stored = pair_of("a1", "r1");
    system.good = {"a3"};
    system.answers = {{200, pair_of("a2", "r2")}};
    system.kept_by_others = {pair_of("a3", "r3")};
    CHECK(system.get().status == 200);
    CHECK(system.stored == pair_of("a3", "r3"));
}

TEST_CASE("the client names itself in the header or in the body") {
    FakeSystem system;
    system.good = {"a2"};
    system.answers = {{200, pair_of("a2", "r2")}};
    TokenEndpoint endpoint{
        .url = "https://id.example/token", .client_id = "dun lin", .client_secret = "client"};
    system.get(endpoint);
    CHECK(system.asked[0].authorization == "Basic ZHVuJTIwbGluOnRvcCUyMHNlY3JldA==");

    endpoint.is_in_header = false;
    system.stored = "first";
    system.answers = {{200, pair_of("a2", "r2")}};
    system.get(endpoint);
    CHECK_THAT(system.asked[2].body, Contains("&client_id=dun%20lin&client_secret=top%20secret"));
    CHECK(system.asked[2].authorization.empty());
}
