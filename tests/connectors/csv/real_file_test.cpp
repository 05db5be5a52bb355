// SPDX-License-Identifier: Apache-2.0
#include "drop_folder.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <map>
#include <sstream>

namespace dunlin::csv::test {
namespace {

namespace fs = std::filesystem;

const fs::path real_file =
    fs::path(DUNLIN_SOURCE_DIR) / "../shared/data/receivables/ibm-late-payment-histories.csv";
const fs::path mapping =
    fs::path(DUNLIN_SOURCE_DIR) / "connectors/csv/mappings/ibm-late-payment.json";

/// Cents per customer, added up with nothing of the connector's: split at commas, digits only.
std::map<std::string, int64_t> independent_cents() {
    std::ifstream in(real_file);
    std::map<std::string, int64_t> out;
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
        std::vector<std::string> cells;
        std::istringstream cut(line);
        for (std::string cell; std::getline(cut, cell, ',');) cells.push_back(cell);
        const auto& text = cells.at(6);
        const auto point = text.find('.');
        auto cents = point == std::string::npos ? "00" : text.substr(point + 1);
        cents.resize(2, '0');
        out[cells.at(1)] += std::stoll(text.substr(0, point)) * 100 + std::stoll(cents);
    }
    return out;
}

std::map<std::string, int64_t> units_by_customer(const Lines& rows) {
    std::map<std::string, int64_t> out;
    for (const auto& row : rows) {
        const auto bar = row.find('|');
        out[row.substr(0, bar)] += std::stoll(row.substr(bar + 1));
    }
    return out;
}

bool is_missing() {
    if (fs::exists(real_file)) return false;
    WARN("skipped: " << real_file.string() << " is not there");
    return true;
}

}  // namespace

TEST_CASE("the real file gives 100 customers and 2466 invoices, payments and allocations") {
    if (is_missing()) return;
    Drop drop;
    fs::copy(real_file, drop.path() / "ibm.csv");
    auto source = drop.source({{"mapping", mapping.string()}});
    CHECK(harvest(source, "company", {"external_id", "currency"}).rows == Lines{"main|USD"});
    CHECK(harvest(source, "customer", {"external_id"}).rows.size() == 100);
    const auto invoices =
        harvest(source, "invoice", {"external_id", "issue_date", "due_date", "total"});
    CHECK(invoices.rows.size() == 2466);
    CHECK(invoices.errors.empty());
    CHECK(invoices.rows.front() == "611365|2013-01-02|2013-02-01|559400");
    CHECK(harvest(source, "payment", {"external_id"}).rows.size() == 2466);
    CHECK(harvest(source, "allocation", {"source", "invoice", "date"}).rows.front() ==
          "pay-611365|611365|2013-01-15");
}

TEST_CASE("the real file's amounts equal an independent sum for every customer") {
    if (is_missing()) return;
    Drop drop;
    fs::copy(real_file, drop.path() / "ibm.csv");
    auto source = drop.source({{"mapping", mapping.string()}, {"batch_rows", 100}});
    auto expected = independent_cents();
    for (auto& [customer, cents] : expected) cents *= 100;
    CHECK(expected.size() == 100);
    CHECK(units_by_customer(harvest(source, "invoice", {"customer", "total"}).rows) == expected);
    CHECK(units_by_customer(harvest(source, "payment", {"customer", "amount"}).rows) == expected);
    CHECK(units_by_customer(harvest(source, "allocation", {"customer", "amount"}).rows) ==
          expected);
}

TEST_CASE("the real file cut off in the middle of a line gives what stands before the cut") {
    if (is_missing()) return;
    std::ifstream in(real_file, std::ios::binary);
    std::string bytes(20000, ' ');
    in.read(bytes.data(), 20000);
    bytes.resize(bytes.rfind(',') - 20);
    Drop drop;
    drop.put("ibm.csv", bytes);
    auto source = drop.source({{"mapping", mapping.string()}});
    const auto found = harvest(source, "invoice", {"external_id"});
    REQUIRE(found.errors.size() == 1);
    CHECK(found.errors[0].code == "columns");
    CHECK_THAT(found.errors[0].reason, Catch::Contains("truncated"));
    CHECK(found.rows.size() > 200);
}

}  // namespace dunlin::csv::test
