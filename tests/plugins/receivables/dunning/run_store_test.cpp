// SPDX-License-Identifier: Apache-2.0
// Dunning runs: what they refuse, draft, leave out and release.
#include "dunning_book.hpp"

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;
using Lines = std::vector<std::string>;

TEST_CASE("#44: a run takes a date of its own; one ahead, too late or of stale data is refused") {
    DunningBook it(dunning_store());
    it.book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    it.procedure({{5, {}}, {20, {}}});
    CHECK_THAT(it.error("dun", {{"as_of", "2026-03-03"}}), Contains("not due yet"));
    CHECK_THAT(it.error("dun", {{"as_of", "2026-03-01"}, {"procedure", "q"}}),
               Contains("procedure \"q\""));
    it.release(it.dun("2026-03-01"), "2026-03-01");
    CHECK_THAT(it.error("dun", {{"as_of", "2026-02-28"}}),
               Contains("2026-03-01") && Contains("too late"));
    CHECK(it.call("preview_dunning", {{"as_of", "2026-02-20"}}).at("letters") == 0);
    it.book.instance().restart("2026-03-06T09:00:00Z");
    CHECK_THAT(it.error("dun", {{"as_of", "2026-03-06"}}),
               Contains("source erp") && Contains("4 days") && Contains("stale_after_days"));
    it.procedure({{5, {}}, {20, {}}}, {{"stale_after_days", nullptr}});
    CHECK(it.dun("2026-03-06").at("letters") == 1);
}

TEST_CASE("D1_tryton: a draft is not raised, a block keeps the level, payment ends it") {
    DunningBook it(dunning_store());
    it.book.invoice("I1", "100", "2026-01-01", "2026-01-15");
    it.book.invoice("I0", "100", "2025-12-01", "2025-12-15");
    it.book.payment("P0", "100", "2025-12-20");
    it.book.allocation("A0", "P0", "I0", "100");
    it.procedure({{5, {}}, {20, {}}, {40, {}}}, {{"sequential", false}});

    CHECK(it.dun("2026-01-19").at("letters") == 0);
    const auto first = it.dun("2026-01-20");
    CHECK(it.letters() == Lines{"1 draft 100.00"});
    const auto id = it.letter("draft").at("letter_id");
    const auto later = it.dun("2026-02-14");
    CHECK(it.letters() == Lines{"1 draft 100.00"});
    CHECK(it.letter("draft").at("letter_id") == id);
    CHECK(it.release(later, "2026-02-14").at("released") == 1);
    const auto block = it.call(
        "block_dunning", it.about("I1", {{"reason", "asked for time"}, {"from", "2026-02-01"}}));
    CHECK(it.dun("2026-02-15").at("held").at(0).at("reason") == "blocked");
    CHECK(it.letters() == Lines{"1 released 100.00"});
    it.book.instance().exec("UPDATE receivables_dunning_block SET until_on = 20499");  // 02-15.
    it.dun("2026-02-16");
    CHECK(it.letters() == Lines{"1 released 100.00", "2 draft 100.00"});
    it.book.payment("P1", "100", "2026-02-17");
    it.book.allocation("A1", "P1", "I1", "100");
    CHECK(it.dun("2026-02-20").at("letters") == 0);
    CHECK(it.letters({{"state", "draft"}}).empty());
}

