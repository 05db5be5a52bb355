// SPDX-License-Identifier: Apache-2.0
#include "flow.hpp"
#include "host/http/client.hpp"

#include <dunlin/hmac.hpp>

#include <catch2/catch.hpp>

using namespace dunlin;
using namespace dunlin::test;

namespace {

constexpr int64_t noon = 1'772'450'000'000'000;  // 2026-03-02, of the other system's clock.
const std::string names_b = R"({"changed":[{"entity":"keyed","external_ids":["b"]}]})";

InstanceOptions hooked() {
    auto options = flow_options();
    options.toml = std::regex_replace(options.toml, std::regex("pages_path = \"in.json\""),
                                      "pages_path = \"in.json\"\nhook_key = \"k\"");
    return options;
}

/// A served host and the system that sends it messages.
struct Hooked {
    Served served{GENERATE(Dialect::sqlite, Dialect::postgresql), hooked(), {}};
    Instance& instance = served.instance;
    Json system{{"rows", {{"a", 1, noon}}},
                {"server_us", noon},
                {"asked", (instance.folder() / "asked").string()}};

    Hooked() {
        store();
        instance.host().sync().run("src", nullptr);
        std::filesystem::remove(instance.folder() / "asked");
    }
    void put(const std::string& id, int64_t changed) {
        system["rows"].push_back({id, 1, changed});
        store();
    }
    void store() { write_json(instance.folder() / "in.json", {{"keyed", system}}); }
    Answer send(const std::string& body, const std::string& signature,
                const std::string& source = "src") {
        return served.post("/hooks/" + source, body, "X-Signature: " + signature + "\r\n");
    }
    Answer send(const std::string& body) { return send(body, hmac_sha256_of("k", {body})); }
    int64_t work() { return instance.host().jobs().run_due(); }
    std::string ids() {
        return Json(instance.sql("SELECT external_id FROM flow_row ORDER BY external_id")).dump();
    }
    std::string queued() {
        return instance.cell("SELECT count(*) FROM dunlin_job WHERE kind = 'host.sync_hint'")
            .dump();
    }
    std::vector<Json> asked() const {
        std::ifstream in(instance.folder() / "asked");
        std::vector<Json> out;
        for (std::string line; std::getline(in, line);) out.push_back(Json::parse(line));
        return out;
    }
};

}  // namespace

TEST_CASE("a message that is not signed by the other system queues nothing") {
    Hooked world;

    CHECK(world.send(names_b, hmac_sha256_of("other", {names_b})).status == 401);
    CHECK(world.send(names_b + " ", hmac_sha256_of("k", {names_b})).status == 401);
    CHECK(world.send(names_b, "").status == 401);
    CHECK(world.send("[]").status == 400);
    CHECK(world.queued() == "0");
    CHECK(world.instance.cell("SELECT count(*) FROM dunlin_sync_hint") == 0);
    CHECK_THAT(world.instance.log(), Catch::Contains("the signature is not right"));
}

TEST_CASE(
    "a message for a source that takes none, or by another method, is refused without names") {
    Hooked world;

    const auto unknown = world.send(names_b, "x", "none");
    CHECK(unknown.status == 404);
    CHECK_THAT(unknown.body, !Catch::Contains("again"));
    CHECK(world.send(names_b, "x", "again").status == 404);
    CHECK(world.served.get("/hooks/src").status == 405);
    CHECK(world.send(std::string(256 * 1024 + 1, 'x')).status == 413);
    CHECK(world.send(std::string(256 * 1024, ' ')).status == 400);
}

TEST_CASE("a flood of messages is stopped for a while") {
    Hooked world;

    int taken = 0;
    while (taken < 1000 && world.send("[]").status == 400) ++taken;

    CHECK(taken == 300);
    const auto refused = world.send(names_b);
    CHECK(refused.status == 429);
    CHECK_THAT(refused.head, Catch::Contains("Retry-After: 60"));
}

TEST_CASE("what a message names is read by its id, once for many of them") {
    Hooked world;
    world.put("b", noon - 1'000'000'000);  // No run would find it.

    const auto answer = world.send(names_b);
    CHECK(answer.status == 200);
    CHECK(answer.body == "{}");
    CHECK(world.send(names_b).status == 200);
    CHECK(world.queued() == "1");
    CHECK(world.ids() == R"([["a"]])");
    CHECK(world.work() == 1);

    CHECK(world.ids() == R"([["a"],["b"]])");
    REQUIRE(world.asked().size() == 1);
    CHECK(world.asked()[0]["ids"] == Json{"b"});
    CHECK(world.instance.cell("SELECT count(*) FROM dunlin_sync_hint") == 0);
    world.send(names_b);
    world.work();
    CHECK(world.ids() == R"([["a"],["b"]])");
}

TEST_CASE("a message that names no rows has the changes of its stream read") {
    Hooked world;
    world.put("b", noon + 1);

    world.send(R"({"changed":[{"entity":"keyed"},{"entity":"nothing we have"}]})");
    world.work();

    CHECK(world.ids() == R"([["a"],["b"]])");
    CHECK(world.asked()[0]["ids"].empty());
    CHECK(world.instance.cell("SELECT count(*) FROM dunlin_sync_hint") == 0);
}

TEST_CASE("what a message names waits while a run is under way") {
    Hooked world;
    const auto gate = (world.instance.folder() / "gate").string();
    write_json(world.instance.folder() / "in.json",
               {{"parent", {{{"rows", Json::array()}, {"gate", gate}}}}, {"keyed", world.system}});
    std::thread running([&] { world.instance.host().sync().run("src", nullptr); });
    REQUIRE(waits_until([&] { return std::filesystem::exists(gate + ".reached"); }));
    world.put("b", noon - 1'000'000'000);

    CHECK(world.send(names_b).status == 200);
    world.work();
    CHECK(world.instance.cell("SELECT state FROM dunlin_job WHERE kind = 'host.sync_hint'") ==
          "queued");
    CHECK(world.instance.cell("SELECT count(*) FROM dunlin_sync_hint") == 1);
    std::ofstream(gate).put('.');
    running.join();
    world.instance.exec("UPDATE dunlin_job SET run_at_us = 0");
    world.work();

    CHECK(world.ids() == R"([["a"],["b"]])");
}

TEST_CASE("a message that arrives while its stream is being read has it read again") {
    Hooked world;
    world.send(names_b);
    world.instance.exec("UPDATE dunlin_job SET state = 'running'");

    world.send(names_b);

    CHECK(world.queued() == "2");
}
