// SPDX-License-Identifier: Apache-2.0
#include "../sync/flow.hpp"

#include "http_client/rates.hpp"
#include "support/web.hpp"

#include <catch2/catch.hpp>

using namespace dunlin;
using namespace dunlin::test;

namespace {

const std::string origin = "https://erp.example:443";

/// An instance whose source may send so many requests a day.
struct Limited {
    Instance instance{GENERATE(Dialect::sqlite, Dialect::postgresql), options()};

    static InstanceOptions options() {
        auto out = flow_options();
        out.toml +=
            "[sources.web]\nconnector = \"flow\"\nrequests_per_day = 20\n"
            "[sources.web.settings]\npages_path = \"in.json\"\nurl = \"" +
            origin + "/api\"\n";
        return out;
    }
    /// How many of them are let through.
    int64_t ask(int64_t times, host::Host* by = nullptr) {
        auto& host = by ? *by : instance.host();
        int64_t passed = 0;
        for (; times > 0; --times) {
            try {
                host.http_client().rates().wait(host, *host.plugins().by_id("flow"), origin,
                                                [] { return false; });
                ++passed;
            } catch (const Error& e) {
                refusal = e;
            }
        }
        return passed;
    }
    std::optional<Error> refusal;
};

/// Of a connector that says of itself how often it may ask.
struct Declared {
    Instance instance{Dialect::sqlite, flow_options()};
    host::Host& host = instance.host();

    explicit Declared(const Json& rate) { host.http_client().rates().declare("flow", rate); }
    void ask(const std::function<bool()>& stops = [] { return false; }) {
        host.http_client().rates().wait(host, *host.plugins().by_id("flow"), origin, stops);
    }
};

}  // namespace

TEST_CASE("requests beyond the burst wait for their turn") {
    Declared world(Json{{"per_second", 20}, {"burst", 2}});
    const auto began = std::chrono::steady_clock::now();
    const auto passed = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    };

    world.ask();
    world.ask();
    const auto free = passed();
    for (int i = 0; i < 6; ++i) world.ask();

    CHECK(passed() - free > 0.25);  // Six at twenty a second, less what the burst filled up.
    CHECK(passed() - free < 3);
}

TEST_CASE("a wait for a turn ends when somebody wants it to stop") {
    Declared world(Json{{"per_second", 0.01}});
    world.ask();
    int asked = 0;

    try {
        world.ask([&] { return ++asked > 2; });
        FAIL("it waited to its end");
    } catch (const Error& e) {
        CHECK(e.status() == DUNLIN_E_CANCELLED);
    }
}

TEST_CASE("a day's requests are used up at nine tenths, the rest is for what is written back") {
    Limited world;

    CHECK(world.ask(25) == 18);
    REQUIRE(world.refusal);
    CHECK(world.refusal->status() == DUNLIN_E_UNAVAILABLE);
    CHECK(Json::parse(world.refusal->detail_json())["retry_after_ms"] == 15 * 3'600'000);
    CHECK_THAT(world.refusal->what(), Catch::Contains("requests_per_day"));
    {
        const host::ReservedRequests reserved;
        CHECK(world.ask(5) == 2);
    }
    CHECK(world.ask(1) == 0);
}

TEST_CASE("a day's requests are those of all processes, and the next day has its own") {
    Limited world;

    CHECK(world.ask(10) == 10);
    const auto second = second_host(world.instance);
    CHECK(world.ask(10, second.get()) == 8);
    CHECK(world.ask(1) == 0);
    const auto tomorrow = second_host(world.instance, "2026-03-03T00:00:00Z");
    CHECK(world.ask(10, tomorrow.get()) == 10);
}

TEST_CASE("counting many requests costs few transactions") {
    Declared world(Json{{"per_day", 100'000}});

    for (int i = 0; i < 120; ++i) world.ask();

    CHECK(world.instance.cell("SELECT used FROM dunlin_http_budget") == 150);
}

TEST_CASE("what a connector says of its rate counts once one of its sources is open") {
    Web web([](auto&, auto& out) { say(out, "hello"); });
    auto options = flow_options();
    options.toml +=
        "[sources.web]\nconnector = \"flow\"\nrequests_per_day = 2\n[sources.web.settings]\n"
        "pages_path = \"in.json\"\nurl = \"" +
        web.url() + "\"\n";
    Instance instance(Dialect::sqlite, options);
    write_json(instance.folder() / "in.json", Json::object());
    const auto fetch = [&](const std::string& name) {
        instance.call("flow.work",
                      {{"dedup_key", name}, {"args", {{"name", name}, {"fetch", web.url()}}}});
        instance.host().jobs().run_due();
    };

    for (const auto* name : {"a", "b", "c"}) fetch(name);

    CHECK(Json(instance.sql("SELECT name FROM flow_ran ORDER BY n")).dump() ==
          R"([["a: 200 hello"],["b: 200 hello"],["c: unavailable"]])");
    CHECK(web.connections() == 1);

    auto free = flow_options();
    free.toml +=
        "[sources.web]\nconnector = \"flow\"\n[sources.web.settings]\npages_path = "
        "\"in.json\"\nurl = \"" +
        web.url() + "\"\n";
    Instance other(Dialect::sqlite, free);
    write_json(other.folder() / "in.json", Json::object());
    other.host().sync().check("web");
    other.call("flow.work", {{"dedup_key", "x"}, {"args", {{"name", "x"}, {"fetch", web.url()}}}});
    other.host().jobs().run_due();
    CHECK(other.cell("SELECT used FROM dunlin_http_budget") == 50);
}
