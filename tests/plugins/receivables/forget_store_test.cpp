// SPDX-License-Identifier: Apache-2.0
// Removing a source.
#include "http/api.hpp"
#include "two_sources.hpp"

using namespace dunlin;
using namespace dunlin::test;

namespace {

/// The same account from each source, under the same ids.
void fill(Book& book, const std::string& source) {
    for (const char* id : {"C1", "C2"}) {
        book.put("customer", {{{"external_id", id}, {"name", source + id}}}, source);
        book.put("contact_point",
                 {{{"external_id", id}, {"customer", id}, {"kind", "email"}, {"value", "a@b.c"}}},
                 source);
    }
    book.put("company", {{{"external_id", "G"}, {"name", "Dunlin GmbH"}}}, source);
    book.put("invoice",
             {{{"external_id", "I1"},
               {"number", source + "-1"},
               {"customer", "C1"},
               {"company", "G"},
               {"currency", "EUR"},
               {"total", "100"},
               {"issue_date", "2026-01-01"}}},
             source);
    book.put("invoice_line", {{{"external_id", "L1"}, {"invoice", "I1"}, {"amount", "100"}}},
             source);
    book.put("payment",
             {{{"external_id", "P1"},
               {"reference", source + "-P"},
               {"customer", "C1"},
               {"currency", "EUR"},
               {"amount", "40"},
               {"date", "2026-01-05"}}},
             source);
    book.put("allocation",
             {{{"external_id", "A1"}, {"source", "P1"}, {"invoice", "I1"}, {"amount", "40"}}},
             source);
}

/// Everything kept, table by table.
std::string kept(Book& book) {
    std::string out;
    for (const char* table : {"binding", "company", "customer", "contact_point", "item",
                              "invoice_line", "allocation", "evidence"}) {
        out += table;
        out += " " + std::to_string(count(book, table)) + "\n";
    }
    return out;
}

}  // namespace

TEST_CASE("a source that brought nothing cannot be forgotten, and nothing goes unconfirmed") {
    Book book(each_store());
    fill(book, "erp");
    const auto before = kept(book);

    CHECK(book.instance().status_of("receivables.forget_source", {{"source", "epr"}}) ==
          DUNLIN_E_NOT_FOUND);
    const auto preview = book.call("forget_source", {{"source", "erp"}});
    CHECK(preview.at("is_done") == false);
    CHECK(preview.at("rows").size() == 7);
    CHECK(preview.at("rows")[3] == Json::parse(R"({"entity":"customer","rows":2})"));
    CHECK(kept(book) == before);
}

TEST_CASE("of two sources with the same ids one is forgotten and the other is as it was alone") {
    Book book(each_store()), alone(book.instance().dialect());
    fill(alone, "erp");
    fill(book, "erp");
    fill(book, "billing");
    CHECK(book.open("2026-02-01") == Texts{"billing-1 60.00", "erp-1 60.00"});

    auto reply =
        book.call("forget_source", {{"source", "billing"}, {"confirm", true}, {"limit", 1}});
    CHECK(reply.at("forgotten_customers") == 1);
    CHECK(reply.at("is_done") == false);
    CHECK(book.audit() == "");
    reply = book.call("forget_source", {{"source", "billing"}, {"confirm", true}});
    CHECK(reply.at("is_done") == true);
    CHECK(kept(book) == kept(alone));
    CHECK(ledger(book) == ledger(alone));
    CHECK(book.audit() == "");
    fill(book, "billing");
    CHECK(book.open("2026-02-01") == Texts{"billing-1 60.00", "erp-1 60.00"});
}

TEST_CASE("links go with either of the two sources, and the row they came from may come again") {
    Book book(each_store(), with_record(erp_alone));
    fill(book, "erp");
    const auto before = kept(book);
    billed(book, "in_1", "erp-1", "100");

    book.call("forget_source", {{"source", "billing"}, {"confirm", true}});
    CHECK(kept(book) == before);
    billed(book, "in_1", "erp-1", "100");
    book.call("forget_source", {{"source", "erp"}, {"confirm", true}});
    CHECK(count(book, "binding") + count(book, "evidence") + count(book, "item") == 0);
    CHECK(code(billed(book, "in_1", "erp-1", "100")) == "waits_for_record");
}

TEST_CASE("a source of record from which nothing ever came is a warning") {
    Book book(each_store(), with_record("invoices = \"epr\"\ncash = \"erp\"\n"));
    book.customer("C1");

    std::string warned;
    for (const auto& one : host::health(book.instance().host())) {
        if (one.state == "warn") warned += one.message;
    }
    CHECK(holds(warned, "nothing ever came from epr"));
    CHECK_FALSE(holds(warned, "nothing ever came from erp"));
}
