// SPDX-License-Identifier: Apache-2.0
#include "../sync/flow.hpp"

#include <catch2/catch.hpp>

using namespace dunlin;
using namespace dunlin::test;
using host::Access;
using host::next_cron;

namespace {

Dialect any_dialect() {
    return GENERATE(Dialect::sqlite, Dialect::postgresql);
}

void work(Instance& instance, const std::string& dedup_key, const Json& args) {
    instance.call("flow.work", {{"dedup_key", dedup_key}, {"args", args}});
}

std::string ran(Instance& instance) {
    std::string out;
    for (const auto& row : instance.sql("SELECT name, attempt FROM flow_ran ORDER BY n")) {
        out += (out.empty() ? "" : " ") + row[0].get<std::string>() + "/" + row[1].dump();
    }
    return out;
}

int64_t at(const std::string& text) {
    std::tm tm{};
    strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &tm);
    return static_cast<int64_t>(timegm(&tm)) * 1'000'000;
}

std::string next(const std::string& cron, const std::string& zone, const std::string& after) {
    return host::timestamp_text(next_cron(cron, zone, at(after))).substr(0, 16);
}

void release(const std::filesystem::path& gate) {
    std::ofstream(gate).put('.');
}
bool is_reached(const std::filesystem::path& gate) {
    return waits_until([&] { return std::filesystem::exists(gate.string() + ".reached"); });
}

}  // namespace

TEST_CASE("a job runs once, after the commit that queued it") {
    Instance instance(any_dialect(), flow_options());
    work(instance, "", {{"name", "one"}});

    CHECK(instance.host().jobs().run_due() == 1);

    CHECK(ran(instance) == "one/1");
    CHECK(instance.host().jobs().list("done").size() == 1);
    CHECK(instance.host().jobs().run_due() == 0);
}

TEST_CASE("a twin of a job that waits is not queued, one without a key is") {
    Instance instance(any_dialect(), flow_options());
    work(instance, "k", {{"name", "one"}});
    work(instance, "k", {{"name", "twin"}});
    work(instance, "", {{"name", "two"}});
    work(instance, "", {{"name", "two"}});

    CHECK(instance.host().jobs().run_due() == 3);

    CHECK(ran(instance) == "one/1 two/1 two/1");
    work(instance, "k", {{"name", "later"}});
    CHECK(instance.host().jobs().run_due() == 1);
}

TEST_CASE("a job that fails for a while is tried again later, one that fails for good is not") {
    Instance instance(any_dialect(), flow_options());
    work(instance, "", {{"name", "a"}, {"fail", "unavailable"}, {"times", 1}});
    work(instance, "", {{"name", "b"}, {"fail", "data"}, {"times", 1}});

    instance.host().jobs().run_due();

    CHECK(instance.host().jobs().list("queued").size() == 1);
    const auto failed = instance.host().jobs().list("failed");
    REQUIRE(failed.size() == 1);
    CHECK(failed[0]["error"] == "job as asked");
    instance.restart("2026-03-02T09:30:00Z");
    instance.host().jobs().retry(std::stoll(failed[0]["id"].get<std::string>()));
    instance.host().jobs().run_due();
    CHECK(instance.host().jobs().list("done").size() == 1);
    CHECK(instance.host().jobs().list("failed").size() == 1);
}

TEST_CASE("a transaction that a job leaves open is rolled back") {
    Instance instance(any_dialect(), flow_options());
    work(instance, "a", {{"leave", true}});
    work(instance, "b", {{"name", "b"}});

    instance.host().jobs().run_due();

    CHECK(ran(instance) == "b/1");
    CHECK(instance.host().jobs().list("done").size() == 2);
}

TEST_CASE("an unknown kind is refused by name") {
    Instance instance(Dialect::sqlite, flow_options());
    auto tx = instance.host().begin(Access::write);

    CHECK_THROWS_WITH(instance.host().jobs().enqueue(*tx, "flow.nothing", "", "{}", 0),
                      Catch::Contains("flow.nothing"));
}

