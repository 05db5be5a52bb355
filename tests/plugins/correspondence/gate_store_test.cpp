// SPDX-License-Identifier: Apache-2.0
// What does not leave the house, and why.
#include <catch2/catch.hpp>

#include "desk.hpp"

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;

namespace {

Dialect any_store() {
    return GENERATE(Dialect::sqlite, Dialect::postgresql);
}

std::string reason(const Json& row) {
    return row.at("reason");
}

}  // namespace

TEST_CASE("nothing goes out while sending is off, and is released when it is on") {
    const auto dialect = any_store();
    Desk desk(dialect, {.is_sending = false});
    desk.customer("C1", "anna");
    const auto note = desk.note("C1");
    CHECK(note.at("state") == "held");
    CHECK_THAT(reason(note), Contains("sending = true"));
    desk.act("release", note);
    desk.run_jobs();
    CHECK(desk.state(note) == "held");
    CHECK(desk.sink().taken().empty());
}

TEST_CASE("a natural person is not written to before the contact rules say so") {
    Desk desk(any_store());
    desk.customer("P1", "paul", "person");
    for (const auto* channel : {"email", "letter"}) {
        const auto note = desk.note("P1", channel);
        CHECK(note.at("state") == "held");
        CHECK_THAT(reason(note), Contains("natural person") && Contains("compliance"));
        desk.act("release", note);
        desk.run_jobs();
        CHECK(desk.state(note) == "held");
    }
    CHECK(desk.call("print_batch").at("letters") == 0);
    CHECK(desk.sink().taken().empty());
}

TEST_CASE("nothing leaves under another date") {
    Desk desk(any_store());
    desk.customer("C1", "anna");
    const auto note = desk.note("C1");
    const auto other_date = [&](const std::string& command, const Json& request) {
        return error_of([&] {
            desk.instance().call("correspondence." + command, request,
                                 host::Principal::of_operator(),
                                 {.today = Date(2026, 4, 1), .idempotency_key = {}});
        });
    };
    const Json one{{"customer", note.at("customer_id")}, {"message", note.at("message_id")}};
    auto resolve = one;
    resolve["outcome"] = "resend";
    CHECK_THAT(other_date("compose", {{"customer", note.at("customer_id")}, {"text", "x"}}),
               Contains("--today"));
    CHECK_THAT(other_date("statement", {{"customer", note.at("customer_id")}}),
               Contains("--today"));
    CHECK_THAT(other_date("release", one), Contains("--today"));
    CHECK_THAT(other_date("resolve", resolve), Contains("--today"));
    CHECK_THAT(other_date("print_batch", Json::object()), Contains("--today"));
    CHECK(desk.sink().taken().empty());
}

TEST_CASE("the gate is asked again right before a message goes") {
    Desk desk(any_store());
    desk.customer("C1", "anna");
    const auto mail = desk.note("C1"), letter = desk.note("C1", "letter");
    CHECK(mail.at("state") == "queued");
    desk.book().put("customer", {{{"external_id", "C1"},
                                  {"number", "C1"},
                                  {"name", "C1"},
                                  {"kind", "company"},
                                  {"status", "insolvent"}}});
    desk.run_jobs();
    CHECK(desk.state(mail) == "held");
    CHECK_THAT(reason(desk.now(mail)), Contains("insolvent"));
    CHECK(desk.state(letter) == "queued");
    CHECK(desk.call("print_batch").at("letters") == 0);
    CHECK(desk.state(letter) == "held");
    CHECK(desk.sink().taken().empty());
}

TEST_CASE(
    "#40: letters go to the address for dunning before that of invoices; without one they wait") {
    Desk desk(any_store());
    desk.customer("C1", "");
    const auto note = desk.note("C1");
    CHECK(note.at("state") == "held");
    CHECK_THAT(reason(note), Contains("no e-mail address in force"));
    const auto point = [&](const char* id, const char* role, const char* value, const char* from,
                           const char* to) {
        desk.book().put("contact_point", {{{"external_id", id},
                                           {"customer", "C1"},
                                           {"role", role},
                                           {"kind", "email"},
                                           {"value", value},
                                           {"valid_from", from},
                                           {"valid_to", to}}});
    };
    point("a", "dunning", "old@there.example", "2020-01-01", "2026-03-01");
    point("b", "dunning", "new@there.example", "2026-03-03", "2030-01-01");
    CHECK(desk.act("release", note).at("rows")[0].at("state") == "held");
    point("c", "other", "other@there.example", "2020-01-01", "2030-01-01");
    CHECK(desk.act("release", note).at("rows")[0].at("address") == "other@there.example");
    point("d", "billing", "billing@there.example", "2020-01-01", "2030-01-01");
    CHECK(desk.note("C1").at("address") == "billing@there.example");
    point("e", "dunning", "dunning@there.example", "2026-03-02", "2026-03-02");
    CHECK(desk.note("C1").at("address") == "dunning@there.example");
}

