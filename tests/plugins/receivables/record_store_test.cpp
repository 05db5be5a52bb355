// SPDX-License-Identifier: Apache-2.0
// Goal: of a document that several sources tell of, the ledger has what the source of record says
// and nothing twice. Method: two sources, in both stores.
#include "two_sources.hpp"

using namespace dunlin;
using namespace dunlin::test;

TEST_CASE("settings name sources of record and nothing else") {
    const auto error = error_of([] {
        Book book(Dialect::sqlite, with_record("invoice = \"erp\"\n"));
        book.customer("C1");
    });
    CHECK(error != "");
}

TEST_CASE("without a source of record two sources with the same ids stand side by side") {
    Book book(each_store());
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    book.put("customer", {{{"external_id", "C1"}, {"name", "Another"}}}, "billing");
    const Json row{{"external_id", "I1"}, {"number", "I1"}, {"customer", "C1"},
                   {"currency", "EUR"},   {"total", "100"}, {"issue_date", "2026-01-01"}};

    CHECK(book.put("invoice", {row}, "billing").counts.inserted == 1);
    CHECK(count(book, "customer") == 2);
    CHECK(book.open("2026-02-01") == Texts{"I1 100.00", "I1 100.00"});
    book.put("invoice", {gone("I1")}, "billing");
    CHECK(book.open("2026-03-02") == Texts{"I1 100.00"});
    CHECK(book.audit() == "");
}

TEST_CASE("a document of another source waits until its source of record brings it") {
    Book book(each_store(), with_record(erp_alone));
    book.customer("C1");

    const auto waits = billed(book, "in_1", "2026-007", "100");
    CHECK(code(waits) == "waits_for_record");
    CHECK(holds(reason(waits), "source of record erp"));
    CHECK(holds(reason(waits), "2026-007 and 100.00 EUR"));
    CHECK(holds(reason(billed(book, "in_2", "", "100")), "no number"));
    CHECK(count(book, "item") == 0);
    book.invoice("I1", "100", "2026-01-01", "2026-01-31", {{"number", "2026-007"}});
    CHECK(is_taken_note_of(billed(book, "in_1", "2026-007", "100")));
    CHECK(count(book, "item") == 1);
    CHECK(is_taken_note_of(billed(book, "in_1", "2026-007", "100")));
    CHECK(count(book, "evidence") == 1);
    CHECK(book.audit() == "");
}

TEST_CASE("a document is known by number, currency and amount, however the number is written") {
    Book book(each_store(), with_record(erp_alone));
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31", {{"number", "re 2026-007"}});
    book.invoice("N1", "30", "2026-01-01", "", {{"kind", "credit_note"}, {"number", "N1"}});

    CHECK(code(billed(book, "in_1", "RE2026-007", "100.01")) == "waits_for_record");
    CHECK(code(billed(book, "in_1", "RE2026-007", "100", {{"currency", "USD"}})) ==
          "waits_for_record");
    CHECK(code(billed(book, "in_1", "RE2026-008", "100")) == "waits_for_record");
    CHECK(code(billed(book, "in_1", "N1", "30")) == "waits_for_record");
    CHECK(is_taken_note_of(billed(book, "in_1", "RE2026-007", "100")));
    CHECK(is_taken_note_of(billed(book, "cn_1", "n1", "30", {{"kind", "credit_note"}})));
    CHECK(code(billed(book, "in_3", "RE2026-007", "100")) == "waits_for_record");
}

TEST_CASE("of several documents the issue date decides, and else the row waits and names them") {
    Book book(each_store(), with_record(erp_alone));
    book.customer("C1");
    book.customer("C2");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31", {{"number", "7"}});
    book.invoice("I2", "100", "2026-01-05", "2026-01-31", {{"number", "7"}, {"customer", "C2"}});

    const auto unclear = billed(book, "in_1", "7", "100", {{"issue_date", "2026-01-03"}});
    CHECK(code(unclear) == "fits_several");
    CHECK(holds(reason(unclear), book.id("invoice", "I1").c_str()));
    CHECK(holds(reason(unclear), book.id("invoice", "I2").c_str()));
    CHECK(is_taken_note_of(billed(book, "in_2", "7", "100", {{"issue_date", "2026-01-05"}})));
    CHECK(is_taken_note_of(billed(book, "in_1", "7", "100", {{"issue_date", "2026-01-03"}})));
    CHECK(book.instance().cell("SELECT count(DISTINCT item_id) FROM receivables_evidence") == 2);
}

