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
    auto ann = host::Principal::operator_();
    ann.scopes["salesperson"] = {"ann"};
    auto north = host::Principal::operator_();
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
