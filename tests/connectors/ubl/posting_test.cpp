// SPDX-License-Identifier: Apache-2.0
#include "sample.hpp"

namespace dunlin::ubl::test {
namespace {

using Catch::Contains;
using Catch::StartsWith;

std::string with_type(const std::string& code) {
    return with(ubl_invoice(), ">380<", ">" + code + "<");
}

/// What a document becomes. Keeps the document, which a posting borrows.
class Posted {
public:
    explicit Posted(const std::string& text, const PostingRules& rules = {})
        : document_(read(text)), posting_(make_posting(document_, rules)) {}
    const Posting* operator->() const { return &posting_; }

private:
    Document document_;
    Posting posting_;
};

/// Every amount of the sample turned round.
std::string negative(std::string text) {
    const std::string begin = "\"EUR\">";
    for (auto at = text.find(begin); at != std::string::npos; at = text.find(begin, at + 8)) {
        text.insert(at + begin.size(), "-");
    }
    return text;
}

std::string with_terms(const std::string& terms) {
    return with(with(unpaid_invoice(), "<cbc:DueDate>2026-03-02</cbc:DueDate>", ""),
                "<cac:AllowanceCharge>", terms + "<cac:AllowanceCharge>");
}

std::string term(const std::string& date, const std::string& amount) {
    return "<cac:PaymentTerms><cbc:PaymentDueDate>" + date + "</cbc:PaymentDueDate>" +
           (amount.empty() ? "" : "<cbc:Amount currencyID=\"EUR\">" + amount + "</cbc:Amount>") +
           "</cac:PaymentTerms>";
}

}  // namespace

TEST_CASE("a proforma invoice and an unknown type are refused") {
    CHECK_THAT(refusal_in(with_type("325")), StartsWith("proforma@") && Contains("asks for no"));
    for (const auto* unknown : {"9", "3800", "38", "380 381", "x"}) {
        INFO(unknown);
        CHECK_THAT(refusal_in(with_type(unknown)), StartsWith("BR-CL-01"));
    }
}

TEST_CASE("a CreditNote with an invoice's type is refused") {
    CHECK_THAT(refusal_in(with(ubl_credit_note(), ">381<", ">380<")),
               StartsWith("BR-CL-01") && Contains("the document is a CreditNote"));
}

TEST_CASE("due parts that do not make the amount due are refused with both sums") {
    const auto text = with_terms(term("2026-03-01", "100.00") + term("2026-04-01", "73.00"));
    CHECK_THAT(refusal_in(text),
               StartsWith("instalments@") && Contains("174.00") && Contains("173.00"));
    CHECK_THAT(refusal_in(with_terms(term("2026-03-01", "200.00") + term("2026-04-01", "-26.00"))),
               StartsWith("instalments@"));
}

TEST_CASE("the type of a document decides its kind") {
    const std::pair<const char*, const char*> cases[] = {
        {"380", "invoice"},     {"384", "invoice"},     {"386", "invoice"},
        {"326", "invoice"},     {"383", "debit_note"},  {"84", "debit_note"},
        {"389", "self_billed"}, {"381", "credit_note"}, {"261", "credit_note"},
        {"396", "credit_note"}, {"81", "credit_note"},
    };
    for (const auto& [code, kind] : cases) {
        INFO(code);
        CHECK(Posted(with_type(code))->kind == kind);
    }
}

TEST_CASE("a credit note is positive in both ways of writing it") {
    const Posted written(ubl_credit_note());
    CHECK(written->kind == "credit_note");
    CHECK(written->total == 1740000);
    CHECK(written->open == 1740000);
    CHECK(written->invoice == "credit_note/0088:7300010000001/R/17");
    CHECK(written->corrects == "invoice/0088:7300010000001/R/16");
    const Posted turned(negative(unpaid_invoice()));
    CHECK(refusal_in(negative(unpaid_invoice())).empty());
    CHECK(turned->kind == "credit_note");
    CHECK(turned->total == 1740000);
    CHECK(turned->invoice == written->invoice);
}

TEST_CASE("a negative credit note charges") {
    const Posted posted(negative(ubl_credit_note()));
    CHECK(posted->kind == "debit_note");
    CHECK(posted->total == 1740000);
    CHECK(posted->sign == -1);
}

TEST_CASE("what was prepaid is settled and what is left is open") {
    const Posted posted(ubl_invoice());
    CHECK(posted->total == 1740000);
    CHECK(posted->settled == 740000);
    CHECK(posted->open == 1000000);
}

TEST_CASE("more prepaid than charged leaves nothing open") {
    auto text = with(ubl_invoice(), ">74.00<", ">200.00<");
    text = with(text, ">100.00</cbc:PayableAmount>", ">-26.00</cbc:PayableAmount>");
    REQUIRE(refusal_in(text).empty());
    const Posted posted(text);
    CHECK(posted->kind == "invoice");
    CHECK(posted->settled == 1740000);
    CHECK(posted->prepaid == 2000000);
    CHECK(posted->open == 0);
}

TEST_CASE("rounding is a part of what is asked for") {
    auto text = with(unpaid_invoice(), "<cbc:PayableAmount",
                     "<cbc:PayableRoundingAmount currencyID=\"EUR\">+0.40"
                     "</cbc:PayableRoundingAmount><cbc:PayableAmount");
    text = with(text, "174.00</cbc:PayableAmount>", "174.40</cbc:PayableAmount>");
    REQUIRE(refusal_in(text).empty());
    CHECK(Posted(text)->total == 1744000);
}

TEST_CASE("a party is known by the first number it has") {
    auto party = read(ubl_invoice()).seller;
    const auto order = PostingRules{}.identify_by;
    CHECK(party_id(party, order) == "0088:7300010000001");
    party.endpoint = {};
    CHECK(party_id(party, order) == "legal:HRB 7");
    party.legal.scheme = "0204";
    CHECK(party_id(party, order) == "0204:HRB 7");
    party.legal = {};
    CHECK(party_id(party, order) == "vat:DE123456789");
    party.vat = {};
    CHECK(party_id(party, order) == "name:Seller GmbH");
    party.given.value = "S-1";
    CHECK(party_id(party, order) == "id:S-1");
    CHECK(party_id(party, {IdentifyBy::vat}) == "name:Seller GmbH");
}

TEST_CASE("two documents have one id only when seller, number and direction are the same") {
    CHECK(invoice_id(false, "name:A/B", "1") != invoice_id(false, "name:A", "B/1"));
    CHECK(invoice_id(false, "name:A/B", "1") != invoice_id(false, "name:A%2FB", "1"));
    CHECK(invoice_id(false, "name:A", "1") != invoice_id(true, "name:A", "1"));
}

TEST_CASE("an invoice that names earlier ones corrects none unless its type says so") {
    const auto preceded = [](const std::string& code, int times) {
        auto text = with_type(code);
        for (int i = 0; i < times; ++i) {
            text = with(text, "<cac:AccountingSupplierParty>",
                        "<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>R/16</cbc:ID>"
                        "</cac:InvoiceDocumentReference></cac:BillingReference>"
                        "<cac:AccountingSupplierParty>");
        }
        return text;
    };
    CHECK(Posted(preceded("380", 1))->corrects.empty());
    CHECK(Posted(preceded("384", 1))->corrects == "invoice/0088:7300010000001/R/16");
    CHECK(Posted(preceded("384", 2))->corrects.empty());
}

TEST_CASE("a due date is the header's, else the last that terms or means give, else none") {
    const std::string header = "<cbc:DueDate>2026-03-02</cbc:DueDate>";
    CHECK(Posted(ubl_invoice())->due_date->text() == "2026-03-02");
    CHECK_FALSE(Posted(with(ubl_invoice(), header, ""))->due_date);
    const Posted terms(with_terms(term("2026-04-01", "") + term("2026-03-01", "")));
    CHECK(terms->due_date->text() == "2026-04-01");
    CHECK(terms->instalments.empty());
    const Posted means(with(with(ubl_invoice(), header, ""), "<cbc:PaymentID>",
                            "<cbc:PaymentDueDate>2026-05-01</cbc:PaymentDueDate><cbc:PaymentID>"));
    CHECK(means->due_date->text() == "2026-05-01");
    CHECK(Posted(cii_invoice())->due_date->text() == "2026-03-02");
}

TEST_CASE("several dated amounts are instalments in the order of their dates") {
    const Posted posted(with_terms(term("2026-04-01", "74.00") + term("2026-03-01", "100.00")));
    REQUIRE(posted->instalments.size() == 2);
    CHECK(posted->instalments[0].due.text() == "2026-03-01");
    CHECK(posted->instalments[0].amount == 1000000);
    CHECK(posted->instalments[1].amount == 740000);
    CHECK(posted->due_date->text() == "2026-04-01");
}

TEST_CASE("what was prepaid is the first instalment so that the parts make the invoice") {
    const auto text =
        with(ubl_invoice(), "<cac:AllowanceCharge>",
             term("2026-03-01", "60.00") + term("2026-04-01", "40.00") + "<cac:AllowanceCharge>");
    const Posted posted(text);
    REQUIRE(posted->instalments.size() == 3);
    CHECK(posted->instalments[0].due.text() == "2026-01-31");
    CHECK(posted->instalments[0].amount == 740000);
}

}  // namespace dunlin::ubl::test
