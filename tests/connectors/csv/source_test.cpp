// SPDX-License-Identifier: Apache-2.0
#include "source.hpp"

#include "drop_folder.hpp"

#include <catch2/catch.hpp>

namespace dunlin::csv::test {
namespace {

const std::string invoice_header =
    "external_id,customer,number,issue_date,due_date,currency,total,updated_at,deleted\n";

std::string reasons(const Harvest& harvest) {
    std::string out;
    for (const auto& bad : harvest.errors) {
        out += bad.position + " " + bad.external_id + " " + bad.code + ": " + bad.reason + "\n";
    }
    return out;
}

Harvest invoices(CsvSource& source, const std::string& cursor = {}) {
    return harvest(source, "invoice", {"external_id", "total"}, cursor);
}

}  // namespace

TEST_CASE("bad rows are set aside with line and reason and the others are taken") {
    Drop drop;
    drop.put("invoice-1.csv", invoice_header +
                                  "I1,C1,1,2024-01-01,2024-01-31,EUR,100.00,,\n"
                                  "I2,C1,2,2023-02-30,2024-01-31,EUR,100.00,,\n"
                                  "I3,C1,\"3\nb\",2024-01-01,2024-01-31,XYZ,100.00,,\n"
                                  "I4,C1,4,2024-01-01,2024-01-31,EUR,12,34,5,,\n"
                                  "I5,C1,M\xFC,2024-01-01,2024-01-31,EUR,1.00,,\n"
                                  ",C1,6,2024-01-01,2024-01-31,EUR,1.00,,\n"
                                  "I7,C1,7,2024-01-01,2024-01-31,EUR,70.00,,\n"
                                  ",,,,,,,,\n");
    auto source = drop.source();
    const auto found = invoices(source);
    CHECK(found.rows == Lines{"I1|1000000", "I7|700000"});
    const auto text = reasons(found);
    CHECK(found.errors.size() == 5);
    CHECK_THAT(text, Catch::Contains("invoice-1.csv:3 I2 date: issue_date: \"2023-02-30\""));
    CHECK_THAT(text, Catch::Contains("invoice-1.csv:4 I3 currency: currency: \"XYZ\""));
    CHECK_THAT(text, Catch::Contains("invoice-1.csv:6  columns: the row has 11 columns"));
    CHECK_THAT(text, Catch::Contains("invoice-1.csv:7  encoding: column 3"));
    CHECK_THAT(text, Catch::Contains("invoice-1.csv:8  external_id: external_id: is empty"));
    CHECK(found.errors.front().raw == "I2,C1,2,2023-02-30,2024-01-31,EUR,100.00,,");
}

TEST_CASE("every row says where it stood, for what the sink may find wrong with it") {
    Drop drop;
    drop.put("invoice-1.csv", invoice_header +
                                  "I1,C1,\"1\nb\",2024-01-01,2024-01-31,EUR,100.00,,\n"
                                  "I2,C1,2,2024-01-01,2024-01-31,EUR,100.00,,\n");
    auto source = drop.source();
    CHECK(harvest(source, "invoice", {"external_id", position_column}).rows ==
          Lines{"I1|invoice-1.csv:2", "I2|invoice-1.csv:4"});
}

TEST_CASE("a row of ten megabytes is set aside with at most four kilobytes of it") {
    Drop drop;
    drop.put("invoice.csv", invoice_header + "I1,C1," + std::string(10 << 20, 'x') +
                                ",2024-01-01,,EUR,1.00,,\nI2,C1,2,2024-01-01,,EUR,2.00,,\n");
    auto source = drop.source();
    const auto found = invoices(source);
    CHECK(found.rows == Lines{"I2|20000"});
    REQUIRE(found.errors.size() == 1);
    CHECK(found.errors[0].code == "too_large");
    CHECK(found.errors[0].raw.size() <= 4096);
}

TEST_CASE("a file with a wrong header is refused once as a whole and the next one is read") {
    Drop drop;
    drop.put("invoice-1.csv", "external_id,customer,totl\nI1,C1,5\nI2,C1,5\n");
    drop.put("invoice-2.csv", invoice_header + "I3,C1,3,2024-01-01,,EUR,3.00,,\n");
    auto source = drop.source();
    const auto found = invoices(source);
    CHECK(found.rows == Lines{"I3|30000"});
    REQUIRE(found.errors.size() == 1);
    CHECK(found.errors[0].position == "invoice-1.csv:1");
    CHECK_THAT(found.errors[0].reason, Catch::Contains("the file is refused") &&
                                           Catch::Contains("did you mean \"total\"?"));
    CHECK(invoices(source, found.cursors.back()).errors.empty());
}

TEST_CASE("a refused file is taken once it is corrected") {
    Drop drop;
    drop.put("invoice.csv", "external_id,customer,totl\nI1,C1,5\n");
    auto source = drop.source();
    const auto refused = invoices(source);
    drop.put("invoice.csv", invoice_header + "I1,C1,1,2024-01-01,,EUR,5.00,,\n");
    REQUIRE(invoices(source, refused.cursors.back()).rows == Lines{"I1|50000"});
}

TEST_CASE("an empty file and a header of two equal names are refused") {
    Drop drop;
    drop.put("invoice-1.csv", "");
    drop.put("invoice-2.csv", "external_id,total,total\n");
    auto source = drop.source();
    const auto text = reasons(invoices(source));
    CHECK_THAT(text, Catch::Contains("invoice-1.csv:1") && Catch::Contains("the file is empty"));
    CHECK_THAT(text, Catch::Contains("names the column \"total\" twice"));
}

TEST_CASE("a file of which most rows cannot be read stops the run and is not passed over") {
    Drop drop;
    std::string rows = invoice_header;
    for (int i = 0; i < 150; ++i)
        rows += "I" + std::to_string(i) + ",C1,1,01.02.2024,,EUR,5.00,,\n";
    drop.put("invoice.csv", rows);
    auto source = drop.source();
    REQUIRE_THAT(refusal_of([&] { invoices(source); }),
                 Catch::Contains("150 of 150 rows cannot be read, the first at invoice.csv:2"));
    auto tolerant = drop.source({{"max_bad_share", 1.0}});
    REQUIRE(invoices(tolerant).errors.size() == 150);
}

TEST_CASE("a file that grows while it is read is unavailable and nothing is passed over") {
    Drop drop;
    drop.put("invoice.csv", invoice_header + "I1,C1,1,2024-01-01,,EUR,5.00,,\n");
    auto source = drop.source();
    const auto pull = source.pull({"invoice", {}}, never_cancelled());
    drop.put("invoice.csv", invoice_header + "I1,C1,1,2024-01-01,,EUR,5.00,,\nI2,C1,2,2024");
    Page page;
    REQUIRE_THAT(refusal_of([&] { pull->next(page); }), Catch::Contains("still being written"));
}

TEST_CASE("a file is read only after the settling time by the host's clock") {
    Drop drop;
    drop.put("invoice.csv", invoice_header + "I1,C1,1,2024-01-01,,EUR,5.00,,\n");
    drop.now_us = WatchedFolder(drop.path(), 0).list(0).front().modified_us + 1'000'000;
    auto source = drop.source({{"settle_seconds", 5}});
    CHECK(invoices(source).rows.empty());
    drop.now_us += 5'000'000;
    CHECK(invoices(source).rows.size() == 1);
}

TEST_CASE("a missing folder, a missing mapping and a broken cursor are one clear sentence each") {
    Drop drop;
    CsvSource nowhere("erp", Settings::parse({{"folder", "/nowhere/drop"}}),
                      {[] { return 0; }, {}});
    CHECK_THAT(refusal_of([&] { nowhere.check(never_cancelled()); }), Catch::Contains("create it"));
    auto unmapped = drop.source({{"mapping", "/nowhere/m.json"}});
    CHECK_THAT(refusal_of([&] { unmapped.check(never_cancelled()); }),
               Catch::Contains("/nowhere/m.json cannot be read; correct \"mapping\""));
    auto source = drop.source();
    CHECK_THAT(refusal_of([&] { invoices(source, "{\"files\":7}"); }), Catch::Contains("reset it"));
    CHECK_THROWS_AS(source.pull({"dispute", {}}, never_cancelled()), Error);
}

TEST_CASE("a name that begins with no entity is not read but told once") {
    Drop drop;
    drop.put("invoices.csv", invoice_header);
    drop.put("invoice_lines.csv", "x\n");
    auto source = drop.source();
    invoices(source);
    invoices(source);
    REQUIRE(drop.warnings.size() == 2);
    CHECK_THAT(drop.warnings[1],
               Catch::Contains("invoices.csv") && Catch::Contains("did you mean \"invoice\"?"));
    CHECK(source.check(never_cancelled())["ignored"].size() == 2);
}

TEST_CASE("the longest entity at the beginning of a file's name is the one") {
    CHECK(entity_of_file("invoice_line-7.csv")->name == "invoice_line");
    CHECK(entity_of_file("invoice-7.csv")->name == "invoice");
    CHECK(entity_of_file("contact_point_x.CSV")->name == "contact_point");
    CHECK(entity_of_file("invoice.txt") == nullptr);
}

TEST_CASE("every column has the type that the sink expects") {
    Drop drop;
    drop.put("contact_point.csv",
             "external_id,customer,kind,value,valid_from,preferred\n"
             "P1,C1,email,a@b.example,2024-02-29,yes\n");
    drop.put("customer.csv",
             "external_id,name,credit_limit,latitude,notes\n"
             "C1,Good Ltd,1000.5,52.5,\"two\nlines\"\n");
    drop.put("exchange_rate.csv",
             "external_id,from_currency,to_currency,date,rate\n"
             "R1,USD,EUR,2024-01-01,0.9120\n");
    drop.put("invoice.csv",
             invoice_header + "I1,C1,1,2024-01-01,,EUR,5.00,2024-01-02T03:04:05Z,1\n");
    auto source = drop.source();
    CHECK(harvest(source, "contact_point", {"value", "valid_from", "preferred", "person"}).rows ==
          Lines{"a@b.example|2024-02-29|1|-"});
    CHECK(harvest(source, "customer", {"credit_limit", "latitude", "notes"}).rows ==
          Lines{"10005000|52.500000|two\nlines"});
    CHECK(harvest(source, "exchange_rate", {"rate"}).rows == Lines{"0.9120"});
    CHECK(harvest(source, "invoice", {"updated_at", "deleted", "due_date"}).rows ==
          Lines{"1704164645000000|1|-"});
}

TEST_CASE("canonical columns may come in the source's own notation") {
    Drop drop;
    drop.put("invoice.csv",
             "external_id;customer;issue_date;currency;total\n"
             "I1;C1;29.02.2024;EUR;1.234,56-\n");
    auto source = drop.source(
        {{"delimiter", ";"}, {"date_format", "DD.MM.YYYY"}, {"decimal", ","}, {"thousands", "."}});
    REQUIRE(harvest(source, "invoice", {"issue_date", "total"}).rows ==
            Lines{"2024-02-29|-12345600"});
}

TEST_CASE("a mapped file gives each customer once and each document as often as it stands there") {
    Drop drop;
    const DropFolder elsewhere;
    const auto mapping = elsewhere.put("ledger.json", R"({"mapping":1,"files":"ledger*.txt",
        "delimiter":";","skip_rows":1,"header":["Cust","No","Amount","Paid"],"rows":[
        {"entity":"customer","columns":{"external_id":"Cust","name":"Cust"}},
        {"entity":"payment","when":{"column":"Paid","filled":true},"columns":{
          "external_id":{"template":"pay-{No}"},"customer":"Cust","date":"Paid",
          "currency":{"constant":"EUR"},"amount":"Amount"}}]})");
    drop.put("ledger-1.txt", "My ledger\nC1;1;5.00;2024-01-02\nC1;2;6.00;\nC2;3;7.00;2024-01-03\n");
    auto source = drop.source({{"mapping", mapping.string()}});
    CHECK(harvest(source, "customer", {"external_id"}).rows == Lines{"C1", "C2"});
    CHECK(harvest(source, "payment", {"external_id", "amount"}).rows ==
          Lines{"pay-1|50000", "pay-3|70000"});
    CHECK(harvest(source, "adjustment", {"external_id"}).cursors.empty());
}

