// SPDX-License-Identifier: Apache-2.0
#include "flow.hpp"

#include "plugins/services.hpp"

#include <catch2/catch.hpp>

using namespace dunlin;
using namespace dunlin::test;

namespace {

Dialect any_dialect() {
    return GENERATE(Dialect::sqlite, Dialect::postgresql);
}

Json page(const std::vector<Json>& rows) {
    return {{"rows", rows}};
}
Json row(const std::string& id, int64_t value, const std::string& ref = "") {
    return Json::array({id, value, ref});
}

void serves(Instance& instance, const Json& content, const std::string& file = "in.json") {
    write_json(instance.folder() / file, content);
}

Json sync(Instance& instance, const std::string& source = "src") {
    return instance.host().sync().run(source, nullptr);
}

Json entity(const Json& report, const std::string& name) {
    for (const auto& one : report.at("entities")) {
        if (one["entity"] == name) return one;
    }
    return {};
}

std::string table(Instance& instance) {
    return Json(instance.sql("SELECT entity, external_id, value, ref FROM flow_row"
                             " ORDER BY source, entity, external_id"))
        .dump();
}

/// Three pages of parents, two of children; one row of each kind of trouble.
Json book() {
    return {
        {"parent",
         {page({row("p1", 1), row("p2", 2)}), page({row("p3", -3), row("p4", 4)}),
          page({row("p5", 5)})}},
        {"child", {page({row("c1", 1, "p1"), row("c2", 2, "p3")}), page({row("c3", 3, "p5")})}}};
}

}  // namespace

TEST_CASE("a run brings all entities in the sink's order and reports them") {
    Instance instance(any_dialect(), flow_options());
    serves(instance, book());

    const auto report = sync(instance);

    CHECK(report["state"] == "partial");
    CHECK(report["entities"][0]["entity"] == "parent");
    CHECK(entity(report, "parent")["read"] == 5);
    CHECK(entity(report, "parent")["inserted"] == 4);
    CHECK(entity(report, "parent")["rejected"] == 1);
    CHECK(entity(report, "child")["inserted"] == 2);
    CHECK(report["ignored"] == Json{"stranger"});
    CHECK(report["totals"][0]["ours"] == 6);
    CHECK(report["quarantine_open"] == 2);
    CHECK(instance.host().sync().status()["sources"][1]["state"] == "partial");
}

TEST_CASE("a second run changes nothing") {
    Instance instance(any_dialect(), flow_options());
    serves(instance, book(), "again.json");
    sync(instance, "again");
    const auto before = table(instance);

    const auto report = sync(instance, "again");

    CHECK(entity(report, "parent")["inserted"] == 0);
    CHECK(entity(report, "parent")["updated"] == 0);
    CHECK(entity(report, "parent")["unchanged"] == 4);
    CHECK(entity(report, "child")["unchanged"] == 2);
    CHECK(table(instance) == before);
    CHECK(instance.cell("SELECT attempts FROM dunlin_quarantine WHERE row_key = 'p3'") == 2);
}

TEST_CASE("a run that the source breaks off goes on where it stopped") {
    Instance instance(any_dialect(), flow_options());
    auto broken = book();
    broken["parent"][1]["fail"] = "unavailable";
    serves(instance, broken);
    const auto interrupted = sync(instance);
    CHECK(interrupted["state"] == "interrupted");
    CHECK(entity(interrupted, "parent")["error"] == "the source says no");
    CHECK(instance.cell("SELECT count(*) FROM flow_row") == 2);

    serves(instance, book());
    const auto report = sync(instance);

    CHECK(entity(report, "parent")["read"] == 3);
    Instance undisturbed(Dialect::sqlite, flow_options());
    serves(undisturbed, book());
    sync(undisturbed);
    CHECK(table(instance) == table(undisturbed));
}

