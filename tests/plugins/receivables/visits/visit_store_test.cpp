// SPDX-License-Identifier: Apache-2.0
// A day of visits: the way, the cash that was taken, and the promise made on the spot.
#include <catch2/catch.hpp>

#include "plugins/receivables/book.hpp"

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;

namespace {

/// Three customers on a line north of the start, with open visits for ann, on 2026-03-02.
struct Tour {
    Tour() : book(GENERATE(Dialect::sqlite, Dialect::postgresql)) {
        for (const char* name : {"C1", "C2", "C3"}) {
            book.customer(name);
            book.invoice(std::string("I") + name, "100", "2026-01-01", "2026-01-31",
                         {{"customer", name}});
            book.call("add_task", {{"customer", book.id("customer", name)},
                                   {"kind", "visit"},
                                   {"title", "Visit"},
                                   {"assignee", "ann"}});
        }
        place("C1", 50.3);
        place("C2", 50.1);
    }
    void place(const char* name, double latitude) {
        book.instance().exec("UPDATE receivables_customer SET longitude = 8, latitude = " +
                             std::to_string(latitude) + " WHERE number = '" + name + "'");
    }
    std::string way(const Json& asked) {
        std::string out;
        const auto route = book.call("visit_route", asked);
        for (const auto& row : route.at("rows")) out += row.at("number").get<std::string>() + " ";
        return out;
    }
    Json visit(const Json& more) {
        Json asked{{"customer", book.id("customer", "C1")},
                   {"channel", "visit"},
                   {"outcome", "reached"},
                   {"person", "Mr Hall"}};
        asked.update(more);
        return asked;
    }
    Book book;
};

}  // namespace

TEST_CASE("the way of a day goes to those with an open visit, the nearest first") {
    Tour tour;
    CHECK(tour.book.instance().status_of("receivables.visit_route", {{"start_latitude", 50}}) ==
          DUNLIN_E_INVALID);
    const Json start{{"start_latitude", 50}, {"start_longitude", 8}, {"assignee", "ann"}};
    CHECK(tour.way(start) == "C2 C3 C1 ");  // C3 has no place and no postcode.
    tour.place("C3", 50.2);
    CHECK(tour.way(start) == "C2 C3 C1 ");
    tour.place("C3", 50.4);
    CHECK(tour.way(start) == "C2 C1 C3 ");
    const auto route = tour.book.call("visit_route", start);
    CHECK(route["metres"].get<int>() / 1000 == 44);
    CHECK(tour.way({{"assignee", "bob"}}) == "");
    CHECK(tour.way({{"customers", {tour.book.id("customer", "C1")}}}) == "C1 ");
}

TEST_CASE("a visit closes its task, takes cash that is not asked for again, and a promise") {
    Tour tour;
    const auto refused = [&](const Json& more) {
        return error_of([&] { tour.book.call("log_contact", tour.visit(more)); });
    };
    const Json cash{{"amount", "30"}, {"currency", "EUR"}};
    CHECK_THAT(refused({{"channel", "call"}, {"receipt", cash}}), Contains("only on a visit"));
    CHECK_THAT(refused({{"receipt", {{"amount", "0"}, {"currency", "EUR"}}}}),
               Contains("above zero"));
    CHECK_THAT(refused({{"item", tour.book.id("invoice", "IC1")},
                        {"receipt", {{"amount", "30"}, {"currency", "USD"}}}}),
               Contains("the cash is in USD"));
    const auto task =
        tour.book.call("tasks", {{"customer", tour.book.id("customer", "C1")}})["rows"][0];
    const auto visited = tour.book.call(
        "log_contact", tour.visit({{"item", tour.book.id("invoice", "IC1")},
                                   {"task", task["task_id"]},
                                   {"receipt", cash},
                                   {"promise", {{"amount", "70"}, {"due", "2026-03-10"}}}}));
    CHECK(visited["receipt"]["amount"]["amount"] == "30.00");
    CHECK(visited["promises"].size() == 1);
    const Json of_customer{{"customer", tour.book.id("customer", "C1")}};
    CHECK(tour.book.call("tasks", of_customer)["rows"].empty());
    CHECK(tour.book.call("customer", of_customer)["ageing"][0]["collectable"] == "0.00");
    CHECK(tour.way({{"assignee", "ann"}}).find("C1") == std::string::npos);

    auto hand_in = of_customer;
    hand_in["receipt"] = visited["receipt"]["receipt_id"];
    CHECK(tour.book.call("receipts", {{"only_held", true}})["rows"].size() == 1);
    CHECK(tour.book.call("hand_in", hand_in)["handed_in_on"] == "2026-03-02");
    CHECK(tour.book.call("receipts", {{"only_held", true}})["rows"].empty());
    CHECK(tour.book.instance().status_of("receivables.hand_in", hand_in) == DUNLIN_E_CONFLICT);
}
