// SPDX-License-Identifier: Apache-2.0
// What a handler reads of a request.
#include <catch2/catch.hpp>

#include <dunlin/plugin.hpp>

using namespace dunlin;

namespace {

/// A call whose request is this text, on a host without any service.
struct Asked {
    explicit Asked(std::string_view request)
        : services(&host), given{sizeof given, 0, 0, nullptr, nullptr, {}, to_abi(request), {}} {}
    Call call() const { return {services, given}; }

    static dunlin_status DUNLIN_CALL no_service(dunlin_ctx*, const char*, const void**,
                                                dunlin_err*) noexcept {
        return DUNLIN_E_UNSUPPORTED;
    }
    dunlin_host host{sizeof host, 1, 0, nullptr, &no_service, nullptr};
    Services services;
    dunlin_call given;
};

template <class Body>
std::string refusal(Body body) {
    try {
        body();
    } catch (const Error& e) {
        return e.status() == DUNLIN_E_INVALID ? e.what() : "another status";
    }
    return "none";
}

}  // namespace

TEST_CASE("ids, dates and amounts of a request are read by name") {
    const Asked asked(R"({"customer":"17","items":["1","2"],"on":"2024-02-29","amount":"12.5",
                          "fee":{"amount":"3","currency":"EUR"},"none":null})");
    const auto call = asked.call();

    CHECK(call.id("customer") == 17);
    CHECK(call.ids("items") == std::vector<int64_t>{1, 2});
    CHECK(call.date("on", Date(0)).text() == "2024-02-29");
    CHECK(call.money("amount", "EUR") == Money(125000, Currency("EUR")));
    CHECK(call.money("fee", "EUR") == Money(30000, Currency("EUR")));
}

TEST_CASE("an absent member is its fallback") {
    const Asked asked(R"({"none":null})");
    const auto call = asked.call();

    for (const auto* key : {"none", "missing"}) {
        CHECK(call.id(key) == 0);
        CHECK(call.ids(key).empty());
        CHECK(call.date(key, Date(5)) == Date(5));
        CHECK_FALSE(call.money(key, "EUR"));
    }
}

TEST_CASE("what cannot be read is invalid and named") {
    const Asked asked(R"({"customer":"x1","items":["1",2],"on":"2023-02-29","amount":"1.23456",
                          "fee":{"amount":"3","currency":"USD"}})");
    const auto call = asked.call();

    CHECK(refusal([&] { call.id("customer"); }).rfind("customer: \"x1\" is not an id", 0) == 0);
    CHECK(refusal([&] { call.ids("items"); }) == "items: must be a text");
    CHECK(refusal([&] { call.date("on", {}); }).rfind("on: \"2023-02-29\" is not a date", 0) == 0);
    CHECK(refusal([&] { call.money("amount", "EUR"); }).rfind("amount: ", 0) == 0);
    CHECK(refusal([&] { call.money("fee", "EUR"); }) == "fee: the amount is in USD, not in EUR");
}
