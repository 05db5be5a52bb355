// SPDX-License-Identifier: Apache-2.0
// Promises to pay: what is refused, what their claims keep from being collected, and what judging
// tells of them.
#include <catch2/catch.hpp>

#include "plugins/receivables/book.hpp"

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;

namespace {

/// A customer with the invoices I1 and I2 of 100 each, on 2026-03-02.
struct Desk {
    Desk() : book(GENERATE(Dialect::sqlite, Dialect::postgresql)) {
        book.customer("C1");
        book.invoice("I1", "100", "2026-01-01", "2026-01-31");
        book.invoice("I2", "100", "2026-01-01", "2026-02-10");
    }
    Json request(const Json& more, const char* invoice = "I1") {
        Json out{{"customer", book.id("customer", "C1")}};
        if (*invoice) out["item"] = book.id("invoice", invoice);
        out.update(more);
        return out;
    }
    Json promise(const Json& more, const char* invoice = "I1") {
        return book.call("promise", request(more, invoice))["promises"][0];
    }
    std::string refusal(const char* command, const Json& asked, dunlin_status status) {
        CHECK(book.instance().status_of(std::string("receivables.") + command, asked) == status);
        return error_of([&] { book.call(command, asked); });
    }
    Json at(const std::string& day, const std::string& command,
            const Json& asked = Json::object()) {
        host::CallOptions options;
        options.today = Date::parse(day);
        return book.instance().call("receivables." + command, asked, host::Principal::of_operator(),
                                    options);
    }
    /// The states on a day, as evaluated then.
    std::string states(const std::string& as_of) {
        std::string out;
        const auto reply = book.call("promises", {{"as_of", as_of}});
        for (const auto& row : reply.at("rows")) {
            out.append(out.empty() ? "" : " ").append(row.at("state").get<std::string>());
        }
        return out;
    }
    void pay(const std::string& amount, const std::string& on, const std::string& invoice = "I1",
             const std::string& id = "P1") {
        book.payment(id, amount, on);
        book.allocation("A" + id, id, invoice, amount);
        book.instance().host().jobs().run_due();
    }
    std::string events(const std::string& topic) {
        std::string out;
        for (const auto& row : book.instance().sql(
                 "SELECT payload_json FROM dunlin_event WHERE topic = 'receivables.promise_" +
                 topic + "' ORDER BY tx_number, id")) {
            const auto payload =
                row[0].is_string() ? Json::parse(row[0].get<std::string>()) : row[0];
            out += payload.value("when", payload.value("state", "")) + " ";
        }
        return out;
    }
    std::string collectable(const std::string& as_of) {
        return book.total(as_of).at("collectable");
    }
    Book book;
};

const Json on_the_ninth{{"due", "2026-03-09"}};

}  // namespace