TEST_CASE("what another source says of a document changes nothing, but it is seen") {
    Book book(each_store(), with_record(erp_alone));
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31", {{"open_amount", "100"}});
    billed(book, "in_1", "I1", "100", {{"open_amount", "100"}});
    const auto before = ledger(book);

    CHECK(book.call("reconcile").at("differing_links") == 0);
    CHECK(is_taken_note_of(billed(book, "in_1", "I1", "119", {{"open_amount", "80"}})));
    CHECK(ledger(book) == before);
    auto reply = book.call("reconcile");
    CHECK(reply.at("agrees") == true);
    REQUIRE(reply.at("links").size() == 1);
    const auto& link = reply.at("links")[0];
    CHECK(link.at("source") == "billing");
    CHECK(link.at("external_id") == "in_1");
    CHECK(link.at("amount").at("amount") == "100.00");
    CHECK(link.at("source_amount").at("amount") == "119.00");
    CHECK(link.at("open").at("amount") == "100.00");
    CHECK(link.at("source_open").at("amount") == "80.00");
    const auto items = book.call("items");
    const auto& row = items.at("rows").at(0);
    CHECK(row.at("seen_in") == Json::parse(R"([{"source":"billing","external_id":"in_1"}])"));
    const auto screen = book.call("customer", {{"customer", book.id("customer", "C1")}});
    CHECK(screen.at("open_items").at(0).at("seen_in").size() == 1);
    book.invoice("I2", "5", "2026-01-01", "2026-01-31");
    CHECK(book.call("items").at("rows").at(1).contains("seen_in") == false);
}

TEST_CASE("a tombstone of a linked row removes the link alone, and the row may come back") {
    Book book(each_store(), with_record(erp_alone));
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    billed(book, "in_1", "I1", "100");
    const auto before = ledger(book);

    CHECK(is_taken_note_of(book.put("invoice", {gone("in_1")}, "billing")));
    CHECK(ledger(book) == before);
    CHECK(count(book, "evidence") == 0);
    CHECK(code(billed(book, "in_1", "I1", "90")) == "waits_for_record");
    CHECK(is_taken_note_of(billed(book, "in_1", "I1", "100")));
    CHECK(count(book, "evidence") == 1);
    book.put("invoice", {gone("I1")});
    CHECK(book.open("2026-03-02").empty());
    CHECK(book.audit() == "");
}

TEST_CASE("drafts and cancelled documents are not waited for") {
    Book book(each_store(), with_record(erp_alone));

    CHECK(is_taken_note_of(billed(book, "in_1", "7", "100", {{"status", "draft"}})));
    CHECK(is_taken_note_of(billed(book, "in_1", "7", "100", {{"status", "cancelled"}})));
    CHECK(code(billed(book, "in_1", "7", "100")) == "waits_for_record");
    CHECK(code(billed(book, "in_2", "7", "100", {{"kind", "letter"}})) == "unknown_kind");
    CHECK(code(billed(book, "in_3", "7", "100", {{"currency", "XXQ"}})) == "unknown_currency");
    CHECK(count(book, "item") + count(book, "binding") == 0);
}

