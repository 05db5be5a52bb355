// SPDX-License-Identifier: Apache-2.0
#include "flow.hpp"

#include <catch2/catch.hpp>

using namespace dunlin;
using namespace dunlin::test;

namespace {

/// A source that takes write-backs; what its system holds and what was told about it.
struct Writing {
    Instance instance{GENERATE(Dialect::sqlite, Dialect::postgresql), flow_options()};

    Writing() { write_json(instance.folder() / "in.json", Json::object()); }

    Json queue(const std::string& kind, Json more = Json::object()) {
        more["kind"] = kind;
        return instance.call("flow.write_back", more);
    }
    /// What happens to the next calls of the other system.
    void script(const char* call, const Json& answers) {
        write_json(instance.folder() / call, answers);
    }
    Json run() { return instance.host().write_backs().run("src")["write_backs"]; }
    Json list() { return instance.host().write_backs().list("src", /*is_all=*/true); }
    /// What waits for its time need not.
    void let_time_pass() {
        instance.exec(
            "UPDATE dunlin_write_back SET due_us = 0, changed_us = changed_us - 61000000");
        instance.exec("DELETE FROM dunlin_sync_parked");
    }
    int made() const {
        std::ifstream in(instance.folder() / "made");
        int lines = 0;
        for (std::string line; std::getline(in, line);) ++lines;
        return lines;
    }
    std::string told() {
        instance.host().jobs().run_due();
        return Json(instance.sql("SELECT name FROM flow_ran ORDER BY n")).dump();
    }
    std::string refusal(const std::string& kind, const Json& more) {
        try {
            queue(kind, more);
        } catch (const Error& e) {
            return e.what();
        }
        return "none";
    }
};

}  // namespace

TEST_CASE("a write-back that its source does not take is refused when it is asked for") {
    Writing world;
    CHECK(world.refusal("fax", {}) ==
          "the source src takes no \"fax\" back; it takes call, note, tag");
    CHECK(world.refusal("note", {{"source", "elsewhere"}})
              .starts_with("there is no source \"elsewhere\""));
    CHECK(world.refusal("note", {{"lane", ""}}).starts_with("the lane of a write-back is empty"));
    CHECK(world.refusal("note", {{"fail", true}}) == "as asked");
    CHECK(world.list().empty());
}

TEST_CASE("a write-back is made once and its plugin is told") {
    Writing world;
    world.queue("note", {{"body", {{"text", "called"}}}});

    CHECK(world.run() == Json{{"confirmed", 1}});
    CHECK(world.run() == Json{{"confirmed", 1}});

    CHECK(world.made() == 1);
    CHECK(world.told() == "[[\"confirmed 1 \"]]");
}

TEST_CASE("a connection cut after the other system took it makes no second one") {
    const std::string kind = GENERATE("note", "tag");
    Writing world;
    world.script("push", {"cut_after"});
    world.queue(kind);

    CHECK(world.run() == Json{{"confirmed", 1}});

    CHECK(world.made() == 1);
}

TEST_CASE("a cut before it arrived sends it again, later where a late arrival is possible") {
    Writing world;
    world.script("push", {"cut_before", "cut_before"});
    world.queue("note", {{"lane", "one"}});
    world.queue("tag", {{"lane", "two"}});

    CHECK(world.run() == Json{{"confirmed", 1}, {"unknown", 1}});
    CHECK(world.run() == Json{{"confirmed", 1}, {"unknown", 1}});
    CHECK(world.made() == 1);
    world.let_time_pass();

    CHECK(world.run() == Json{{"confirmed", 2}});
    CHECK(world.made() == 2);
}

