// SPDX-License-Identifier: Apache-2.0
#include "statements.hpp"

#include <catch2/catch.hpp>

namespace dunlin::bank_statement::test {
namespace {

class Drop : public DropFolder {
public:
    std::vector<std::string> warnings;

    StatementSource source(Json settings = Json::object()) {
        settings["folder"] = path().string();
        settings["settle_seconds"] = 0;
        return {"bank",
                Settings::parse(settings),
                {[] { return int64_t{4'000'000'000'000'000}; },
                 [this](const std::string& text) { warnings.push_back(text); }}};
    }
};

/// Three credits of 1.00, 2.00 and 3.00 on one account.
std::string mt940(const std::string& number, const std::string& closing = "6,00") {
    std::string out = ":20:X\n:25:ACC\n:28C:" + number + "/1\n:60F:C260226EUR0,00\n";
    for (const auto* amount : {"1,00", "2,00", "3,00"}) {
        out += ":61:2602270227C" + std::string(amount) + "NTRFNONREF//R" + number + "\n:86:words\n";
    }
    return out + ":62F:C260227EUR" + closing + "\n-\n";
}

Harvest payments(StatementSource& source, const std::string& cursor = {}) {
    return harvest(source, "payment", {"external_id", "amount", "date", "_position"}, cursor);
}

}  // namespace

TEST_CASE("settings that cannot be meant are refused with the remedy") {
    CHECK_THAT(refusal_of([] {
                   Settings::parse({{"folder", "x"}, {"encoding", "klingon"}});
               }),
               Catch::Contains("klingon"));
    const Json twice{{"folder", "x"}, {"companies", {{"DE1 2", "a"}, {"de12", "b"}}}};
    CHECK_THAT(refusal_of([&] { Settings::parse(twice); }), Catch::Contains("DE12 twice"));
    Drop drop;
    auto source = drop.source();
    CHECK_THAT(refusal_of([&] {
                   source.pull({"invoice", {}}, never_cancelled());
               }),
               Catch::Contains("payments do"));
}

TEST_CASE("a file that cannot be read is set aside with its reason, the others are taken") {
    Drop drop;
    drop.put("a.txt", "hello");
    drop.put("b.xml", "<Document>\n<broken</Document>");
    drop.put("c.sta", mt940("1"));
    auto source = drop.source();
    const auto all = payments(source);
    CHECK(all.rows == Lines{"ACC/2026-02-27/1.00EUR/1/1/R1|10000|2026-02-27|c.sta:5",
                            "ACC/2026-02-27/2.00EUR/1/1/R1|20000|2026-02-27|c.sta:7",
                            "ACC/2026-02-27/3.00EUR/1/1/R1|30000|2026-02-27|c.sta:9"});
    REQUIRE(all.errors.size() == 2);
    CHECK(all.errors[0].position == "a.txt");
    CHECK(all.errors[0].code == "file");
    CHECK(all.errors[1].position == "b.xml:2");
    CHECK_THAT(all.errors[1].raw, Catch::StartsWith("<broken"));
    CHECK(all.done == all.total);
}

TEST_CASE("a refused statement is one quarantined row with both sums") {
    Drop drop;
    drop.put("a.sta", mt940("1", "6,01") + mt940("2"));
    auto source = drop.source();
    const auto all = payments(source);
    CHECK(all.rows.size() == 3);
    REQUIRE(all.errors.size() == 1);
    CHECK(all.errors[0].position == "a.sta:1");
    CHECK(all.errors[0].code == "balance");
    CHECK_THAT(all.errors[0].reason, Catch::Contains("give 6.00 EUR") && Catch::Contains("6.01"));
}

TEST_CASE("from the cursor of any page the rest is the same as in an undisturbed read") {
    Drop drop;
    for (int i = 1; i < 5; ++i) drop.put(std::to_string(i) + ".sta", mt940(std::to_string(i)));
    drop.put("broken.sta", mt940("9", "0,00"));
    const auto batch_rows = GENERATE(1, 2, 4, 1000);
    auto source = drop.source({{"batch_rows", batch_rows}});
    const auto all = payments(source);
    REQUIRE(all.rows.size() == 12);
    CHECK(all.errors.size() == 1);
    for (std::size_t page = 0; page < all.cursors.size(); ++page) {
        auto other = drop.source({{"batch_rows", batch_rows}});
        const Lines expected(all.rows.begin() + static_cast<std::ptrdiff_t>(all.rows_at[page]),
                             all.rows.end());
        CHECK(payments(other, all.cursors[page]).rows == expected);
    }
}

TEST_CASE("a file, and a statement in another file, is read once") {
    Drop drop;
    drop.put("a.sta", mt940("1"));
    auto source = drop.source();
    const auto first = payments(source);
    CHECK(first.rows.size() == 3);
    drop.put("copy.sta", mt940("1"));
    CHECK(payments(source, first.cursors.back()).cursors.empty());
    // Other bytes, the same statement.
    drop.put("again.sta", "\n" + mt940("1"));
    const auto again = payments(source, first.cursors.back());
    CHECK(again.rows.empty());
    REQUIRE(drop.warnings.size() == 1);
    CHECK_THAT(drop.warnings[0], Catch::Contains("again.sta:2") &&
                                     Catch::Contains("was read before and is left out"));
}

TEST_CASE("only names that match the pattern are read") {
    Drop drop;
    drop.put("a.sta", mt940("1"));
    drop.put("readme.txt", "hello");
    auto source = drop.source({{"files", "*.sta"}});
    CHECK(source.check(never_cancelled())["ignored"] == 1);
    CHECK(payments(source).errors.empty());
}

TEST_CASE("a file larger than the limit is set aside") {
    Drop drop;
    drop.put("a.sta", mt940("1") + std::string(2000, '\n'));
    auto source = drop.source({{"max_file_bytes", 1024}});
    const auto all = payments(source);
    REQUIRE(all.errors.size() == 1);
    CHECK_THAT(all.errors[0].reason, Catch::Contains("raise max_file_bytes"));
}

}  // namespace dunlin::bank_statement::test