TEST_CASE("a promise in the past, over the open amount or about nothing owed is refused") {
    Desk desk;
    const auto refused = [&](const Json& more, dunlin_status status, const char* invoice = "I1") {
        return desk.refusal("promise", desk.request(more, invoice), status);
    };
    CHECK_THAT(refused({{"due", "2026-03-01"}}, DUNLIN_E_INVALID), Contains("in the past"));
    CHECK_THAT(refused({{"due", "2027-03-01"}}, DUNLIN_E_INVALID), Contains("90 days ahead"));
    CHECK_THAT(refused({{"due", "2026-03-09"}, {"amount", "100.01"}}, DUNLIN_E_CONFLICT),
               Contains("invoice I1 has 100.00 EUR open"));
    CHECK_THAT(refused({{"due", "2026-03-09"}, {"amount", "0"}}, DUNLIN_E_INVALID),
               Contains("above zero"));
    CHECK_THAT(refused({{"due", "2026-03-09"}, {"currency", "USD"}}, DUNLIN_E_INVALID),
               Contains("in USD, what it is about in EUR"));
    CHECK_THAT(refused({{"due", "2026-03-09"}, {"currency", "USD"}}, DUNLIN_E_CONFLICT, ""),
               Contains("nothing open in USD"));
    CHECK_THAT(refused({{"note", "soon"}}, DUNLIN_E_INVALID), Contains("\"due\""));
    desk.pay("100", "2026-02-01");
    CHECK_THAT(refused(on_the_ninth, DUNLIN_E_CONFLICT), Contains("nothing open"));
    desk.book.invoice("I2", "100", "2026-01-01", "2026-02-10",
                      {{"status", "cancelled"}, {"cancelled_on", "2026-02-20"}});
    CHECK_THAT(refused(on_the_ninth, DUNLIN_E_CONFLICT, "I2"), Contains("cancelled on 2026-02-20"));
    desk.book.customer("C2");
    CHECK(desk.book.instance().status_of("receivables.promise",
                                         {{"customer", desk.book.id("customer", "C2")},
                                          {"item", desk.book.id("invoice", "I1")},
                                          {"due", "2026-03-09"}}) == DUNLIN_E_NOT_FOUND);
    auto payment = desk.request(on_the_ninth);
    payment["item"] = desk.book.id("payment", "P1");
    CHECK_THAT(desk.refusal("promise", payment, DUNLIN_E_INVALID), Contains("not a payment"));
    CHECK(desk.book.call("promises")["rows"].empty());
}

TEST_CASE("several promises at once never promise more than is open, on items and the account") {
    Desk desk;
    const auto made = desk.book.call(
        "promise",
        {{"customer", desk.book.id("customer", "C1")},
         {"parts",
          {{{"item", desk.book.id("invoice", "I1")}, {"amount", "60"}, {"due", "2026-03-05"}},
           {{"item", desk.book.id("invoice", "I1")}, {"amount", "40"}, {"due", "2026-03-09"}},
           {{"currency", "EUR"}, {"amount", "50"}, {"due", "2026-03-09"}}}}});
    REQUIRE(made["promises"].size() == 3);
    CHECK(made["promises"][2].count("item_id") == 0);
    CHECK_THAT(desk.refusal("promise", desk.request(on_the_ninth), DUNLIN_E_CONFLICT),
               Contains("100.00 of it is promised already"));
    CHECK_THAT(
        desk.refusal("promise", desk.request({{"due", "2026-03-09"}, {"amount", "51"}}, "I2"),
                     DUNLIN_E_CONFLICT),
        Contains("the account has 200.00 EUR open, and 150.00 of it is promised"));
    CHECK(desk.promise({{"due", "2026-03-09"}, {"amount", "50"}}, "I2")["level"] == 1);
    const auto more = desk.request(on_the_ninth);
    CHECK(desk.book.instance().status_of("receivables.promise", more) == DUNLIN_E_CONFLICT);
    CHECK(desk.states("2026-03-02") == "open open open open");
}

TEST_CASE("terms of instalments become one promise each, and the rest falls to the last") {
    Desk desk;
    CHECK_THAT(desk.refusal(
                   "promise",
                   desk.request({{"due", "2026-03-09"}, {"terms", Json::array({Json::object()})}}),
                   DUNLIN_E_INVALID),
               Contains("instalments"));
    const Json terms{{{"percent", "33.33"}, {"days", 7}}, {{"months", 1}, {"on_day", 31}}};
    const auto made = desk.book.call("promise", desk.request({{"terms", terms}}))["promises"];
    REQUIRE(made.size() == 2);
    CHECK(made[0]["amount"]["amount"] == "33.33");
    CHECK(made[0]["due_on"] == "2026-03-09");
    CHECK(made[1]["amount"]["amount"] == "66.67");
    CHECK(made[1]["due_on"] == "2026-04-30");
}

