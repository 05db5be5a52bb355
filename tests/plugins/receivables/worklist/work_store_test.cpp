// SPDX-License-Identifier: Apache-2.0
// The collector's day: who is shown to whom, who is hidden, what a strategy would change, and when
// money is expected.
#include <catch2/catch.hpp>

#include "plugins/receivables/book.hpp"

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;

namespace {

/// Customers C1 and C2 with an overdue invoice each, on 2026-03-02.
struct Work {
    Work() : book(GENERATE(Dialect::sqlite, Dialect::postgresql)) {
        book.customer("C1");
        book.customer("C2");
        book.invoice("I1", "100", "2026-01-01", "2026-01-31");
        book.invoice("I2", "900", "2026-01-01", "2026-02-20", {{"customer", "C2"}});
    }
    std::string id(const char* customer) { return book.id("customer", customer); }
    Json at(const std::string& day, const std::string& command,
            const Json& asked = Json::object()) {
        host::CallOptions options;
        options.today = Date::parse(day);
        return book.instance().call("receivables." + command, asked, host::Principal::of_operator(),
                                    options);
    }
    static std::string numbers(const Json& list) {
        std::string out;
        for (const auto& row : list.at("rows")) {
            out.append(out.empty() ? "" : " ").append(row.at("number").get<std::string>());
        }
        return out;
    }
    std::string listed(const Json& asked = Json::object()) {
        return numbers(book.call("worklist", asked));
    }
    Json facts(const char* customer, const std::string& day = "2026-03-02") {
        const auto list = at(day, "worklist", {{"min_points", -1000}});
        for (const auto& row : list.at("rows")) {
            if (row.at("number") == customer) return row.at("facts");
        }
        return Json::object();
    }
    Book book;
};

Json strategy(int points) {
    return {{"name", "candidate"},
            {"rules",
             {{{"id", "age"},
               {"fact", "days_overdue"},
               {"ranges", {{{"to", 20}, {"points", 0}}, {{"from", 20}, {"points", points}}}}}}}};
}

}  // namespace

TEST_CASE("what was promised, said and is to be done becomes facts that strategies rank by") {
    Work work;
    work.book.call("promise", {{"customer", work.id("C1")},
                               {"item", work.book.id("invoice", "I1")},
                               {"due", "2026-03-04"}});
    work.book.call("log_contact", {{"customer", work.id("C1")},
                                   {"channel", "call"},
                                   {"outcome", "reached"},
                                   {"on", "2026-02-27"}});
    work.book.call(
        "add_task",
        {{"customer", work.id("C1")}, {"kind", "call"}, {"title", "x"}, {"due", "2026-03-03"}});
    auto facts = work.facts("C1");
    CHECK(facts["promise_level"] == 1);
    CHECK(facts["promises_due"] == 1);
    CHECK(facts["days_since_contact"] == 3);
    CHECK(facts.count("tasks_due") == 0);
    CHECK(work.facts("C1", "2026-03-03")["tasks_due"] == 1);
    work.at("2026-03-10", "judge_promises");
    facts = work.facts("C1", "2026-03-10");
    CHECK(facts["broken_promises"] == 1);
    CHECK(facts.count("promises_due") == 0);
    CHECK(work.facts("C1", "2027-04-01").value("broken_promises", 0) == 0);
    const auto list = work.at("2026-03-10", "worklist");
    CHECK(list["rows"][0]["number"] == "C1");
    CHECK(list["rows"][0]["rules"].dump().find("broken_promises") != std::string::npos);
}

TEST_CASE("a task brings a customer up that owes nothing") {
    Work work;
    work.book.customer("C3");
    CHECK(work.listed().find("C3") == std::string::npos);
    work.book.call("add_task", {{"customer", work.id("C3")}, {"kind", "call"}, {"title", "x"}});
    CHECK(work.listed().find("C3") != std::string::npos);
}

TEST_CASE("a snoozed customer is hidden until its day, and sooner when something changes") {
    Work work;
    const auto snooze = [&](const char* until, bool wakes) {
        work.book.call("snooze", {{"customer", work.id("C1")},
                                  {"until", until},
                                  {"reason", "holiday"},
                                  {"wakes", wakes}});
    };
    const auto refused = [&](const char* until) {
        return work.book.instance().status_of(
            "receivables.snooze", {{"customer", work.id("C1")}, {"until", until}, {"reason", "x"}});
    };
    CHECK(refused("2026-03-02") == DUNLIN_E_INVALID);
    CHECK(refused("2026-09-02") == DUNLIN_E_INVALID);
    snooze("2026-03-10", false);
    CHECK(work.listed() == "C2");
    CHECK(work.book.call("worklist")["snoozed"] == 1);
    CHECK(work.listed({{"with_snoozed", true}}) == "C1 C2");
    CHECK(Work::numbers(work.at("2026-03-10", "worklist")) == "C1 C2");
    work.book.instance().restart("2026-03-03T09:00:00Z");
    work.book.invoice("I3", "5", "2026-03-01", "2026-03-20");
    CHECK(work.listed() == "C2");  // This one does not wake.
    snooze("2026-03-10", true);
    CHECK(work.listed() == "C2");
    work.book.instance().restart("2026-03-04T09:00:00Z");
    work.book.payment("P1", "10", "2026-03-03");
    CHECK(work.listed() == "C1 C2");
    snooze("2026-03-10", true);
    CHECK(work.listed() == "C2");
    CHECK(work.book.call("wake", {{"customer", work.id("C1")}})["ended"] == 1);
    CHECK(work.listed() == "C1 C2");
}

