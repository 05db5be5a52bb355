// SPDX-License-Identifier: Apache-2.0
// Claims, the worklist and its strategy, and the reports that check us against the source.
#include <catch2/catch.hpp>

#include "book.hpp"

using namespace dunlin;
using namespace dunlin::test;

namespace {

Dialect each_store() {
    return GENERATE(Dialect::sqlite, Dialect::postgresql);
}

Json claim_on(Book& book, const char* invoice, const char* kind, const Json& more = {}) {
    Json request{{"customer", book.id("customer", "C1")}, {"kind", kind}};
    if (*invoice) request["item"] = book.id("invoice", invoice);
    if (more.is_object()) request.update(more);
    return book.call("place_claim", request);
}

}  // namespace

TEST_CASE("a disputed part is shown apart and the rest may be collected") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    const auto claim = claim_on(book, "I1", "dispute", {{"amount", "30"}});

    const auto total = book.total("2026-03-02");
    CHECK(total.at("open") == "100.00");
    CHECK(total.at("disputed") == "30.00");
    CHECK(total.at("collectable") == "70.00");
    const Json lift{{"customer", book.id("customer", "C1")}, {"claim", claim.at("claim_id")}};
    book.call("lift_claim", lift);
    CHECK(book.total("2026-03-02").at("collectable") == "100.00");
    CHECK(book.instance().status_of("receivables.lift_claim", lift) == DUNLIN_E_CONFLICT);
}

TEST_CASE("claims above the open amount never make it negative and end by themselves") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    claim_on(book, "I1", "promise", {{"amount", "80"}, {"until", "2026-03-10"}});
    claim_on(book, "", "block", {{"until", "2026-03-05"}});

    CHECK(book.total("2026-03-04").at("collectable") == "0.00");
    CHECK(book.total("2026-03-05").at("collectable") == "20.00");
    CHECK(book.total("2026-03-10").at("collectable") == "100.00");
}

TEST_CASE("the worklist ranks by points and says which rules gave them") {
    Book book(each_store());
    book.customer("C1");
    book.customer("C2");
    book.invoice("I1", "100", "2026-02-01", "2026-02-20");
    book.invoice("I2", "30000", "2025-10-01", "2025-11-01", {{"customer", "C2"}});

    const auto list = book.call("worklist");
    REQUIRE(list.at("total") == 2);
    const auto& first = list.at("rows")[0];
    CHECK(first.at("number") == "C2");
    CHECK(first.at("points") == 90);
    CHECK(first.at("rules").size() == 3);
    CHECK(first.at("rules")[0].at("value").at("amount") == "30000.00");
    CHECK(list.at("strategy").at("name") == "standard");
    CHECK(book.call("worklist", {{"offset", 1}}).at("rows")[0].at("number") == "C1");
}

TEST_CASE("what is fully claimed gives no points for its amount") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    CHECK(book.call("worklist").at("total") == 1);
    claim_on(book, "I1", "dispute");

    CHECK(book.call("worklist").at("total") == 0);
}

TEST_CASE("a strategy is data: a new version ranks by its own rules from its day on") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    const Json rules = Json::parse(R"([{"id":"any","fact":"days_overdue","ranges":[
        {"to":1,"points":0},{"from":1,"points":7}]}])");
    const auto set =
        book.call("set_strategy", {{"strategy", {{"name", "mine"}, {"rules", rules}}}});

    const auto list = book.call("worklist");
    CHECK(list.at("strategy").at("version") == set.at("version"));
    CHECK(list.at("rows")[0].at("points") == 7);
    CHECK(book.call("worklist", {{"as_of", "2026-03-01"}}).at("strategy").at("version") == 0);
    auto hole = rules;
    hole[0]["ranges"][1]["from"] = 2;
    CHECK(book.instance().status_of("receivables.set_strategy",
                                    {{"strategy", {{"name", "bad"}, {"rules", hole}}}}) ==
          DUNLIN_E_INVALID);
}

