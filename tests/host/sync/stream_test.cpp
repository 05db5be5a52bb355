// SPDX-License-Identifier: Apache-2.0
#include "flow.hpp"

#include "plugins/services.hpp"

#include <catch2/catch.hpp>

#include <numeric>

using namespace dunlin;
using namespace dunlin::test;

namespace {

constexpr int64_t minute = 60'000'000;
constexpr int64_t noon = 1'772'450'000'000'000;  // 2026-03-02, of the other system's clock.

/// A system of one keyset stream and what a run over it did.
struct Keyed {
    Instance instance{GENERATE(Dialect::sqlite, Dialect::postgresql), flow_options()};
    Json system{{"rows", Json::array()},
                {"server_us", noon},
                {"asked", (instance.folder() / "asked").string()}};

    void put(const std::string& id, int64_t value, int64_t changed) {
        drop(id);
        system["rows"].push_back({id, value, changed});
    }
    void drop(const std::string& id) {
        std::erase_if(system["rows"].get_ref<Json::array_t&>(),
                      [&](const Json& row) { return row[0] == id; });
    }
    Json run(const host::SyncOptions& options = {}, host::Host* host = nullptr) {
        std::filesystem::remove(instance.folder() / "asked");
        write_json(instance.folder() / "in.json", {{"keyed", system}});
        report = (host ? *host : instance.host()).sync().run("src", nullptr, nullptr, options);
        for (const auto& one : report["entities"]) {
            if (one["entity"] == "keyed") return one;
        }
        return {};
    }
    /// The requests of the last run.
    std::vector<Json> asked() const {
        std::ifstream in(instance.folder() / "asked");
        std::vector<Json> out;
        for (std::string line; std::getline(in, line);) out.push_back(Json::parse(line));
        return out;
    }
    std::string ids() {
        return Json(instance.sql("SELECT external_id FROM flow_row ORDER BY external_id")).dump();
    }
    Json report;
};

}  // namespace

TEST_CASE("a window that is done moves the cursor to the latest change less the overlap") {
    Keyed world;
    for (const auto* id : {"a", "b", "c", "d", "e"}) world.put(id, 1, noon - 60 * minute);
    CHECK(world.run()["inserted"] == 5);  // Ties across three pages.
    CHECK(world.asked()[0]["since"].is_null());

    world.put("f", 1, noon + minute);
    world.system["server_us"] = noon + 2 * minute;
    const auto second = world.run();

    CHECK(world.asked()[0]["since"] == noon - 65 * minute);
    CHECK(second["inserted"] == 1);
    CHECK(second["unchanged"] == 5);
    world.run();
    CHECK(world.asked()[0]["since"] == noon + minute - 5 * minute);
}

TEST_CASE("a column that nobody takes is named in the report") {
    Keyed world;
    world.put("a", 1, noon);
    world.system["extra"] = "colour";

    CHECK(world.run()["note"] == "flow does not know and left out: colour");
}

TEST_CASE("a transaction that commits late is not missed") {
    Keyed world;
    world.put("a", 1, noon - 10 * minute);
    world.put("b", 1, noon);
    world.run();

    world.put("late", 1, noon - 4 * minute);  // It began before b changed.

    CHECK(world.run()["inserted"] == 1);
}

TEST_CASE("a row from the future does not carry the cursor past the server's clock") {
    Keyed world;
    world.put("a", 1, noon + 24 * 60 * minute);
    world.run();
    world.put("b", 1, noon + minute);

    CHECK(world.run()["inserted"] == 1);
    CHECK(world.asked()[0]["since"] == noon - 5 * minute);
}

TEST_CASE("a window that broke off goes on where it was and moves the cursor only at its end") {
    Keyed world;
    for (const auto* id : {"a", "b", "c", "d", "e"}) world.put(id, 1, noon - 60 * minute);
    world.system["fail"] = {{"behind", 4}, {"status", DUNLIN_E_UNAVAILABLE}, {"wait_ms", -1000}};

    const auto first = world.run();

    CHECK(first["state"] == "interrupted");
    CHECK(first["inserted"] == 4);
    CHECK(first["retries"] == 1);
    CHECK(world.instance.cell("SELECT since_us FROM dunlin_sync_cursor").is_null());
    world.system.erase("fail");
    CHECK(world.run()["read"] == 1);
    CHECK(world.asked()[0]["resume"] != "");
    CHECK(world.instance.cell("SELECT cursor_text FROM dunlin_sync_cursor") == "");
}

TEST_CASE("an unfinished window of more than a day begins again") {
    Keyed world;
    for (const auto* id : {"a", "b", "c"}) world.put(id, 1, noon - 60 * minute);
    world.system["fail"] = {{"behind", 2}, {"status", DUNLIN_E_UNAVAILABLE}, {"wait_ms", -1000}};
    world.run();
    world.system.erase("fail");
    const auto later = second_host(world.instance, "2026-03-03T10:00:00Z");

    CHECK_THAT(world.run({}, later.get())["note"].get<std::string>(),
               Catch::Contains("begins again"));
    CHECK(world.asked()[0]["resume"] == "");
}

