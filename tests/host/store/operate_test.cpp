// SPDX-License-Identifier: Apache-2.0
#include "fixture.hpp"

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

namespace dunlin::host {
namespace {

using Catch::Matchers::Contains;

Migration migration(int number, const std::string& sql, const std::string& sha256 = "") {
    return {"gamma", number, "00" + std::to_string(number) + "_x.sql", sql,
            sha256.empty() ? sql : sha256};
}

TEST_CASE("the host's own migrations apply once") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    {
        auto lease = f.store->begin(Access::write);
        lease->exec("DROP TABLE dunlin_audit");
        lease->commit();
    }
    const auto all = host_migrations(f.store->dialect());
    apply_migrations(*f.store, all, 1);
    apply_migrations(*f.store, all, 2);

    CHECK(plan_migrations(*f.store, all).empty());
    CHECK(f.number("SELECT count(*) FROM dunlin_migration WHERE at_us = 1") ==
          static_cast<int64_t>(all.size()));
}

TEST_CASE("an edited migration is refused") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    apply_migrations(*f.store, {migration(1, "CREATE TABLE gamma_a (id bigint)")}, 1);
    const std::vector<Migration> edited = {migration(1, "CREATE TABLE gamma_b (id bigint)")};

    CHECK(status_of([&] { plan_migrations(*f.store, edited); }) == DUNLIN_E_CONFLICT);
    CHECK_THAT(message_of([&] { apply_migrations(*f.store, edited, 2); }),
               Contains("001_x.sql") && Contains("new one"));
}

TEST_CASE("a migration changes its owner's tables only") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    const std::string sql = GENERATE(
        "CREATE TABLE alpha_x (id bigint)", "DROP TABLE beta_note", "DELETE FROM beta_note",
        "CREATE INDEX gamma_i ON beta_note (id)", "ALTER TABLE dunlin_audit ADD x text",
        "CREATE VIEW gamma_v1_x AS SELECT id FROM beta_note", "PRAGMA user_version = 1",
        "CREATE TABLE gamma_a (id bigint REFERENCES beta_note (id))", "CREATE ROLE gamma",
        "INSERT INTO gamma_a SELECT id FROM beta_note");
    INFO(sql);

    CHECK(status_of([&] { apply_migrations(*f.store, {migration(1, sql)}, 1); }) ==
          DUNLIN_E_DENIED);
}

TEST_CASE("a migration that fails leaves nothing behind") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    const std::vector<Migration> all = {
        migration(1,
                  "CREATE TABLE gamma_a (id bigint); INSERT INTO gamma_a VALUES (1); "
                  "INSERT INTO gamma_a (nothing) VALUES (1);")};

    CHECK_THAT(message_of([&] { apply_migrations(*f.store, all, 1); }), Contains("001_x.sql"));
    CHECK(plan_migrations(*f.store, all).size() == 1);
    CHECK(status_of([&] { f.number("SELECT count(*) FROM gamma_a"); }) == DUNLIN_E_INVALID);
}

TEST_CASE("files are read in order, with the dialect's in place of the common one") {
    const std::filesystem::path folder = "/tmp/dunlin-sql-" + std::to_string(::getpid());
    std::filesystem::create_directories(folder);
    const auto put = [&](const char* name) { std::ofstream(folder / name) << "-- " << name; };
    put("002_b.sql");
    put("001_a.sql");
    put("002_b.postgresql.sql");
    const auto common = read_migrations("gamma", folder, Dialect::sqlite);
    const auto special = read_migrations("gamma", folder, Dialect::postgresql);

    REQUIRE(common.size() == 2);
    CHECK(common[1].name == "002_b.sql");
    CHECK(special[1].name == "002_b.postgresql.sql");
    put("004_d.sql");
    CHECK(status_of([&] { read_migrations("gamma", folder, Dialect::sqlite); }) == DUNLIN_E_DATA);
    std::filesystem::remove_all(folder);
    CHECK(read_migrations("gamma", folder, Dialect::sqlite).empty());
}

const std::vector<Migration>& racing() {
    static const std::vector<Migration> all = {migration(1, "CREATE TABLE gamma_a (id bigint)"),
                                               migration(2, "INSERT INTO gamma_a VALUES (1)"),
                                               migration(3, "INSERT INTO gamma_a VALUES (1)")};
    return all;
}

TEST_CASE("the other process of the next test", "[.]") {
    StoreOptions options;
    options.url = std::getenv("DUNLIN_TEST_URL");
    options.base = std::getenv("DUNLIN_TEST_BASE");
    const auto store = Store::open(options);

    CHECK(message_of([&] { apply_migrations(*store, racing(), 1); }) == "");
}

TEST_CASE("two processes that migrate at once both succeed") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    const auto url = f.options.url, base = f.folder.string();
    const int child = ::fork();
    if (child == 0) {
        ::setenv("DUNLIN_TEST_URL", url.c_str(), 1);
        ::setenv("DUNLIN_TEST_BASE", base.c_str(), 1);
        ::execl("/proc/self/exe", "store_test", "the other process of the next test", nullptr);
        ::_exit(127);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    const auto mine = message_of([&] { apply_migrations(*f.store, racing(), 1); });
    int state = 1;
    ::waitpid(child, &state, 0);

    CHECK(mine == "");
    CHECK(state == 0);
    CHECK(f.number("SELECT count(*) FROM gamma_a") == 2);
}