TEST_CASE("a queued job that is cancelled never runs, and nothing else can be cancelled") {
    Instance instance(any_dialect(), flow_options());
    work(instance, "", {{"name", "a"}});
    const auto id = std::stoll(instance.host().jobs().list("queued")[0]["id"].get<std::string>());

    instance.host().jobs().cancel(id);

    CHECK(instance.host().jobs().run_due() == 0);
    CHECK_THROWS_WITH(instance.host().jobs().cancel(id), Catch::Contains("it is cancelled"));
    CHECK_THROWS_WITH(instance.host().jobs().cancel(123456), Catch::Contains("no job 123456"));
}

TEST_CASE("a running job is told to stop, also by another host") {
    Instance instance(any_dialect(), flow_options());
    auto second = second_host(instance);
    const auto gate = instance.folder() / "gate";
    work(instance, "", {{"name", "a"}, {"gate", gate.string()}});
    const auto id = std::stoll(instance.host().jobs().list("queued")[0]["id"].get<std::string>());
    std::thread runner([&] { instance.host().jobs().run_due(); });
    REQUIRE(is_reached(gate));

    second->jobs().cancel(id);
    runner.join();

    CHECK(instance.host().jobs().list("cancelled").size() == 1);
    CHECK(ran(instance).empty());
}

TEST_CASE("a host that stops leaves its running job to be run again") {
    Instance instance(any_dialect(), flow_options());
    const auto gate = instance.folder() / "gate";
    work(instance, "", {{"name", "a"}, {"gate", gate.string()}});
    instance.host().serve();
    REQUIRE(is_reached(gate));

    instance.restart();
    release(gate);
    instance.host().jobs().run_due();

    CHECK(ran(instance) == "a/1");
}

TEST_CASE("a job whose host died is taken over, and the dead one's end does not count") {
    Instance instance(any_dialect(), flow_options());
    auto later = second_host(instance, "2026-03-02T09:05:00Z");
    const auto gate = instance.folder() / "gate";
    work(instance, "", {{"name", "a"}, {"gate", gate.string()}});
    std::thread paused([&] { instance.host().jobs().run_due(); });
    REQUIRE(is_reached(gate));

    std::thread other([&] { later->jobs().run_due(); });
    CHECK(waits_until([&] { return instance.cell("SELECT fence FROM dunlin_job") == 2; }));
    release(gate);
    other.join();
    paused.join();

    CHECK(instance.cell("SELECT state FROM dunlin_job") == "done");
    CHECK(instance.cell("SELECT attempts FROM dunlin_job") == 2);
    CHECK_THAT(instance.log(), Catch::Contains("its end here does not count"));
}

TEST_CASE("a running job keeps its lease and shows its progress") {
    Instance instance(any_dialect(), flow_options());
    const auto gate = instance.folder() / "gate";
    work(instance, "", {{"name", "a"}, {"gate", gate.string()}});
    std::thread runner([&] { instance.host().jobs().run_due(); });
    REQUIRE(is_reached(gate));
    auto second = second_host(instance, "2026-03-02T09:00:30Z");

    CHECK(second->jobs().run_due() == 0);
    release(gate);
    runner.join();

    CHECK(ran(instance) == "a/1");
}

TEST_CASE("two hosts run each job once") {
    Instance instance(any_dialect(), flow_options());
    auto second = second_host(instance);
    for (int i = 0; i < 30; ++i) work(instance, "", {{"name", "j" + std::to_string(i)}});

    std::thread other([&] { second->jobs().run_due(); });
    instance.host().jobs().run_due();
    other.join();

    CHECK(instance.cell("SELECT count(*) FROM flow_ran") == 30);
    CHECK(instance.cell("SELECT count(DISTINCT name) FROM flow_ran") == 30);
    CHECK(instance.host().jobs().list("done").size() == 30);
}

TEST_CASE("a cron line fires once on two hosts, however many times were missed") {
    Instance instance(any_dialect(), flow_options());
    CHECK(instance.host().jobs().fire_due() == 0);
    instance.restart("2026-03-02T15:20:00Z");
    auto second = second_host(instance);

    std::thread other([&] { second->jobs().fire_due(); });
    instance.host().jobs().fire_due();
    other.join();

    CHECK(instance.cell("SELECT count(*) FROM dunlin_job WHERE kind = 'flow.tick'") == 1);
    CHECK(instance.cell("SELECT next_at_us FROM dunlin_cron WHERE kind = 'flow.tick'") ==
          at("2026-03-02T16:00:00"));
}

