// SPDX-License-Identifier: Apache-2.0
// Documents of items, fetched from a source that has them.
#include <dunlin/base64.hpp>
#include <dunlin/digest.hpp>

#include <catch2/catch.hpp>

#include "book.hpp"

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;

namespace {

InstanceOptions with_source(bool is_in_process, const std::string& settings = "") {
    InstanceOptions options;
    options.test_plugins = {"remote"};
    options.toml = "[sources.erp]\nconnector = \"remote\"\n[sources.erp.settings]\n" + settings +
                   "\n[worker]\n" + (is_in_process ? "in_process = [\"remote\"]\n" : "");
    return options;
}

/// A customer with the invoices I1 and I2, whose source hands out their documents.
struct Filing {
    explicit Filing(InstanceOptions options)
        : book(GENERATE(Dialect::sqlite, Dialect::postgresql), std::move(options)) {
        book.customer("C1");
        book.invoice("I1", "100", "2026-01-01", "2026-01-31");
        book.invoice("I2", "50", "2026-01-01", "2026-01-31");
    }
    Json request(const std::string& invoice = "I1", const std::string& customer = "C1") {
        return {{"customer", book.id("customer", customer)}, {"item", book.id("invoice", invoice)}};
    }
    void fetch(const std::string& invoice = "I1") {
        book.call("fetch_document", request(invoice));
        book.instance().host().jobs().run_due();
    }
    Json documents(const Json& request = Json::object()) {
        return book.call("documents", request)["rows"];
    }
    std::string content(const Json& row) {
        std::string out;
        const auto found = book.call(
            "document", {{"customer", row["customer_id"]}, {"document", row["document_id"]}});
        from_base64(found["content_base64"].get_ref<const std::string&>(),
                    [&](std::string_view piece) { out += piece; });
        return out;
    }
    /// Documents, blobs, chunks, owners and events.
    std::string kept() {
        std::string out;
        for (const char* what :
             {"count(*) FROM receivables_document", "count(*) FROM dunlin_blob",
              "count(*) FROM dunlin_blob_chunk", "coalesce(sum(owners), 0) FROM dunlin_blob",
              "count(*) FROM dunlin_event WHERE topic = 'receivables.document_filed'"}) {
            out += book.instance().cell("SELECT " + std::string(what)).dump() + " ";
        }
        return out;
    }
    Book book;
};

std::string bytes_of(const std::string& id) {
    return std::string("%PDF-\0\xff", 7) + id;
}

host::Principal limited_to(const std::string& customer) {
    auto who = host::Principal::of_operator();
    who.scopes["customer"] = {customer};
    return who;
}

}  // namespace

TEST_CASE("a document that cannot be fetched leaves its reason and nothing else") {
    Filing filing(with_source(GENERATE(true, false)));
    auto& instance = filing.book.instance();
    CHECK(instance.status_of("receivables.fetch_document", {{"customer", "1"}, {"item", "2"}}) ==
          DUNLIN_E_NOT_FOUND);
    filing.book.invoice("none", "10", "2026-01-01", "2026-01-31");
    filing.fetch("none");
    filing.book.payment("P1", "40", "2026-02-01");
    filing.book.call("fetch_document", {{"customer", filing.book.id("customer", "C1")},
                                        {"item", filing.book.id("payment", "P1")}});
    instance.host().jobs().run_due();

    CHECK(instance.sql(
              "SELECT last_error FROM dunlin_job WHERE state = 'failed' ORDER BY id")[0][0] ==
          "no document of none");
    CHECK_THAT(instance.sql("SELECT last_error FROM dunlin_job WHERE state = 'failed' ORDER BY id")
                   .at(1)[0]
                   .get<std::string>(),
               Contains("hands out no documents of \"payment\""));
    CHECK(filing.kept() == "0 0 0 0 0 ");
}