TEST_CASE("a page that fails in passing is asked for again within the run") {
    Keyed world;
    for (const auto* id : {"a", "b", "c"}) world.put(id, 1, noon);
    world.system["fail"] = {{"behind", 2}, {"status", DUNLIN_E_TIMEOUT}, {"wait_ms", -700}};
    std::thread healer([&] {
        waits_until([&] { return world.instance.cell("SELECT count(*) FROM flow_row") == 2; });
        auto healthy = world.system;
        healthy.erase("fail");
        write_json(world.instance.folder() / "in.json", {{"keyed", healthy}});
    });

    const auto report = world.run();
    healer.join();

    CHECK(report["state"] == "ok");
    CHECK(report["retries"] == 1);
    CHECK(report["inserted"] == 3);
}

TEST_CASE("a long wait parks the source, and no run begins before it is over") {
    Keyed world;
    world.put("a", 1, noon);
    world.system["fail"] = {
        {"behind", 0}, {"status", DUNLIN_E_UNAVAILABLE}, {"wait_ms", 3'600'000}};
    CHECK(world.run()["state"] == "interrupted");

    CHECK_THROWS_WITH(world.run(), Catch::Contains("rests until 2026-03-02T10:00:01") &&
                                       Catch::Contains("is busy"));
    world.system.erase("fail");
    const auto later = second_host(world.instance, "2026-03-02T10:01:00Z");
    CHECK(world.run({}, later.get())["inserted"] == 1);
}

TEST_CASE("what the connector may not do is not tried again") {
    Keyed world;
    world.put("a", 1, noon);
    world.system["fail"] = {{"behind", 0}, {"status", DUNLIN_E_DENIED}};

    const auto report = world.run();

    CHECK(report["state"] == "failed");
    CHECK(report["retries"] == 0);
}

TEST_CASE("other settings, or a cursor older than what the system keeps, mean a full read") {
    Keyed world;
    world.put("a", 1, noon - 60 * minute);
    world.run();

    SECTION("settings") {
        world.instance.exec("UPDATE dunlin_sync_cursor SET shape = 'of before'");
        CHECK_THAT(world.run()["note"].get<std::string>(), Catch::Contains("settings"));
    }
    SECTION("retention") {
        const auto later = second_host(world.instance, "2026-04-15T09:00:00Z");
        CHECK_THAT(world.run({}, later.get())["note"].get<std::string>(),
                   Catch::Contains("longer ago"));
    }
    SECTION("on request") {
        host::SyncOptions options;
        options.reads_all = true;
        world.run(options);
    }
    CHECK(world.asked()[0]["since"].is_null());
}

TEST_CASE("a sweep deletes what vanished, and stops when that is too much") {
    Keyed world;
    for (int i = 0; i < 40; ++i) world.put("r" + std::to_string(i), 1, noon - 60 * minute);
    world.system["page"] = 7;
    world.run();
    CHECK(world.asked().size() == 1);  // Not due: everything was just read.
    host::SyncOptions sweeps;
    sweeps.sweeps = true;

    world.drop("r7");
    world.drop("r8");
    CHECK(world.run(sweeps)["deleted"] == 2);
    CHECK(world.run(sweeps)["deleted"] == 0);

    for (int i = 20; i < 31; ++i) world.drop("r" + std::to_string(i));
    const auto stopped = world.run(sweeps);
    CHECK(stopped["deleted"] == 0);
    CHECK(stopped["state"] == "partial");
    CHECK_THAT(stopped["error"].get<std::string>(),
               Catch::Contains("11 of 38") && Catch::Contains("dunlin sync src --confirm-sweep"));
    CHECK(world.instance.cell("SELECT count(*) FROM flow_row") == 38);

    sweeps.confirms_sweep = true;
    CHECK(world.run(sweeps)["deleted"] == 11);
}

TEST_CASE("a sweep that breaks off deletes nothing") {
    Keyed world;
    for (int i = 0; i < 9; ++i) world.put("r" + std::to_string(i), 1, noon - 60 * minute);
    world.run();
    world.drop("r0");
    world.system["fail"] = {{"behind", 4}, {"status", DUNLIN_E_UNAVAILABLE}, {"wait_ms", -1000}};
    for (auto& row : world.system["rows"]) row[2] = noon - 100 * minute;  // No changes to read.
    host::SyncOptions sweeps;
    sweeps.sweeps = true;

    CHECK(world.run(sweeps)["state"] == "interrupted");
    CHECK(world.instance.cell("SELECT count(*) FROM flow_row") == 9);
}

TEST_CASE("rows that could not be read are fetched by their id in later runs") {
    Keyed world;
    world.put("a", 1, noon - 60 * minute);
    world.put("b", 1, noon - 90 * minute);
    world.system["bad"] = {"b"};
    CHECK(world.run()["quarantined"] == 1);
    world.system["bad"] = Json::array();
    world.run();
    CHECK(world.asked().size() == 1);  // Too soon.

    const auto later = second_host(world.instance, "2026-03-02T10:30:00Z");
    const auto report = world.run({}, later.get());

    CHECK(world.asked().back()["ids"] == Json{"b"});
    CHECK(report["fixed"] == 1);
    CHECK(world.ids() == R"([["a"],["b"]])");
}
