// SPDX-License-Identifier: Apache-2.0
// The log of contacts, and the tasks that come of it.
#include <catch2/catch.hpp>

#include "plugins/receivables/book.hpp"

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;

namespace {

/// A customer with a telephone and an invoice, on 2026-03-02.
struct Phone {
    Phone() : book(GENERATE(Dialect::sqlite, Dialect::postgresql)) {
        book.put(
            "customer",
            {{{"external_id", "C1"}, {"number", "C1"}, {"name", "One"}, {"salesperson", "sue"}}});
        book.put("contact_point", {{{"external_id", "T1"},
                                    {"customer", "C1"},
                                    {"person", "Ms Reed"},
                                    {"kind", "phone"},
                                    {"value", "+44 20 7946 0000"}}});
        book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    }
    Json request(const Json& more = Json::object()) {
        Json out{{"customer", book.id("customer", "C1")}};
        out.update(more);
        return out;
    }
    Json log(const Json& more) {
        auto asked = request({{"channel", "call"}, {"outcome", "reached"}});
        asked.update(more);
        return book.call("log_contact", asked);
    }
    std::string refusal(const Json& more, dunlin_status status,
                        const char* command = "log_contact") {
        auto asked = request({{"channel", "call"}, {"outcome", "reached"}});
        if (std::string_view(command) != "log_contact") asked = request();
        asked.update(more);
        CHECK(book.instance().status_of(std::string("receivables.") + command, asked) == status);
        return error_of([&] { book.call(command, asked); });
    }
    int64_t rows(const std::string& table) {
        return book.instance().cell("SELECT count(*) FROM receivables_" + table).get<int64_t>();
    }
    Book book;
};

}  // namespace

TEST_CASE(
    "a contact to come, of an unknown outcome, reason or number is refused, and nothing kept") {
    Phone phone;
    CHECK_THAT(phone.refusal({{"on", "2026-03-03"}}, DUNLIN_E_INVALID), Contains("still to come"));
    CHECK_THAT(phone.refusal({{"outcome", "mood"}}, DUNLIN_E_INVALID),
               Contains("no outcome \"mood\"; use one of reached"));
    CHECK_THAT(phone.refusal({{"reason", "mood"}}, DUNLIN_E_INVALID), Contains("no reason"));
    CHECK_THAT(phone.refusal({{"contact_point", "1"}}, DUNLIN_E_NOT_FOUND),
               Contains("has no contact 1"));
    CHECK_THAT(phone.refusal({{"next_step", "ask"}}, DUNLIN_E_INVALID), Contains("next_on"));
    // A promise that is refused takes the call with it.
    CHECK_THAT(phone.refusal({{"promise", {{"due", "2026-03-01"}}}}, DUNLIN_E_INVALID),
               Contains("in the past"));
    CHECK_THAT(phone.refusal({{"next_step", "ask"}, {"next_on", "2026-03-01"}}, DUNLIN_E_INVALID),
               Contains("in the past"));
    CHECK(phone.rows("contact") + phone.rows("promise") + phone.rows("task") == 0);
}

TEST_CASE("one call logs who was reached, why they pay late, what they promised and what follows") {
    Phone phone;
    const auto logged = phone.log({{"contact_point", phone.book.id("contact_point", "T1")},
                                   {"outcome", "promise"},
                                   {"reason", "invoice_missing"},
                                   {"item", phone.book.id("invoice", "I1")},
                                   {"next_step", "Ask whether it came"},
                                   {"next_on", "2026-03-04"},
                                   {"promise", {{"due", "2026-03-10"}, {"amount", "60"}}}});
    CHECK(logged["person"] == "Ms Reed");
    CHECK(logged["reached"] == true);
    REQUIRE(logged["promises"].size() == 1);
    CHECK(logged["promises"][0]["item_id"] == phone.book.id("invoice", "I1"));
    CHECK(logged["promises"][0]["person"] == "Ms Reed");
    REQUIRE(logged["tasks"].size() == 2);
    CHECK(logged["tasks"][0]["title"] == "Ask whether it came");
    CHECK(logged["tasks"][1]["kind"] == "remedy");
    CHECK(logged["tasks"][1]["due_on"] == "2026-03-03");

    const auto screen = phone.book.call("customer", phone.request());
    CHECK(screen["last_contacts"][0]["contact_id"] == logged["contact_id"]);
    CHECK(screen["promises"][0]["state"] == "open");
    CHECK(screen["open_tasks"].size() == 2);
    CHECK(screen["ageing"][0]["collectable"] == "40.00");
    CHECK(phone.book.instance().cell("SELECT count(*) FROM dunlin_event WHERE topic IN "
                                     "('receivables.contact_logged', 'receivables.task_added')") ==
          3);
}

