// SPDX-License-Identifier: Apache-2.0
// Credit holds: told before, respected by both sides, seen where the customer is worked, and taken
// to the customer's own system as far as that takes them.
#include "sales_book.hpp"

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;

namespace {

const Json why{{"reason", "late"}};
const Json at_once{{"reason", "bankrupt"}, {"override_reason", "no day to lose"}};

struct Holds : Sales {
    using Sales::Sales;
    Json on(Date day, const std::string& command, const Json& more = Json::object()) {
        host::CallOptions options;
        options.today = day;
        return book.instance().call("receivables." + command, request(more), person("ann"),
                                    options);
    }
    std::string refused_on(Date day, const std::string& command, const Json& more) {
        return error_of([&] { on(day, command, more); });
    }
    Json hold() { return book.call("customer", request({})).value("credit_hold", Json()); }
    int64_t events(const std::string& name) {
        return book.instance().cell(
            "SELECT count(*) FROM dunlin_event WHERE topic = 'receivables." + name + "'");
    }
    /// The tasks that propose to lift the hold.
    std::string proposals() {
        std::string out;
        for (const auto& row : book.instance().sql(
                 "SELECT state, assignee FROM receivables_task WHERE kind = 'other' ORDER BY "
                 "task_id")) {
            out += row[0].get<std::string>() + " " + row[1].get<std::string>() + ";";
        }
        return out;
    }
    void run_jobs() { book.instance().host().jobs().run_due(); }
};

}  // namespace

TEST_CASE("a credit hold is placed only from the day on that sales was told of") {
    Holds holds;
    const Date told(2026, 3, 4);
    CHECK_THAT(holds.refused_on(told, "place_credit_hold", {}), Contains("sales was not told"));
    CHECK_THAT(holds.refused_on(told, "lift_credit_hold", why), Contains("not on credit hold"));
    holds.book.call("announce_hold", holds.request(why));
    CHECK_THAT(holds.refusal("announce_hold", why, DUNLIN_E_CONFLICT),
               Contains("from 2026-03-04 is announced already"));
    CHECK_THAT(holds.refusal("place_credit_hold", {}, DUNLIN_E_CONFLICT),
               Contains("announced for 2026-03-04"));
    CHECK_THAT(holds.refused_on(told + 31, "place_credit_hold", {}), Contains("announce it again"));
    CHECK(holds.hold()["state"] == "announced");
    const auto placed = holds.on(told, "place_credit_hold");
    CHECK(placed["state"] == "placed");
    CHECK(placed["placed_by"] == "ann");
    CHECK(placed["reason"] == "late");
    CHECK_THAT(holds.refused_on(told + 1, "place_credit_hold", {}),
               Contains("on credit hold since 2026-03-04, by ann"));
    CHECK_THAT(holds.refused_on(told + 1, "override_credit_hold", at_once),
               Contains("on credit hold since"));
    CHECK(holds.events("credit_hold_placed") == 1);
}

TEST_CASE("a hold waits for the end of a hold-off, unless somebody who may says why not") {
    Holds holds;
    const Date told(2026, 3, 4);
    holds.book.call("announce_hold", holds.request(why));
    holds.on(told, "hold_off", {{"until", "2026-03-10"}, {"reason", "a deal"}});
    CHECK_THAT(holds.refused_on(told, "place_credit_hold", {}),
               Contains("holds collecting off until 2026-03-10 (ann: a deal)"));
    const auto status = [&](const char* role) {
        return holds.book.instance().status_of("receivables.override_credit_hold",
                                               holds.request(at_once), holds.in_role(role, role));
    };
    CHECK(status("collector") == DUNLIN_E_DENIED);
    CHECK(status("salesperson") == DUNLIN_E_DENIED);
    CHECK(holds.book.instance().status_of("receivables.override_credit_hold", holds.request(why)) ==
          DUNLIN_E_INVALID);
    CHECK(status("supervisor") == DUNLIN_OK);
    CHECK(holds.hold()["override_reason"] == "no day to lose");
    CHECK(holds.hold()["announced_on"] == "2026-03-02");
    // Sales hears of it all the same.
    CHECK(holds.book.instance().cell("SELECT count(*) FROM receivables_task WHERE title LIKE "
                                     "'Credit hold without notice%' AND assignee = 'sue'") == 1);
    CHECK(holds.on(Date(2026, 3, 10), "lift_credit_hold", why)["state"] == "lifted");
    CHECK_THAT(holds.refused_on(Date(2026, 3, 10), "place_credit_hold", {}),
               Contains("sales was not told"));
}

