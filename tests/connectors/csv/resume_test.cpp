// SPDX-License-Identifier: Apache-2.0
#include "drop_folder.hpp"

#include <catch2/catch.hpp>

namespace dunlin::csv::test {
namespace {

/// Three files, one of them with quoted line ends, and bad rows among the good ones.
void fill(const Drop& drop) {
    const std::string header = "external_id,name,notes\r\n";
    for (int file = 0; file < 3; ++file) {
        std::string text = header;
        for (int i = 0; i < 37; ++i) {
            const auto id = std::to_string(file) + "-" + std::to_string(i);
            text += i % 10 == 7 ? "broken" + id + "\r\n" : id + ",N,\"a\r\nb" + id + "\"\r\n";
        }
        drop.put("customer-" + std::to_string(file) + ".csv", text);
    }
}

Harvest customers(CsvSource& source, const std::string& cursor = {}) {
    return harvest(source, "customer", {"external_id", "notes"}, cursor);
}

}  // namespace

TEST_CASE("from the cursor of any page the rest is the same as in an undisturbed read") {
    Drop drop;
    fill(drop);
    const auto batch_rows = GENERATE(1, 7, 36, 1000);
    auto source = drop.source({{"batch_rows", batch_rows}});
    const auto all = customers(source);
    REQUIRE(all.rows.size() == 3 * 34);
    for (std::size_t page = 0; page < all.cursors.size(); ++page) {
        auto other = drop.source({{"batch_rows", batch_rows}});
        const auto rest = customers(other, all.cursors[page]);
        const Lines expected(all.rows.begin() + static_cast<std::ptrdiff_t>(all.rows_at[page]),
                             all.rows.end());
        REQUIRE(rest.rows == expected);
    }
}

TEST_CASE("the same cursor gives the same page, cursor and bad rows included") {
    Drop drop;
    fill(drop);
    auto source = drop.source({{"batch_rows", 10}});
    const auto first = customers(source);
    const auto again = customers(source);
    CHECK(first.rows == again.rows);
    CHECK(first.cursors == again.cursors);
    CHECK(first.errors.size() == 9);
    CHECK(again.errors.size() == 9);
}

TEST_CASE("a file is read once, whatever its name, and a new one is read when it comes") {
    Drop drop;
    fill(drop);
    auto source = drop.source();
    const auto first = customers(source);
    std::filesystem::copy(drop.path() / "customer-1.csv", drop.path() / "customer-copy.csv");
    std::filesystem::rename(drop.path() / "customer-0.csv", drop.path() / "customer-renamed.csv");
    CHECK(customers(source, first.cursors.back()).cursors.empty());
    drop.put("customer-0.csv", "external_id,name\nnew,N\n");
    CHECK(customers(source, first.cursors.back()).rows == Lines{"new|-"});
}

TEST_CASE("a page tells how far it is in bytes and ends at the whole") {
    Drop drop;
    fill(drop);
    auto source = drop.source({{"batch_rows", 10}});
    const auto all = customers(source);
    CHECK(all.total > 0);
    CHECK(all.done == all.total);
}

TEST_CASE("a folder in which nothing is new gives no page") {
    Drop drop;
    auto source = drop.source();
    REQUIRE(customers(source).cursors.empty());
}

TEST_CASE("a file that goes away half read is warned of once, by name and line") {
    Drop drop;
    drop.put("customer-1.csv", "external_id,name\nC1,N\nC2,N\nC3,N\n");
    auto source = drop.source({{"batch_rows", 1}});
    const auto cursor = customers(source).cursors.front();
    std::filesystem::remove(drop.path() / "customer-1.csv");

    customers(source, cursor);
    customers(source, cursor);
    REQUIRE(drop.warnings.size() == 1);
    CHECK_THAT(drop.warnings[0], Catch::Contains("customer-1.csv up to line 3"));
}

}  // namespace dunlin::csv::test