TEST_CASE("an entity that fails for good does not keep the others away") {
    Instance instance(any_dialect(), flow_options());
    auto broken = book();
    broken["parent"][1]["fail"] = "data";
    serves(instance, broken);

    const auto report = sync(instance);

    CHECK(report["state"] == "partial");
    CHECK(entity(report, "parent")["state"] == "failed");
    CHECK(entity(report, "child")["inserted"] == 1);
    CHECK(report["quarantine_open"] == 2);
}

TEST_CASE("a source that does not let us in is not asked for its other entities") {
    Instance instance(any_dialect(), flow_options());
    auto refusing = book();
    refusing["parent"][0]["fail"] = "denied";
    serves(instance, refusing);

    const auto report = sync(instance);

    CHECK(report["state"] == "failed");
    CHECK(report["entities"].size() == 1);
    CHECK(report["quarantine_open"] == 0);
}

TEST_CASE("a bad row is quarantined with its content and reason, the rest goes on") {
    Instance instance(any_dialect(), flow_options());
    auto content = book();
    content["parent"][0]["errors"] = {{{"id", "p9"}, {"position", "in.json:9"}},
                                      {{"id", ""}, {"position", "in.json:10"}}};
    content["parent"][0]["latin1"] = true;
    serves(instance, content);

    const auto report = sync(instance);

    CHECK(entity(report, "parent")["quarantined"] == 4);
    CHECK(entity(report, "parent")["read"] == 8);
    std::map<std::string, Json> open;
    for (const auto& one : instance.host().sync().quarantine("src")) {
        open[one["row"].get<std::string>()] = one;
    }
    CHECK(open.at("p3")["reason"] == "a value below zero");
    CHECK(open.at("p3")["raw"]["value"] == -3);
    CHECK(open.at("p3")["position"] == "in.json:1:0");
    CHECK_FALSE(open.at("p3")["raw"].contains("_position"));
    CHECK(open.at("p9")["position"] == "in.json:9");
    CHECK(open.at("latin1")["code"] == "encoding");
    CHECK(open.at("c2")["may_succeed_later"] == true);
    CHECK(open.begin()->first.front() == '#');
}

TEST_CASE("a row succeeds once what it refers to has come") {
    Instance instance(any_dialect(), flow_options());
    serves(instance, book());
    sync(instance);
    auto mended = book();
    mended["parent"].push_back(page({row("p3", 3)}));
    serves(instance, mended);

    const auto report = sync(instance);

    CHECK(report["state"] == "ok");
    CHECK(entity(report, "parent")["fixed"] == 1);
    CHECK(entity(report, "child")["fixed"] == 1);
    CHECK(report["quarantine_open"] == 0);
    CHECK(instance.cell("SELECT ref FROM flow_row WHERE external_id = 'c2'") == "p3");
}

TEST_CASE("quarantined rows are retried on demand") {
    Instance instance(any_dialect(), flow_options());
    serves(instance, book());
    sync(instance);
    CHECK(instance.host().sync().retry_quarantine("src") == 0);
    const auto position = "SELECT position FROM dunlin_quarantine WHERE row_key = 'c2'";
    CHECK(instance.cell(position) == "in.json:0:1");
    instance.exec("INSERT INTO flow_row VALUES ('src', 'parent', 'p3', 3, '')");

    CHECK(instance.host().sync().retry_quarantine("src") == 1);

    CHECK(instance.cell("SELECT count(*) FROM flow_row WHERE external_id = 'c2'") == 1);
}

TEST_CASE("a quarantined row of another shape does not block the retry of the others") {
    Instance instance(any_dialect(), flow_options());
    serves(instance, book());
    sync(instance);
    instance.exec("INSERT INTO flow_row VALUES ('src', 'parent', 'p3', 3, '')");
    instance.exec(
        "INSERT INTO dunlin_quarantine (source, entity, row_key, position, code, reason, raw_json,"
        " can_retry, state, attempts, first_seen_us, last_seen_us) VALUES ('src', 'child', 'c0',"
        " '', '', '', '{\"value\": \"many\"}', 1, 'open', 1, 1, 1)");

    CHECK(instance.host().sync().retry_quarantine("src") == 1);

    CHECK(instance.cell("SELECT count(*) FROM dunlin_quarantine WHERE row_key = 'c0' AND"
                        " state = 'open' AND can_retry = 0") == 1);
}

