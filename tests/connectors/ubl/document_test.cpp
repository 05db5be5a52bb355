// SPDX-License-Identifier: Apache-2.0
#include "sample.hpp"

#include "encoding.hpp"

namespace dunlin::ubl::test {
namespace {

using Catch::Contains;
using Catch::StartsWith;

std::string utf16(const std::string& ascii, bool is_little) {
    std::string out;
    for (const char c : ascii) out += is_little ? std::string{c, '\0'} : std::string{'\0', c};
    return out;
}

std::string nested(int depth) {
    std::string out;
    for (int i = 0; i < depth; ++i) out += "<a>";
    for (int i = 0; i < depth; ++i) out += "</a>";
    return out;
}

}  // namespace

TEST_CASE("a DOCTYPE is refused before anything of it is read") {
    const auto text = with(ubl_invoice(), "<Invoice xmlns=",
                           "<!DOCTYPE Invoice [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n"
                           "<Invoice xmlns=");
    CHECK_THAT(refusal_in(text), StartsWith("doctype@2: the document has a DOCTYPE"));
    CHECK_THAT(refusal_in("<!DOCTYPE a><a/>"), StartsWith("doctype@1"));
}

TEST_CASE("an entity beyond the five of XML is refused where it stands") {
    CHECK_THAT(refusal_in(with(ubl_invoice(), "Rope", "&company;")),
               Contains("\"&company;\" is an entity that XML does not have"));
    for (const auto* bad : {"&", "& ", "&#;", "&#x;", "&#xD800;", "&#0;", "&#x1F;", "&#x110000;",
                            "&#9999999999999999999999;", "&#12a;", "&;"}) {
        INFO(bad);
        CHECK_THAT(refusal_in(with(ubl_invoice(), "Rope", bad)), StartsWith("xml@"));
    }
    CHECK(read(with(ubl_invoice(), "Rope", "&lt;&#65;&#x42;&apos;&gt;")).lines[0].description ==
          "<AB'>");
}

TEST_CASE("a document deeper, longer or larger than the limits is refused") {
    CHECK_THAT(refusal_in(nested(65)), StartsWith("too_deep@1"));
    CHECK_THAT(refusal_in(nested(64)), StartsWith("document@1"));
    Limits few;
    few.elements = 20;
    CHECK_THAT(refusal_in(ubl_invoice(), few), StartsWith("too_large@"));
    Limits small;
    small.bytes = 100;
    CHECK_THAT(refusal_in(ubl_invoice(), small), Contains("more than the limit of 100"));
    std::string attributes;
    for (int i = 0; i < 70; ++i) attributes += " a" + std::to_string(i) + "=\"\"";
    CHECK_THAT(refusal_in("<a" + attributes + "/>"), StartsWith("too_large@1"));
    CHECK_THAT(refusal_in("<a b=\"" + std::string(70000, 'x') + "\"/>"), StartsWith("too_large@1"));
    CHECK_THAT(refusal_in(with(ubl_invoice(), "0088", std::string(201, '8'))),
               StartsWith("too_long@"));
}

TEST_CASE("what is no XML is refused with the line") {
    const auto whole = ubl_invoice();
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{30}, whole.size() / 2, whole.size() - 5}) {
        INFO(size);
        CHECK_THAT(refusal_in(whole.substr(0, size)), StartsWith("xml@"));
    }
    CHECK_THAT(refusal_in(whole + "<more/>"), Contains("a second root element"));
    CHECK_THAT(refusal_in(whole + "more"), Contains("outside the document's root"));
    CHECK_THAT(refusal_in("more" + whole), Contains("outside the document's root"));
    CHECK_THAT(refusal_in(with(whole, "</cbc:ID>", "</cbc:Id>")), StartsWith("xml@5"));
    CHECK_THAT(refusal_in("<a b=\"<\"/>"), StartsWith("xml@1"));
    CHECK_THAT(refusal_in("%PDF-1.7"), StartsWith("xml@1"));
}

TEST_CASE("bytes that mean nothing in the document's encoding are refused") {
    CHECK_THAT(refusal_in(with(ubl_invoice(), "Rope", "R\xF6pe")), StartsWith("encoding@"));
    CHECK_THAT(refusal_in(with(ubl_invoice(), "Rope", std::string("R\0pe", 4))),
               Contains("control character"));
    CHECK_THAT(refusal_in(with(ubl_invoice(), "UTF-8", "klingon")), Contains("klingon"));
    CHECK_THAT(refusal_in(with(with(ubl_invoice(), "UTF-8", "GB18030"), "Rope", "R\xFFpe")),
               StartsWith("encoding@"));
    CHECK_THAT(refusal_in("\xFF\xFE<" + std::string(1, '\0') + "\xD8"), StartsWith("encoding@"));
}