TEST_CASE("an event makes one message, however often it is delivered; a void one does not go") {
    Desk desk(any_store());
    desk.customer("C1", "anna");
    const Json promise{{"customer_id", desk.book().id("customer", "C1")},
                       {"promise_id", "4711"},
                       {"due_on", "2026-03-05"},
                       {"when", "before"},
                       {"amount", "1190.00"},
                       {"currency", "EUR"}};
    desk.event("receivables.promise_reminder_due", promise);
    desk.event("receivables.promise_reminder_due", promise);
    auto rows = desk.call("messages").at("rows");
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].at("state") == "queued");
    CHECK(rows[0].at("subject") == "Your payment on 5 March 2026");
    CHECK_THAT(desk.now(rows[0]).at("text").get<std::string>(),
               Contains("EUR 1,190.00") && Contains("DE02120300000000202051"));
    auto late = promise;
    late["promise_id"] = "4712";
    late["due_on"] = "2026-03-01";
    desk.event("receivables.promise_reminder_due", late);
    desk.event("receivables.promise_broken", late);
    desk.act("void", rows[0], {{"reason", "paid"}});
    desk.run_jobs();
    rows = desk.call("messages").at("rows");
    REQUIRE(rows.size() == 3);
    CHECK(rows[0].at("state") == "voided");
    CHECK(rows[1].at("state") == "voided");  // Its day is over.
    CHECK(rows[2].at("state") == "sent");
    CHECK(desk.sink().taken().size() == 1);
}

TEST_CASE("a template that names an unknown field, or closes a loop, is never put in force") {
    Desk desk(any_store());
    const auto set = [&](const char* name, const char* channel, const Json& what) {
        return error_of([&] {
            desk.call(
                "set_template",
                {{"name", name}, {"language", "en"}, {"channel", channel}, {"template", what}});
        });
    };
    CHECK_THAT(set("reminder", "email", {{"subject", "x"}, {"text", "{{letter.nubmer}}"}}),
               Contains("reminder/en/email") && Contains("letter.nubmer"));
    CHECK_THAT(set("reminder", "email", {{"body", "x"}}), Contains("body"));
    CHECK_THAT(set("table", "partial", {{"text", "{{>payment}}"}, {"html", "{{>table}}"}}),
               Contains("in a loop"));
    CHECK(set("payment", "partial", {{"text", "{{>table}}"}, {"html", ""}}) == "");
    CHECK_THAT(set("table", "partial", {{"text", "{{>payment}}"}, {"html", ""}}),
               Contains("in a loop"));
    desk.customer("C1", "anna");
    CHECK(set("note", "email",
              {{"subject", "New {{note.subject}}"}, {"text", "a"}, {"html", "b"}}) == "");
    const auto note = desk.note("C1");
    CHECK(note.at("subject") == "New About C1");
    CHECK(note.at("template_version") == 1);
    CHECK(desk.call("templates").at("rows").size() == 38);
    const Json asked{{"name", "dunning"}, {"language", "de"}, {"channel", "letter"}};
    CHECK_THAT(desk.call("preview_template", asked).at("html").get<std::string>(),
               Contains("Zweite Mahnung"));
}

TEST_CASE("a payment link with anything else in it is refused by its setting") {
    InstanceOptions options;
    options.toml =
        "[plugins.correspondence.companies.\"Dunlin Ltd\"]\n"
        "pay_link = \"https://pay.example/{refrence}\"\n";
    const auto why = error_of([&] {
        Instance instance(Dialect::sqlite, options);
        instance.call("correspondence.messages");
    });
    CHECK_THAT(why, Contains("pay_link"));
}

TEST_CASE("a statement shows what is open, in its own currency") {
    Desk desk(any_store());
    desk.customer("C1", "anna");
    desk.book().invoice("R-17", "1190", "2026-01-01", "2026-01-31");
    desk.book().invoice("R-18", "100.50", "2026-02-01", "2026-03-31");
    const auto row = desk.call("statement", {{"customer", desk.book().id("customer", "C1")}});
    CHECK(row.at("state") == "queued");
    const auto shown = desk.now(row);
    CHECK_THAT(shown.at("text").get<std::string>(),
               Contains("R-17, due 31 January 2026: EUR 1,190.00 of EUR 1,190.00") &&
                   Contains("Open amount: EUR 1,290.50") && Contains("To be paid: EUR 1,290.50"));
    CHECK_THAT(shown.at("text").get<std::string>(),
               Contains("pay online: https://pay.example/C1") && Contains("?sum=1290.50&in=EUR\n"));
    CHECK_THAT(shown.at("letter_html").get<std::string>(),
               Contains("<svg") && Contains("?sum=1290.50&amp;in=EUR\""));
}
