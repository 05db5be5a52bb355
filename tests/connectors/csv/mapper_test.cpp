// SPDX-License-Identifier: Apache-2.0
#include "mapper.hpp"

#include "drop_folder.hpp"

#include <catch2/catch.hpp>

namespace dunlin::csv::test {
namespace {

const std::string ledger_json =
    R"({"mapping":1,"files":"*","date_format":"DD.MM.YYYY","decimal":",",
  "thousands":".","rows":[
   {"entity":"invoice","when":[{"column":"Type","in":["RE","GU"]},{"column":"Amount","filled":true}],
    "columns":{
      "external_id":{"template":"{Company}-{No}"},
      "customer":"Customer",
      "number":"No",
      "kind":{"column":"Type","map":{"RE":"invoice","GU":"credit_note"}},
      "status":{"column":"Status","map":{"X":"cancelled"},"otherwise":"posted","default":"posted"},
      "issue_date":"Date",
      "due_date":{"column":"Due","date_format":"YYYYMMDD"},
      "currency":{"column":"Currency","default":"EUR"},
      "open_amount":{"constant":"0.00","when":{"column":"Status","equals":"X"}},
      "total":{"column":"Amount","sign":"absolute"}}}]})";

const std::vector<std::string> header = {"Company", "No",  "Customer", "Type",  "Status",
                                         "Date",    "Due", "Currency", "Amount"};

struct Mapped {
    Mapper::Outcome outcome;
    std::string line;
    Fault fault;
};

Mapped map(const Fields& fields) {
    const auto mapping = parse_mapping("ledger", ledger_json, Layout{});
    const Mapper mapper(mapping.rules.front(), header);
    Mapped out;
    Row row;
    out.outcome = mapper.map(fields, row, out.fault);
    if (out.outcome != Mapper::Outcome::row) return out;
    BatchBuilder rows(column_specs(*mapping.rules.front().entity));
    Mapper::append(row, *mapping.rules.front().entity, rows);
    const auto batch = rows.finish();
    out.line = line_of(BatchView(batch), 0,
                       {"external_id", "customer", "kind", "status", "issue_date", "due_date",
                        "currency", "total", "open_amount"});
    return out;
}

}  // namespace

TEST_CASE("a file that lacks mapped columns is refused with all of them and near misses") {
    const auto mapping = parse_mapping("ledger", ledger_json, Layout{});
    const auto text = refusal_of([&] {
        const Mapper mapper(mapping.rules.front(), {"company", "No", "Type", "Status", "Date",
                                                    "Due", "Currency", "Amount"});
    });
    CHECK_THAT(text, Catch::Contains("\"Company\" is missing; did you mean \"company\"?"));
    CHECK_THAT(text, Catch::Contains("\"Customer\" is missing"));
}

TEST_CASE("a row names everything that is wrong with it at once") {
    const auto bad = map({"01", "7", "K1", "RE", "", "30.02.2023", "2023013", "XYZ", "12.34.5"});
    REQUIRE(bad.outcome == Mapper::Outcome::bad);
    CHECK(bad.fault.code == "currency");
    CHECK_THAT(bad.fault.reason,
               Catch::Contains("issue_date: \"30.02.2023\" is not in the calendar"));
    CHECK_THAT(bad.fault.reason, Catch::Contains("due_date: \"2023013\" is not a date written as"));
    CHECK_THAT(bad.fault.reason, Catch::Contains("currency: \"XYZ\" is not a currency"));
    CHECK_THAT(bad.fault.reason, Catch::Contains("total: \"12.34.5\" is not a number"));
}

TEST_CASE("an id made of an empty cell is no id") {
    const auto bad = map({"01", "", "K1", "RE", "", "01.02.2023", "", "EUR", "1,00"});
    REQUIRE(bad.outcome == Mapper::Outcome::bad);
    REQUIRE(bad.fault.code == "external_id");
}

TEST_CASE("a word that the map does not list is refused unless the mapping says otherwise") {
    auto mapping = parse_mapping("ledger", R"({"mapping":1,"files":"*","rows":[{"entity":"customer",
        "columns":{"external_id":"A","name":"A","kind":{"column":"B","map":{"1":"company"}}}}]})",
                                 Layout{});
    const Mapper mapper(mapping.rules.front(), {"A", "B"});
    Row row;
    Fault fault;
    REQUIRE(mapper.map({"x", "2"}, row, fault) == Mapper::Outcome::bad);
    REQUIRE_THAT(fault.reason, Catch::Contains("\"2\" is not in the mapping's \"map\""));
}

TEST_CASE("a record that does not meet every condition gives no row") {
    CHECK(map({"01", "7", "K1", "ZE", "", "01.02.2023", "", "EUR", "1,00"}).outcome ==
          Mapper::Outcome::skipped);
    CHECK(map({"01", "7", "K1", "RE", "", "01.02.2023", "", "EUR", ""}).outcome ==
          Mapper::Outcome::skipped);
}

TEST_CASE("words, defaults, templates, signs and formats make a canonical row") {
    const auto good = map({"01", "7", "K1", "GU", "X", "01.02.2023", "20230301", "", "1.234,56-"});
    REQUIRE(good.line == "01-7|K1|credit_note|cancelled|2023-02-01|2023-03-01|EUR|12345600|0");
}

TEST_CASE("an empty cell is null and a condition on a column leaves it empty") {
    const auto good = map({"01", "7", "K1", "RE", "", "01.02.2023", "", "CHF", "5"});
    REQUIRE(good.line == "01-7|K1|invoice|posted|2023-02-01|-|CHF|50000|-");
}

}  // namespace dunlin::csv::test
