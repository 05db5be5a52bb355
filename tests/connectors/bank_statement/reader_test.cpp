// SPDX-License-Identifier: Apache-2.0
#include "statements.hpp"

#include <catch2/catch.hpp>

namespace dunlin::bank_statement::test {
namespace {

std::string refusal(const std::string& text, const Limits& limits = {}) {
    return refusal_of([&] { read_document(text, "windows-1252", limits); });
}

std::string camt_with(const std::string& text) {
    return "<Document><M><GrpHdr><MsgId>M</MsgId></GrpHdr><Stmt><Id>1</Id>" + text +
           "</Stmt></M></Document>";
}

const std::string mt940 =
    ":20:STARTUMS\r\n:25:12345678/1020304050\r\n:28C:7/1\r\n:60F:C260226EUR100,00\r\n"
    ":61:2602270227C19,00NTRFNONREF//BR1\r\n"
    ":86:166?00GUTSCHRIFT?20EREF+4711?21SVWZ+Rechnung 4711 vom 1.?22Februar?31DE02?32M\xFCller\r\n"
    ":62F:C260227EUR119,00\r\n-\r\n";

const std::string ofx =
    "OFXHEADER:100\nDATA:OFXSGML\nCHARSET:1252\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><TRNUID>1\n"
    "<STMTRS><CURDEF>EUR<BANKACCTFROM><BANKID>B<ACCTID>A</BANKACCTFROM><BANKTRANLIST>"
    "<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260227120000[-5:EST]<TRNAMT>+1,50<FITID>F1"
    "<NAME>M\xFCller &amp; Co<MEMO>Invoice 4711</STMTTRN>"
    "</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>";

}  // namespace

TEST_CASE("a file of no known format is refused") {
    CHECK_THAT(refusal("hello\n"), Catch::Contains("neither camt"));
    CHECK_THAT(refusal(""), Catch::Contains("neither camt"));
    CHECK_THAT(refusal("<Invoice/>"), Catch::Contains("begins with <Invoice>"));
    CHECK_THAT(refusal(std::string("01,a\0b", 6)), Catch::Contains("zero bytes"));
}

TEST_CASE("a DOCTYPE is refused, in XML and in OFX") {
    const std::string doctype = "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>";
    CHECK_THAT(refusal(doctype + camt_with("")), Catch::Contains("has a DOCTYPE"));
    CHECK_THAT(refusal("<OFX>" + doctype + "</OFX>"), Catch::Contains("has a DOCTYPE"));
}

TEST_CASE("a file beyond a limit is refused") {
    Limits limits;
    limits.bytes = 10;
    CHECK_THAT(refusal(mt940, limits), Catch::Contains("raise max_file_bytes"));
    limits = {};
    limits.depth = 3;
    CHECK_THAT(refusal(camt_with("<a><b/></a>"), limits), Catch::Contains("nested deeper than 3"));
    CHECK_THAT(refusal(ofx, limits), Catch::Contains("nested deeper than 3"));
    limits = {};
    limits.elements = 3;
    CHECK_THAT(refusal(camt_with("<a/><a/><a/>"), limits), Catch::Contains("more than 3 elements"));
    CHECK_THAT(refusal(ofx, limits), Catch::Contains("more than 3 elements"));
    limits = {};
    limits.entries = 0;
    for (const auto& text : {mt940, ofx, camt_with("<Ntry/>")}) {
        CHECK_THAT(refusal(text, limits), Catch::Contains("more than 0 entries"));
    }
    limits = {};
    limits.text_bytes = 3;
    for (const auto& text : {ofx, camt_with("<Id>long</Id>")}) {
        CHECK_THAT(refusal(text, limits), Catch::Contains("longer than 3 bytes"));
    }
    limits.text_bytes = 40;
    CHECK_THAT(
        refusal(mt940 + ":86:" + "1234567890\n1234567890\n1234567890\n1234567890\n1", limits),
        Catch::Contains("longer than 40 bytes"));
}

TEST_CASE("a file that is cut off is refused at its line") {
    const auto text = camt_with("<Bal>\n</Bal>");
    CHECK_THAT(refusal(text.substr(0, text.size() - 12)), Catch::Contains("not XML"));
    CHECK_THAT(refusal(ofx.substr(0, ofx.size() - 6)), Catch::Contains("ends inside <OFX>"));
    CHECK_THAT(refusal("<OFX></STMTTRN></OFX>"), Catch::Contains("closes nothing"));
    const auto whole = read_document(mt940.substr(0, mt940.find(":62F:")));
    CHECK_THAT(whole.statements[0].reason, Catch::Contains("no closing balance"));
}

TEST_CASE("an MT940 statement is read with its remittance, payer and references") {
    const auto document = read_document(mt940);
    REQUIRE(document.statements.size() == 1);
    const auto& statement = document.statements[0];
    CHECK(statement.reason.empty());
    const auto& entry = statement.entries.at(0);
    CHECK(entry.amount == 190000);
    CHECK(entry.details[0].end_to_end_id == "4711");
    CHECK(entry.details[0].remittance == "Rechnung 4711 vom 1. Februar");
    CHECK(entry.details[0].party_name == "M\xC3\xBCller");  // Said nothing: windows-1252.
    CHECK(ids_of(payments_of_text(mt940)) ==
          Lines{"12345678/1020304050/2026-02-27/19.00EUR/7/1/BR1"});
}

TEST_CASE("two pages with one number and the same unreferenced entry are two payments") {
    const auto page = [](const char* opening, const char* closing) {
        return std::string(":20:X\n:25:ACC\n:28:1/1\n:60M:C260226EUR") + opening +
               "\n:61:260227C20,00S051\n:62M:C260227EUR" + closing + "\n";
    };
    const auto ids = ids_of(payments_of_text(page("0,00", "20,00") + page("20,00", "40,00")));
    REQUIRE(ids.size() == 2);
    CHECK(ids[0] != ids[1]);
}

TEST_CASE("an MT940 in SWIFT's envelope and one with slash codes are read alike") {
    auto text = mt940;
    text.replace(text.find(":86:"), text.find(":62F:") - text.find(":86:"),
                 ":86:/TRTP/SEPA OVERBOEKING/IBAN/NL56AGDH9619008421/BIC/X/NAME/Acme/REMI/In\r\n"
                 "voice 1/EREF/E1\r\n");
    const auto entry = read_document("{1:F01BANKDEFF}{2:O940}{4:\r\n" + text + "-}\r\n")
                           .statements.at(0)
                           .entries.at(0);
    CHECK(entry.details[0].party_account == "NL56AGDH9619008421");
    CHECK(entry.details[0].party_name == "Acme");
    CHECK(entry.details[0].remittance == "Invoice 1");
    CHECK(entry.details[0].end_to_end_id == "E1");
}

TEST_CASE("a non-SWIFT field with a line of one character is read around it") {
    auto text = mt940;
    text.replace(text.find(":86:"), text.find(":62F:") - text.find(":86:"),
                 ":NS:01Invoice\r\n4\r\n024711\r\n15Acme\r\n");
    const auto entry = read_document(text).statements.at(0).entries.at(0);
    CHECK(entry.details[0].remittance == "Invoice 4711");
    CHECK(entry.details[0].party_name == "Acme");
}

TEST_CASE("what reverses a credit takes money away") {
    auto text = mt940;
    text.replace(text.find("27C19"), 5, "27RC19");
    text.replace(text.find("EUR119,00"), 9, "EUR81,00");
    const auto all = payments_of_text(text);
    REQUIRE(all.size() == 1);
    CHECK(all[0].amount == -190000);
}

TEST_CASE("a booking over the new year gets the year that is nearer") {
    auto text = mt940;
    text.replace(text.find("2602270227"), 10, "2512310102");
    CHECK(read_document(text).statements[0].entries[0].booked_on == Date(2026, 1, 2));
    text.replace(text.find("2512310102"), 10, "2601021231");
    CHECK(read_document(text).statements[0].entries[0].booked_on == Date(2025, 12, 31));
    text.replace(text.find("2601021231"), 10, "2604310431");
    CHECK(payments_of_text(text).at(0).code == "date");
}

TEST_CASE("an OFX file of version 1 is read in its encoding, without its opening balance") {
    const auto document = read_document(ofx);
    const auto& statement = document.statements.at(0);
    CHECK(statement.reason.empty());
    const auto& entry = statement.entries.at(0);
    CHECK(entry.amount == 15000);
    CHECK(entry.booked_on == Date(2026, 2, 27));
    CHECK(entry.details[0].party_name == "M\xC3\xBCller & Co");
    CHECK(ids_of(payments_of_text(ofx)) == Lines{"B/A/2026-02-27/1.50EUR/F1"});
}

TEST_CASE("an XML file is read in the encoding that it declares") {
    const auto stmt = camt_with("<Acct><Id><Othr><Id>M\xFC</Id></Othr></Id></Acct>");
    const auto account = [&](const std::string& bytes) {
        return read_document(bytes, "UTF-8").statements.at(0).account;
    };
    CHECK(account("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>" + stmt) == "M\xC3\xBC");
    std::string wide = "\xFF\xFE";
    for (const char c : stmt) wide += std::string{c, '\0'};
    CHECK(account(wide) == "M\xC3\xBC");
    CHECK_THAT(refusal("<?xml version=\"1.0\" encoding=\"klingon\"?>" + stmt),
               Catch::Contains("\"klingon\" is not an encoding"));
}

TEST_CASE("amounts are digits with one decimal sign and nothing else") {
    std::string reason;
    const auto units = [&](const char* text) {
        return parse_units(text, ',', reason).value_or(-1);
    };
    CHECK(units("1500,") == 15000000);
    CHECK(units("0,5") == 5000);
    CHECK(units(",05") == 500);
    CHECK(units("+1,0") == 10000);
    for (const auto* bad : {"", ",", "1.500,00", "1,2,3", "--1", "1-", "EUR1", "1,00001", "$1"}) {
        CHECK(units(bad) == -1);
    }
    CHECK(parse_whole("-12345", reason) == -12345);
    CHECK(parse_whole("+5", reason) == 5);
    for (const auto* bad : {"", "+", "1.5", "5-", "99999999999999999999"}) {
        CHECK_FALSE(parse_whole(bad, reason).has_value());
    }
    CHECK(units_of_coins(5, 2) == 500);
    CHECK(units_of_coins(5, 0) == 50000);
    CHECK_FALSE(units_of_coins(INT64_MAX, 2).has_value());
}

}  // namespace dunlin::bank_statement::test