TEST_CASE("what is promised is not collectable until the promise ends, whichever way") {
    Desk desk;
    CHECK(desk.collectable("2026-03-02") == "200.00");
    const auto one = desk.promise({{"due", "2026-03-09"}, {"amount", "80"}});
    CHECK(desk.collectable("2026-03-02") == "120.00");
    CHECK(desk.collectable("2026-03-12") == "120.00");
    CHECK(desk.collectable("2026-03-13") == "200.00");  // Nobody needed to judge it.
    desk.book.call("withdraw_promise", {{"customer", one["customer_id"]},
                                        {"promise", one["promise_id"]},
                                        {"reason", "cannot pay"}});
    CHECK(desk.collectable("2026-03-02") == "200.00");
    desk.promise({{"due", "2026-03-09"}, {"amount", "80"}}, "I2");
    desk.pay("80", "2026-03-02", "I2");
    CHECK(desk.states("2026-03-02") == "withdrawn kept");
    CHECK(desk.collectable("2026-03-02") == "120.00");
}

TEST_CASE("P1: promises that were replaced, withdrawn or broken raise the level, a part does not") {
    Desk desk;
    const auto first = desk.promise({{"due", "2026-03-09"}, {"amount", "50"}});
    CHECK(desk.promise({{"due", "2026-03-09"}, {"amount", "20"}})["level"] == 1);
    const Json replace{{"customer", first["customer_id"]},
                       {"promise", first["promise_id"]},
                       {"amount", "60"},
                       {"due", "2026-03-10"}};
    const auto pair = desk.book.call("supersede_promise", replace)["promises"];
    CHECK(pair[0]["level"] == 2);
    CHECK(pair[0]["follows"] == first["promise_id"]);
    CHECK(pair[1]["state"] == "superseded");
    CHECK_THAT(desk.refusal("supersede_promise", replace, DUNLIN_E_CONFLICT),
               Contains("already followed"));
    const Json withdraw{
        {"customer", first["customer_id"]}, {"promise", pair[0]["promise_id"]}, {"reason", "no"}};
    desk.book.call("withdraw_promise", withdraw);
    CHECK_THAT(desk.refusal("withdraw_promise", withdraw, DUNLIN_E_CONFLICT),
               Contains("is withdrawn"));
    const auto third = desk.promise({{"due", "2026-03-10"}, {"amount", "10"}});
    CHECK(third["level"] == 3);
    const auto fourth =
        desk.at("2026-03-20", "promise", desk.request({{"due", "2026-03-25"}, {"amount", "30"}}));
    CHECK(fourth["promises"][0]["level"] == 4);
    CHECK(fourth["promises"][0]["follows"] == third["promise_id"]);
}

TEST_CASE("#46: a broken promise stays broken for all to see, whatever replaced it") {
    Desk desk;
    const auto first = desk.promise({{"due", "2026-03-03"}});
    desk.at("2026-03-10", "judge_promises");
    const auto next = desk.at("2026-03-10", "supersede_promise",
                              {{"customer", first["customer_id"]},
                               {"promise", first["promise_id"]},
                               {"due", "2026-03-15"}})["promises"];
    CHECK(next[0]["level"] == 2);
    CHECK(next[1]["state"] == "broken");
    CHECK(desk.at("2026-03-20", "promises")["rows"][0]["state"] == "broken");
    CHECK(
        desk.book.call("promises", {{"as_of", "2026-12-31"}, {"state", "broken"}})["rows"].size() ==
        2);
}

TEST_CASE("a payment keeps a promise, its reversal opens it again and later breaks it") {
    Desk desk;
    desk.promise(on_the_ninth);
    desk.pay("100", "2026-03-02");
    CHECK(desk.events("kept") == "kept ");
    CHECK(desk.collectable("2026-03-02") == "100.00");
    desk.book.payment("P1", "100", "2026-03-02",
                      {{"status", "reversed"}, {"reversed_on", "2026-03-02"}});
    desk.book.instance().host().jobs().run_due();
    CHECK(desk.states("2026-03-02") == "open");
    CHECK(desk.collectable("2026-03-02") == "100.00");  // I1 is open, and promised again.
    CHECK(desk.at("2026-03-13", "judge_promises")["broken"] == 1);
    CHECK(desk.events("broken") == "broken ");
    const auto rows = desk.book.call("promises", {{"as_of", "2026-03-13"}})["rows"];
    CHECK(rows[0]["state"] == "broken");
    CHECK(rows[0].count("money") == 0);
}