TEST_CASE("an encoding is taken from the mark, the pattern or the declaration") {
    const auto text = with(ubl_invoice(), "UTF-8", "UTF-16");
    CHECK(read("\xFE\xFF" + utf16(text, false)).number == "R/17");
    CHECK(read("\xFF\xFE" + utf16(text, true)).number == "R/17");
    CHECK(read(utf16(text, true)).number == "R/17");
    CHECK(read(utf16(text, false)).number == "R/17");
    CHECK(read("\xEF\xBB\xBF" + ubl_invoice()).number == "R/17");
    const auto latin = with(with(ubl_invoice(), "UTF-8", "ISO-8859-1"), "Rope", "R\xF6pe");
    CHECK(read(latin).lines[0].description == "R\xC3\xB6pe");
    const auto western = with(with(ubl_invoice(), "UTF-8", "windows-1252"), "Rope", "\x80");
    CHECK(read(western).lines[0].description == "\xE2\x82\xAC");
}

TEST_CASE("another document, and another version of CII, is refused by its name") {
    CHECK_THAT(
        refusal_in("<Order xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:Order-2\"/>"),
        StartsWith("document@1") && Contains("\"Order\"") && Contains("schema:xsd:Order-2"));
    CHECK_THAT(
        refusal_in(with(cii_invoice(), "CrossIndustryInvoice:100", "CrossIndustryInvoice:1")),
        StartsWith("document@2"));
    CHECK_THAT(refusal_in("<Invoice/>"), StartsWith("document@1"));
    CHECK_THAT(refusal_in("<s:StandardBusinessDocument xmlns:s=\"http://www.unece.org/cefact/"
                          "namespaces/StandardBusinessDocumentHeader\"/>"),
               Contains("the envelope holds neither"));
}

TEST_CASE("what EN 16931 demands and a document lacks is refused by the rule's name") {
    const std::pair<const char*, const char*> cases[] = {
        {"<cbc:ID>R/17</cbc:ID>", "BR-02"},
        {"<cbc:IssueDate>2026-01-31</cbc:IssueDate>", "BR-03"},
        {"<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>", "BR-04"},
        {"<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>", "BR-05"},
        {"<cbc:RegistrationName>Seller GmbH</cbc:RegistrationName>", "BR-06"},
        {"<cbc:LineExtensionAmount currencyID=\"EUR\">150.00</cbc:LineExtensionAmount>", "BR-12"},
        {"<cbc:TaxExclusiveAmount currencyID=\"EUR\">145.00</cbc:TaxExclusiveAmount>", "BR-13"},
        {"<cbc:TaxInclusiveAmount currencyID=\"EUR\">174.00</cbc:TaxInclusiveAmount>", "BR-14"},
        {"<cbc:PayableAmount currencyID=\"EUR\">100.00</cbc:PayableAmount>", "BR-15"},
        {"<cbc:LineExtensionAmount currencyID=\"EUR\">50.00</cbc:LineExtensionAmount>", "BR-24"},
        {"<cbc:Amount currencyID=\"EUR\">10.00</cbc:Amount>", "BR-31"},
    };
    for (const auto& [element, rule] : cases) {
        CHECK_THAT(refusal_in(with(ubl_invoice(), element, "")), StartsWith(rule));
    }
    CHECK_THAT(refusal_in(with(cii_invoice(), "<b:TypeCode>380</b:TypeCode>", "")),
               StartsWith("BR-04"));
    CHECK_THAT(
        refusal_in(with(cii_invoice(), "<b:DuePayableAmount>120.00</b:DuePayableAmount>", "")),
        StartsWith("BR-15"));
}

TEST_CASE("a value that cannot be read is refused with its element and line") {
    const auto invoice = ubl_invoice();
    CHECK_THAT(refusal_in(with(invoice, ">50.00<", ">50,00<")),
               StartsWith("amount@64: cbc:LineExtensionAmount: \"50,00\" is not an amount"));
    CHECK_THAT(refusal_in(with(invoice, ">50.00<", ">50.00001<")), Contains("four decimals"));
    CHECK_THAT(refusal_in(with(invoice, ">50.00<", ">+-50.00<")), StartsWith("amount@64"));
    CHECK_THAT(refusal_in(with(invoice, ">50.00<", ">99999999999999999999<")),
               StartsWith("amount@64"));
    CHECK_THAT(refusal_in(with(invoice, "\"EUR\">50.00<", "\"USD\">50.00<")),
               StartsWith("currency@64") && Contains("USD"));
    CHECK_THAT(refusal_in(with(invoice, "2026-01-31", "2026-02-30")), StartsWith("date@6"));
    CHECK_THAT(refusal_in(with(invoice, "2026-01-31", "31.01.2026")), StartsWith("date@6"));
    CHECK_THAT(refusal_in(with(invoice, "2026-01-31", "2026-01-31T00:00")), StartsWith("date@6"));
    CHECK_THAT(refusal_in(with(cii_invoice(), "20260131", "202601")), StartsWith("date@6"));
    CHECK_THAT(refusal_in(with(cii_invoice(), "format=\"102\"", "format=\"610\"")),
               StartsWith("date@6"));
    CHECK_THAT(refusal_in(with(invoice, ">2.5<", ">many<")), StartsWith("quantity@"));
    CHECK_THAT(refusal_in(with(invoice, ">true<", ">yes<")), StartsWith("flag@"));
    CHECK_THAT(refusal_in(with(invoice, "R/17", std::string(201, '7'))), StartsWith("too_long@5"));
}

