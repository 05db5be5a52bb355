// SPDX-License-Identifier: Apache-2.0
// Goal: the same money counts once, whoever tells of it, and so does what it settles. Method: two
// sources, in both stores, and random orders of both.
#include <algorithm>
#include <random>

#include "two_sources.hpp"

using namespace dunlin;
using namespace dunlin::test;

TEST_CASE("money of another source is known by amount, currency, day and who sent it") {
    Book book(each_store(), with_record(erp_alone));
    book.customer("C1");
    book.payment("P1", "100", "2026-01-10", {{"payer_name", "Müller GmbH"}});
    const auto bank = [&](const char* amount, const char* date, const Json& more) {
        return in_bank(book, banked("b1", amount, date, more));
    };

    CHECK(code(bank("100.01", "2026-01-10", Json::object())) == "waits_for_record");
    CHECK(code(bank("100", "2026-01-14", Json::object())) == "waits_for_record");
    CHECK(code(bank("100", "2026-01-10", {{"currency", "USD"}})) == "waits_for_record");
    const auto other = bank("100", "2026-01-10", {{"payer_name", "Schmidt AG"}});
    CHECK(code(other) == "waits_for_record");
    CHECK(holds(reason(other), "100.00 EUR within 3 days of 2026-01-10"));
    CHECK(is_taken_note_of(bank("100", "2026-01-13", {{"payer_name", "MULLER GMBH"}})));
    CHECK(code(in_bank(book, banked("b2", "100", "2026-01-10"))) == "waits_for_record");
    CHECK(count(book, "item") == 1);
    CHECK(book.balance("2026-02-01") == "-100.00");
}

TEST_CASE("money is linked to the payment that agrees best, and waits when two fit alike") {
    Book book(each_store(), with_record(erp_alone));
    book.customer("C1");
    book.customer("C2");
    book.payment("RE-4711", "100", "2026-01-10");
    book.payment("RE-4712", "100", "2026-01-10", {{"customer", "C2"}});

    const auto unclear = in_bank(book, banked("b0", "100", "2026-01-10"));
    CHECK(code(unclear) == "fits_several");
    CHECK(holds(reason(unclear), "RE-4711 ("));
    // The weaker fit comes first in the batch and still leaves the other its own.
    const auto both = book.put(
        "payment",
        {banked("b1", "100", "2026-01-11"),
         banked("b2", "100", "2026-01-12", {{"reference", "your invoice re-4712 thanks"}})},
        "bank");
    CHECK(both.counts.unchanged == 2);
    const auto linked = [&](const char* bank) {
        return book.instance()
            .cell(std::string("SELECT i.number FROM receivables_evidence e JOIN receivables_item i "
                              "ON i.item_id = e.item_id WHERE e.external_id = '") +
                  bank + "'")
            .get<std::string>();
    };
    CHECK(linked("b2") == "RE-4712");
    CHECK(linked("b1") == "RE-4711");
}

TEST_CASE("payments that nothing tells apart are linked one by one") {
    Book book(each_store(), with_record(erp_alone));
    book.customer("C1");
    for (const char* id : {"P1", "P2", "P3"}) {
        book.payment(id, "9.99", "2026-01-10", {{"reference", ""}});
    }

    std::vector<Json> rows;
    for (const char* id : {"b1", "b2", "b3", "b4"})
        rows.push_back(banked(id, "9.99", "2026-01-10"));
    const auto applied = book.put("payment", rows, "bank");
    CHECK(applied.counts.unchanged == 3);
    CHECK(applied.rejects.size() == 1);
    CHECK(book.instance().cell("SELECT count(DISTINCT item_id) FROM receivables_evidence") == 3);
    CHECK(book.balance("2026-02-01") == "-29.97");
}

TEST_CASE("allocations of a source that is not of record for cash follow its documents") {
    Book book(each_store(), with_record("invoices = \"erp\"\ncash = \"erp\"\n"));
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    book.payment("P1", "100", "2026-01-10");
    billed(book, "in_1", "I1", "100");
    const Json row{
        {"external_id", "a1"}, {"source", "py_1"}, {"invoice", "in_1"}, {"amount", "100"}};

    CHECK(is_taken_note_of(book.put("allocation", {row}, "billing")));
    CHECK(count(book, "allocation") == 0);
    auto orphan = row;
    orphan["invoice"] = "in_9";
    CHECK(code(book.put("allocation", {orphan}, "billing")) == "unknown_source");
    book.allocation("A1", "P1", "I1", "100");
    CHECK(book.open("2026-02-01").empty());
    CHECK(book.audit() == "");
}