TEST_CASE("a document is filed once, however often it is asked for") {
    Filing filing(with_source(GENERATE(true, false)));
    auto& instance = filing.book.instance();
    filing.book.call("fetch_document", filing.request());
    filing.book.call("fetch_document", filing.request());
    CHECK(instance.cell("SELECT count(*) FROM dunlin_job WHERE kind = 'receivables.fetch_document' "
                        "AND state = 'queued'") == 1);
    instance.host().jobs().run_due();
    CHECK(filing.kept() == "1 1 1 1 1 ");
    filing.fetch();
    CHECK(filing.kept() == "1 1 1 1 1 ");
    CHECK(instance.cell("SELECT count(*) FROM dunlin_job WHERE state = 'failed'") == 0);

    const auto rows = filing.documents();
    REQUIRE(rows.size() == 1);
    CHECK(rows[0]["item_id"] == filing.book.id("invoice", "I1"));
    CHECK(rows[0]["number"] == "I1");
    CHECK(rows[0]["name"] == "I1.pdf");
    CHECK(rows[0]["media_type"] == "application/pdf");
    CHECK(rows[0]["size"] == 9);
    CHECK(rows[0]["sha256"] == sha256_of(bytes_of("I1")));
    CHECK(rows[0]["source"] == "erp");
    CHECK(filing.content(rows[0]) == bytes_of("I1"));
}

TEST_CASE("a fetch that breaks off is tried again") {
    Filing filing(with_source(false, "act = \"document:crash\"\nonce_path = \"once\""));
    auto& instance = filing.book.instance();
    filing.fetch();
    CHECK(filing.kept() == "0 0 0 0 0 ");
    CHECK_THAT(instance
                   .cell("SELECT last_error FROM dunlin_job WHERE state = 'queued' AND kind = "
                         "'receivables.fetch_document'")
                   .get<std::string>(),
               Contains("remote"));
    instance.exec("UPDATE dunlin_job SET run_at_us = 0");
    instance.host().jobs().run_due();
    CHECK(filing.kept() == "1 1 1 1 1 ");
}

TEST_CASE("documents are found by customer, item and number, by those who may see the item") {
    Filing filing(with_source(true));
    filing.fetch("I1");
    filing.fetch("I2");
    filing.book.customer("C2");
    const auto customer = filing.book.id("customer", "C1"),
               other = filing.book.id("customer", "C2");
    CHECK(filing.documents({{"customer", customer}}).size() == 2);
    CHECK(filing.documents({{"customer", other}}).empty());
    CHECK(filing.documents({{"item", filing.book.id("invoice", "I2")}}).size() == 1);
    CHECK(filing.documents({{"number", "I2"}})[0]["name"] == "I2.pdf");
    CHECK(filing.documents({{"number", "I3"}}).empty());
    CHECK(filing.documents({{"limit", 1}}).size() == 1);

    auto& instance = filing.book.instance();
    const auto stranger = limited_to(other), friendly = limited_to(customer);
    const auto row = filing.documents({{"number", "I1"}})[0];
    const Json one{{"customer", customer}, {"document", row["document_id"]}};
    CHECK(instance.call("receivables.documents", Json::object(), stranger)["rows"].empty());
    CHECK(instance.status_of("receivables.document", one, stranger) == DUNLIN_E_NOT_FOUND);
    CHECK(instance.status_of("receivables.fetch_document", filing.request(), stranger) ==
          DUNLIN_E_NOT_FOUND);
    CHECK(instance.call("receivables.documents", Json::object(), friendly)["rows"].size() == 2);
    CHECK(instance.call("receivables.document", one, friendly)["size"] == 9);
    CHECK(instance.status_of("receivables.document",
                             {{"customer", other}, {"document", row["document_id"]}}) ==
          DUNLIN_E_NOT_FOUND);
}

TEST_CASE("documents move with their item, and go with their source") {
    Filing filing(with_source(true));
    filing.fetch("I1");
    filing.fetch("I2");
    filing.book.customer("C2");
    filing.book.invoice("I1", "100", "2026-01-01", "2026-01-31", {{"customer", "C2"}});
    const auto rows = filing.documents({{"customer", filing.book.id("customer", "C2")}});
    REQUIRE(rows.size() == 1);
    CHECK(filing.content(rows[0]) == bytes_of("I1"));
    CHECK(filing.kept() == "2 2 2 2 2 ");
    CHECK(filing.book.audit() == "");

    filing.book.call("forget_source", {{"source", "erp"}, {"confirm", true}});
    CHECK(filing.kept() == "0 0 0 0 2 ");
}