TEST_CASE("D2_oca: one level a run though a year late, and three letters by three runs") {
    DunningBook it(dunning_store());
    it.book.invoice("I1", "500", "2025-02-01", "2025-03-02");
    it.procedure({{10, {}}, {30, {{"clock", "end_of_month"}}}, {10, {{"clock", "previous"}}}});
    SECTION("a first run today writes exactly one line") {
        CHECK(it.dun("2026-03-02").at("lines") == 1);
        CHECK(it.letters() == Lines{"1 draft 500.00"});
    }
    SECTION("runs half a year ago, two months ago and today make 1, 2 and 3 lines") {
        for (const char* day : {"2025-09-02", "2026-01-02", "2026-03-02"}) {
            it.release(it.dun(day), day);
        }
        CHECK(it.count("dunning_letter_line") == 3);
        CHECK(it.letters() == Lines{"1 released 500.00", "2 released 500.00", "3 released 500.00"});
        CHECK_THAT(it.error("dun", {{"as_of", "2026-02-15"}}), Contains("too late"));
    }
    SECTION("cancelling what a letter waits to be sent for voids the letter; a draft just goes") {
        it.release(it.dun("2026-03-02"));
        it.book.invoice("I1", "500", "2025-02-01", "2025-03-02",
                        {{"status", "cancelled"}, {"cancelled_on", "2026-03-02"}});
        CHECK(it.letters() == Lines{"1 voided 500.00"});
        CHECK(it.events("dunning_letter_voided") == 1);
        it.book.invoice("I2", "50", "2025-02-01", "2025-03-02");
        it.dun("2026-03-02", {{"refresh", true}});
        it.book.invoice("I2", "50", "2025-02-01", "2025-03-02",
                        {{"status", "cancelled"}, {"cancelled_on", "2026-03-02"}});
        const auto run = it.dun("2026-03-02", {{"refresh", true}});
        CHECK(run.at("held").at(0).at("reason") == "cancelled");
        CHECK(it.letters() == Lines{"1 voided 500.00"});
    }
    SECTION("whoever has no right to dun may read but not run") {
        auto reader = host::Principal::of_operator();
        reader.may_everything = false;
        reader.permissions = {"receivables.read"};
        CHECK(it.book.instance().status_of("receivables.dun", Json::object(), reader) ==
              DUNLIN_E_DENIED);
        CHECK(it.book.instance().status_of("receivables.dunning_letters", Json::object(), reader) ==
              DUNLIN_OK);
    }
}

TEST_CASE("#29 #39: the same run again changes nothing, and a preview writes nothing") {
    DunningBook it(dunning_store());
    it.book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    it.procedure({{5, {}}, {20, {}}});
    const auto looks_ahead = it.call("preview_dunning", {{"as_of", "2026-06-01"}});
    CHECK(looks_ahead.at("letters") == 1);
    CHECK(it.count("dunning_letter") + it.count("dunning_run") == 0);
    const auto first = it.dun("2026-03-02");
    CHECK(first.at("is_new") == true);
    const auto rows = it.book.instance().sql("SELECT * FROM receivables_dunning_letter");
    const auto again = it.dun("2026-03-02");
    CHECK(again.at("is_new") == false);
    CHECK(again.at("run_id") == first.at("run_id"));
    it.dun("2026-03-02", {{"refresh", true}});
    CHECK(it.book.instance().sql("SELECT * FROM receivables_dunning_letter") == rows);
    it.release(first);
    it.release(first);
    CHECK(it.dun("2026-03-02", {{"refresh", true}}).at("letters") == 1);  // Sequential: level 2.
    CHECK(it.events("dunning_letter_released") == 1);
}

TEST_CASE("#38: whichever of a payment and its allocation comes first, the level is the same") {
    DunningBook it(dunning_store());
    it.book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    it.book.invoice("I2", "50", "2026-01-01", "2026-01-31");
    it.procedure({{5, {}}});
    const auto run = it.dun("2026-03-02");
    const bool is_payment_first = GENERATE(true, false);
    if (!is_payment_first) {  // What it allocates is not there yet, so it waits with its source.
        REQUIRE(it.book.allocation("A1", "P1", "I1", "100").rejects.size() == 1);
        CHECK(it.call("dunning_letter_standing", it.name_of(it.letter("draft"))).at("may_go") ==
              false);
    }
    it.book.payment("P1", "100", "2026-03-02");
    if (is_payment_first) {  // Half of the news: nothing goes out on it.
        CHECK(it.release(run).at("released") == 0);
        const auto half = it.dun("2026-03-02", {{"refresh", true}});
        CHECK(half.at("letters") == 0);
        CHECK(half.at("held").at(0).at("reason") == "unmatched_payment");
    }
    it.book.allocation("A1", "P1", "I1", "100");
    for (int i = 0; i < 2; ++i) {
        it.dun("2026-03-02", {{"refresh", true}});
        CHECK(it.letters() == Lines{"1 draft 50.00"});
    }
    CHECK(it.release(run).at("released") == 1);
    CHECK(it.events("dunning_letter_released") == 1);
}

