// SPDX-License-Identifier: Apache-2.0
// How batches come in: what changes nothing, what is rejected and why, what ends without
// rewriting the past, what moves.
#include <catch2/catch.hpp>

#include "book.hpp"

using namespace dunlin;
using namespace dunlin::test;

namespace {

using Texts = std::vector<std::string>;

Dialect each_store() {
    return GENERATE(Dialect::sqlite, Dialect::postgresql);
}

std::string code(const AppliedBatch& applied) {
    return applied.rejects.size() == 1 ? applied.rejects[0].at("code").get<std::string>() : "";
}

std::string reason(const AppliedBatch& applied) {
    return applied.rejects.size() == 1 ? applied.rejects[0].at("reason").get<std::string>() : "";
}

void add_paid_invoice(Book& book) {
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    book.payment("P1", "100", "2026-01-10");
    book.allocation("A1", "P1", "I1", "100");
}

int64_t events(Book& book) {
    return book.instance().cell("SELECT count(*) FROM dunlin_event").get<int64_t>();
}

}  // namespace

TEST_CASE("the same batch again changes nothing and tells nobody") {
    Book book(each_store());
    add_paid_invoice(book);
    const auto before = events(book);

    const auto again = book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    CHECK(again.counts.unchanged == 1);
    CHECK(again.counts.updated == 0);
    CHECK(book.allocation("A1", "P1", "I1", "100").counts.unchanged == 1);
    CHECK(events(book) == before);
}

TEST_CASE("a batch makes one event per customer, however many rows it has") {
    Book book(each_store());
    book.customer("C1");
    const auto before = events(book);

    std::vector<Json> rows;
    for (int i = 0; i < 20; ++i) {
        rows.push_back({{"external_id", "I" + std::to_string(i)},
                        {"customer", "C1"},
                        {"currency", "EUR"},
                        {"total", "10"},
                        {"issue_date", "2026-01-01"}});
    }
    CHECK(book.put("invoice", rows).counts.inserted == 20);
    CHECK(events(book) == before + 1);
}

TEST_CASE("of one thing twice in a batch the last row wins") {
    Book book(each_store());
    book.customer("C1");
    const Json row{{"external_id", "I1"},
                   {"customer", "C1"},
                   {"currency", "EUR"},
                   {"total", "10"},
                   {"issue_date", "2026-01-01"}};
    auto later = row;
    later["total"] = "20";

    const auto applied = book.put("invoice", {row, later});
    CHECK(applied.counts.inserted == 1);
    CHECK(applied.counts.unchanged == 1);
    CHECK(book.balance("2026-02-01") == "20.00");
}

TEST_CASE("a bad row is rejected alone, with a code and a remedy") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");

    CHECK(code(book.invoice("I2", "10", "2026-01-01", "", {{"currency", "XXQ"}})) ==
          "unknown_currency");
    CHECK(code(book.invoice("I3", "-10", "2026-01-01", "")) == "negative_total");
    CHECK(code(book.invoice("I4", "10", "2026-01-01", "", {{"kind", "letter"}})) == "unknown_kind");
    CHECK(code(book.invoice("", "10", "2026-01-01", "")) == "missing_external_id");
    const auto orphan = book.invoice("I5", "10", "2026-01-01", "", {{"customer", "C9"}});
    CHECK(code(orphan) == "unknown_customer");
    CHECK(orphan.rejects[0].at("retry") == 1);
    CHECK(code(book.invoice("I6", "10", "2026-01-01", "", {{"company", "X9"}})) ==
          "unknown_company");
    CHECK(book.balance("2026-02-01") == "100.00");
}

TEST_CASE("an allocation above its payment or its invoice is rejected with both amounts") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    book.invoice("I2", "500", "2026-01-01", "2026-01-31");
    book.payment("P1", "150", "2026-01-10");

    const auto above_payment = book.allocation("A1", "P1", "I2", "200");
    CHECK(code(above_payment) == "over_allocated");
    CHECK(reason(above_payment).find("200.00 of payment P1") != std::string::npos);
    CHECK(reason(above_payment).find("is 150.00 EUR") != std::string::npos);
    CHECK(code(book.allocation("A2", "P1", "I1", "120")) == "over_allocated");
    CHECK(book.allocation("A3", "P1", "I1", "100").counts.inserted == 1);
    CHECK(code(book.allocation("A4", "P1", "I2", "60")) == "over_allocated");
    CHECK(book.allocation("A5", "P1", "I2", "50").counts.inserted == 1);
    CHECK(book.audit() == "");
}

