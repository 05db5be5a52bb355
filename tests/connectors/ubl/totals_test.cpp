// SPDX-License-Identifier: Apache-2.0
#include "sample.hpp"

#include <dunlin/money.hpp>

#include <rapidcheck.h>

namespace dunlin::ubl::test {
namespace {

using Catch::Contains;
using Catch::StartsWith;

/// A document of any amounts that adds up.
Document arbitrary_document() {
    const auto cents = [](int64_t least, int64_t most) {
        return *rc::gen::inRange<int64_t>(least, most) * 100;
    };
    Document out;
    out.type_code = "380";
    out.currency = "EUR";
    out.number = "1";
    out.seller.name = "S";
    out.buyer.name = "B";
    auto& t = out.totals;
    const auto fill = [&](std::vector<int64_t>& parts, int most) {
        int64_t sum = 0;
        for (int i = *rc::gen::inRange(0, most); i > 0; --i) {
            parts.push_back(cents(-100000, 1000000));
            sum += parts.back();
        }
        return sum;
    };
    std::vector<int64_t> lines;
    t.lines = fill(lines, 20);
    for (const auto amount : lines) out.lines.push_back({"", "", std::nullopt, amount});
    out.lines.push_back({"", "", std::nullopt, 0});
    t.allowance = fill(t.allowances, 4);
    t.charge = fill(t.charges, 4);
    t.tax = fill(t.taxes, 4);
    t.without_tax = t.lines - t.allowance + t.charge;
    t.with_tax = t.without_tax + t.tax;
    t.prepaid = cents(-1000, 2000000);
    t.rounding = cents(-50, 50);
    t.payable = t.with_tax - t.prepaid + t.rounding;
    return out;
}

/// "BR-CO-10" or whatever refuses the document; empty when nothing does.
std::string rule_against(const Document& document) {
    try {
        check_totals(document);
    } catch (const Refused& e) {
        return e.code();
    }
    return {};
}

}  // namespace

TEST_CASE("a document whose totals do not add up is refused with the rule and both sums") {
    const auto invoice = ubl_invoice();
    CHECK_THAT(refusal_in(with(invoice, ">50.00<", ">49.00<")),
               StartsWith("BR-CO-10@0: BR-CO-10: the sum of line net amounts (BT-106) is 150.00, "
                          "but the net amounts of the lines make 149.00 EUR"));
    CHECK_THAT(refusal_in(with(invoice, "\"EUR\">10.00</cbc:Amount>", "\"EUR\">9.00</cbc:Amount>")),
               StartsWith("BR-CO-11") && Contains("10.00") && Contains("9.00"));
    CHECK_THAT(refusal_in(with(invoice, "\"EUR\">5.00</cbc:Amount>", "\"EUR\">6.00</cbc:Amount>")),
               StartsWith("BR-CO-12") && Contains("5.00") && Contains("6.00"));
    CHECK_THAT(refusal_in(with(invoice, ">145.00</cbc:TaxExclusiveAmount>",
                               ">144.00</cbc:TaxExclusiveAmount>")),
               StartsWith("BR-CO-13") && Contains("144.00") && Contains("145.00"));
    CHECK_THAT(refusal_in(with(invoice, "\"EUR\">29.00</cbc:TaxAmount>\n",
                               "\"EUR\">29.01</cbc:TaxAmount>\n")),
               StartsWith("BR-CO-14") && Contains("29.01") && Contains("29.00"));
    CHECK_THAT(refusal_in(with(invoice, ">174.00<", ">175.00<")),
               StartsWith("BR-CO-15") && Contains("175.00") && Contains("174.00"));
    CHECK_THAT(
        refusal_in(with(invoice, ">100.00</cbc:PayableAmount>", ">99.99</cbc:PayableAmount>")),
        StartsWith("BR-CO-16") && Contains("99.99") && Contains("100.00"));
}

TEST_CASE("an allowance that no total states is refused") {
    CHECK_THAT(refusal_in(with(ubl_invoice(),
                               "<cbc:AllowanceTotalAmount currencyID=\"EUR\">10.00"
                               "</cbc:AllowanceTotalAmount>",
                               "")),
               StartsWith("BR-CO-11"));
}

TEST_CASE("a document without lines and one in no currency are refused") {
    auto document = read(ubl_invoice());
    document.lines.clear();
    CHECK(rule_against(document) == "BR-16");
    CHECK_THAT(refusal_in(with(cii_invoice(), ">EUR<", ">EURO<")), StartsWith("BR-CL-04"));
}

TEST_CASE("amounts that overflow when they are added are refused") {
    auto document = read(ubl_invoice());
    document.lines.push_back({"", "", std::nullopt, INT64_MAX});
    CHECK(rule_against(document) == "too_large");
    document.lines.back().amount = -INT64_MAX;
    document.lines.push_back(document.lines.back());
    CHECK(rule_against(document) == "too_large");
}

TEST_CASE("a sum of finer amounts may be stated rounded to two decimals") {
    auto text = with(ubl_invoice(), "\"EUR\">100.00</cbc:LineExtensionAmount>",
                     "\"EUR\">100.0040</cbc:LineExtensionAmount>");
    CHECK(refusal_in(text).empty());
    text = with(ubl_invoice(), "\"EUR\">100.00</cbc:LineExtensionAmount>",
                "\"EUR\">100.0051</cbc:LineExtensionAmount>");
    CHECK_THAT(refusal_in(text), StartsWith("BR-CO-10"));
}

TEST_CASE("a tax total in the currency of the books takes no part in the sums") {
    const std::string second =
        "<cac:TaxTotal><cbc:TaxAmount currencyID=\"SEK\">325.11</cbc:TaxAmount></cac:TaxTotal>";
    for (const auto* where : {"<cac:TaxTotal>", "<cac:LegalMonetaryTotal>"}) {
        CHECK(refusal_in(with(ubl_invoice(), where, second + where)).empty());
    }
    const auto cii = with(cii_invoice(), "<b:TaxTotalAmount currencyID=\"EUR\">",
                          "<b:TaxTotalAmount currencyID=\"SEK\">224.20</b:TaxTotalAmount>"
                          "<b:TaxTotalAmount currencyID=\"EUR\">");
    CHECK(read(cii).totals.tax == 200000);
    CHECK(refusal_in(cii).empty());
}

TEST_CASE("the same tax stated again without its breakdown counts once") {
    const std::string again =
        "<cac:TaxTotal><cbc:TaxAmount currencyID=\"EUR\">29.00</cbc:TaxAmount></cac:TaxTotal>";
    for (const auto* where : {"<cac:TaxTotal>", "<cac:LegalMonetaryTotal>"}) {
        CHECK(read(with(ubl_invoice(), where, again + where)).totals.tax == 290000);
    }
}

TEST_CASE("every document that adds up is taken for what it asks, and not when a figure changes") {
    CHECK(rc::check([] {
        const auto document = arbitrary_document();
        RC_ASSERT(rule_against(document).empty());
        const auto posting = make_posting(document, {});
        const auto& t = document.totals;
        RC_ASSERT(posting.total >= 0);
        RC_ASSERT(posting.total * posting.sign == t.with_tax + t.rounding);
        RC_ASSERT((posting.total - posting.prepaid) * posting.sign == t.payable);
        RC_ASSERT(posting.open >= 0 && posting.open <= posting.total);
        RC_ASSERT(posting.open + posting.settled == posting.total);

        auto wrong = document;
        int64_t* const figures[] = {&wrong.totals.lines,   &wrong.totals.allowance,
                                    &wrong.totals.charge,  &wrong.totals.without_tax,
                                    &wrong.totals.tax,     &wrong.totals.with_tax,
                                    &wrong.totals.prepaid, &wrong.totals.rounding,
                                    &wrong.totals.payable, &wrong.lines.front().amount};
        auto& figure = *figures[*rc::gen::inRange<std::size_t>(0, std::size(figures))];
        figure += *rc::gen::nonZero<int16_t>() * 100;
        RC_ASSERT(!rule_against(wrong).empty());
    }));
}

}  // namespace dunlin::ubl::test