TEST_CASE("a hold is shown where its customer is worked, with who, when and why, on every day") {
    Holds holds;
    holds.book.call("override_credit_hold", holds.request(at_once));
    CHECK(holds.hold()["placed_on"] == "2026-03-02");
    const auto row = holds.book.call("worklist")["rows"][0];
    CHECK(row["credit_hold"]["reason"] == "bankrupt");
    CHECK(row["facts"]["credit_hold"] == 1);
    holds.on(Date(2026, 3, 5), "lift_credit_hold", {{"reason", "paid"}});
    CHECK(holds.events("credit_hold_lifted") == 1);
    CHECK(holds.on(Date(2026, 3, 4), "customer").contains("credit_hold"));
    CHECK_FALSE(holds.on(Date(2026, 3, 5), "customer").contains("credit_hold"));
    CHECK_FALSE(holds.on(Date(2026, 3, 1), "customer").contains("credit_hold"));
    holds.on(Date(2026, 3, 6), "announce_hold", why);
    holds.on(Date(2026, 3, 6), "lift_credit_hold", {{"reason", "a mistake"}});
    const auto history = holds.on(Date(2026, 3, 6), "credit_holds")["rows"];
    REQUIRE(history.size() == 2);
    CHECK(history[0]["state"] == "withdrawn");
    CHECK(history[1]["state"] == "lifted");
    CHECK(history[1]["end_reason"] == "paid");
    CHECK(history[1]["ended_by"] == "ann");
}

TEST_CASE("once nothing is overdue a task proposes to lift the hold, once each time") {
    Holds holds;
    holds.book.call("override_credit_hold", holds.request(at_once));
    holds.run_jobs();
    CHECK(holds.proposals().empty());
    holds.book.payment("P1", "100", "2026-03-02");
    holds.book.allocation("A1", "P1", "I1", "100");
    holds.run_jobs();
    const std::string one = "open " + holds.hold()["placed_by"].get<std::string>() + ";";
    CHECK(holds.proposals() == one);
    CHECK(holds.hold()["lift_proposed_on"] == "2026-03-02");
    holds.book.payment("P2", "1", "2026-03-02");
    holds.run_jobs();
    CHECK(holds.proposals() == one);
    holds.book.invoice("I2", "30", "2026-01-01", "2026-01-31");
    holds.run_jobs();
    CHECK_FALSE(holds.hold().contains("lift_proposed_on"));
    holds.book.payment("P3", "30", "2026-03-02");
    holds.book.allocation("A3", "P3", "I2", "30");
    holds.run_jobs();
    CHECK(holds.proposals() == one + one);
    holds.book.call("lift_credit_hold", holds.request(why));
    CHECK(holds.proposals().find("done") != std::string::npos);
}

TEST_CASE("the source is asked for the hold, else for a note, else the hold stands here alone") {
    SECTION("it takes holds") {
        Holds holds(source_of("remote", ""));
        const auto placed = holds.book.call("override_credit_hold", holds.request(at_once));
        CHECK(placed["written_back"]["kind"] == "credit_hold");
        CHECK(placed["written_back"]["state"] == "queued");
        holds.run_jobs();
        holds.run_jobs();
        CHECK(holds.hold()["written_back"]["state"] == "confirmed");
        const auto lifted = holds.book.call("lift_credit_hold", holds.request(why));
        CHECK(lifted["written_back"]["state"] == "queued");
        CHECK(holds.book.instance().cell("SELECT count(*) FROM dunlin_write_back WHERE kind = "
                                         "'credit_hold' AND external_id = 'C1'") == 2);
    }
    SECTION("it takes notes") {
        Holds holds(source_of("reference", "url = \"http://127.0.0.1:9\"\ntoken = \"erp\"\n"));
        const auto written =
            holds.book.call("override_credit_hold", holds.request(at_once))["written_back"];
        CHECK(written["kind"] == "note");
        CHECK_THAT(written["why"].get<std::string>(), Contains("takes no \"credit_hold\" back"));
        CHECK_THAT(holds.book.instance().cell("SELECT body_json FROM dunlin_write_back"),
                   Contains("Credit hold from 2026-03-02: bankrupt"));
    }
    SECTION("it is in no configuration") {
        Holds holds;
        const auto placed = holds.book.call("override_credit_hold", holds.request(at_once));
        CHECK(placed["state"] == "placed");
        CHECK(placed["written_back"]["state"] == "not_taken");
        CHECK_THAT(placed["written_back"]["why"].get<std::string>(),
                   Contains("there is no source"));
    }
}
