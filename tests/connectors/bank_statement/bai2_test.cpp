// SPDX-License-Identifier: Apache-2.0
#include "statements.hpp"

#include <catch2/catch.hpp>

namespace dunlin::bank_statement::test {
namespace {

/// 1,000.00 + 250.00 + 1,200.50 - 75.25 = 2,375.25.
const std::string good =
    "01,BANKUS33,COMPANY,260227,0600,17,80,1,2/\n"
    "02,COMPANY,BANKUS33,1,260226,2359,USD,2/\n"
    "03,123456789,USD,010,100000,,,015,237525,,/\n"
    "16,165,25000,Z,BR1,CR1,INVOICE 4711, ACME INC/\n"
    "16,142,120050,S,120050,0,0,BR2\n"
    "88,CR2,PAYMENT OF\n"
    "88,INVOICES 1, 2 AND 3\n"
    "16,455,7525,V,260228,,BR3,,/\n"
    "49,490100,7/\n"
    "98,490100,1,9/\n"
    "99,490100,1,11/\n";

std::string with(std::string from, std::string to) {
    auto text = good;
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

std::string file_refusal(const std::string& text) {
    return refusal_of([&] { read_document(text); });
}

std::string statement_refusal(const std::string& text) {
    return read_document(text).statements.at(0).reason;
}

}  // namespace

TEST_CASE("a BAI2 file without its trailer is cut off") {
    CHECK_THAT(file_refusal(good.substr(0, good.find("99,"))),
               Catch::Contains("trailer (99) is missing"));
}

TEST_CASE("a BAI2 file whose control totals differ is refused with both numbers") {
    CHECK_THAT(file_refusal(with("99,490100,1,11", "99,490101,1,11")),
               Catch::Contains("control total (99) says 490101, the records give 490100"));
    CHECK_THAT(file_refusal(with("99,490100,1,11", "99,490100,2,11")),
               Catch::Contains("number of groups (99) says 2, the records give 1"));
    CHECK_THAT(file_refusal(with("99,490100,1,11", "99,490100,1,12")),
               Catch::Contains("number of records (99) says 12, the records give 11"));
}

TEST_CASE("a BAI2 group or account whose control totals differ is refused alone") {
    auto text = with("98,490100,1,9", "98,490200,1,9");
    text.replace(text.find("99,490100"), 9, "99,490200");
    CHECK_THAT(statement_refusal(text),
               Catch::Contains("(98) says 490200, the records give 490100"));
    CHECK_THAT(statement_refusal(with("49,490100,7", "49,490100,8")),
               Catch::Contains("number of records (49) says 8, the records give 7"));
    // An amount that was changed on its way.
    CHECK_THAT(statement_refusal(with("16,165,25000", "16,165,26000")),
               Catch::Contains("control total (49) says 490100, the records give 491100"));
}

TEST_CASE("a BAI2 account whose entries do not lead to its closing ledger is refused") {
    auto text = with("015,237525", "015,237526");
    for (const auto* trailer : {"49,", "98,", "99,"}) {
        text.replace(text.find(std::string("\n") + trailer) + 4, 6, "490101");
    }
    CHECK_THAT(statement_refusal(text), Catch::Contains("give 2375.25 USD") &&
                                            Catch::Contains("closing balance is 2375.26 USD"));
}

TEST_CASE("BAI2 records out of their order are refused at their line") {
    CHECK_THAT(file_refusal("02,A,B,1,260226,,USD,2/\n"), Catch::Contains("neither camt"));
    CHECK_THAT(file_refusal("01,A,B,260227,0600,1,,,2/\n88,x/\n16,165,1,Z,,,/\n"),
               Catch::Contains("outside of an account"));
    CHECK_THAT(file_refusal(good + "16,165,1,Z,,,/\n"), Catch::Contains("behind the file trailer"));
    CHECK_THAT(file_refusal(with("16,165", "17,165")), Catch::Contains("not a BAI2 record"));
    CHECK_THAT(file_refusal(with("49,490100,7/\n", "")), Catch::Contains("account's (49) is due"));
}

TEST_CASE("BAI2 transactions are read with funds, continuations, references and text") {
    const auto document = read_document(good);
    CHECK(document.id == "BANKUS33/260227/17");
    REQUIRE(document.statements.size() == 1);
    const auto& statement = document.statements[0];
    CHECK(statement.reason.empty());
    REQUIRE(statement.entries.size() == 3);
    const auto& first = statement.entries[0];
    CHECK(first.amount == 2500000);
    CHECK(first.bank_reference == "BR1");
    CHECK(first.booked_on == Date(2026, 2, 26));
    CHECK(first.details[0].remittance == "INVOICE 4711, ACME INC");
    const auto& second = statement.entries[1];
    CHECK(second.bank_reference == "BR2");
    CHECK(second.details[0].customer_reference == "CR2");
    CHECK(second.details[0].remittance == "PAYMENT OF INVOICES 1, 2 AND 3");
    const auto& third = statement.entries[2];
    CHECK(third.amount == -752500);
    CHECK(third.value_on == Date(2026, 2, 28));
}

TEST_CASE("a currency without cents has none in BAI2 either") {
    auto text = with("03,123456789,USD,", "03,123456789,JPY,");
    CHECK(read_document(text).statements[0].entries[0].amount == 25000 * Money::scale);
}

TEST_CASE("BAI2 tests, deletions and interim reports bring no payment") {
    CHECK_THAT(statement_refusal(with("BANKUS33,1,260226", "BANKUS33,4,260226")),
               Catch::Contains("is a test"));
    CHECK_THAT(statement_refusal(with("BANKUS33,1,260226", "BANKUS33,2,260226")),
               Catch::Contains("deletion"));
    CHECK(payments_of_text(with("USD,2/", "USD,3/")).empty());
    Rules rules;
    rules.intraday = true;
    CHECK(payments_of_text(with("USD,2/", "USD,3/"), rules).size() == 2);
}

TEST_CASE("only credits of a BAI2 file are payments, and a returned item is money sent back") {
    CHECK(ids_of(payments_of_text(good)) ==
          Lines{"123456789/2026-02-26/250.00USD/BR1", "123456789/2026-02-26/1200.50USD/BR2"});
    const auto returned = payments_of_text(with("16,455,", "16,555,"));
    REQUIRE(returned.size() == 3);
    CHECK(returned[2].amount == -752500);
}

}  // namespace dunlin::bank_statement::test