TEST_CASE("a schedule that fails does not stop the others") {
    Instance instance(any_dialect(), flow_options());
    const auto soon = [](int64_t after) { return after + 1; };
    const auto never = [](int64_t) -> int64_t { throw Error(DUNLIN_E_INVALID, "never"); };
    instance.host().jobs().add_schedule({"a", "flow.work", "a", "{}", never, true});
    instance.host().jobs().add_schedule({"b", "flow.unknown", "b", "{}", soon, true});
    instance.host().jobs().add_schedule({"c", "flow.tick", "c", "{}", soon, true});

    CHECK(instance.host().jobs().fire_due() == 1);
    CHECK(instance.cell("SELECT count(*) FROM dunlin_job WHERE dedup_key = 'c'") == 1);
}

TEST_CASE("worker threads run what is queued") {
    Instance instance(any_dialect(), flow_options());
    instance.host().serve();

    work(instance, "", {{"name", "a"}});

    CHECK(waits_until([&] { return ran(instance) == "a/1"; }));
    instance.host().stop();
}

TEST_CASE("a lease has one holder, and its fence grows") {
    Instance instance(any_dialect(), flow_options());
    auto later = second_host(instance, "2026-03-02T09:05:00Z");
    constexpr int64_t minute = 60'000'000;

    const host::Lease first(instance.host(), "x", minute);
    CHECK(first.fence() == 1);
    CHECK(host::Lease(instance.host(), "x", minute).fence() == 0);
    const host::Lease next(*later, "x", minute);
    CHECK(next.fence() == 2);
    auto tx = instance.host().begin(Access::write);
    CHECK_FALSE(first.renew(*tx));
    CHECK(next.renew(*tx));
}

TEST_CASE("who asks for a lease does not wait for its holder's transaction") {
    Instance instance(Dialect::postgresql, flow_options());
    constexpr int64_t minute = 60'000'000;
    const host::Lease first(instance.host(), "x", minute);
    auto batch = instance.host().begin(Access::write);
    REQUIRE(first.renew(*batch));

    // A wait would end in "another transaction holds the row".
    CHECK(host::Lease(instance.host(), "x", minute).fence() == 0);
    CHECK(instance.host()
              .begin(Access::read)
              ->db()
              .value("SELECT fence FROM dunlin_lease WHERE name = 'x'") == "1");
}

TEST_CASE("a cron line names its next instant in its zone") {
    CHECK(next("*/15 * * * *", "UTC", "2026-03-02T09:00:00") == "2026-03-02T09:15");
    CHECK(next("30 6 * * 1-5", "Europe/Berlin", "2026-03-06T06:00:00") == "2026-03-09T05:30");
    CHECK(next("0 0 29 2 *", "UTC", "2026-03-02T09:00:00") == "2028-02-29T00:00");
    CHECK(next("0 12 1 * 7", "UTC", "2026-03-02T00:00:00") == "2026-03-08T12:00");
    CHECK(next("5,35 8-18/5 * * *", "UTC", "2026-03-02T08:35:00") == "2026-03-02T13:05");
    CHECK(next("0 9 * * *", "UTC", "2026-03-02T09:00:00") == "2026-03-03T09:00");
}

TEST_CASE("a time that a zone skips or repeats fires once") {
    // Berlin goes forward on 29 March 2026 at 02:00 and back on 25 October at 03:00.
    CHECK(next("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00") == "2026-03-29T01:00");
    CHECK(next("30 2 * * *", "Europe/Berlin", "2026-03-29T01:00:00") == "2026-03-30T00:30");
    CHECK(next("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00") == "2026-10-25T00:30");
    CHECK(next("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00") == "2026-10-26T01:30");
    CHECK(next("30 * * * *", "Europe/Berlin", "2026-10-25T00:30:00") == "2026-10-25T01:30");
    CHECK(next("0 * * * *", "Europe/Berlin", "2026-03-29T00:30:00") == "2026-03-29T01:00");
}

TEST_CASE("what is no cron line is refused") {
    const auto line = GENERATE("", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "a * * * *",
                               "*/0 * * * *", "5-1 * * * *", "0 0 30 2 *", "* * * * 8");
    CHECK_THROWS_AS(next_cron(line, "UTC", 0), Error);
    CHECK_THROWS_AS(next_cron("* * * * *", "Mars/Olympus", 0), Error);
}
