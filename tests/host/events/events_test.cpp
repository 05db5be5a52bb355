// SPDX-License-Identifier: Apache-2.0
#include "../sync/flow.hpp"

#include <catch2/catch.hpp>

using namespace dunlin;
using namespace dunlin::test;
using host::Access;

namespace {

Dialect any_dialect() {
    return GENERATE(Dialect::sqlite, Dialect::postgresql);
}

void emit(Instance& instance, const std::vector<Json>& events) {
    instance.call("flow.emit", {{"events", events}});
}

/// "seq/attempt" of what the handler kept, in the order in which it did.
std::string seen(Instance& instance, const std::string& key) {
    std::string out;
    for (const auto& row :
         instance.sql("SELECT seq, attempt FROM flow_seen WHERE key = '" + key + "' ORDER BY n")) {
        out += (out.empty() ? "" : " ") + row[0].dump() + "/" + row[1].dump();
    }
    return out;
}

}  // namespace

TEST_CASE("an event exists exactly if its transaction commits") {
    Instance instance(any_dialect(), flow_options());

    CHECK(instance.status_of("flow.emit", {{"events", {event_of("a", 1)}}, {"fail", true}}) ==
          DUNLIN_E_CONFLICT);
    CHECK(instance.cell("SELECT count(*) FROM dunlin_event") == 0);
    emit(instance, {event_of("a", 2), event_of("a", 3)});
    CHECK(instance.cell("SELECT count(*) FROM dunlin_event") == 2);

    CHECK(instance.host().events().deliver_pending() == 2);
    CHECK(seen(instance, "a") == "2/1 3/1");
    CHECK(instance.host().events().deliver_pending() == 0);
}

TEST_CASE("what was emitted in a savepoint goes with it") {
    Instance instance(any_dialect(), flow_options());
    auto& events = instance.host().events();
    auto tx = instance.host().begin(Access::write);
    events.emit(*tx, "flow", "flow.happened", "a", R"({"seq":1})");

    CHECK_THROWS_AS(tx->in_savepoint([&] {
        events.emit(*tx, "flow", "flow.happened", "a", R"({"seq":2})");
        throw Error(DUNLIN_E_CONFLICT, "as asked");
    }),
                    Error);
    events.emit(*tx, "flow", "flow.happened", "a", R"({"seq":3})");
    tx->commit();
    events.deliver_pending();

    CHECK(seen(instance, "a") == "1/1 3/1");
}

TEST_CASE("a query emits no event") {
    Instance instance(Dialect::sqlite, flow_options());
    auto tx = instance.host().begin(Access::read);

    CHECK_THROWS_WITH(instance.host().events().emit(*tx, "flow", "flow.happened", "a", "{}"),
                      Catch::Contains("a query changes nothing"));
}

TEST_CASE("after a failure that may pass, the key waits in order and the others go on") {
    Instance instance(any_dialect(), flow_options());
    emit(instance, {event_of("a", 1, {{"fail", "unavailable"}, {"times", 1}}), event_of("b", 1)});
    emit(instance, {event_of("a", 2), event_of("a", 3), event_of("b", 2)});

    instance.host().events().deliver_pending();

    CHECK(seen(instance, "a").empty());
    CHECK(seen(instance, "b") == "1/1 2/1");
    CHECK(instance.host().events().list("waiting").size() == 3);
    emit(instance, {event_of("a", 4)});
    instance.restart("2026-03-02T10:00:00Z");
    instance.host().events().deliver_pending();
    CHECK(seen(instance, "a") == "1/2 2/1 3/1 4/1");
    CHECK(instance.host().events().list("waiting").empty());
}

TEST_CASE("a failure that stays is a dead letter at once, and the key goes on") {
    Instance instance(any_dialect(), flow_options());
    emit(instance, {event_of("a", 1, {{"fail", "data"}, {"times", 1}}), event_of("a", 2)});

    instance.host().events().deliver_pending();

    CHECK(seen(instance, "a") == "2/1");
    const auto dead = instance.host().events().list("dead");
    REQUIRE(dead.size() == 1);
    CHECK(dead[0]["error"] == "event as asked");
    CHECK(dead[0]["payload"]["seq"] == 1);
    CHECK(instance.host().events().status()["subscribers"][0]["dead"] == 1);
}