TEST_CASE("an allocation between customers or currencies is rejected") {
    Book book(each_store());
    book.customer("C1");
    book.customer("C2");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    book.payment("P1", "100", "2026-01-10", {{"customer", "C2"}});
    book.payment("P2", "100", "2026-01-10", {{"currency", "USD"}});

    CHECK(code(book.allocation("A1", "P1", "I1", "10")) == "different_customers");
    CHECK(code(book.allocation("A2", "P2", "I1", "10")) == "currency_mismatch");
}

TEST_CASE("a batch without a required column is refused whole") {
    Book book(each_store());

    const auto error = error_of([&] { book.put("customer", {{{"external_id", "C1"}}}); });
    CHECK(error.find("lacks the column name") != std::string::npos);
}

TEST_CASE("a cancelled invoice and a reversed payment leave the days before as they were") {
    Book book(each_store());
    add_paid_invoice(book);
    book.payment("P1", "100", "2026-01-10",
                 {{"status", "reversed"}, {"reversed_on", "2026-02-10"}});

    CHECK(book.open("2026-01-05") == Texts{"I1 100.00"});
    CHECK(book.open("2026-02-09").empty());
    CHECK(book.open("2026-02-10") == Texts{"I1 100.00"});
    book.invoice("I1", "100", "2026-01-01", "2026-01-31",
                 {{"status", "cancelled"}, {"cancelled_on", "2026-02-20"}});
    CHECK(book.open("2026-02-19") == Texts{"I1 100.00"});
    CHECK(book.open("2026-02-20").empty());
    CHECK(book.audit({"2026-01-05", "2026-02-09", "2026-02-10", "2026-02-20"}) == "");
}

TEST_CASE("a tombstone ends an invoice today and a row that comes back undoes it") {
    Book book(each_store());
    add_paid_invoice(book);
    const Json gone{{"external_id", "I1"}, {"customer", nullptr},   {"currency", nullptr},
                    {"total", nullptr},    {"issue_date", nullptr}, {"deleted", true}};

    CHECK(book.put("invoice", {gone}).counts.deleted == 1);
    CHECK(book.open("2026-03-01").empty());
    CHECK(book.open("2026-03-02") == Texts{"P1 -100.00"});
    CHECK(book.put("invoice", {gone}).counts.unchanged == 1);
    CHECK(book.invoice("I1", "100", "2026-01-01", "2026-01-31").counts.updated == 1);
    CHECK(book.open("2026-03-02").empty());
    CHECK(book.audit({"2026-03-01"}) == "");
}

TEST_CASE("a tombstone of an allocation frees both ends from today") {
    Book book(each_store());
    add_paid_invoice(book);

    book.put("allocation", {{{"external_id", "A1"},
                             {"source", ""},
                             {"invoice", ""},
                             {"amount", nullptr},
                             {"deleted", true}}});
    CHECK(book.open("2026-03-01").empty());
    CHECK(book.open("2026-03-02") == Texts{"I1 100.00", "P1 -100.00"});
    CHECK(book.allocation("A1", "P1", "I1", "100").counts.updated == 1);
    CHECK(book.open("2026-03-02").empty());
}

TEST_CASE("a draft is kept but counts nowhere until it is posted") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31", {{"status", "draft"}});

    CHECK(book.call("aging").at("rows").empty());
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    CHECK(book.balance("2026-02-01") == "100.00");
}

TEST_CASE("an adjustment that names an invoice settles it and goes when it is deleted") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    Json row{{"external_id", "W1"}, {"customer", "C1"}, {"invoice", "I1"},
             {"currency", "EUR"},   {"amount", "-40"},  {"date", "2026-02-01"},
             {"kind", "write_off"}};

    book.put("adjustment", {row});
    CHECK(book.open("2026-02-01") == Texts{"I1 60.00"});
    row["amount"] = "-100.01";
    CHECK(code(book.put("adjustment", {row})) == "over_allocated");
    row["amount"] = "-60";
    book.put("adjustment", {row});
    CHECK(book.open("2026-02-01") == Texts{"I1 40.00"});
    row["deleted"] = true;
    book.put("adjustment", {row});
    CHECK(book.open("2026-03-01") == Texts{"I1 40.00"});
    CHECK(book.open("2026-03-02") == Texts{"I1 100.00"});
    CHECK(book.audit() == "");
}

TEST_CASE("an account that changes its customer moves with all that hangs on it") {
    Book book(each_store());
    add_paid_invoice(book);
    book.customer("C2");
    book.put("invoice_line", {{{"external_id", "L1"}, {"invoice", "I1"}, {"amount", "100"}}});

    book.invoice("I1", "100", "2026-01-01", "2026-01-31", {{"customer", "C2"}});
    CHECK(book.open("2026-02-01") == Texts{"I1 100.00", "P1 -100.00"});
    CHECK(book.audit() == "");
    book.payment("P1", "100", "2026-01-10", {{"customer", "C2"}});
    CHECK(book.open("2026-02-01").empty());
    CHECK(book.open("2026-01-05") == Texts{"I1 100.00"});
    CHECK(book.audit({"2026-01-05"}) == "");
    const auto left = "SELECT count(*) FROM receivables_invoice_line WHERE customer_id = " +
                      book.id("customer", "C1");
    CHECK(book.instance().cell(left) == 0);
    CHECK(book.allocation("A1", "P1", "I1", "100").counts.unchanged == 1);
}

