// SPDX-License-Identifier: Apache-2.0
#include <dunlin/file_source.hpp>

#include <support/drop_folder.hpp>

#include <catch2/catch.hpp>

namespace dunlin::test {
namespace {

constexpr int64_t second = 1'000'000;

Lines names_in(const std::filesystem::path& path, int64_t settle_us, int64_t now_us) {
    Lines out;
    for (const auto& file : WatchedFolder(path, settle_us).list(now_us)) out.push_back(file.name);
    return out;
}

int64_t modified(const DropFolder& folder) {
    return WatchedFolder(folder.path(), 0).list(0).front().modified_us;
}

}  // namespace

TEST_CASE("a folder that is not there is refused with its name and the remedy") {
    const auto text = refusal_of([] { WatchedFolder("/nowhere/drop", 0).list(0); });
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
    const auto file = WatchedFolder(folder.path(), 0).list(0).front();
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
    WatchedFolder watched(folder.path(), 0);
    const auto files = watched.list(0);
    CHECK(watched.hash(files[0], never_cancelled()) == watched.hash(files[1], never_cancelled()));
    CHECK(watched.hash(files[0], never_cancelled()) != watched.hash(files[2], never_cancelled()));
    CHECK(watched.hash(files[0], never_cancelled()).size() == 32);
}

TEST_CASE("a file larger than the limit is refused before it is read") {
    const DropFolder folder;
    folder.put("a.csv", "12345");
    const auto file = WatchedFolder(folder.path(), 0).list(0).front();
    CHECK(read_whole(file, 5) == "12345");
    CHECK_THAT(refusal_of([&] { read_whole(file, 4); }),
               Catch::Contains("5 bytes") && Catch::Contains("raise max_file_bytes"));
}

TEST_CASE("a file that changes while it is read is not taken") {
    const DropFolder folder;
    folder.put("a.csv", "12345");
    const auto file = WatchedFolder(folder.path(), 0).list(0).front();
    folder.put("a.csv", "12");
    CHECK_THAT(refusal_of([&] { read_whole(file, 5); }), Catch::Contains("still being written"));
}

TEST_CASE("a cursor that is no cursor is refused with the remedy") {
    CHECK_THAT(refusal_of([] { FileCursor::parse("{\"files\":7}"); }), Catch::Contains("reset it"));
}

TEST_CASE("a cursor keeps ten thousand files and forgets those that are gone first") {
    FileCursor cursor;
    std::set<std::string> present = {"first"};
    cursor.finish("first", present);
    for (std::size_t i = 0; i < FileCursor::files_max; ++i)
        cursor.finish("f" + std::to_string(i), present);
    CHECK(cursor.files.size() == FileCursor::files_max);
    CHECK(cursor.is_done("first"));
    CHECK_FALSE(cursor.is_done("f0"));
    CHECK(FileCursor::parse(cursor.text()).files == cursor.files);
}

TEST_CASE("a cursor never forgets a file that still lies in the folder") {
    FileCursor cursor;
    std::set<std::string> present;
    for (std::size_t i = 0; i <= FileCursor::files_max; ++i) {
        present.insert("f" + std::to_string(i));
        cursor.finish("f" + std::to_string(i), present);
    }
    CHECK(cursor.files.size() == FileCursor::files_max + 1);
    CHECK(cursor.is_done("f0"));
}

TEST_CASE("a queue holds what is new, once for the same bytes, the half-read file first") {
    const DropFolder folder;
    for (const auto* name : {"a.csv", "b.csv", "c.csv"}) folder.put(name, name);
    folder.put("d.csv", "b.csv");
    WatchedFolder watched(folder.path(), 0);
    const auto make = [&](const FileCursor& cursor, std::string_view layout) {
        return FileQueue::make(watched, 0, cursor, layout, never_cancelled(),
                               [](const SourceFile& file) { return file.name != "a.csv"; });
    };
    FileCursor cursor;
    const auto all = make(cursor, "");
    REQUIRE(all.files.size() == 2);
    CHECK(all.files[0].file.name == "b.csv");
    cursor.current = FileCursor::Place{all.files[1].key, {7, 8}, "c.csv"};
    CHECK(make(cursor, "").files[0].file.name == "c.csv");
    CHECK(make(cursor, "").lost.empty());
    // Another layout is another file.
    CHECK_THAT(make(cursor, "x").lost, Catch::Contains("c.csv up to line 8 only"));
    cursor.finish(all.files[1].key, all.present);
    CHECK(make(cursor, "").files.size() == 1);
}

TEST_CASE("patterns match as in a shell") {
    CHECK(matches("ledger*.csv", "ledger-2026.csv"));
    CHECK(matches("*.c?v", "a.csv"));
    CHECK(matches("*a*b*", "xxaxxbxx"));
    CHECK_FALSE(matches("ledger*.csv", "Ledger.csv"));
    CHECK_FALSE(matches("*.csv", "a.csv.bak"));
    CHECK_FALSE(matches("?", ""));
}

}  // namespace dunlin::test