TEST_CASE("a company ranks its own items by its own strategy, a portfolio's comes before it") {
    Book book(each_store());
    book.customer("C1");
    book.put("company", {{{"external_id", "K1"}, {"name", "One"}}});
    book.put("company", {{{"external_id", "K2"}, {"name", "Two"}}});
    book.invoice("I1", "100", "2026-01-01", "2026-01-31", {{"company", "K1"}});
    book.invoice("I2", "900", "2026-01-01", "2026-02-20", {{"company", "K2"}});
    const auto one = book.id("company", "K1"), two = book.id("company", "K2");
    const auto set = [&](const char* name, int points, const Json& where) {
        Json request{
            {"strategy",
             {{"name", name},
              {"rules",
               {{{"id", "any"},
                 {"fact", "days_overdue"},
                 {"ranges", {{{"to", 1}, {"points", 0}}, {{"from", 1}, {"points", points}}}}}}}}}};
        request.update(where);
        book.call("set_strategy", request);
    };
    const auto first = [&](const Json& request) {
        const auto list = book.call("worklist", request);
        const auto& row = list.at("rows").at(0);
        return list.at("strategy").at("name").get<std::string>() + " " + row.at("points").dump() +
               " " + row.at("amounts").at(0).at("open").get<std::string>();
    };
    set("of one", 7, {{"company", one}});

    CHECK(first({{"company", one}}) == "of one 7 100.00");
    CHECK(first({{"company", two}}).rfind("standard ", 0) == 0);
    CHECK(first({{"company", two}}).find(" 900.00") != std::string::npos);
    CHECK(first(Json::object()).find(" 1000.00") != std::string::npos);
    book.call("assign", {{"customers", {book.id("customer", "C1")}}, {"portfolio", "north"}});
    set("of north", 9, {{"scope", "north"}});
    CHECK(first({{"company", one}, {"portfolio", "north"}}) == "of north 9 100.00");
    CHECK(book.call("strategy", {{"company", one}}).at("strategy").at("name") == "of one");
    CHECK(book.instance().status_of("receivables.strategy",
                                    {{"company", one}, {"scope", "north"}}) == DUNLIN_E_INVALID);
}

TEST_CASE("reconciling lists the items whose open amount differs from the source's") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31", {{"open_amount", "100"}});
    book.invoice("I2", "50", "2026-01-01", "2026-01-31", {{"open_amount", "20"}});

    const auto reply = book.call("reconcile");
    CHECK(reply.at("agrees") == false);
    REQUIRE(reply.at("items").size() == 1);
    CHECK(reply.at("items")[0].at("difference").at("amount") == "30.00");
    CHECK(reply.at("totals")[0].at("ours").at("amount") == "150.00");
    CHECK(reply.at("totals")[0].at("source").at("amount") == "120.00");
}

TEST_CASE("reconciling shows a page of each list, and says how many there are in all") {
    Book book(each_store());
    for (const std::string id : {"1", "2", "3"}) {
        book.customer("C" + id);
        book.invoice("I" + id, "100", "2026-01-01", "2026-01-31",
                     {{"customer", "C" + id}, {"open_amount", "90"}});
    }

    const auto first = book.call("reconcile", {{"limit", 2}});
    CHECK(first.at("customers").size() == 2);
    CHECK(first.at("items").size() == 2);
    CHECK(first.at("differing_customers") == 3);
    CHECK(first.at("differing_items") == 3);
    CHECK(first.at("totals")[0].at("difference").at("amount") == "30.00");
    const auto rest = book.call("reconcile", {{"limit", 2}, {"offset", 2}});
    REQUIRE(rest.at("customers").size() == 1);
    CHECK(rest.at("customers")[0].at("customer_id") == book.id("customer", "C3"));
    CHECK(rest.at("items")[0].at("number") == "I3");
    CHECK(rest.at("differing_customers") == 3);
    CHECK(rest.at("totals") == first.at("totals"));
}

TEST_CASE("what is learned later but counts from earlier is listed as backdated") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");

    const Json request{{"known_after", "2026-03-01"}, {"effective_before", "2026-02-28"}};
    const auto rows = book.call("backdated", request).at("rows");
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].at("number") == "I1");
    CHECK(book.call("backdated", {{"known_after", "2026-03-03"}}).at("rows").empty());
}

TEST_CASE("salesperson and portfolio limit every list, and an assignment moves the limit along") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31", {{"salesperson", "ann"}});
    book.invoice("I2", "50", "2026-01-01", "2026-01-31", {{"salesperson", "bob"}});
    auto ann = host::Principal::of_operator();
    ann.scopes["salesperson"] = {"ann"};
    auto north = host::Principal::of_operator();
    north.scopes["portfolio"] = {"north"};

    const auto open = [&](const host::Principal& who) {
        const auto totals =
            book.instance().call("receivables.aging", Json::object(), who).at("totals");
        return totals.empty() ? "" : totals[0].at("open").get<std::string>();
    };
    CHECK(open(ann) == "100.00");
    CHECK(open(north) == "");
    book.call("assign", {{"customers", {book.id("customer", "C1")}}, {"portfolio", "north"}});
    CHECK(open(north) == "150.00");
    CHECK(book.instance().status_of("receivables.verify", Json::object(), ann) == DUNLIN_E_DENIED);
}