TEST_CASE("a run over many customers goes on in a job, batch by batch, and so does its release") {
    DunningBook it(dunning_store());
    std::vector<Json> customers, invoices;
    for (int i = 10; i < 35; ++i) {
        const auto id = "D" + std::to_string(i);
        customers.push_back({{"external_id", id}, {"number", id}, {"name", id}});
        invoices.push_back({{"external_id", "I" + id},
                            {"number", "I" + id},
                            {"customer", id},
                            {"currency", "EUR"},
                            {"total", "10"},
                            {"issue_date", "2026-01-01"},
                            {"due_date", "2026-01-31"}});
    }
    it.book.put("customer", customers);
    it.book.put("invoice", invoices);
    it.procedure({{5, {}}});
    const auto run = it.dun("2026-03-02", {{"customers_at_once", 4}});
    CHECK(run.at("state") == "running");
    CHECK_THAT(it.error("release_dunning", {{"run", run.at("run_id")}}), Contains("not through"));
    it.book.instance().host().jobs().run_due();

    const auto done = it.call("dunning_run", {{"run", run.at("run_id")}});
    CHECK(done.at("state") == "done");
    CHECK(done.at("letters") == 25);
    CHECK(it.count("dunning_letter WHERE state = 'draft'") == 25);
    CHECK(it.release(run).at("released") == 25);
    CHECK(it.events("dunning_letter_released") == 25);
}

TEST_CASE("what is left out is told by the run, with its reason") {
    DunningBook it(dunning_store());
    for (const char* id : {"I1", "I2", "I3"}) {
        it.book.invoice(id, "100", "2026-01-01", "2026-01-31");
    }
    it.procedure({{5, {}}});
    it.call("place_claim", it.about("I1", {{"kind", "dispute"}}));
    it.call("place_claim", it.about("I2", {{"kind", "promise"}, {"until", "2026-03-10"}}));
    it.book.invoice("S1", "100", "2026-01-01", "2026-01-31", {{"kind", "self_billed"}});
    const auto run = it.dun("2026-03-02");
    CHECK(it.letters() == Lines{"1 draft 100.00"});
    Json reasons = Json::object();
    const auto told = it.call("dunning_run", {{"run", run.at("run_id")}});
    for (const auto& row : told.at("left_out")) {
        reasons[row.at("number").get<std::string>()] = row.at("reason");
    }
    CHECK(reasons == Json{{"I1", "disputed"}, {"I2", "promised"}, {"S1", "self_billed"}});
    it.book.instance().restart("2026-03-10T09:00:00Z");
    it.book.invoice("I4", "1", "2026-03-09", "2026-04-30");  // The source is alive.
    CHECK(it.dun("2026-03-10").at("letters") == 1);
    CHECK(it.letters() == Lines{"1 draft 200.00"});
}

TEST_CASE("payments not applied yet keep the customer out and stop what was drafted before") {
    DunningBook it(dunning_store());
    it.book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    it.procedure({{5, {}}});
    const auto run = it.dun("2026-03-02");
    it.book.payment("P1", "40", "2026-03-01");

    const auto held = it.release(run).at("held");
    CHECK_THAT(held.at(0).at("reason").get<std::string>(), Contains("not applied"));
    CHECK(it.dun("2026-03-02", {{"refresh", true}}).at("held").at(0).at("reason") ==
          "unmatched_payment");
    CHECK(it.letters().empty());
    it.book.allocation("A1", "P1", "I1", "40");
    it.dun("2026-03-02", {{"refresh", true}});
    CHECK(it.letters() == Lines{"1 draft 60.00"});
}