TEST_CASE("a deputy sees the customers of whom it covers, between the days and no longer") {
    Work work;
    work.book.call("assign", {{"customers", {work.id("C1")}}, {"collector", "ann"}});
    work.book.call("assign", {{"customers", {work.id("C2")}}, {"collector", "bob"}});
    const auto cover = [&](const Json& more) {
        Json asked{{"collector", "ann"}, {"deputy", "bob"}, {"until", "2026-03-06"}};
        asked.update(more);
        return asked;
    };
    CHECK(work.book.instance().status_of("receivables.cover", cover({{"deputy", "ann"}})) ==
          DUNLIN_E_INVALID);
    CHECK(work.book.instance().status_of("receivables.cover", cover({{"until", "2026-03-01"}})) ==
          DUNLIN_E_INVALID);
    CHECK(work.listed({{"collector", "bob"}}) == "C2");
    const auto made = work.book.call("cover", cover({{"from", "2026-03-02"}}));
    CHECK(work.listed({{"collector", "bob"}}) == "C1 C2");
    CHECK(Work::numbers(work.at("2026-03-07", "worklist", {{"collector", "bob"}})) == "C2");
    CHECK(work.book.call("covers")["rows"].size() == 1);
    work.book.call("end_cover", {{"cover", made["cover_id"]}});
    CHECK(work.listed({{"collector", "bob"}}) == "C2");
    CHECK(work.book.instance().status_of("receivables.end_cover", {{"cover", made["cover_id"]}}) ==
          DUNLIN_E_NOT_FOUND);
}

TEST_CASE("an escalated customer is on both worklists until somebody has decided") {
    Work work;
    work.book.call("assign", {{"customers", {work.id("C1"), work.id("C2")}}, {"collector", "ann"}});
    const Json asked{{"customer", work.id("C1")}, {"to", "sue"}, {"reason", "threatens to sue"}};
    const auto task = work.book.call("escalate", asked);
    CHECK(work.listed({{"collector", "sue"}}) == "C1");
    CHECK(work.book.call("worklist", {{"collector", "ann"}})["total"] == 2);
    CHECK(work.book.call("worklist", {{"collector", "sue"}})["rows"][0]["escalated_to"] == "sue");
    CHECK(work.book.instance().status_of("receivables.escalate", asked) == DUNLIN_E_CONFLICT);
    work.book.call("close_task", {{"customer", work.id("C1")}, {"task", task["task_id"]}});
    CHECK(work.listed({{"collector", "sue"}}) == "");
}

TEST_CASE("a strategy is simulated on yesterday's book before it goes live") {
    Work work;
    const auto before = work.book.call("worklist");
    const auto out = work.book.call("simulate_strategy", {{"strategy", strategy(50)}});
    CHECK(out["as_of"] == "2026-03-01");
    CHECK(out["before"] == 2);
    CHECK(out["after"] == 1);
    CHECK(out["went"] == 1);
    CHECK(out["up"] == 1);
    const auto& first = out["rows"][0];
    CHECK(first["number"] == "C1");
    CHECK(first["points_after"] == 50);
    CHECK(first["rules_after"][0]["rule"] == "age");
    CHECK(work.book.call("worklist") == before);
    auto hole = strategy(50);
    hole["rules"][0]["ranges"][1]["from"] = 21;
    CHECK(work.book.instance().status_of("receivables.simulate_strategy", {{"strategy", hole}}) ==
          DUNLIN_E_INVALID);
}

TEST_CASE("what changed since yesterday names who came, went, rose and fell") {
    Work work;
    work.book.customer("C3");
    work.book.invoice("I3", "100", "2026-02-01", "2026-03-01", {{"customer", "C3"}});
    work.book.payment("P1", "100", "2026-03-02");
    work.book.allocation("A1", "P1", "I1", "100");
    const auto out = work.book.call("changes");
    std::map<std::string, std::string> what;
    for (const auto& row : out["rows"]) what[row["number"]] = row["what"];
    CHECK(what["C1"] == "went");
    CHECK(what["C3"] == "came");
    CHECK(what.count("C2") == 0);
    CHECK(work.book.instance().status_of("receivables.changes", {{"since", "2026-03-02"}}) ==
          DUNLIN_E_INVALID);
}

