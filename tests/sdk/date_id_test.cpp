#include <rapidcheck.h>
#include <catch2/catch.hpp>
#include <dunlin/date.hpp>
#include <dunlin/id.hpp>
#include <map>

using dunlin::Date;
using NoteId = dunlin::Id<struct NoteTag>;

TEST_CASE("a date that is not in the calendar is refused and shown") {
    const auto text = GENERATE(as<std::string>{}, "2023-02-30", "2023-02-29", "1900-02-29",
                               "2023-13-01", "2023-00-10", "2023-04-31", "2023-01-00", "0000-01-01",
                               "2023-1-1", "20230101", "2023/01/01", "-000-01-01", "2023-01-1x",
                               "+023-01-01", "2023-01-01T00:00", " 2023-01-01", "", "30.02.2023");

    CHECK_THROWS_WITH(Date::parse(text), "\"" + text + "\" is not a date; write it as 2026-02-28");
}

TEST_CASE("dates made of numbers are checked as well") {
    CHECK_THROWS_AS(Date(2023, 2, 30), dunlin::Error);
    CHECK(Date(2024, 2, 29).text() == "2024-02-29");
}

TEST_CASE("a date is a day number and back") {
    CHECK(Date::parse("1970-01-01").days() == 0);
    CHECK(Date::parse("2000-03-01").days() == 11017);
    CHECK(Date::parse("1969-12-31").days() == -1);
    CHECK(dunlin::never.text() == "9999-12-31");
    CHECK((Date::parse("2024-03-01") - 1).text() == "2024-02-29");
    CHECK(Date::parse("2024-03-01") - Date::parse("2024-02-01") == 29);
    CHECK(Date::parse("2024-03-01") > Date::parse("2024-02-29"));
}

TEST_CASE("every day of four thousand years survives text") {
    CHECK(rc::check([] {
        const auto days = *rc::gen::inRange(-719162, 2932897);
        RC_ASSERT(Date::parse(Date(days).text()) == Date(days));
    }));
}

TEST_CASE("what is not an id is refused") {
    const auto text = GENERATE(as<std::string>{}, "", "0", "-1", "1x", "x1", "1.0", " 1", "1 ",
                               "+1", "9223372036854775808", "null");

    CHECK_THROWS_WITH(NoteId::parse(text), "\"" + text + "\" is not an id; copy it from a list");
}

TEST_CASE("an id is text outside and a number inside") {
    CHECK(NoteId::parse("9223372036854775807").value() == 9223372036854775807);
    CHECK(NoteId(17).text() == "17");
    CHECK_FALSE(NoteId());
    CHECK(std::map<NoteId, int>{{NoteId(1), 2}}.at(NoteId::parse("1")) == 2);
}

TEST_CASE("every id survives text") {
    CHECK(rc::check([] {
        const auto value = *rc::gen::positive<int64_t>();
        RC_ASSERT(NoteId::parse(NoteId(value).text()).value() == value);
    }));
}
