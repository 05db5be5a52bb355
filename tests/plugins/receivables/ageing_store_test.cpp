// SPDX-License-Identifier: Apache-2.0
// What users of other systems complained about: items that vanish from a bucket, credits that are
// not shown, currencies that are mixed. Each on both stores.
#include <catch2/catch.hpp>

#include "book.hpp"

using namespace dunlin;
using namespace dunlin::test;

namespace {

using Texts = std::vector<std::string>;

Dialect each_store() {
    return GENERATE(Dialect::sqlite, Dialect::postgresql);
}

}  // namespace

TEST_CASE("items 0, 1, 30, 31, 60, 61, 90 and 91 days overdue stand in their buckets") {
    Book book(each_store());
    book.customer("C1");
    const Date today = Date::parse("2026-03-02");
    int64_t power = 1;
    for (const int days : {0, 1, 30, 31, 60, 61, 90, 91}) {
        book.invoice("I" + std::to_string(days), std::to_string(power), "2025-01-01",
                     (today - days).text());
        power *= 10;
    }

    const auto buckets = buckets_of(book.total("2026-03-02"));
    CHECK(buckets == Json{{"not_due", "1.00"},
                          {"1-30", "110.00"},
                          {"31-60", "11000.00"},
                          {"61-90", "1100000.00"},
                          {"91-120", "10000000.00"},
                          {"121+", "0.00"}});
}

TEST_CASE("an item without a due date ages from its issue date") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "");

    CHECK(buckets_of(book.total("2026-02-15")).at("31-60") == "100.00");
    CHECK(book.call("items").at("rows").at(0).at("due_date").is_null());
}

TEST_CASE("the basis issue counts from the issue date and edges are the caller's") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-02-10");

    const auto total =
        book.call("aging", {{"as_of", "2026-02-12"}, {"basis", "issue"}, {"edges", {0, 7, 40}}})
            .at("totals")[0];
    CHECK(buckets_of(total).at("41+") == "100.00");
}

TEST_CASE("an overpayment of 0.12 is seen as unapplied and closes the invoice") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "1715.58", "2026-01-01", "2026-01-31");
    book.payment("P1", "1715.70", "2026-01-20");
    book.allocation("A1", "P1", "I1", "1715.58");

    const auto total = book.total("2026-02-01");
    CHECK(total.at("open") == "0.00");
    CHECK(total.at("unapplied").at("payments") == "-0.12");
    CHECK(total.at("balance") == "-0.12");
}

TEST_CASE("a payment before its invoice counts as credit until the invoice comes") {
    Book book(each_store());
    book.customer("C1");
    book.payment("P1", "100", "2026-01-01");
    book.invoice("I1", "100", "2026-01-15", "2026-02-15");
    book.allocation("A1", "P1", "I1", "100");

    CHECK(book.balance("2026-01-10") == "-100.00");
    CHECK(book.call("aging", {{"as_of", "2026-01-15"}}).at("rows").empty());
    CHECK(book.audit({"2026-01-10", "2026-01-15"}) == "");
}

TEST_CASE("currencies stand side by side and are added only with a kept rate") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    book.invoice("I2", "200", "2026-01-01", "2026-01-31", {{"currency", "USD"}});
    book.invoice("I3", "5000", "2026-01-01", "2026-01-31", {{"currency", "JPY"}});
    book.put("exchange_rate", {{{"external_id", "R1"},
                                {"from_currency", "USD"},
                                {"to_currency", "EUR"},
                                {"date", "2026-01-01"},
                                {"rate", "0.9215"}}});

    const auto reply = book.call("aging", {{"as_of", "2026-02-10"}, {"convert_to", "EUR"}});
    CHECK(reply.at("totals").size() == 3);
    CHECK(reply.at("converted").at("balance").at("amount") == "284.30");
    CHECK(reply.at("converted").at("without_rate") == Json{"JPY"});
}