TEST_CASE("a banner says when the data is old") {
    Work work;
    CHECK(work.book.call("worklist")["data"]["is_old"] == false);
    work.book.instance().restart("2026-03-04T12:00:00Z");
    const auto data = work.book.call("worklist")["data"];
    CHECK(data["is_old"] == true);
    CHECK(data["sources"][0]["hours"] == 51);
    CHECK_THAT(data["message"].get<std::string>(), Contains("nothing for 51 hours"));
}

TEST_CASE("customers are assigned by portfolio, or shared out by load; a trial changes nothing") {
    Work work;
    for (const char* more : {"C3", "C4", "C5"}) {
        work.book.customer(more);
        work.book.invoice(std::string("X") + more, "10", "2026-01-01", "2026-01-31",
                          {{"customer", more}});
    }
    for (const char* invoice : {"Y1", "Y2"}) {
        work.book.invoice(invoice, "10", "2026-01-01", "2026-01-31");
    }
    CHECK(work.book.instance().status_of("receivables.assign_by", {{"by", "load"}}) ==
          DUNLIN_E_INVALID);
    CHECK(work.book.instance().status_of("receivables.assign_by", {{"by", "segment"}}) ==
          DUNLIN_E_INVALID);
    const Json share{{"by", "load"}, {"collectors", {"ann", "bob"}}, {"trial", true}};
    const auto trial = work.book.call("assign_by", share);
    CHECK(trial["assigned"] == 5);
    // C1 has three overdue items: whoever has it gets one other, the other collector three.
    CHECK(trial["rows"][0]["customers"].get<int>() + trial["rows"][1]["customers"].get<int>() == 5);
    CHECK(trial["rows"][0]["customers"] == 2);
    CHECK(work.listed({{"collector", "ann"}}) == "");
    work.book.call("assign", {{"customers", {work.id("C2")}}, {"portfolio", "north"}});
    const Json rule{{"by", "portfolio"}, {"rules", {{{"value", "north"}, {"collector", "nora"}}}}};
    CHECK(work.book.call("assign_by", rule)["assigned"] == 1);
    CHECK(work.listed({{"collector", "nora"}}) == "C2");
    CHECK(work.book.call("assign_by", rule)["assigned"] == 0);
}

TEST_CASE("money is expected when the customer usually pays, or when it promised to") {
    Work work;
    const auto expected = [&](const char* customer) {
        return work.book.call("expected_payments", {{"customer", work.id(customer)}});
    };
    CHECK(expected("C2")["rows"][0]["expected_on"] == "2026-02-20");
    CHECK_THAT(expected("C2")["basis"].get<std::string>(), Contains("nothing was settled"));
    for (const auto& [name, paid] : std::map<std::string, std::string>{
             {"H1", "2025-07-11"}, {"H2", "2025-07-13"}, {"H3", "2025-07-31"}}) {
        work.book.invoice(name, "10", "2025-06-01", "2025-07-01");
        work.book.payment("P" + name, "10", paid);
        work.book.allocation("A" + name, "P" + name, name, "10");
    }
    const auto own = expected("C1");
    CHECK(own["usual_days_late"] == 12);
    CHECK(own["rows"][0]["expected_on"] == "2026-02-12");
    CHECK(own["rows"][0]["days_past"] == 18);
    CHECK_THAT(own["basis"].get<std::string>(), Contains("median of 3 settlements"));
    CHECK_THAT(expected("C2")["basis"].get<std::string>(), Contains("the median of all customers"));
    work.book.call("promise", {{"customer", work.id("C1")},
                               {"item", work.book.id("invoice", "I1")},
                               {"due", "2026-03-20"}});
    CHECK(expected("C1")["rows"][0]["expected_on"] == "2026-03-20");
    CHECK(expected("C1")["rows"][0]["basis"] == "promised for 2026-03-20");
}

TEST_CASE(
    "a regular defaulter is one by stated rules, and shown with the reason where it is worked") {
    Work work;
    const auto why = [&] {
        return work.book.call("worklist")["rows"][0].value("regular_defaulter", "");
    };
    for (const char* name : {"H1", "H2", "H3"}) {
        CHECK(why() == "");
        work.book.invoice(name, "10", "2025-06-01", "2025-07-01");
        work.book.payment(std::string("P") + name, "10", "2025-08-10");
        work.book.allocation(std::string("A") + name, std::string("P") + name, name, "10");
    }
    CHECK(why() == "paid 40 days late on average, 3 times within a year");
    CHECK(work.facts("C1")["regular_defaulter"] == 1);
    CHECK(work.facts("C2").value("regular_defaulter", 0) == 0);
    work.book.call("set_defaulter_rules", {{"rules", {{"name", "mild"}, {"days_late", 41}}}});
    CHECK(why() == "");
}