namespace {

Json discount(const std::string& id, const std::string& invoice, const std::string& amount,
              const std::string& customer = "C1") {
    return {{"external_id", id}, {"customer", customer}, {"invoice", invoice}, {"currency", "EUR"},
            {"amount", amount},  {"date", "2026-01-10"}, {"kind", "discount"}};
}

Json allocated(const std::string& id, const std::string& source, const std::string& invoice,
               const std::string& amount) {
    return {{"external_id", id}, {"source", source}, {"invoice", invoice}, {"amount", amount}};
}

}  // namespace

TEST_CASE("an invoice and the adjustment that settles it move together and count once") {
    Book book(each_store());
    book.customer("C1");
    book.customer("C2");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    book.put("adjustment", {discount("D1", "I1", "-100")});

    book.invoice("I1", "100", "2026-01-01", "2026-01-31", {{"customer", "C2"}});
    CHECK(book.balance("2026-02-01") == "0.00");
    book.put("adjustment", {discount("D1", "I1", "-100", "C2")});
    CHECK(book.call("aging", {{"as_of", "2026-02-01"}}).at("rows").empty());
    CHECK(book.instance().cell("SELECT count(*) FROM receivables_item") == 2);
    CHECK(book.audit() == "");
}

TEST_CASE("the audit reports an item that is kept at two customers") {
    Book book(each_store());
    book.customer("C1");
    book.customer("C2");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    book.invoice("I2", "100", "2026-01-01", "2026-01-31", {{"customer", "C2"}});

    book.instance().exec("UPDATE receivables_item SET item_id = " + book.id("invoice", "I1") +
                         " WHERE item_id = " + book.id("invoice", "I2"));
    CHECK(book.audit().find("item_kept_twice") != std::string::npos);
}

TEST_CASE("a rejected or deleted row of a batch keeps its room from the rows before it") {
    Book book(each_store());
    add_paid_invoice(book);
    book.invoice("I2", "100", "2026-01-01", "2026-01-31");

    auto applied = book.put(
        "allocation", {allocated("A2", "P1", "I2", "100"), allocated("A1", "P1", "I9", "100")});
    CHECK(applied.rejects.size() == 2);
    applied = book.put("allocation",
                       {allocated("A2", "P1", "I2", "100"), allocated("A1", "P1", "I2", "101")});
    CHECK(applied.rejects.size() == 2);
    auto gone = allocated("A1", "P1", "I1", "100");
    gone["deleted"] = true;
    applied = book.put("allocation", {allocated("A2", "P1", "I2", "100"), gone});
    CHECK(code(applied) == "over_allocated");
    CHECK(applied.rejects[0].at("retry") == 1);
    CHECK(book.audit({"2026-02-01"}) == "");
}

TEST_CASE("adjustments of one batch are fitted together") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    book.put("adjustment", {discount("D1", "I1", "-60")});

    auto applied = book.put("adjustment", {discount("D1", "I1", "-120"),  //
                                           discount("D2", "I1", "-100")});
    CHECK(applied.rejects.size() == 2);
    CHECK(book.put("adjustment", {discount("D2", "I1", "-40")}).counts.inserted == 1);
    applied = book.put("adjustment", {discount("D2", "I1", "-60"), discount("D1", "I1", "-40")});
    CHECK(applied.counts.updated == 2);
    auto gone = discount("D2", "I1", "-60");
    gone["deleted"] = true;
    CHECK(code(book.put("adjustment", {gone, discount("D3", "I1", "-60")})) == "over_allocated");
    CHECK(book.audit({"2026-02-01"}) == "");
}

TEST_CASE("money sent back and fees are settled by an allocation") {
    Book book(each_store());
    book.customer("C1");
    book.payment("P1", "100", "2026-01-10");
    book.payment("R1", "-70", "2026-01-12");
    auto fee = discount("F1", "", "30");
    fee["kind"] = "fee";
    book.put("adjustment", {fee});

    CHECK(book.allocation("A1", "P1", "R1", "70").counts.inserted == 1);
    CHECK(book.allocation("A2", "P1", "F1", "30").counts.inserted == 1);
    CHECK(code(book.allocation("A3", "P1", "P1", "1")) == "wrong_direction");
    CHECK(book.open("2026-02-01").empty());
    CHECK(book.audit() == "");
}