TEST_CASE("a backup while others write is consistent") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    std::atomic<bool> is_over{false};
    std::atomic<int> pairs{0};
    std::thread writer([&] {
        for (int64_t id = 0; !is_over; id += 2) {  // Always in pairs.
            auto lease = f.store->begin(Access::write);
            lease->exec("INSERT INTO beta_note (id, note) VALUES (?, 'x')", id);
            lease->exec("INSERT INTO beta_note (id, note) VALUES (?, 'y')", id + 1);
            lease->commit();
            ++pairs;
        }
    });
    while (pairs == 0) std::this_thread::yield();
    const auto message = message_of([&] { f.store->backup(f.folder / "copy"); });
    is_over = true;
    writer.join();

    REQUIRE(message == "");
    if (f.store->dialect() == Dialect::sqlite) {
        auto copy = Store::open({"sqlite:copy/dunlin.db", f.folder});
        auto lease = copy->begin(Access::read);
        auto query = lease->query("SELECT count(*) FROM beta_note");
        query->step();
        CHECK(query->i64(0) > 0);
        CHECK(query->i64(0) % 2 == 0);
    } else {
        CHECK(std::filesystem::file_size(f.folder / "copy" / "dunlin.dump") > 1000);
    }
}

TEST_CASE("an unreachable database is unavailable, with a remedy and without the password") {
    const std::string url =
        GENERATE("postgresql:host=127.0.0.1 port=1 dbname=x user=y password=hunter2hunter2",
                 "postgresql://y:hunter2hunter2@127.0.0.1:1/x", "sqlite:/nowhere/at/all.db");
    StoreOptions options;
    options.url = url;
    const auto message = message_of([&] { Store::open(options); });

    CHECK(status_of([&] { Store::open(options); }) == DUNLIN_E_UNAVAILABLE);
    CHECK_THAT(message, Contains("check") && !Contains("hunter2"));
}

TEST_CASE("a store URL of another kind is invalid and not repeated") {
    StoreOptions options;
    options.url = GENERATE("mysql:password=hunter2", "postgresql:pass word=hunter2 x");
    const auto message = message_of([&] { Store::open(options); });

    CHECK(status_of([&] { Store::open(options); }) == DUNLIN_E_INVALID);
    CHECK_THAT(message, Contains("write") && !Contains("hunter2"));
}

TEST_CASE("an inspection of a healthy store finds nothing wrong") {
    Fixture f(GENERATE(Dialect::sqlite, Dialect::postgresql));
    for (const auto& finding : f.store->inspect()) {
        INFO(finding.name << " " << finding.message);
        CHECK(finding.state != "fail");
    }
}

TEST_CASE("ids of several threads never meet") {
    const Clock clock;
    Ids ids(clock);
    ids.use_node(7);
    std::vector<std::vector<int64_t>> made(4, std::vector<int64_t>(50'000));
    std::vector<std::thread> threads;
    for (auto& list : made) {
        threads.emplace_back([&] { ids.next(list.size(), list.data()); });
    }
    for (auto& thread : threads) thread.join();
    std::set<int64_t> all;
    for (const auto& list : made) all.insert(list.begin(), list.end());

    CHECK(all.size() == 200'000);
    CHECK(*all.begin() > 0);
    CHECK((*all.begin() >> 12 & 1023) == 7);
    CHECK(ids.next() > *all.rbegin());
}

TEST_CASE("ids with a seed are the same in every run") {
    const Clock clock("UTC", 1);
    Ids ids(clock);
    ids.use_seed(100);

    CHECK(ids.next() == 100);
    CHECK(ids.next() == 101);
}

TEST_CASE("a secret is in no line of the log") {
    const auto path = "/tmp/dunlin-log-" + std::to_string(::getpid());
    {
        Log log;
        log.open(path);
        log.hide("p\"ss\nword");
        log.hide("p\"ss\nword and more");
        log.error("test", "sent p\"ss\nword and more to it", {{"key", "xp\"ss\nwordx"}});
        CHECK(log.redact("p\"ss\nword!") == "[secret]!");
    }
    std::ifstream in(path);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    std::filesystem::remove(path);

    CHECK_THAT(text, !Contains("ss\\nword") && Contains("\"message\":\"sent [secret] to it\"") &&
                         Contains("x[secret]x"));
}

TEST_CASE("the business date depends on the zone") {
    const int64_t evening_in_new_york = 1'709'258'400'000'000;  // 2024-03-01T02:00:00Z

    CHECK(Clock::date_in("UTC", evening_in_new_york) == Date(2024, 3, 1));
    CHECK(Clock::date_in("America/New_York", evening_in_new_york) == Date(2024, 2, 29));
    CHECK(Clock::date_in("Pacific/Kiritimati", evening_in_new_york) == Date(2024, 3, 1));
    CHECK(timestamp_text(evening_in_new_york + 1) == "2024-03-01T02:00:00.000001Z");
    CHECK(status_of([] { Clock("Mars/Olympus"); }) == DUNLIN_E_INVALID);
    CHECK(Clock("UTC", 5).moment(Date(2020, 1, 1)).is_overridden);
}

TEST_CASE("metrics print as Prometheus reads them") {
    Metrics metrics;
    metrics.add("calls_total", "kind=\"a\"");
    metrics.add("calls_total", "kind=\"a\"", 2);
    metrics.set("queue", "", 1.5);

    CHECK(metrics.text() ==
          "# TYPE calls_total counter\ncalls_total{kind=\"a\"} 3\n# TYPE queue gauge\nqueue 1.5\n");
}

}  // namespace
}  // namespace dunlin::host
