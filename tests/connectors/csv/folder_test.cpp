// SPDX-License-Identifier: Apache-2.0
#include "folder.hpp"

#include "drop_folder.hpp"

#include <catch2/catch.hpp>

namespace dunlin::csv::test {
namespace {

constexpr int64_t second = 1'000'000;

Lines names_in(const std::filesystem::path& path, int64_t settle_us, int64_t now_us) {
    Lines out;
    for (const auto& file : Folder(path, settle_us).list(now_us)) out.push_back(file.name);
    return out;
}

int64_t modified(const DropFolder& folder) {
    return Folder(folder.path(), 0).list(0).front().modified_us;
}

}  // namespace

TEST_CASE("a folder that is not there is refused with its name and the remedy") {
    const auto text = refusal_of([] { Folder("/nowhere/drop", 0).list(0); });
    REQUIRE_THAT(text, Catch::Contains("/nowhere/drop cannot be read") &&
                           Catch::Contains("create it, or correct \"folder\""));
}

TEST_CASE("hidden, temporary and irregular names are not files to read") {
    const DropFolder folder;
    for (const auto* name : {".invoice.csv", "invoice.csv.part", "invoice.csv.tmp", "i.filepart",
                             "invoice.csv~", "a.csv.crdownload"}) {
        folder.put(name, "x");
    }
    std::filesystem::create_directory(folder.path() / "sub.csv");
    REQUIRE(names_in(folder.path(), 0, 0).empty());
}

TEST_CASE("a link that leads out of the folder is not followed") {
    const DropFolder folder, elsewhere;
    folder.put("a.csv", "x");
    std::filesystem::create_symlink(elsewhere.put("secret.csv", "x"), folder.path() / "b.csv");
    std::filesystem::create_symlink(folder.path() / "a.csv", folder.path() / "c.csv");
    std::filesystem::create_symlink(folder.path() / "nothing", folder.path() / "d.csv");
    REQUIRE(names_in(folder.path(), 0, 0) == Lines{"a.csv", "c.csv"});
}

TEST_CASE("a file is left alone until it has rested for the settling time") {
    const DropFolder folder;
    folder.put("a.csv", "x");
    const auto written = modified(folder);
    CHECK(names_in(folder.path(), 5 * second, written + 4 * second).empty());
    CHECK(names_in(folder.path(), 5 * second, written - 4 * second).empty());
    CHECK(names_in(folder.path(), 5 * second, written + 5 * second) == Lines{"a.csv"});
}

TEST_CASE("a file that changed since it was listed is still being written") {
    const DropFolder folder;
    folder.put("a.csv", "x");
    const auto file = Folder(folder.path(), 0).list(0).front();
    REQUIRE_NOTHROW(require_unchanged(file));
    folder.put("a.csv", "xy");
    REQUIRE_THAT(refusal_of([&] { require_unchanged(file); }),
                 Catch::Contains("a.csv is still being written"));
}

TEST_CASE("files come in the order of their names, byte by byte") {
    const DropFolder folder;
    for (const auto* name : {"b.csv", "a10.csv", "a2.csv", "B.csv"}) folder.put(name, "x");
    REQUIRE(names_in(folder.path(), 0, 0) == Lines{"B.csv", "a10.csv", "a2.csv", "b.csv"});
}

TEST_CASE("a hash stands for the bytes and not for the name") {
    const DropFolder folder;
    folder.put("a.csv", "same");
    folder.put("b.csv", "same");
    folder.put("c.csv", "Same");
    Folder watched(folder.path(), 0);
    const auto files = watched.list(0);
    CHECK(watched.hash(files[0], never_cancelled()) == watched.hash(files[1], never_cancelled()));
    CHECK(watched.hash(files[0], never_cancelled()) != watched.hash(files[2], never_cancelled()));
    CHECK(watched.hash(files[0], never_cancelled()).size() == 32);
}

TEST_CASE("patterns match as in a shell") {
    CHECK(matches("ledger*.csv", "ledger-2026.csv"));
    CHECK(matches("*.c?v", "a.csv"));
    CHECK(matches("*a*b*", "xxaxxbxx"));
    CHECK_FALSE(matches("ledger*.csv", "Ledger.csv"));
    CHECK_FALSE(matches("*.csv", "a.csv.bak"));
    CHECK_FALSE(matches("?", ""));
}

}  // namespace dunlin::csv::test