TEST_CASE("a statement has a sheet a currency, each with its ageing") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    book.invoice("I2", "200", "2026-02-05", "2026-02-28", {{"currency", "USD"}});
    book.payment("P1", "30", "2026-02-10");

    const auto sheet = book.call(
        "statement",
        {{"customer", book.id("customer", "C1")}, {"from", "2026-02-01"}, {"to", "2026-02-28"}});
    REQUIRE(sheet.at("currencies").size() == 2);
    const auto& euros = sheet.at("currencies")[0];
    CHECK(euros.at("opening").at("amount") == "100.00");
    CHECK(euros.at("movements").size() == 1);
    CHECK(euros.at("closing").at("amount") == "70.00");
    CHECK(sheet.at("currencies")[1].at("closing").at("amount") == "200.00");
    CHECK(sheet.at("ageing").size() == 2);
}

TEST_CASE("a statement shows a cancellation on its day and adds up") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31",
                 {{"status", "cancelled"}, {"cancelled_on", "2026-02-10"}});

    const auto sheet = book.call("statement", {{"customer", book.id("customer", "C1")},
                                               {"from", "2026-02-01"},
                                               {"to", "2026-02-28"}})
                           .at("currencies")[0];
    CHECK(sheet.at("opening").at("amount") == "100.00");
    CHECK(sheet.at("movements")[0].at("cancelled") == true);
    CHECK(sheet.at("closing").at("amount") == "0.00");
}

TEST_CASE("groups by salesperson, company and collector each add up to the whole") {
    Book book(each_store());
    book.put("company", {{{"external_id", "X"}, {"name", "Exhibits"}}});
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31",
                 {{"salesperson", "ann"}, {"company", "X"}});
    book.invoice("I2", "50", "2026-01-01", "2026-01-31", {{"salesperson", "bob"}});
    book.call("assign", {{"customers", {book.id("customer", "C1")}}, {"collector", "cleo"}});

    const auto by = GENERATE(as<std::string>(), "salesperson", "company", "collector", "none");
    const auto reply = book.call("aging", {{"by", by}});
    CHECK(reply.at("totals")[0].at("open") == "150.00");
    CHECK(reply.at("rows").size() == (by == "collector" || by == "none" ? 1 : 2));
}

TEST_CASE("one screen of a customer shows contacts, ageing, open items, credits and habits") {
    Book book(each_store());
    book.customer("C1");
    book.put("contact_point", {{{"external_id", "K1"},
                                {"customer", "C1"},
                                {"kind", "phone"},
                                {"value", "+49 30 1"},
                                {"role", "dunning"}}});
    book.invoice("I1", "100", "2026-01-01", "2026-01-11");
    book.invoice("I2", "80", "2026-01-01", "2026-02-11");
    book.payment("P1", "150", "2026-01-31");
    book.allocation("A1", "P1", "I1", "100");

    const auto screen = book.call("customer", {{"customer", book.id("customer", "C1")}});
    CHECK(screen.at("contacts")[0].at("value") == "+49 30 1");
    CHECK(screen.at("open_items").size() == 1);
    CHECK(screen.at("unapplied")[0].at("open").at("amount") == "-50.00");
    CHECK(screen.at("payment_behaviour").at("average_days_late") == 20);
    CHECK(screen.at("ageing")[0].at("balance") == "30.00");
    CHECK(screen.at("recent_payments").size() == 1);
}

TEST_CASE("item lists go on where the last page ended") {
    Book book(each_store());
    book.customer("C1");
    for (const char* id : {"I1", "I2", "I3"}) book.invoice(id, "10", "2026-01-01", "2026-01-31");

    const auto first = book.call("items", {{"limit", 2}});
    const auto second = book.call("items", {{"limit", 2}, {"after", first.at("next")}});
    CHECK(first.at("rows").size() == 2);
    CHECK(second.at("rows").size() == 1);
    CHECK(second.at("rows")[0].at("number") == "I3");
    CHECK(second.at("next").is_null());
}
