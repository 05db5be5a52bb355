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

TEST_CASE(
    "who has no place from its own system stands where the operator's file has its postcode") {
    Tour tour;
    tour.place("C3", 50.2);
    tour.book.instance().exec(
        "UPDATE receivables_customer SET latitude = NULL WHERE number IN "
        "('C1', 'C3')");
    const auto address = [&](const char* name, const char* postcode, const char* country) {
        tour.book.put("contact_point", {{{"external_id", name},
                                         {"customer", name},
                                         {"kind", "postal"},
                                         {"street", "Road 1"},
                                         {"postcode", postcode},
                                         {"country", country}}});
    };
    address("C1", "sw1a 1aa", "gb");
    address("C2", "10115", "DE");
    address("C3", "10115", "Deutschland");
    const Json start{{"start_latitude", 50}, {"start_longitude", 8}, {"assignee", "ann"}};
    const auto load = [&](const std::string& lines, bool replace = false) {
        return tour.book.call("load_postcodes", {{"csv", "country,postcode,lat,lon\n" + lines},
                                                 {"replace", replace}});
    };
    const auto from = [&] {
        std::string out;
        const auto route = tour.book.call("visit_route", start);
        for (const auto& row : route.at("rows")) {
            out += row.at("number").get<std::string>() + ":" +
                   row.at("place_from").get<std::string>() + " ";
        }
        return out;
    };
    CHECK(tour.book.instance().status_of("receivables.load_postcodes",
                                         {{"csv", "country,postcode,lat,lon\nDE,10115,x,8"}}) ==
          DUNLIN_E_INVALID);
    CHECK(from() == "C2:source C3: C1: ");
    // The area of a postcode is enough, and a country that only one file has needs no letters.
    CHECK(load("GB,SW1A,50.3,8\nDE,10115,50.05,8\n")["loaded"] == 2);
    CHECK(from() == "C3:postcode C2:source C1:postcode ");
    CHECK(load("DE,10115,50.4,8\n")["kept"].size() == 2);
    CHECK(from() == "C2:source C1:postcode C3:postcode ");
    load("AT,10115,50.4,8\n");
    CHECK(from() == "C2:source C3: C1:postcode ");  // Two countries have it.
    const auto kept = load("DE,99999,50,8\n", /*replace=*/true)["kept"];
    CHECK(kept.size() == 3);
    CHECK(kept[1]["postcodes"] == 1);
    CHECK(from() == "C2:source C1:postcode C3:postcode ");
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