TEST_CASE("a second run of the same source is refused while the first is under way") {
    Instance instance(any_dialect(), flow_options());
    auto second = second_host(instance);
    const auto gate = (instance.folder() / "gate").string();
    auto content = book();
    content["parent"][1]["gate"] = gate;
    serves(instance, content);
    std::thread first([&] { sync(instance); });
    REQUIRE(waits_until([&] { return std::filesystem::exists(gate + ".reached"); }));

    CHECK_THROWS_WITH(second->sync().run("src", nullptr), Catch::Contains("under way already"));
    std::ofstream(gate).put('.');
    first.join();

    CHECK(instance.cell("SELECT count(*) FROM flow_row") == 6);
    CHECK(second->sync().run("src", nullptr)["state"] == "ok");
}

TEST_CASE("a run that was paused too long cannot commit over the one that took over") {
    Instance instance(any_dialect(), flow_options());
    auto later = second_host(instance, "2026-03-02T09:10:00Z");
    const auto gate = (instance.folder() / "gate").string();
    auto content = book();
    content["parent"][1]["gate"] = gate;
    serves(instance, content);
    std::string error;
    std::thread zombie([&] { error = error_of([&] { sync(instance); }); });
    REQUIRE(waits_until([&] { return std::filesystem::exists(gate + ".reached"); }));
    serves(instance, book());
    later->sync().run("src", nullptr);
    const auto cursor = "SELECT cursor_text FROM dunlin_sync_cursor WHERE entity = 'parent'";
    CHECK(instance.cell(cursor) == "3");
    instance.exec("DELETE FROM flow_row");

    std::ofstream(gate).put('.');
    zombie.join();

    CHECK_THAT(error, Catch::Contains("took over"));
    CHECK(instance.cell("SELECT count(*) FROM flow_row") == 0);
    CHECK(instance.cell(cursor) == "3");
}

TEST_CASE("a run stops on request and keeps what it has") {
    Instance instance(any_dialect(), flow_options());
    const auto gate = (instance.folder() / "gate").string();
    auto content = book();
    content["parent"][1]["gate"] = gate;
    serves(instance, content);
    dunlin_cancel cancel;
    Json report;
    std::thread runner([&] { report = instance.host().sync().run("src", nullptr, &cancel); });
    REQUIRE(waits_until([&] { return instance.cell("SELECT count(*) FROM flow_row") == 2; }));

    cancel.requested = true;
    runner.join();

    CHECK(report["state"] == "interrupted");
    CHECK(instance.cell("SELECT count(*) FROM flow_row") == 2);
}

TEST_CASE("a scheduled sync runs as a job") {
    auto options = flow_options();
    options.toml =
        "[sources.src]\nconnector = \"flow\"\nevery = \"15m\"\n"
        "[sources.src.settings]\npages_path = \"in.json\"\n";
    Instance instance(any_dialect(), options);
    serves(instance, book());

    instance.host().serve();

    CHECK(waits_until([&] {
        return instance.cell("SELECT count(*) FROM dunlin_sync_run WHERE state = 'partial'") == 1;
    }));
    instance.host().stop();
}

TEST_CASE("a source that cannot run says why") {
    auto options = flow_options();
    options.toml +=
        "[sources.wrong]\nconnector = \"flow\"\n[sources.wrong.settings]\nfil = \"x\"\n"
        "[sources.gone]\nconnector = \"nowhere\"\n";
    Instance instance(Dialect::sqlite, options);
    auto& sync = instance.host().sync();

    CHECK_THROWS_WITH(sync.run("nothing", nullptr), Catch::Contains("no source \"nothing\""));
    CHECK_THROWS_WITH(sync.run("wrong", nullptr), Catch::Contains("fil"));
    CHECK_THROWS_WITH(sync.run("gone", nullptr), Catch::Contains("not installed"));
    CHECK(sync.check("src").contains("pages"));
}

