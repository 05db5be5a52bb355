// SPDX-License-Identifier: Apache-2.0
#include "fake_tryton.hpp"

#include <dunlin/money.hpp>

namespace dunlin::tryton::test {

TEST_CASE("a decimal that is none, or has more decimals than money, is refused with its text") {
    const auto text = GENERATE("", "-", ".", "1.2.3", "12a", "1e", "1e999", "NaN", "0.00001");

    const Json record{{"debit", decimal(text)}};

    CHECK_THROWS_WITH(amount_at(record, "debit"), Catch::Contains("debit"));
}

TEST_CASE("an amount that comes as a JSON number with a point is refused: it was a double") {
    CHECK_THROWS_AS(amount_at({{"debit", 360.36}}, "debit"), Error);
}

TEST_CASE("decimals are exact whatever way Tryton writes them") {
    const auto [text, units, plain] = GENERATE(table<std::string, int64_t, std::string>(
        {{"3383.52", 33835200, "3383.52"},
         {"-0.30", -3000, "-0.3"},
         {"0E-8", 0, "0"},
         {"-0.0", 0, "0"},
         {"1E+3", 10000000, "1000"},
         {"12.500000", 125000, "12.5"},
         {"00012", 120000, "12"},
         {"1.25e-2", 125, "0.0125"},
         {"922337203685477.5807", INT64_MAX, "922337203685477.5807"}}));

    const Json record{{"debit", decimal(text)}};

    CHECK(amount_at(record, "debit") == units);
    CHECK(decimal_at(record, "debit") == plain);
}

TEST_CASE("null and absent are nothing, another kind of value is refused") {
    const Json record{{"party", nullptr}, {"name", 5}, {"when", "today"}};

    CHECK(id_at(record, "party") == 0);
    CHECK(text_at(record, "lang.code").empty());
    CHECK_FALSE(date_at(record, "invoice_date"));
    CHECK_THROWS_AS(text_at(record, "name"), Error);
    CHECK_THROWS_AS(date_at(record, "when"), Error);
    CHECK_THROWS_AS(instant_at(record, "when"), Error);
}

TEST_CASE("a path leads through the records behind it") {
    const Json record{{"move.", {{"id", 3}, {"journal.", {{"id", 1}, {"type", "cash"}}}}}};

    CHECK(text_at(record, "move.journal.type") == "cash");
}

TEST_CASE("a moment survives the way to Tryton and back to the microsecond") {
    const auto micros = GENERATE(int64_t{0}, int64_t{1790000000123456}, int64_t{-1});

    CHECK(instant_at({{"write_date", instant_json(micros)}}, "write_date") == micros);
}

TEST_CASE("a record that was never written changed when it was created") {
    const Json record{{"write_date", nullptr}, {"create_date", moment(1970, 1, 2)}};

    CHECK(change_of(record) == int64_t{86400} * 1000000);
}

TEST_CASE("a reference to another model is none") {
    CHECK(id_of_reference("account.invoice,17", "account.invoice") == 17);
    CHECK(id_of_reference("account.move,17", "account.invoice") == 0);
    CHECK(id_of_reference("account.invoice,", "account.invoice") == 0);
    CHECK(id_of_reference("account.invoice,-1", "account.invoice") == 0);
}

}  // namespace dunlin::tryton::test