TEST_CASE("contacts are listed by day, channel and customer, the last one first") {
    Phone phone;
    phone.log({{"on", "2026-02-27"}, {"note", "early"}});
    phone.log({{"channel", "email"}, {"direction", "in"}, {"outcome", "received"}});
    const auto all = phone.book.call("contacts", phone.request())["rows"];
    REQUIRE(all.size() == 2);
    CHECK(all[0]["channel"] == "email");
    CHECK(phone.book.call("contacts", {{"channel", "call"}})["rows"][0]["note"] == "early");
    CHECK(phone.book.call("contacts", {{"from", "2026-03-01"}})["rows"].size() == 1);
    auto bob = host::Principal::of_operator();
    bob.scopes["salesperson"] = {"bob"};
    CHECK(phone.book.instance().call("receivables.contacts", Json::object(), bob)["rows"].empty());
    CHECK(phone.book.instance().call("receivables.tasks", Json::object(), bob)["rows"].empty());
}

TEST_CASE("a task is moved, counted late and closed once; a question to sales goes to sales") {
    Phone phone;
    CHECK_THAT(phone.refusal({{"kind", "call"}, {"title", "x"}, {"due", "2026-03-01"}},
                             DUNLIN_E_INVALID, "add_task"),
               Contains("in the past"));
    const auto task =
        phone.book.call("add_task", phone.request({{"kind", "question_sales"},
                                                   {"title", "What was agreed on the price?"},
                                                   {"item", phone.book.id("invoice", "I1")}}));
    CHECK(task["assignee"] == "sue");
    const Json of_task{{"customer", task["customer_id"]}, {"task", task["task_id"]}};
    CHECK_THAT(phone.refusal(of_task, DUNLIN_E_INVALID, "move_task"), Contains("name a new due"));
    auto move = of_task;
    move.update({{"due", "2026-03-05"}, {"assignee", "tom"}});
    CHECK(phone.book.call("move_task", move)["moves"] == 1);
    CHECK(phone.book.call("tasks", {{"assignee", "sue"}})["rows"].empty());
    host::CallOptions later;
    later.today = Date(2026, 3, 8);
    const auto open = phone.book.instance().call("receivables.tasks", {{"assignee", "tom"}},
                                                 host::Principal::of_operator(), later);
    CHECK(open["rows"][0]["days_late"] == 3);
    auto close = of_task;
    close["answer"] = "ten percent off";
    CHECK(phone.book.call("close_task", close)["state"] == "done");
    CHECK_THAT(phone.refusal(of_task, DUNLIN_E_CONFLICT, "close_task"), Contains("already closed"));
    CHECK(phone.book.call("tasks")["rows"].empty());
    CHECK(phone.book.call("tasks", {{"state", "all"}})["rows"][0]["answer"] == "ten percent off");
}

TEST_CASE("the lists are data: a reason of one's own brings its own remedy") {
    Phone phone;
    auto lists = phone.book.call("contact_lists")["lists"];
    auto twice = lists;
    twice["reasons"].push_back(twice["reasons"][0]);
    CHECK_THAT(error_of([&] {
                   phone.book.call("set_contact_lists", {{"lists", twice}});
               }),
               Contains("stands in the list twice"));
    lists["reasons"].push_back(
        {{"code", "harvest"},
         {"title", "Pays after the harvest"},
         {"remedy", {{"kind", "visit"}, {"title", "Look at the field"}, {"days", 20}}}});
    phone.book.call("set_contact_lists", {{"lists", lists}});
    const auto logged = phone.log({{"reason", "harvest"}});
    CHECK(logged["tasks"][0]["kind"] == "visit");
    CHECK(logged["tasks"][0]["due_on"] == "2026-03-22");
    CHECK(phone.log({{"reason", "forgot"}})["tasks"].empty());
}

TEST_CASE(
    "forgetting a source erases what was said with its customers; an invoice takes its tasks") {
    Phone phone;
    phone.log({{"note", "private"}});
    phone.book.call("add_task", phone.request({{"kind", "call"},
                                               {"title", "x"},
                                               {"item", phone.book.id("invoice", "I1")}}));
    phone.book.customer("C2");
    phone.book.invoice("I1", "100", "2026-01-01", "2026-01-31", {{"customer", "C2"}});
    const auto tasks =
        phone.book.call("tasks", {{"customer", phone.book.id("customer", "C2")}})["rows"];
    CHECK(tasks.size() == 1);
    CHECK(phone.book.call("contacts", phone.request())["rows"].size() == 1);
    phone.book.call("forget_source", {{"source", "erp"}, {"confirm", true}});
    CHECK(phone.rows("contact") + phone.rows("task") == 0);
}

TEST_CASE("the script that fits a customer follows from its account; scripts are data") {
    Phone phone;
    const auto suggested = [&] {
        return phone.book.call("call_scripts", phone.request())["suggested"].get<std::string>();
    };
    CHECK(suggested() == "overdue");
    phone.book.invoice("I1", "100", "2025-11-01", "2025-12-31");
    CHECK(suggested() == "long_overdue");
    phone.book.invoice("I1", "100", "2026-03-01", "2026-03-31");
    CHECK(suggested() == "before_due");
    const auto shipped = phone.book.call("call_scripts")["scripts"];
    for (const auto& script : shipped) CHECK(script["lines"].size() >= 3);
    phone.book.call(
        "set_call_scripts",
        {{"scripts", {{{"situation", "overdue"}, {"title", "Ours"}, {"lines", {"Ask."}}}}}});
    CHECK(phone.book.call("call_scripts")["scripts"].size() == 1);
}
