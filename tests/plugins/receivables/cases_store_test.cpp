// SPDX-License-Identifier: Apache-2.0
// Acceptance cases with numbers from public sources, through the sink and the commands on a real
// store. Names and numbers as in the domain notes.
#include <catch2/catch.hpp>

#include "book.hpp"

using namespace dunlin;
using namespace dunlin::test;

namespace {

using Texts = std::vector<std::string>;

Dialect each_store() {
    return GENERATE(Dialect::sqlite, Dialect::postgresql);
}

std::string bucket(const Json& line, const char* name) {
    return buckets_of(line).at(name);
}

std::string status_text(Book& book, const std::string& command, const Json& request) {
    return error_of([&] { book.call(command, request); });
}

}  // namespace

TEST_CASE("A1 an invoice paid in June is in the ageing of May") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "100", "2020-04-30", "2020-05-30");
    book.payment("P1", "100", "2020-06-30");
    book.allocation("A1", "P1", "I1", "100");

    CHECK(bucket(book.total("2020-05-31"), "1-30") == "100.00");
    CHECK(book.balance("2020-06-29") == "100.00");
    CHECK(book.call("aging", {{"as_of", "2020-06-30"}}).at("rows").empty());
    CHECK(book.audit({"2020-05-31"}) == "");
}

TEST_CASE("A2 part payments leave the rest in 31-60") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "10000", "2016-11-30", "2017-02-28");
    book.payment("P1", "1500", "2016-11-09");
    book.payment("P2", "1000", "2016-11-30");
    book.payment("P3", "2000", "2017-01-30");
    book.allocation("A1", "P1", "I1", "1500");
    book.allocation("A2", "P2", "I1", "1000");
    book.allocation("A3", "P3", "I1", "2000");

    const auto total = book.total("2017-04-04");
    CHECK(bucket(total, "31-60") == "5500.00");
    CHECK(total.at("balance") == "5500.00");
    const auto rows = book.call("items", {{"as_of", "2017-04-04"}}).at("rows");
    CHECK(rows.at(0).at("days_overdue") == 35);
    CHECK(book.audit({"2016-11-10", "2017-04-04"}) == "");
}

TEST_CASE("A5 a payment of a later period leaves the earlier one as it was") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "1000", "2026-01-10", "2026-01-20");
    book.payment("P1", "300", "2026-02-05");
    book.allocation("A1", "P1", "I1", "300");

    CHECK(bucket(book.total("2026-01-31"), "1-30") == "1000.00");
    CHECK(bucket(book.total("2026-02-05"), "1-30") == "700.00");
    CHECK(book.audit({"2026-01-31"}) == "");
}

namespace {

void add_instalments(Book& book, const std::string& invoice, const Texts& amounts) {
    const char* const dates[] = {"2026-01-31", "2026-03-02", "2026-04-01"};
    std::vector<Json> rows;
    for (std::size_t i = 0; i < amounts.size(); ++i) {
        rows.push_back({{"external_id", invoice + "-" + std::to_string(i)},
                        {"invoice", invoice},
                        {"sequence", i + 1},
                        {"due_date", dates[i]},
                        {"amount", amounts[i]}});
    }
    const auto applied = book.put("instalment", rows);
    REQUIRE(applied.counts.inserted == static_cast<int64_t>(amounts.size()));
}

}  // namespace

TEST_CASE("A6 instalments are aged by their own dates, a credit note in its own row") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-04-01");
    add_instalments(book, "I1", {"50", "30", "20"});
    book.payment("P1", "40", "2026-01-05");
    book.allocation("A1", "P1", "I1", "40");

    auto total = book.total("2026-03-05");
    CHECK(bucket(total, "31-60") == "10.00");
    CHECK(bucket(total, "1-30") == "30.00");
    CHECK(bucket(total, "not_due") == "20.00");
    book.invoice("N1", "100", "2026-02-01", "", {{"kind", "credit_note"}});
    total = book.total("2026-03-05");
    CHECK(total.at("open") == "60.00");
    CHECK(total.at("unapplied").at("credit_notes") == "-100.00");
    CHECK(total.at("balance") == "-40.00");
    CHECK(book.open("2026-03-05") == Texts{"I1 60.00", "N1 -100.00"});
    CHECK(book.audit() == "");
}

TEST_CASE("A6 a credit note against instalments goes on where the payment ended") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "200", "2026-01-01", "2026-04-01");
    add_instalments(book, "I1", {"60", "100", "40"});
    book.payment("P1", "40", "2026-01-05");
    book.invoice("N1", "100", "2026-01-06", "", {{"kind", "credit_note"}});
    book.allocation("A1", "P1", "I1", "40");
    book.allocation("A2", "N1", "I1", "100", {{"source_kind", "credit_note"}});

    const auto total = book.total("2026-04-30");
    CHECK(bucket(total, "31-60") == "20.00");
    CHECK(bucket(total, "1-30") == "40.00");
    CHECK(total.at("balance") == "60.00");
    CHECK(book.audit() == "");
}

TEST_CASE("A6 a credit note for all of an unpaid invoice leaves no rows") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    book.invoice("N1", "100", "2026-01-02", "", {{"kind", "credit_note"}});
    book.allocation("A1", "N1", "I1", "100", {{"source_kind", "credit_note"}});

    CHECK(book.call("aging", {{"as_of", "2026-02-28"}}).at("rows").empty());
    CHECK(book.open("2026-02-28").empty());
}

TEST_CASE("A6 a payment on order before any invoice is a credit of its own") {
    Book book(each_store());
    book.customer("C1");
    book.payment("P1", "1000", "2026-01-01");

    const auto total = book.total("2026-01-31");
    CHECK(total.at("open") == "0.00");
    CHECK(total.at("unapplied").at("payments") == "-1000.00");
    CHECK(total.at("balance") == "-1000.00");
}