TEST_CASE("what belongs to a linked document is not added, and the rest stays in quarantine") {
    Book book(each_store(), with_record(erp_alone));
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    billed(book, "in_1", "I1", "100");
    const auto put = [&](const char* entity, const Json& row) {
        return book.put(entity, {row}, "billing");
    };
    const Json line{{"external_id", "l1"}, {"invoice", "in_1"}, {"amount", "100"}};
    auto orphan = line;
    orphan["invoice"] = "in_9";
    const Json part{
        {"external_id", "n1"}, {"invoice", "in_1"}, {"amount", "100"}, {"due_date", "2026-02-01"}};
    Json discount{{"external_id", "d1"}, {"customer", "cus_1"}, {"invoice", "in_1"},
                  {"currency", "EUR"},   {"amount", "-10"},     {"date", "2026-02-01"}};

    CHECK(is_taken_note_of(put("invoice_line", line)));
    CHECK(code(put("invoice_line", orphan)) == "unknown_invoice");
    CHECK(is_taken_note_of(put("instalment", part)));
    CHECK(is_taken_note_of(put("adjustment", discount)));
    discount["invoice"] = "";
    const auto refused = put("adjustment", discount);
    CHECK(code(refused) == "not_of_record");
    CHECK(holds(reason(refused), "erp"));
    CHECK(count(book, "invoice_line") + count(book, "instalment") == 0);
    CHECK(book.open("2026-02-01") == Texts{"I1 100.00"});
    CHECK(book.audit() == "");
}

TEST_CASE("a company may have sources of record of its own") {
    const auto store = each_store();
    Book book(store, with_record("invoices = \"erp\"\n[plugins.receivables.record.companies."
                                 "\"Dunlin GmbH\"]\ninvoices = \"billing\"\n"));
    book.customer("C1");
    book.put("customer", {{{"external_id", "cus_1"}, {"name", "One"}}}, "billing");
    for (const char* source : {"erp", "billing"}) {
        book.put("company", {{{"external_id", "G"}, {"name", "Dunlin GmbH"}}}, source);
        book.put("company", {{{"external_id", "L"}, {"name", "Dunlin Ltd"}}}, source);
    }

    CHECK(billed(book, "in_1", "1", "10", {{"company", "G"}}).counts.inserted == 1);
    CHECK(code(billed(book, "in_2", "2", "10", {{"company", "L"}})) == "waits_for_record");
    CHECK(code(billed(book, "in_3", "3", "10", {{"company", "X"}})) == "unknown_company");
    CHECK(code(billed(book, "in_4", "4", "10")) == "waits_for_record");
    const auto erp = [&](const char* id, const char* company) {
        return book.invoice(id, "10", "2026-01-01", "", {{"company", company}});
    };
    CHECK(is_taken_note_of(erp("1", "G")));
    CHECK(erp("2", "L").counts.inserted == 1);
    CHECK(is_taken_note_of(billed(book, "in_2", "2", "10", {{"company", "L"}})));
    CHECK(count(book, "item") == 2);
}

TEST_CASE("a link goes along when its item moves to another customer") {
    Book book(each_store(), with_record(erp_alone));
    book.customer("C1");
    book.customer("C2");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    billed(book, "in_1", "I1", "100");

    book.invoice("I1", "100", "2026-01-01", "2026-01-31", {{"customer", "C2"}});
    CHECK(is_taken_note_of(billed(book, "in_1", "I1", "110")));
    const auto reply = book.call("reconcile");
    REQUIRE(reply.at("links").size() == 1);
    CHECK(reply.at("links")[0].at("customer_id") == book.id("customer", "C2"));
    CHECK(count(book, "evidence") == 1);
    CHECK(book.audit() == "");
}

TEST_CASE("what a source brought before another was of record stays and is kept up to date") {
    const auto store = each_store();
    InstanceOptions options;
    Book book(store, options);
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    book.instance().exec("UPDATE receivables_binding SET source = 'billing'");
    book.instance().exec("UPDATE receivables_item SET source = 'billing'");
    CHECK(billed(book, "I1", "I1", "90", {{"customer", "C1"}}).counts.updated == 1);
    CHECK(book.balance("2026-02-01") == "90.00");
}

TEST_CASE("totals of a source count neither links nor what it does not bring") {
    Book book(each_store(), with_record(erp_alone));
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31", {{"open_amount", "100"}});
    billed(book, "in_1", "I1", "100", {{"open_amount", "40"}});

    const auto reply = book.call("reconcile");
    REQUIRE(reply.at("totals").size() == 1);
    CHECK(reply.at("totals")[0].at("items") == 1);
    CHECK(reply.at("totals")[0].at("source").at("amount") == "100.00");
    CHECK(reply.at("differing_links") == 1);
}