TEST_CASE("a procedure holds for an invoice before its customer, segment, company and all") {
    DunningBook it(dunning_store());
    it.book.put("company", {{{"external_id", "K1"}, {"name", "One"}}});
    it.book.put("customer", {{{"external_id", "C1"}, {"name", "C"}, {"segment", "north"}}});
    it.book.invoice("I1", "100", "2026-01-01", "2026-01-31", {{"company", "K1"}});
    it.procedure({{5, {}}});
    const auto other = [&](const char* name) {
        const Json level{{"level", 1}, {"days", 5}, {"channel", "letter"}, {"template", name}};
        it.call("set_dunning_procedure",
                {{"name", name}, {"procedure", {{"levels", Json::array({level})}}}});
    };
    const auto leads = [&] {
        const auto rows = it.call("preview_dunning").at("rows");
        return rows.empty() ? "" : rows[0].at("procedure").get<std::string>();
    };
    for (const char* name : {"of_company", "of_segment", "of_customer", "of_item"}) other(name);
    CHECK_THAT(it.error("assign_dunning", {{"procedure", "nothing"}}), Contains("nothing"));
    CHECK(leads() == "p");
    const Json company{{"procedure", "of_company"}, {"company", it.book.id("company", "K1")}};
    it.call("assign_dunning", company);
    CHECK(leads() == "of_company");
    it.call("assign_dunning", {{"procedure", "of_segment"}, {"segment", "north"}});
    CHECK(leads() == "of_segment");
    it.call("assign_dunning", it.about("", {{"procedure", "of_customer"}}));
    CHECK(leads() == "of_customer");
    it.call("assign_dunning", it.about("I1", {{"procedure", "of_item"}}));
    CHECK(leads() == "of_item");
    it.call("assign_dunning", it.about("I1", {{"procedure", "none"}}));
    CHECK(leads().empty());
    it.call("assign_dunning", it.about("I1", {{"procedure", ""}}));
    CHECK(leads() == "of_customer");
}

TEST_CASE("levels and last letters of another system are taken over at go-live") {
    DunningBook it(dunning_store());
    it.book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    it.procedure({{5, {}}, {10, {{"clock", "previous"}}}});
    const auto rows = [](const char* invoice, const char* day) {
        const Json row{{"source", "erp"},
                       {"invoice", invoice},
                       {"procedure", "p"},
                       {"level", 1},
                       {"last_letter_on", day}};
        return Json{{"rows", Json::array({row})}};
    };
    CHECK_THAT(it.error("import_dunning_state", rows("I9", "2026-02-20")),
               Contains("row 1") && Contains("I9"));
    CHECK_THAT(it.error("import_dunning_state", rows("I1", "2026-03-20")), Contains("row 1"));
    CHECK(it.call("import_dunning_state", rows("I1", "2026-02-21")).at("imported") == 1);
    CHECK(it.dun("2026-03-02").at("letters") == 0);
    it.call("import_dunning_state", rows("I1", "2026-02-20"));
    CHECK(it.dun("2026-03-02", {{"refresh", true}}).at("letters") == 1);
    CHECK(it.letters() == Lines{"2 draft 100.00"});
}

TEST_CASE("a preview shows a limited principal its own customers and no others") {
    DunningBook it(dunning_store());
    it.book.customer("C2");
    it.book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    it.book.invoice("I2", "200", "2026-01-01", "2026-01-31", {{"customer", "C2"}});
    it.procedure({{5, {}}});
    auto who = host::Principal::of_operator();
    who.scopes["customer"] = {it.book.id("customer", "C2")};

    auto& instance = it.book.instance();
    const auto seen = instance.call("receivables.preview_dunning", Json::object(), who);
    CHECK(seen.at("letters") == 1);
    CHECK(seen.at("rows").at(0).at("total") == "200.00");
    CHECK(instance.status_of("receivables.dun", Json::object(), who) == DUNLIN_E_DENIED);
    it.dun("2026-03-02");
    CHECK(instance.call("receivables.dunning_letters", Json::object(), who).at("rows").size() == 1);
}