TEST_CASE("A6 a revaluation in the company's currency stands beside the foreign one") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31", {{"currency", "USD"}});
    book.put("adjustment", {{{"external_id", "R1"},
                             {"customer", "C1"},
                             {"currency", "INR"},
                             {"amount", "500"},
                             {"date", "2026-01-31"},
                             {"kind", "fx"}}});

    const auto totals = book.call("aging", {{"as_of", "2026-02-10"}}).at("totals");
    REQUIRE(totals.size() == 2);
    CHECK(totals[0].at("currency") == "INR");
    CHECK(totals[0].at("open") == "500.00");
    CHECK(totals[1].at("open") == "100.00");
}

TEST_CASE("A6 grouped by customer the lines and the total add up, and a limited user sees one") {
    Book book(each_store());
    book.customer("C1");
    book.customer("C2");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    book.invoice("I2", "85", "2026-01-01", "2026-01-31");
    book.invoice("I3", "70", "2026-01-01", "2026-01-31", {{"customer", "C2"}});

    const auto all = book.call("aging", {{"by", "customer"}});
    REQUIRE(all.at("rows").size() == 2);
    CHECK(all.at("rows")[0].at("open") == "185.00");
    CHECK(all.at("totals")[0].at("open") == "255.00");

    auto limited = host::Principal::of_operator();
    limited.scopes["customer"] = {book.id("customer", "C1")};
    const auto seen = book.instance().call("receivables.aging", {{"by", "customer"}}, limited);
    REQUIRE(seen.at("rows").size() == 1);
    CHECK(seen.at("rows")[0].at("number") == "C1");
    CHECK(seen.at("totals")[0].at("open") == "185.00");
    CHECK(book.instance()
              .call("receivables.find", {{"text", "customer"}}, limited)
              .at("rows")
              .size() == 1);
    CHECK(book.instance().status_of("receivables.customer",
                                    {{"customer", book.id("customer", "C2")}},
                                    limited) == DUNLIN_E_NOT_FOUND);
}

TEST_CASE("A7 allocating by hand takes from both ends and refuses more than is left") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "5000", "2026-01-01", "2026-01-31");
    book.payment("P1", "100", "2026-02-01");
    book.payment("P2", "300", "2026-02-01");
    book.payment("P3", "100", "2026-02-02");
    const auto request = [&](const char* payment, const char* amount) {
        return Json{{"customer", book.id("customer", "C1")},
                    {"source", book.id("payment", payment)},
                    {"target", book.id("invoice", "I1")},
                    {"amount", amount}};
    };

    CHECK(book.call("allocate", request("P1", "100")).at("target_open").at("amount") == "4900.00");
    const auto second = book.call("allocate", request("P2", "230"));
    CHECK(second.at("target_open").at("amount") == "4670.00");
    CHECK(second.at("source_open").at("amount") == "-70.00");
    const auto refused = status_text(book, "allocate", request("P2", "100"));
    CHECK(refused.find("70.00 of 300.00 EUR left, not 100.00") != std::string::npos);
    CHECK(book.call("allocate", request("P3", "100")).at("target_open").at("amount") == "4570.00");
    CHECK(book.audit() == "");
}

TEST_CASE("A7 allocating by hand to an instalment takes one of that invoice only") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-04-01");
    book.invoice("I2", "100", "2026-01-01", "2026-04-01");
    add_instalments(book, "I1", {"50", "50"});
    add_instalments(book, "I2", {"60", "40"});
    book.payment("P1", "100", "2026-02-01");
    const auto request = [&](const char* instalment) {
        return Json{{"customer", book.id("customer", "C1")},
                    {"source", book.id("payment", "P1")},
                    {"target", book.id("invoice", "I2")},
                    {"instalment", book.id("instalment", instalment)},
                    {"amount", "40"}};
    };

    const auto refused = status_text(book, "allocate", request("I1-1"));
    CHECK(refused == "instalment " + book.id("instalment", "I1-1") +
                         " does not belong to invoice I2; name one of its own or none");
    CHECK(book.instance().status_of("receivables.allocate", request("I1-1")) == DUNLIN_E_INVALID);
    book.call("allocate", request("I2-1"));
    CHECK(bucket(book.total("2026-03-05"), "1-30") == "50.00");
    CHECK(book.audit() == "");
}

TEST_CASE("A7 a reversed allocation frees its amount from that day on") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "500", "2026-01-01", "2026-01-31");
    book.payment("P1", "500", "2026-02-01");
    const Json request{{"customer", book.id("customer", "C1")},
                       {"source", book.id("payment", "P1")},
                       {"target", book.id("invoice", "I1")},
                       {"amount", "500"}};
    const auto made = book.call("allocate", request).at("allocation_id");

    const Json reverse{
        {"customer", book.id("customer", "C1")}, {"allocation", made}, {"date", "2026-02-20"}};
    book.call("reverse_allocation", reverse);

    CHECK(book.open("2026-02-19").empty());
    CHECK(book.open("2026-02-20") == Texts{"I1 500.00", "P1 -500.00"});
    CHECK(book.instance().status_of("receivables.reverse_allocation", reverse) ==
          DUNLIN_E_CONFLICT);
    CHECK(book.audit({"2026-02-19", "2026-02-20"}) == "");
}

TEST_CASE("A9 days overdue are counted from the due date to the day asked for") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "10", "2025-03-01", "2025-04-16");
    book.invoice("I2", "10", "2025-03-01", "2025-03-18");

    const auto rows = book.call("items", {{"as_of", "2025-05-23"}}).at("rows");
    CHECK(rows.at(0).at("days_overdue") == 37);
    CHECK(rows.at(1).at("days_overdue") == 66);
}