TEST_CASE("who is of record for cash settles documents that it did not bring") {
    Book book(each_store(), with_record("invoices = \"erp\"\ncash = \"billing\"\n"));
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    book.invoice("N1", "30", "2026-01-02", "", {{"kind", "credit_note"}});
    billed(book, "in_1", "I1", "100");
    billed(book, "cn_1", "N1", "30", {{"kind", "credit_note"}});
    const Json row{{"external_id", "a1"},
                   {"source", "cn_1"},
                   {"source_kind", "credit_note"},
                   {"invoice", "in_1"},
                   {"amount", "30"}};

    CHECK(book.put("allocation", {row}, "billing").counts.inserted == 1);
    CHECK(book.open("2026-02-01") == Texts{"I1 70.00"});
    CHECK(book.audit() == "");
}

TEST_CASE("whatever a second source tells and when, the ledger is that of the source of record") {
    for (const unsigned seed : {1u, 2u, 3u, 4u, 5u, 6u}) {
        std::mt19937 random(seed);
        const auto below = [&](int n) {
            return static_cast<int>(random() % static_cast<unsigned>(n));
        };
        Book alone(Dialect::sqlite), both(Dialect::sqlite, with_record(erp_alone));
        struct Step {
            std::string source, entity;
            Json row;
        };
        std::vector<Step> record, others;
        for (int i = 0; i < 12; ++i) {
            const auto id = std::to_string(i);
            const auto amount = std::to_string(10 * (1 + below(4)));
            const auto date = "2026-01-0" + std::to_string(1 + below(9));
            const Json invoice{{"external_id", "I" + id},
                               {"number", "RE" + id},
                               {"customer", "C1"},
                               {"currency", "EUR"},
                               {"total", amount},
                               {"issue_date", date},
                               {"status", below(5) ? "posted" : "cancelled"}};
            const Json payment{{"external_id", "P" + id}, {"reference", "PAY" + id},
                               {"customer", "C1"},        {"currency", "EUR"},
                               {"amount", amount},        {"date", date}};
            record.push_back({"erp", "invoice", invoice});
            record.push_back({"erp", "payment", payment});
            record.push_back({"erp",
                              "allocation",
                              {{"external_id", "A" + id},
                               {"source", "P" + id},
                               {"invoice", "I" + id},
                               {"amount", amount}}});
            for (const char* entity : {"invoice", "payment"}) {
                if (below(3) == 0) continue;
                auto row = entity == std::string("invoice") ? invoice : payment;
                row["external_id"] = "x" + row.at("external_id").get<std::string>();
                row["customer"] = "";
                if (below(3) == 0) row["number"] = row["reference"] = "";
                others.push_back({"billing", entity, row});
            }
            others.push_back({"billing",
                              "allocation",
                              {{"external_id", "xA" + id},
                               {"source", "xP" + id},
                               {"invoice", "xI" + id},
                               {"amount", amount}}});
        }
        alone.customer("C1");
        both.customer("C1");
        for (const auto& step : record) alone.put(step.entity, {step.row}, step.source);
        // Others come anywhere between the rows of the record, whose own order matters.
        std::vector<Step> mixed;
        std::shuffle(others.begin(), others.end(), random);
        for (std::size_t r = 0, o = 0; r < record.size() || o < others.size();) {
            const bool is_other = r == record.size() || (o < others.size() && below(2) == 0);
            mixed.push_back(is_other ? others[o++] : record[r++]);
        }
        for (const auto& step : mixed) both.put(step.entity, {step.row}, step.source);
        for (const auto& step : others) both.put(step.entity, {step.row}, step.source);
        INFO("seed " << seed);
        CHECK(ledger(both) == ledger(alone));
        CHECK(both.audit({"2026-01-05"}) == "");
        CHECK(count(both, "evidence") > 5);
    }
}