TEST_CASE("a replayed dead letter is delivered once") {
    Instance instance(any_dialect(), flow_options());
    emit(instance, {event_of("a", 1, {{"fail", "data"}, {"times", 0}}),
                    event_of("b", 2, {{"fail", "data"}, {"times", 1}})});
    instance.host().events().deliver_pending();
    const auto dead = instance.host().events().list("dead");
    REQUIRE(dead.size() == 1);
    // Its reason is mended.
    instance.exec("UPDATE dunlin_event SET payload_json = '{\"seq\":2}' WHERE key = 'b'");

    CHECK(instance.host().events().replay("flow", 0) == 1);
    instance.host().events().deliver_pending();

    CHECK(seen(instance, "b") == "2/1");
    CHECK(instance.host().events().list("dead").empty());
    CHECK_THROWS_WITH(instance.host().events().replay("flow", 12345),
                      Catch::Contains("no dead letter"));
}

TEST_CASE("a delivery that keeps failing ends as a dead letter") {
    Instance instance(Dialect::sqlite, flow_options());
    emit(instance, {event_of("a", 1, {{"fail", "unavailable"}, {"times", 99}}), event_of("a", 2)});

    for (int i = 0; i < 12; ++i) {
        instance.host().events().deliver_pending();
        instance.exec(
            "UPDATE dunlin_delivery SET next_at_us = 0 WHERE next_at_us <"
            " 9000000000000000000");
    }

    CHECK(seen(instance, "a") == "2/1");
    CHECK(instance.host().events().list("dead")[0]["attempts"] == 12);
}

TEST_CASE("a delivery that only the commit refuses counts as an attempt and the others go on") {
    Instance instance(Dialect::postgresql, flow_options());
    instance.exec("CREATE TABLE flow_right (seq bigint PRIMARY KEY)");
    instance.exec("INSERT INTO flow_right VALUES (2)");
    instance.exec(
        "ALTER TABLE flow_seen ADD FOREIGN KEY (seq) REFERENCES flow_right (seq)"
        " DEFERRABLE INITIALLY DEFERRED");
    emit(instance, {event_of("a", 1), event_of("b", 2)});

    instance.host().events().deliver_pending();

    CHECK(seen(instance, "a").empty());
    CHECK(seen(instance, "b") == "2/1");
    CHECK(instance.host().events().list("waiting").size() == 1);
}

TEST_CASE("an event that a handler emits is delivered too") {
    Instance instance(any_dialect(), flow_options());
    emit(instance, {event_of("a", 1, {{"follow", "b"}})});

    CHECK(instance.host().events().deliver_pending() == 2);

    CHECK(seen(instance, "b") == "0/1");
}

TEST_CASE("a handler's own events go with its failure") {
    Instance instance(any_dialect(), flow_options());
    emit(instance, {event_of("a", 1, {{"follow", "b"}, {"fail", "data"}, {"times", 1}}),
                    event_of("c", 1, {{"follow", "d"}})});

    instance.host().events().deliver_pending();

    CHECK(seen(instance, "b").empty());
    CHECK(seen(instance, "d") == "0/1");
}

TEST_CASE("a transaction that commits late is not skipped on PostgreSQL") {
    Instance instance(Dialect::postgresql, flow_options());
    auto& events = instance.host().events();
    auto late = instance.host().begin(Access::write);
    late->db().exec("INSERT INTO dunlin_cron VALUES ('late', 9000000000000000)");
    events.emit(*late, "flow", "flow.happened", "late", R"({"seq":1})");

    emit(instance, {event_of("early", 1)});
    events.deliver_pending();
    late->commit();
    events.deliver_pending();

    CHECK(seen(instance, "late") == "1/1");
    CHECK(seen(instance, "early") == "1/1");
}

TEST_CASE("events of one key come in the order of the commits on PostgreSQL") {
    Instance instance(Dialect::postgresql, flow_options());
    auto& events = instance.host().events();
    const auto begun = [&](const std::string& name) {
        auto tx = instance.host().begin(Access::write);
        tx->db().exec("INSERT INTO dunlin_cron VALUES (?, 9000000000000000)", name);
        return tx;
    };
    auto first_begun = begun("first");  // PostgreSQL numbers a transaction at its first write.
    auto second_begun = begun("second");

    events.emit(*first_begun, "flow", "flow.happened", "a", R"({"seq":2})");
    events.emit(*second_begun, "flow", "flow.happened", "a", R"({"seq":1})");
    second_begun->commit();
    events.deliver_pending();
    first_begun->commit();
    events.deliver_pending();

    CHECK(seen(instance, "a") == "1/1 2/1");
}