TEST_CASE("a limited principal sees the claims on what it sees, whatever the source changes") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31", {{"salesperson", "ann"}});
    claim_on(book, "I1", "dispute");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31", {{"salesperson", "bob"}});
    auto bob = host::Principal::of_operator();
    bob.scopes["salesperson"] = {"bob"};

    const auto total = [&](const char* member) {
        const auto reply = book.instance().call("receivables.aging", Json::object(), bob);
        return reply.at("totals")[0].at(member).get<std::string>();
    };
    CHECK(total("disputed") == "100.00");
    CHECK(total("collectable") == "0.00");
    book.invoice("I2", "50", "2026-01-01", "2026-01-31", {{"salesperson", "bob"}});
    claim_on(book, "", "block");
    CHECK(total("claimed") == "150.00");
    const auto reply = book.call("customer", {{"customer", book.id("customer", "C1")}});
    CHECK(reply.at("claims").size() == 2);
}

TEST_CASE("claims on the account are the same whatever part of it is asked for") {
    Book book(each_store());
    book.customer("C1");
    book.put("company", {{{"external_id", "K1"}, {"name", "One"}}});
    book.put("company", {{{"external_id", "K2"}, {"name", "Two"}}});
    book.invoice("I1", "100", "2026-01-01", "2026-01-31", {{"company", "K1"}});
    book.invoice("I2", "100", "2026-01-01", "2026-02-10", {{"company", "K2"}});
    claim_on(book, "", "block", {{"amount", "120"}, {"currency", "EUR"}});

    const auto claimed = [&](const char* company) {
        const auto reply = book.call("aging", {{"company", book.id("company", company)}});
        return reply.at("totals")[0].at("claimed").get<std::string>();
    };
    CHECK(claimed("K1") == "100.00");
    CHECK(claimed("K2") == "20.00");
    CHECK(book.total("2026-03-02").at("claimed") == "120.00");
}

TEST_CASE("the worklist counts what claims leave, part by part, and no money sent back") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "100", "2025-10-01", "2025-11-01");
    book.put("instalment", {{{"external_id", "N1"},
                             {"invoice", "I1"},
                             {"sequence", 1},
                             {"due_date", "2025-11-01"},
                             {"amount", "60"}},
                            {{"external_id", "N2"},
                             {"invoice", "I1"},
                             {"sequence", 2},
                             {"due_date", "2026-02-20"},
                             {"amount", "40"}}});
    claim_on(book, "I1", "promise", {{"amount", "60"}});
    book.customer("C2");
    book.payment("R1", "-70", "2025-10-01", {{"customer", "C2"}});

    const auto list = book.call("worklist");
    REQUIRE(list.at("total") == 1);
    const auto& row = list.at("rows")[0];
    CHECK(row.at("days_overdue") == 10);
    CHECK(row.at("amounts")[0].at("overdue") == "40.00");
    CHECK(row.at("amounts")[0].value("overdue_over_90", "0.00") == "0.00");
    CHECK(row.at("amounts")[0].at("open") == "100.00");
}

TEST_CASE("the average of days late never adds amounts of two currencies") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "10", "2026-01-01", "2026-01-11");
    book.invoice("I2", "100000", "2026-01-01", "2026-01-11", {{"currency", "JPY"}});
    book.payment("P1", "10", "2026-01-31");
    book.payment("P2", "100000", "2026-01-11", {{"currency", "JPY"}});
    book.payment("R1", "-5", "2026-02-20");
    book.allocation("A1", "P1", "I1", "10");
    book.allocation("A2", "P2", "I2", "100000");

    const auto reply = book.call("customer", {{"customer", book.id("customer", "C1")}});
    CHECK(reply.at("payment_behaviour").at("average_days_late") == 10);
    CHECK(reply.at("payment_behaviour").at("last_payment_on") == "2026-01-31");
}

TEST_CASE("a customer's open items come by due date, and what is settled is not overdue") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "10", "2026-01-01", "2026-02-20");
    book.invoice("I2", "10", "2026-01-01", "2026-01-31");
    book.invoice("I3", "10", "2026-01-01", "2026-01-31");
    book.payment("P1", "10", "2026-02-01");
    book.allocation("A1", "P1", "I3", "10");

    const auto open =
        book.call("customer", {{"customer", book.id("customer", "C1")}}).at("open_items");
    REQUIRE(open.size() == 2);
    CHECK(open[0].at("number") == "I2");
    CHECK(open[0].at("days_overdue") == 30);
    const auto all = book.call("items", {{"state", "all"}}).at("rows");
    for (const auto& row : all) {
        if (row.at("number") == "I3") CHECK(row.at("days_overdue") == 0);
    }
}