TEST_CASE("an allocation made and reversed here is judged again") {
    Desk desk;
    desk.promise(on_the_ninth);
    desk.book.payment("P1", "100", "2026-03-02");
    const auto allocated =
        desk.book.call("allocate", desk.request({{"source", desk.book.id("payment", "P1")},
                                                 {"target", desk.book.id("invoice", "I1")},
                                                 {"amount", "100"}},
                                                ""));
    desk.book.instance().host().jobs().run_due();
    CHECK(desk.book.instance().cell("SELECT state FROM receivables_promise") == "kept");
    desk.book.call("reverse_allocation",
                   desk.request({{"allocation", allocated["allocation_id"]}}, ""));
    desk.book.call("allocate", desk.request({{"source", desk.book.id("payment", "P1")},
                                             {"target", desk.book.id("invoice", "I2")},
                                             {"amount", "100"}},
                                            ""));
    desk.book.instance().host().jobs().run_due();
    CHECK(desk.book.instance().cell("SELECT state FROM receivables_promise") == "open");
}

TEST_CASE("judging twice is once, and never for a day before or to come") {
    Desk desk;
    desk.promise({{"due", "2026-03-03"}});
    const auto first = desk.at("2026-03-07", "judge_promises");
    CHECK(first["broken"] == 1);
    const auto kept = desk.book.instance().sql("SELECT * FROM receivables_promise");
    CHECK(desk.at("2026-03-07", "judge_promises")["broken"] == 0);
    CHECK(desk.book.instance().sql("SELECT * FROM receivables_promise") == kept);
    CHECK(desk.events("broken") == "broken ");
    CHECK(desk.book.instance().status_of("receivables.judge_promises", {{"as_of", "2026-03-02"}}) ==
          DUNLIN_E_CONFLICT);
    CHECK(desk.book.instance().status_of("receivables.judge_promises", {{"as_of", "2026-03-08"}}) ==
          DUNLIN_E_INVALID);
}

TEST_CASE("reminders come once before the day and once from it on, never on the day it was made") {
    Desk desk;
    desk.promise({{"due", "2026-03-04"}});
    desk.promise({{"due", "2026-03-03"}}, "I2");
    const auto reminded = [&](const char* day) {
        return desk.at(day, "judge_promises")["reminded"].get<int>();
    };
    CHECK(reminded("2026-03-02") == 0);
    CHECK(reminded("2026-03-03") == 2);  // I1 before its day, I2 on it.
    CHECK(reminded("2026-03-03") == 0);
    CHECK(reminded("2026-03-05") == 1);  // The fourth was missed.
    CHECK(reminded("2026-03-06") == 0);
    CHECK(desk.events("reminder_due") == "before on_day on_day ");
}

TEST_CASE("rules are data: those of the day it was made go with a promise") {
    Desk desk;
    const auto old = desk.promise({{"due", "2026-03-05"}});
    CHECK(old["last_day"] == "2026-03-08");
    desk.book.call(
        "set_promise_rules",
        {{"rules", {{"name", "strict"}, {"grace_days", 0}, {"enough_per_mille", 1000}}}});
    const auto strict = desk.promise({{"due", "2026-03-05"}}, "I2");
    CHECK(strict["last_day"] == "2026-03-05");
    CHECK(strict["rules_version"] == 1);
    desk.pay("98", "2026-03-02");
    desk.pay("98", "2026-03-02", "I2", "P2");
    CHECK(desk.states("2026-03-09") == "kept partly_kept");
    CHECK(desk.book.call("promise_rules")["rules"]["name"] == "strict");
    CHECK(desk.book.instance().status_of(
              "receivables.set_promise_rules",
              {{"rules", {{"name", "x"}, {"enough_per_mille", 1001}}}}) == DUNLIN_E_INVALID);
}

