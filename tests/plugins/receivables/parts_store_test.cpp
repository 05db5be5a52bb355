// SPDX-License-Identifier: Apache-2.0
// What became of an item's amount.
#include <dunlin/money.hpp>

#include <catch2/catch.hpp>

#include "book.hpp"

using namespace dunlin;
using namespace dunlin::test;

namespace {

Dialect each_store() {
    return GENERATE(Dialect::sqlite, Dialect::postgresql);
}

/// "paid credited adjusted cancelled open" of an item on a day, after checking that they are its
/// amount.
std::string parts_of(const Json& row) {
    std::string text;
    int64_t sum = 0;
    for (const auto* part : {"paid", "credited", "adjusted", "cancelled", "open"}) {
        const auto amount = row.at(part).at("amount").get<std::string>();
        CHECK(row.at(part).at("currency") == row.at("amount").at("currency"));
        sum += Money::parse_units(amount);
        text += (text.empty() ? "" : " ") + amount;
    }
    CHECK(sum == Money::parse_units(row.at("amount").at("amount").get<std::string>()));
    return text;
}

std::map<std::string, std::string> parts(Book& book, const char* as_of) {
    std::map<std::string, std::string> out;
    const auto reply = book.call("items", {{"as_of", as_of}, {"state", "all"}});
    for (const auto& row : reply.at("rows")) {
        const auto number = row.at("number").get<std::string>();
        out[number.empty() ? row.at("reference").get<std::string>() : number] = parts_of(row);
    }
    return out;
}

}  // namespace

TEST_CASE("an item says apart what was paid, credited, adjusted and cancelled, on every day") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    book.invoice("I2", "70", "2026-01-01", "2026-01-31",
                 {{"status", "cancelled"}, {"cancelled_on", "2026-02-20"}});
    book.invoice("N1", "30", "2026-01-10", "", {{"kind", "credit_note"}});
    book.payment("P1", "80", "2026-01-20");
    book.payment("B1", "-5", "2026-01-25");
    book.allocation("A1", "N1", "I1", "25", {{"source_kind", "credit_note"}});
    book.allocation("A2", "P1", "I1", "60", {{"reversed_on", "2026-02-15"}});
    book.allocation("A3", "P1", "B1", "5");
    book.put("adjustment", {{{"external_id", "W1"},
                             {"customer", "C1"},
                             {"invoice", "I1"},
                             {"currency", "EUR"},
                             {"amount", "-10"},
                             {"date", "2026-02-01"},
                             {"kind", "write_off"},
                             {"reference", "W1"}}});

    auto on = parts(book, "2026-01-20");
    CHECK(on["I1"] == "60.00 25.00 0.00 0.00 15.00");
    CHECK(on["N1"] == "0.00 -25.00 0.00 0.00 -5.00");
    CHECK(on["P1"] == "-60.00 0.00 0.00 0.00 -20.00");
    on = parts(book, "2026-02-02");
    CHECK(on["I1"] == "60.00 25.00 10.00 0.00 5.00");
    CHECK(on["I2"] == "0.00 0.00 0.00 0.00 70.00");
    CHECK(on["W1"] == "0.00 0.00 -10.00 0.00 0.00");
    CHECK(on["B1"] == "5.00 0.00 0.00 0.00 0.00");
    on = parts(book, "2026-02-20");
    CHECK(on["I1"] == "0.00 25.00 10.00 0.00 65.00");
    CHECK(on["I2"] == "0.00 0.00 0.00 70.00 0.00");
    CHECK(on["P1"] == "-5.00 0.00 0.00 0.00 -75.00");
    const auto screen = book.call("customer", {{"customer", book.id("customer", "C1")}});
    CHECK(parts_of(screen.at("open_items").at(0)) == "0.00 25.00 10.00 0.00 65.00");
    CHECK(parts_of(screen.at("unapplied").at(0)) == "0.00 -25.00 0.00 0.00 -5.00");
}
