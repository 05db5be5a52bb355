// SPDX-License-Identifier: Apache-2.0
#include "fake_stripe.hpp"

namespace dunlin::stripe::test {
namespace {

const Account account{"https://api.stripe.com", "rk_key", "stripe-key", ""};

/// What a request that is answered so ends with.
Error refusal_of(const HttpReply& reply, const std::string& method = "GET") {
    Client client(account, [&](const HttpRequest&) { return reply; });
    try {
        method == "GET" ? client.get("/v1/invoices") : client.post("/v1/invoices/in_1", {}, "key");
    } catch (const Error& e) {
        return e;
    }
    FAIL("nothing was thrown");
    return Error(DUNLIN_OK, "");
}

HttpReply said(int status, const std::string& message, const std::string& param = "limit") {
    HttpReply out;
    out.status = status;
    out.body = Json{{"error", {{"message", message}, {"param", param}}}}.dump();
    return out;
}

}  // namespace

TEST_CASE("what Stripe refuses is one sentence that says what to do") {
    const auto key = refusal_of(said(401, "Invalid API Key provided: rk_live_****1234"));
    CHECK(key.status() == DUNLIN_E_DENIED);
    CHECK_THAT(key.what(), Catch::Contains("the secret \"stripe-key\"") && !Catch::Contains("rk_"));

    const auto right = refusal_of(said(403, "The provided key does not have access to invoices"));
    CHECK(right.status() == DUNLIN_E_DENIED);
    CHECK_THAT(right.what(), Catch::Contains("API keys") && Catch::Contains("to invoices"));

    const auto parameter = refusal_of(said(400, "Invalid integer: abc"));
    CHECK(parameter.status() == DUNLIN_E_DATA);
    CHECK_THAT(parameter.what(), Catch::Contains("\"limit\": Invalid integer: abc"));

    CHECK(refusal_of(said(404, "No such invoice")).status() == DUNLIN_E_NOT_FOUND);
    HttpReply page;
    page.status = 404;
    page.body = "<html>";
    CHECK(refusal_of(page).status() == DUNLIN_E_INVALID);
    page.status = 200;
    CHECK_THAT(refusal_of(page).what(), Catch::Contains("api_url"));
}

TEST_CASE("what passes is tried again, after the wait that Stripe asks for") {
    auto busy = said(429, "Too many requests");
    busy.retry_after = std::chrono::seconds(7);
    const auto error = refusal_of(busy);
    CHECK(error.status() == DUNLIN_E_UNAVAILABLE);
    CHECK(Json::parse(error.detail_json())["retry_after_ms"] == 7000);
    CHECK(refusal_of(said(409, "lock timeout")).status() == DUNLIN_E_UNAVAILABLE);
    CHECK(refusal_of(said(503, "")).status() == DUNLIN_E_UNAVAILABLE);
}

TEST_CASE("whether a POST that fails within Stripe took effect is not known") {
    CHECK(refusal_of(said(500, ""), "POST").status() == DUNLIN_E_TIMEOUT);
    CHECK(refusal_of(said(429, ""), "POST").status() == DUNLIN_E_UNAVAILABLE);
}

TEST_CASE("a server that is down or silent is named, and a day's budget keeps its wait") {
    const auto thrown = [](const Error& by) {
        Client client(account, [&](const HttpRequest&) -> HttpReply { throw by; });
        try {
            client.get("/v1/invoices");
        } catch (const Error& e) {
            return e;
        }
        return Error(DUNLIN_OK, "");
    };
    const auto down = thrown(Error(DUNLIN_E_UNAVAILABLE, "refused"));
    CHECK(down.status() == DUNLIN_E_UNAVAILABLE);
    CHECK_THAT(down.what(), Catch::Contains("cannot be reached at https://api.stripe.com"));
    CHECK(thrown(Error(DUNLIN_E_TIMEOUT, "late")).status() == DUNLIN_E_TIMEOUT);
    const auto spent = thrown(Error(DUNLIN_E_UNAVAILABLE, "used up", R"({"retry_after_ms":5000})"));
    CHECK(spent.detail_json() == R"({"retry_after_ms":5000})");
    CHECK_THAT(spent.what(), Catch::Contains("used up") && !Catch::Contains("reached"));
}

TEST_CASE("a request names the key, the version and the connected account") {
    auto connected = account;
    connected.account = "acct_1";
    HttpRequest seen;
    Client client(connected, [&](const HttpRequest& request) {
        seen = request;
        HttpReply out;
        out.status = 200;
        out.body = "{}";
        out.headers = {{"date", "Mon, 21 Sep 2026 14:13:20 GMT"}};
        return out;
    });
    client.get("/v1/invoices", {{"expand[]", "data.a&b"}, {"created[gte]", "1"}});
    CHECK(seen.url ==
          "https://api.stripe.com/v1/invoices?expand%5B%5D=data.a%26b&created%5Bgte%5D=1");
    CHECK(
        Json(seen.headers).dump() ==
        R"([["Authorization","Bearer rk_key"],["Stripe-Version","2020-08-27"],["Stripe-Account","acct_1"]])");
    CHECK(client.server_us() == 1'790'000'000'000'000);
    client.post("/v1/invoices/in_1", {{"metadata[a]", "é"}}, "dunlin:1");
    CHECK(seen.body == "metadata%5Ba%5D=%C3%A9");
    CHECK(seen.headers[1] == std::pair<std::string, std::string>("Idempotency-Key", "dunlin:1"));
}

TEST_CASE("Stripe's amounts are read by Stripe's own digits") {
    CHECK(units_of(1050, "EUR") == 105000);
    CHECK(units_of(500, "JPY") == 5000000);
    CHECK(units_of(500, "MGA") == 5000000);  // ISO 4217 has two digits.
    CHECK(units_of(500, "ISK") == 50000);    // ISO 4217 has none.
    CHECK(units_of(500, "UGX") == 50000);
    CHECK(units_of(5120, "KWD") == 51200);
    CHECK(units_of(-1, "USD") == -100);
    CHECK_THROWS_AS(units_of(INT64_MAX / 10, "JPY"), BadValue);
    CHECK(amount_of(105000, "EUR") == 1050);
    CHECK_FALSE(amount_of(105050, "EUR"));
    CHECK_FALSE(amount_of(5000, "JPY"));
    CHECK(currency_of({{"currency", "eur"}}) == "EUR");
    CHECK_THROWS_AS(currency_of({{"currency", "zzz"}}), BadValue);
    CHECK_THROWS_AS(number_of({{"total", 10.5}}, "total"), BadValue);
    CHECK_THROWS_AS(number_of({{"total", "10"}}, "total"), BadValue);
}

}  // namespace dunlin::stripe::test
