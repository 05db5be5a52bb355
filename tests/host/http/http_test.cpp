// SPDX-License-Identifier: Apache-2.0
#include "host/http/client.hpp"

#include <catch2/catch.hpp>

using namespace dunlin;
using namespace dunlin::test;

namespace {

const std::string remember = "/api/v1/hello_c.remember";
const std::string recall = "/api/v1/hello_c.recall";

/// Every $ref of a document leads somewhere, and no word of draft-07 that 3.0 lacks is left.
void check_schema(const Json& document, const Json& at) {
    if (at.is_object() && at.contains("$ref")) {
        const auto target = at["$ref"].get<std::string>().substr(1);
        CHECK(document.contains(Json::json_pointer(target)));
    }
    if (at.is_object()) {
        CHECK_FALSE(at.contains("const"));
        CHECK_FALSE(at.contains("definitions"));
        CHECK_FALSE((at.contains("type") && at["type"].is_array()));
    }
    if (at.is_structured()) {
        for (const auto& inner : at) check_schema(document, inner);
    }
}

}  // namespace

TEST_CASE("a command without a token, or with a wrong one, is refused and says how to get one") {
    Served served;
    const auto header = GENERATE(as<std::string>{}, "", "Authorization: Bearer dunlin_wrong\r\n",
                                 "Authorization: Basic dTpw\r\n", "Authorization: Bearer \r\n");

    const auto answer = served.get(recall, header);

    CHECK(answer.status == 401);
    CHECK_THAT(answer.head, Catch::Contains("WWW-Authenticate: Bearer"));
    CHECK_THAT(answer.head, Catch::Contains("application/problem+json"));
    CHECK_THAT(answer.json()["detail"].get<std::string>(), Catch::Contains("dunlin token create"));
}

TEST_CASE("a token without the permission is refused") {
    Served served;
    const auto bare = served.instance.host().create_token("bare", {}, {});

    const auto answer = served.get(recall, "Authorization: Bearer " + bare + "\r\n");

    CHECK(answer.status == 403);
    CHECK(answer.json()["dunlin_status"] == "denied");
}

TEST_CASE("an unknown command or path is not found, however it is written") {
    Served served;
    const auto path = GENERATE(as<std::string>{}, "/api/v1/hello_c.forget", "/api/v1/",
                               "/api/v1/..%2f..%2fetc/passwd", "/../../etc/passwd", "/etc/passwd",
                               "/api/v1/%ff%fe", "/api/v1/host.secrets");

    const auto answer = served.get(path, served.bearer());

    CHECK(answer.status == 404);
    CHECK(answer.json()["status"] == 404);
}

TEST_CASE("a request that breaks its schema is told every violation") {
    Served served;

    const auto answer = served.post(remember, R"({"fail":"x","colour":1})", served.bearer()).json();

    CHECK(answer["status"] == 422);
    CHECK(answer["dunlin_status"] == "invalid");
    CHECK(answer["instance"] == remember);
    CHECK(answer["violations"].size() >= 3);
    CHECK_THAT(answer["violations"].dump(),
               Catch::Contains("text") && Catch::Contains("fail") && Catch::Contains("colour"));
}

TEST_CASE("what is no JSON request is refused before the command sees it") {
    Served served;

    CHECK(served.post(remember, "{\"text\":", served.bearer()).status == 400);
    CHECK(served.post(remember, "[]", served.bearer()).status == 422);
    CHECK(served.post(remember, "{}", served.bearer(), "text/plain").status == 415);
    CHECK(served.post(remember + "?text=a", "{}", served.bearer()).status == 422);
    CHECK(served.get(recall + "?text=%ff", served.bearer()).status == 422);
}

TEST_CASE("an action by GET is refused and changes nothing") {
    Served served;

    const auto answer = served.get(remember + "?text=a", served.bearer());

    CHECK(answer.status == 405);
    CHECK_THAT(answer.head, Catch::Contains("Allow: POST"));
    CHECK(served.instance.cell("SELECT count(*) FROM hello_c_note") == 0);
}

TEST_CASE("another business date needs its permission") {
    Served served;

    const auto denied = served.get(recall, served.bearer() + "X-Dunlin-Today: 2024-05-31\r\n");
    const auto invalid = served.get(recall + "?today=2023-02-30", served.bearer());

    CHECK(denied.status == 403);
    CHECK(invalid.status == 422);
    CHECK_THAT(invalid.body, Catch::Contains("2023-02-30"));
}

TEST_CASE("the same idempotency key gives the first reply and changes nothing twice") {
    Served served;
    const auto headers = served.bearer() + "Idempotency-Key: k1\r\n";

    const auto first = served.post(remember, R"({"text":"a"})", headers);
    const auto second = served.post(remember, R"({"text":"a"})", headers);

    CHECK(first.status == 200);
    CHECK(second.body == first.body);
    CHECK(served.get(recall, served.bearer()).json()["notes"].size() == 1);
    CHECK(served.post(remember, R"({"text":"b"})", headers).status == 409);
}

TEST_CASE("a failed action says so and leaves nothing") {
    Served served;

    const auto answer = served.post(remember, R"({"text":"a","fail":true})", served.bearer());

    CHECK(answer.status >= 400);
    CHECK(answer.json().contains("detail"));
    CHECK(served.instance.cell("SELECT count(*) FROM hello_c_note") == 0);
}

TEST_CASE("health needs no token and says what runs") {
    Served served;

    const auto answer = served.get("/health");

    CHECK(answer.status == 200);
    CHECK(answer.json()["status"] == "ok");
    CHECK_THAT(answer.body, Catch::Contains("hello_c") && Catch::Contains("store"));
    CHECK(served.post("/health", "{}").status == 405);
}

TEST_CASE("metrics are Prometheus text and count requests") {
    Served served;
    served.get("/nothing");

    const auto answer = served.get("/metrics");

    CHECK(answer.status == 200);
    CHECK_THAT(answer.head, Catch::Contains("text/plain; version=0.0.4"));
    CHECK_THAT(answer.body, Catch::Contains("dunlin_http_requests_total{status=\"404\"} 1"));
    CHECK_THAT(answer.body, Catch::Contains("dunlin_plugin_up{plugin=\"hello_c\"} 1"));
}

TEST_CASE("the OpenAPI document describes what runs, in the words of 3.0") {
    Served served;

    const auto document = served.get("/api/openapi.json").json();

    CHECK(document["openapi"] == "3.0.3");
    CHECK(document["paths"].contains(remember));
    CHECK_FALSE(document["paths"][remember].contains("get"));
    CHECK(document["paths"][recall].contains("get"));
    CHECK(document["paths"][remember]["post"]["requestBody"]["required"] == true);
    check_schema(document, document);
}

TEST_CASE("how far a sync is can be asked with a token only") {
    Served served;

    CHECK(served.get("/api/v1/host.sync_progress").status == 401);
    CHECK(served.get("/api/v1/host.sync_progress", served.bearer()).status == 200);
    CHECK(served.get("/api/v1/host.plugins", served.bearer()).json()["plugins"][0]["state"] ==
          "started");
}

TEST_CASE("no answer is kept by a cache or guessed at by a browser") {
    Served served;

    const auto head = served.get("/health").head;

    CHECK_THAT(head, Catch::Contains("Cache-Control: no-store"));
    CHECK_THAT(head, Catch::Contains("X-Content-Type-Options: nosniff"));
}