TEST_CASE("what two hosts count up together is told in the order of the count") {
    Instance instance(any_dialect(), flow_options());
    auto second = second_host(instance);
    instance.exec("INSERT INTO dunlin_cron VALUES ('count', 0)");
    const auto count_up = [](host::Host& host) {
        for (int i = 0; i < 50; ++i) {
            auto tx = host.begin(Access::write);
            int64_t n = 0;
            tx->db()
                .query(
                    "UPDATE dunlin_cron SET next_at_us = next_at_us + 1 WHERE kind = 'count'"
                    " RETURNING next_at_us")
                ->next(n);
            host.events().emit(*tx, "flow", "flow.happened", "a", Json{{"seq", n}}.dump());
            tx->commit();
        }
    };

    std::thread other([&] { count_up(*second); });
    count_up(instance.host());
    other.join();
    instance.host().events().deliver_pending();

    std::string counted;
    for (int i = 1; i <= 100; ++i) {
        counted += (counted.empty() ? "" : " ") + std::to_string(i) + "/1";
    }
    CHECK(seen(instance, "a") == counted);
}

TEST_CASE("events of a process whose ids run behind are not skipped on SQLite") {
    Instance instance(Dialect::sqlite, flow_options());
    emit(instance, {event_of("a", 1)});
    instance.host().events().deliver_pending();
    instance.exec("UPDATE dunlin_subscriber SET id = 9000000000000000000");

    emit(instance, {event_of("a", 2)});
    instance.host().events().deliver_pending();

    CHECK(seen(instance, "a") == "1/1 2/1");
}

TEST_CASE("two hosts deliver each event once, in order") {
    Instance instance(any_dialect(), flow_options());
    auto second = second_host(instance);
    for (int i = 0; i < 40; ++i) {
        emit(instance, {event_of("a", i), event_of("b", i), event_of("c", i)});
    }

    std::thread other([&] { second->events().deliver_pending(); });
    instance.host().events().deliver_pending();
    other.join();
    CHECK(waits_until([&] {
        instance.host().events().deliver_pending();
        return instance.cell("SELECT count(*) FROM flow_seen") == 120;
    }));

    CHECK(instance.cell("SELECT count(DISTINCT event_id) FROM flow_seen") == 120);
}

TEST_CASE("the dispatcher is woken by a commit") {
    Instance instance(any_dialect(), flow_options());
    instance.host().serve();

    emit(instance, {event_of("a", 1)});

    CHECK(waits_until([&] { return seen(instance, "a") == "1/1"; }));
    instance.host().stop();
}

TEST_CASE("only what everybody has read and nobody waits for is purged") {
    Instance instance(any_dialect(), flow_options());
    emit(instance, {event_of("a", 1, {{"fail", "data"}, {"times", 1}}), event_of("a", 2)});
    instance.host().events().deliver_pending();
    emit(instance, {event_of("a", 3)});

    const auto now = instance.host().clock().now_us();
    CHECK(instance.host().events().purge(now) == 0);
    CHECK(instance.host().events().purge(now + 1) == 1);

    CHECK(instance.cell("SELECT count(*) FROM dunlin_event") == 2);
    instance.host().events().deliver_pending();
    CHECK(seen(instance, "a") == "2/1 3/1");
}

TEST_CASE("a database restored into a younger PostgreSQL goes on delivering") {
    Instance instance(Dialect::postgresql, flow_options());
    emit(instance, {event_of("a", 1)});
    instance.host().events().deliver_pending();
    emit(instance, {event_of("a", 2)});
    instance.exec("UPDATE dunlin_event SET tx_number = tx_number + 1000000000");
    instance.exec("UPDATE dunlin_subscriber SET tx_number = tx_number + 1000000000");

    instance.restart();
    emit(instance, {event_of("a", 3)});
    instance.host().events().deliver_pending();

    CHECK(seen(instance, "a") == "1/1 2/1 3/1");
}