TEST_CASE("a source most of whose rows are bad stops instead of filling the quarantine") {
    Instance instance(any_dialect(), flow_options());
    std::vector<Json> rows;
    for (int i = 0; i < 1500; ++i) rows.push_back(row("p" + std::to_string(i), i < 400 ? 1 : -1));
    serves(instance, {{"parent", {page(rows)}}});

    const auto report = sync(instance);

    CHECK(entity(report, "parent")["state"] == "failed");
    CHECK(instance.cell("SELECT count(*) FROM dunlin_quarantine") == 0);
    CHECK(instance.cell("SELECT count(*) FROM flow_row") == 0);
}

TEST_CASE("what a plugin throws past the contract fails the run and names the plugin") {
    const std::string where = GENERATE("next", "next:int", "apply", "apply:int");
    auto options = flow_options();
    options.toml += "[sources.bad]\nconnector = \"flow\"\n[sources.bad.settings]\n" +
                    ("pages_path = \"in.json\"\nthrows = \"" + where + "\"\n");
    Instance instance(any_dialect(), options);
    serves(instance, book());

    const auto report = sync(instance, "bad");

    CHECK(entity(report, "parent")["state"] == "failed");
    CHECK_THAT(entity(report, "parent")["error"].get<std::string>(),
               Catch::Contains("the plugin flow") && Catch::Contains("exception escape from"));
    CHECK(instance.cell("SELECT count(*) FROM flow_row") == 0);
    CHECK(entity(sync(instance), "child")["inserted"] == 2);
}

TEST_CASE("an end, a close or totals that throw are logged and leave the rows alone") {
    const std::string where = GENERATE("end", "end:int", "close", "close:int", "totals");
    auto options = flow_options();
    options.toml += "[sources.bad]\nconnector = \"flow\"\n[sources.bad.settings]\n" +
                    ("pages_path = \"in.json\"\nthrows = \"" + where + "\"\n");
    Instance instance(any_dialect(), options);
    serves(instance, book());

    CHECK(sync(instance, "bad")["state"] == "partial");

    CHECK(instance.cell("SELECT count(*) FROM flow_row") == 6);
    CHECK_THAT(instance.log(),
               Catch::Contains("exception escape from " + where.substr(0, where.find(':'))));
}

TEST_CASE("a run cleans away old runs of its source and what was fixed long ago") {
    Instance instance(any_dialect(), flow_options());
    serves(instance, book());
    for (int id = -250; id < 0; ++id) {
        instance.exec("INSERT INTO dunlin_sync_run VALUES (" + std::to_string(id) + ", '" +
                      (id == -250 ? "again" : "src") + "', 1, 1, 'ok', '{}')");
    }
    const auto put = [&](const std::string& key, const std::string& state, const Date& seen) {
        instance.exec(
            "INSERT INTO dunlin_quarantine (source, entity, row_key, position, code, reason,"
            " raw_json, can_retry, state, attempts, first_seen_us, last_seen_us) VALUES ('src',"
            " 'gone', '" +
            key + "', '', '', '', '{}', 0, '" + state + "', 1, 1, " +
            std::to_string(seen.days() * 86'400'000'000) + ")");
    };
    put("old", "fixed", Date(2025, 11, 30));
    put("recent", "fixed", Date(2025, 12, 3));
    put("open", "open", Date(2025, 11, 30));

    sync(instance);

    CHECK(instance.cell("SELECT count(*) FROM dunlin_sync_run WHERE source = 'src'") == 200);
    CHECK(instance.cell("SELECT min(id) FROM dunlin_sync_run WHERE source = 'src'") == -199);
    CHECK(instance.cell("SELECT count(*) FROM dunlin_sync_run WHERE source = 'again'") == 1);
    CHECK(instance.sql("SELECT row_key FROM dunlin_quarantine WHERE entity = 'gone'"
                       " ORDER BY row_key") ==
          std::vector<std::vector<Json>>{{"open"}, {"recent"}});
}