TEST_CASE("a header below skipped lines is refused where it stands") {
    Drop drop;
    const DropFolder elsewhere;
    const auto mapping = elsewhere.put("m.json", R"({"mapping":1,"files":"*.csv","skip_rows":2,
        "rows":[{"entity":"customer","columns":{"external_id":"A","name":"B"}}]})");
    drop.put("x.csv", "title\n\nA,A\n1,one\n");
    auto source = drop.source({{"mapping", mapping.string()}});
    CHECK_THAT(reasons(harvest(source, "customer", {"name"})), Catch::Contains("x.csv:3 "));
}

TEST_CASE("a corrected mapping reads its files again") {
    Drop drop;
    const DropFolder elsewhere;
    const std::string json = R"({"mapping":1,"files":"*.csv","rows":[{"entity":"customer",
        "columns":{"external_id":"A","name":"B"}}]})";
    const auto path = elsewhere.put("m.json", json);
    drop.put("x.csv", "A,B\n1,one\n");
    auto source = drop.source({{"mapping", path.string()}});
    const auto first = harvest(source, "customer", {"name"});
    CHECK(harvest(source, "customer", {"name"}, first.cursors.back()).cursors.empty());
    elsewhere.put("m.json", json + "\n");
    CHECK(harvest(source, "customer", {"name"}, first.cursors.back()).rows == Lines{"one"});
}

}  // namespace dunlin::csv::test