TEST_CASE("what cannot be found again waits for a person, and its lane with it") {
    Writing world;
    world.script("push", {"cut_after"});
    const auto id = std::stoll(world.queue("call", {{"lane", "one"}})["id"].get<std::string>());
    world.queue("note", {{"lane", "one"}});
    world.queue("note", {{"lane", "two"}});

    CHECK(world.run() == Json{{"parked", 1}, {"queued", 1}, {"confirmed", 1}});
    CHECK(world.list()[0]["reason"].get<std::string>().starts_with(
        "the connection was cut; whether it arrived can only be seen there"));

    SECTION("who finds it there gives it up") {
        world.instance.host().write_backs().cancel("src", id);
        CHECK(world.run() == Json{{"cancelled", 1}, {"confirmed", 2}});
        CHECK(world.made() == 3);
    }
    SECTION("who does not sends it anew") {
        CHECK(world.instance.host().write_backs().retry("src", id) == 1);
        CHECK(world.run() == Json{{"confirmed", 3}});
        CHECK(world.made() == 4);
    }
}

TEST_CASE("a busy system is asked again later, and left alone when it says so") {
    Writing world;
    world.queue("note", {{"lane", "one"}});
    world.queue("note", {{"lane", "two"}});
    world.script("push", {"busy", "rests"});

    world.run();
    CHECK(world.made() == 0);
    CHECK(world.list()[0]["state"] == "queued");

    world.queue("note", {{"lane", "three"}});
    CHECK(world.run() == Json{{"queued", 3}});
    CHECK(world.made() == 0);

    world.let_time_pass();
    CHECK(world.run() == Json{{"confirmed", 3}});
}

TEST_CASE("a conflict overwrites nothing until a person says so") {
    Writing world;
    const auto id =
        std::stoll(world.queue("note", {{"base", {{"email", "old"}}}})["id"].get<std::string>());
    world.script("push", {"conflict"});

    CHECK(world.run() == Json{{"conflict", 1}});
    CHECK(world.made() == 0);
    CHECK(world.told() == "[[\"conflict  it holds another value\"]]");

    world.instance.host().write_backs().retry("src", id);
    CHECK(world.run() == Json{{"confirmed", 1}});
    CHECK_THROWS_WITH(world.instance.host().write_backs().retry("src", id),
                      Catch::Contains("can be changed"));
}

TEST_CASE("a rejected write-back keeps nothing behind it waiting") {
    Writing world;
    world.script("push", {"reject"});
    world.queue("note");
    world.queue("tag");

    CHECK(world.run() == Json{{"confirmed", 1}, {"rejected", 1}});
    CHECK(world.list()[0]["reason"] == "it is closed");
}

TEST_CASE("a host that ended while it was sending leaves a write-back of unknown outcome") {
    Writing world;
    world.queue("note");
    world.run();
    world.instance.exec("UPDATE dunlin_write_back SET state = 'sending'");
    world.script("find", {"down"});

    CHECK(world.run() == Json{{"unknown", 1}});
    CHECK(world.list()[0]["reason"] == "whether it arrived cannot be told yet: nobody answers");
    world.let_time_pass();

    CHECK(world.run() == Json{{"confirmed", 1}});
    CHECK(world.made() == 1);
}

TEST_CASE("the host sends by itself what was queued") {
    Writing world;
    world.queue("note");

    world.instance.host().jobs().run_due();

    CHECK(world.made() == 1);
}

TEST_CASE("what a write-back touched is read again at once") {
    Writing world;
    write_json(world.instance.folder() / "in.json",
               {{"keyed", {{"rows", {{"a", 7, 1}}}, {"server_us", 1}}}});
    world.queue("note");

    world.run();

    CHECK(world.instance.cell("SELECT value FROM flow_row WHERE external_id = 'a'") == 7);
    CHECK(world.instance.cell("SELECT count(*) FROM dunlin_sync_hint") == 0);
}

TEST_CASE("several runs at once make one") {
    Writing world;
    for (const auto* lane : {"a", "b", "c", "d"}) world.queue("note", {{"lane", lane}});
    const auto other = second_host(world.instance);
    std::vector<std::thread> runs;
    for (int i = 0; i < 8; ++i) {
        runs.emplace_back([&, i] {
            try {
                (i % 2 ? *other : world.instance.host()).write_backs().run("src");
            } catch (const Error& e) {
                if (e.status() != DUNLIN_E_CONFLICT) throw;
            }
        });
    }
    for (auto& run : runs) run.join();

    CHECK(world.run() == Json{{"confirmed", 4}});
    CHECK(world.made() == 4);
}