TEST_CASE("decimals are read as XML Schema writes them") {
    for (const auto* same : {"50", "+50.00", "50.", "050.0000000", " 50.0 "}) {
        INFO(same);
        CHECK(refusal_in(with(ubl_invoice(), ">50.00<", ">" + std::string(same) + "<")).empty());
    }
    const auto quarter = with(ubl_invoice(), ">50.00<", ">.25<");
    CHECK(read(quarter).lines[1].amount == 2500);
    CHECK(read(with(ubl_invoice(), ">50.00<", ">-.25<")).lines[1].amount == -2500);
}

TEST_CASE("a UBL invoice is read whole") {
    const auto document = read(ubl_invoice());
    CHECK(document.type_code == "380");
    CHECK(document.issue_date.text() == "2026-01-31");
    CHECK(document.due_date->text() == "2026-03-02");
    CHECK(document.seller.name == "Seller GmbH");
    CHECK(document.seller.legal.value == "HRB 7");
    CHECK(document.buyer.name == "Buyer & Sons AB");
    CHECK(document.buyer.given.value == "C-4");
    CHECK(document.buyer.vat == "SE556732170701");
    CHECK(document.buyer.address.street == "Main St 2, Floor 3");
    CHECK(document.buyer.address.city == "Malm\xC3\xB6");
    CHECK(document.buyer.email == "ap@buyer.example");
    CHECK(document.bank_account == "DE02120300000000202051");
    CHECK(document.po_number == "PO-9");
    CHECK(document.payment_reference == "RF18 0017");
    CHECK(document.totals.payable == 1000000);
    CHECK(document.totals.prepaid == 740000);
    REQUIRE(document.lines.size() == 2);
    CHECK(document.lines[0].product == "A-1");
    CHECK(document.lines[0].quantity == 2.5);
    check_totals(document);
}

TEST_CASE("a CII invoice is read whole, whatever its prefixes") {
    const auto document = read(cii_invoice());
    CHECK(document.number == "2026-5");
    CHECK(document.seller.vat == "DE123456789");
    CHECK(document.buyer.given.value == "C-4");
    CHECK(document.buyer.address.street == "Main St 2");
    CHECK(document.buyer.email == "ap@buyer.example");
    CHECK(document.bank_account == "DE02120300000000202051");
    CHECK(document.preceding == Lines{"2026-4"});
    REQUIRE(document.due_parts.size() == 1);
    CHECK(document.due_parts[0].due.text() == "2026-03-02");
    CHECK(document.totals.payable == 1200000);
    check_totals(document);
}

TEST_CASE("names count by their namespace and not by their prefix") {
    auto text = with(ubl_invoice(), "<cbc:ID>R/17</cbc:ID>",
                     "<cbc:ID xmlns:cbc=\"urn:other\">wrong</cbc:ID>"
                     "<ID xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:"
                     "CommonBasicComponents-2\">R/18</ID>");
    CHECK(read(text).number == "R/18");
}

TEST_CASE("a Peppol envelope is opened") {
    auto inner = ubl_invoice();
    inner.erase(0, inner.find("<Invoice"));
    const auto text =
        "<x:StandardBusinessDocument xmlns:x=\"http://www.unece.org/cefact/namespaces/"
        "StandardBusinessDocumentHeader\"><x:StandardBusinessDocumentHeader/>" +
        inner + "</x:StandardBusinessDocument>";
    CHECK(read(text).number == "R/17");
}

TEST_CASE("comments and CDATA inside a text belong to it or not as XML says") {
    CHECK(read(with(ubl_invoice(), "Rope", "Ro<!-- not this -->pe <![CDATA[& <b>]]>"))
              .lines[0]
              .description == "Rope & <b>");
}

TEST_CASE("a date with a zone is the day that it says") {
    for (const auto* zoned : {"2026-01-31Z", "2026-01-31+14:00", "2026-01-31-11:00"}) {
        CHECK(read(with(ubl_invoice(), "2026-01-31", zoned)).issue_date.text() == "2026-01-31");
    }
}

TEST_CASE("the account of a factor is not the seller's") {
    const auto text = with(ubl_invoice(), "<cac:PaymentMeans>",
                           "<cac:PayeeParty><cac:PartyName><cbc:Name>Factor</cbc:Name>"
                           "</cac:PartyName></cac:PayeeParty><cac:PaymentMeans>");
    CHECK(read(text).bank_account.empty());
}

}  // namespace dunlin::ubl::test