TEST_CASE("promises of another system are taken over once, with their level and without a word") {
    Desk desk;
    const Json row{{"reference", "Z1"},   {"customer", "C1"},  {"invoice", "I1"},
                   {"amount", "70"},      {"currency", "EUR"}, {"made", "2026-02-20"},
                   {"due", "2026-03-02"}, {"level", 3}};
    auto unknown = row, gone = row, over = row;
    unknown.update({{"reference", "Z2"}, {"customer", "C9"}});
    gone.update({{"reference", "Z3"}, {"made", "2026-02-01"}, {"due", "2026-02-02"}});
    over.update({{"reference", "Z4"}, {"amount", "31"}});
    const Json request{{"source", "erp"}, {"promises", {row, unknown, gone, over}}};
    const auto first = desk.book.call("import_promises", request);
    CHECK(first["imported"] == 1);
    REQUIRE(first["refused"].size() == 3);
    CHECK_THAT(first["refused"][0]["reason"].get<std::string>(), Contains("no customer \"C9\""));
    CHECK_THAT(first["refused"][1]["reason"].get<std::string>(), Contains("last day has passed"));
    CHECK_THAT(first["refused"][2]["reason"].get<std::string>(), Contains("promised already"));
    CHECK(desk.book.call("import_promises", request)["unchanged"] == 1);
    CHECK(desk.book.call("promises")["rows"][0]["level"] == 3);
    CHECK(desk.at("2026-03-03", "judge_promises")["reminded"] == 0);
    desk.pay("70", "2026-02-25");
    CHECK(desk.states("2026-03-02") == "kept");
}

TEST_CASE("a limited principal sees promises on what it sees, judged on the whole account") {
    Desk desk;
    desk.book.invoice("I1", "100", "2026-01-01", "2026-01-31", {{"salesperson", "ann"}});
    desk.promise(on_the_ninth);
    desk.promise(on_the_ninth, "I2");
    desk.book.payment("P1", "100", "2026-03-02");  // Not applied: ann does not see it.
    auto ann = host::Principal::of_operator();
    ann.scopes["salesperson"] = {"ann"};
    const auto rows =
        desk.book.instance().call("receivables.promises", Json::object(), ann)["rows"];
    REQUIRE(rows.size() == 1);
    CHECK(rows[0]["item_id"] == desk.book.id("invoice", "I1"));
    CHECK(rows[0]["state"] == "kept");
    const auto other =
        desk.book.call("promises", {{"item", desk.book.id("invoice", "I2")}})["rows"];
    CHECK(desk.book.instance().status_of("receivables.withdraw_promise",
                                         {{"customer", other[0]["customer_id"]},
                                          {"promise", other[0]["promise_id"]},
                                          {"reason", "x"}},
                                         ann) == DUNLIN_E_NOT_FOUND);
    CHECK(desk.book.instance().status_of("receivables.judge_promises", Json::object(), ann) ==
          DUNLIN_E_DENIED);
}

TEST_CASE("a promise moves along with its invoice, and goes with its source") {
    Desk desk;
    desk.promise(on_the_ninth);
    desk.book.customer("C2");
    desk.book.invoice("I1", "100", "2026-01-01", "2026-01-31", {{"customer", "C2"}});
    const auto rows =
        desk.book.call("promises", {{"customer", desk.book.id("customer", "C2")}})["rows"];
    REQUIRE(rows.size() == 1);
    CHECK(rows[0]["state"] == "open");
    CHECK(desk.collectable("2026-03-02") == "100.00");
    desk.book.call("forget_source", {{"source", "erp"}, {"confirm", true}});
    CHECK(desk.book.instance().cell("SELECT count(*) FROM receivables_promise") == 0);
}
