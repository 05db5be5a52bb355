// SPDX-License-Identifier: Apache-2.0
#include "reader.hpp"

#include "drop_folder.hpp"

#include <rapidcheck.h>
#include <catch2/catch.hpp>

namespace dunlin::csv::test {
namespace {

/// "line:field|field" of each record; "line!code" of a broken one.
Lines read(const std::string& bytes, ReaderSettings settings = {}, Position from = {}) {
    const DropFolder folder;
    Reader reader(folder.put("file.csv", bytes), settings, from);
    Lines out;
    for (Record record; reader.next(record);) {
        auto line = std::to_string(record.begin.line);
        if (record.code) {
            out.push_back(line + "!" + record.code);
            continue;
        }
        for (std::size_t i = 0; i < record.fields.size(); ++i) {
            line += i ? "|" : ":";
            line += record.fields[i];
        }
        out.push_back(line);
    }
    return out;
}

ReaderSettings with_encoding(const char* encoding) {
    ReaderSettings settings;
    settings.encoding = encoding;
    return settings;
}

std::string utf16(std::u16string_view text, bool is_big_endian) {
    std::string out;
    for (const char16_t c : text) {
        const auto high = static_cast<char>(c >> 8), low = static_cast<char>(c & 0xff);
        out += is_big_endian ? high : low;
        out += is_big_endian ? low : high;
    }
    return out;
}

}  // namespace

TEST_CASE("a quote that is not doubled spoils its own line and no other") {
    REQUIRE(read("a,b\n\"x\"y,1\n\"z\",2\n") == Lines{"1:a|b", "2!quote", "3:z|2"});
    REQUIRE(read("a,b\n\"x\" \"y\",1\nz,2\n") == Lines{"1:a|b", "2!quote", "3:z|2"});
}

TEST_CASE("a quote that is never closed spoils everything from its line on") {
    REQUIRE(read("a,b\n1,2\n3,\"four\n5,6\n7,8") == Lines{"1:a|b", "2:1|2", "3!truncated"});
    REQUIRE(read("a,b\n1,\"\n") == Lines{"1:a|b", "2!truncated"});
}

TEST_CASE("a broken record over several lines says which ones are set aside with it") {
    const auto reason = [](const std::string& bytes) {
        ReaderSettings settings;
        settings.field_bytes_max = 16;
        const DropFolder folder;
        Reader reader(folder.put("file.csv", bytes), settings);
        Record record;
        while (reader.next(record) && !record.code) {
        }
        return record.reason;
    };
    CHECK_THAT(reason("a,b\n3,\"four\n5,6\n7,8\n"), Catch::Contains("lines 2 to 4 are set aside"));
    CHECK_THAT(reason("a,b\n3,\"four\n5,6\n7,8"), Catch::Contains("lines 2 to 4 are set aside"));
    CHECK_THAT(reason("a,\"xxxxxxxxxxxxxxx\nxxx\"\nb,c\n"),
               Catch::Contains("lines 1 to 2 are set aside"));
    CHECK(reason("a,b\n\"x\"y,1\n").find("set aside") == std::string::npos);
}

TEST_CASE("a last line without an end is a record unless the sender always writes one") {
    ReaderSettings strict;
    strict.is_final_newline_required = true;
    REQUIRE(read("a,b\n1,2") == Lines{"1:a|b", "2:1|2"});
    REQUIRE(read("a,b\n1,2", strict) == Lines{"1:a|b", "2!truncated"});
    REQUIRE(read("a,b\n1,2\n", strict) == Lines{"1:a|b", "2:1|2"});
}

TEST_CASE("a field above the limit spoils its record, quoted or not, and reading goes on") {
    const std::string huge(10 * 1024 * 1024, 'x');
    ReaderSettings settings;
    settings.field_bytes_max = 65536;
    REQUIRE(read("a,b\n1," + huge + "\n2,ok\n", settings) ==
            Lines{"1:a|b", "2!too_large", "3:2|ok"});
    REQUIRE(read("a,b\n\"" + huge + "\n\n\",1\n2,ok\n", settings) ==
            Lines{"1:a|b", "2!too_large", "5:2|ok"});
    REQUIRE(read(huge, settings) == Lines{"1!too_large"});
}

TEST_CASE("a field of just the limit is read and one byte more is refused") {
    ReaderSettings settings;
    settings.field_bytes_max = 16;
    const std::string fits(16, 'x');
    REQUIRE(read(fits + ",1\n", settings) == Lines{"1:" + fits + "|1"});
    REQUIRE(read("\"" + fits + "\",1\n", settings) == Lines{"1:" + fits + "|1"});
    REQUIRE(read(fits + "x,1\n2,3\n", settings) == Lines{"1!too_large", "2:2|3"});
}

TEST_CASE("a record of too many columns is refused and reading goes on") {
    ReaderSettings settings;
    settings.columns_max = 3;
    REQUIRE(read("1,2,3\n1,2,3,4\n5,6,7\n", settings) == Lines{"1:1|2|3", "2!columns", "3:5|6|7"});
}

TEST_CASE("bytes that are no UTF-8 spoil their record only") {
    const auto* bad = GENERATE("\xFC", "\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80",
                               "\xE2\x82", "\x80");
    REQUIRE(read("a,b\nx" + std::string(bad) + ",1\nM\xC3\xBCller,2\n") ==
            Lines{"1:a|b", "2!encoding", "3:M\xC3\xBCller|2"});
}

TEST_CASE("half a character at the end of each of two fields does not make a whole one") {
    REQUIRE(read("\xC3,\xBC\n") == Lines{"1!encoding"});
}

TEST_CASE("a NUL byte spoils its record only") {
    REQUIRE(read(std::string("a,b\n1,\0002\n3,4\n", 12)) == Lines{"1:a|b", "2!encoding", "3:3|4"});
}

TEST_CASE("a byte that the declared encoding does not have spoils its record only") {
    REQUIRE(read("a,\xFF\nb,c\n", with_encoding("US-ASCII")) == Lines{"1!encoding", "2:b|c"});
}

TEST_CASE("an unknown encoding is refused with examples") {
    REQUIRE_THAT(refusal_of([] { require_encoding("klingon"); }),
                 Catch::Contains("\"klingon\" is not an encoding; use UTF-8"));
}

TEST_CASE("other encodings become UTF-8") {
    REQUIRE(read("M\xFCller;\x80\n", [] {
                auto settings = with_encoding("windows-1252");
                settings.delimiter = ';';
                return settings;
            }()) == Lines{"1:M\xC3\xBCller|\xE2\x82\xAC"});
}

TEST_CASE("a byte-order mark decides over the configured encoding") {
    REQUIRE(read("\xEF\xBB\xBF"
                 "a,\xC3\xBC\n",
                 with_encoding("windows-1252")) == Lines{"1:a|\xC3\xBC"});
    REQUIRE(read("\xFF\xFE" + utf16(u"a,\u00fc\nb,c\n", false)) == Lines{"1:a|\xC3\xBC", "2:b|c"});
    REQUIRE(read("\xFE\xFF" + utf16(u"a,\u20ac\n", true)) == Lines{"1:a|\xE2\x82\xAC"});
}

TEST_CASE("half a character at the end of a UTF-16 file spoils the last record") {
    REQUIRE(read("\xFF\xFE" + utf16(u"a,b\nc,d", false) + "x") == Lines{"1:a|b", "2!encoding"});
}

TEST_CASE("lines are counted as an editor counts them, whatever ends them") {
    REQUIRE(read("a,b\r\n\r\n\"1\r\n2\",3\r\n4,5\r\n") == Lines{"1:a|b", "3:1\r\n2|3", "5:4|5"});
    REQUIRE(read("a,b\r1,2\r\r3,4") == Lines{"1:a|b", "2:1|2", "4:3|4"});
    REQUIRE(read("a,b\n   \n\"x\n\ny\",1\n2,3\n") == Lines{"1:a|b", "3:x\n\ny|1", "6:2|3"});
}

TEST_CASE("quotes inside an unquoted field, doubled quotes and blanks around fields are read") {
    REQUIRE(read("5\" pipe , \"say \"\"hi\"\"\" ,\n") == Lines{"1:5\" pipe|say \"hi\"|"});
}

TEST_CASE("a line end that falls between two chunks is one line end") {
    // The file is read in chunks of 256 kB; the CR LF of line 1 lies across their border.
    ReaderSettings settings;
    settings.field_bytes_max = 1024 * 1024;
    for (const std::size_t length : {262141U, 262142U, 262143U, 262144U}) {
        const auto lines = read(std::string(length - 2, 'x') + ",1\r\n\"2\",3\r\n", settings);
        REQUIRE(lines.size() == 2);
        REQUIRE(lines.back() == "2:2|3");
    }
}

TEST_CASE("reading goes on from the place behind any record") {
    const std::string bytes = "a,b\r\n\"1\r\n1\",2\r\n\r\n3,4\r\n\"x\"y,5\r\n6,7";
    const auto encoding = GENERATE("UTF-8", "windows-1252");
    const auto all = read(bytes, with_encoding(encoding));
    const DropFolder folder;
    Reader reader(folder.put("file.csv", bytes), with_encoding(encoding));
    Record record;
    for (std::size_t i = 1; reader.next(record); ++i) {
        const Lines rest(all.begin() + static_cast<std::ptrdiff_t>(i), all.end());
        REQUIRE(read(bytes, with_encoding(encoding), reader.position()) == rest);
    }
}

TEST_CASE("whatever the bytes, reading ends, counts its lines and goes on from any record") {
    REQUIRE(rc::check([] {
        const auto letters = *rc::gen::container<std::string>(
            rc::gen::element('a', ',', '"', '\n', '\r', ' ', '\xC3', '\xBC', '\0'));
        ReaderSettings settings;
        settings.field_bytes_max = 16;
        const auto all = read(letters, settings);
        const DropFolder folder;
        Reader reader(folder.put("file.csv", letters), settings);
        Record record;
        int64_t line = 0;
        for (std::size_t i = 1; reader.next(record); ++i) {
            RC_ASSERT(record.begin.line > line);
            line = record.begin.line;
            const Lines rest(all.begin() + static_cast<std::ptrdiff_t>(i), all.end());
            RC_ASSERT(read(letters, settings, reader.position()) == rest);
        }
    }));
}

}  // namespace dunlin::csv::test
