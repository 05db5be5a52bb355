// SPDX-License-Identifier: Apache-2.0
#include "field.hpp"
#include "syntax.hpp"

#include <dunlin/money.hpp>

#include <numeric>

namespace dunlin::ubl {
namespace {

/// What has to add up, as EN 16931 says it.
struct Rule {
    const char* name;
    const char* stated_as;
    int64_t stated;
    const char* made_of;
    int64_t sum;
};

int64_t sum_of(const std::vector<int64_t>& parts) {
    return std::accumulate(parts.begin(), parts.end(), int64_t{0}, plus);
}

/// The standard rounds sums to two decimals before it compares them.
bool adds_up(int64_t stated, int64_t sum) {
    constexpr int64_t hundredth = Money::scale / 100;
    const auto difference = plus(stated, -sum);
    const auto size = difference < 0 ? -difference : difference;
    return size == 0 || (stated % hundredth == 0 && 2 * size <= hundredth);
}

Element invoice_in(const Element& root) {
    if (!root.is("sbd:StandardBusinessDocument")) return root;
    for (const auto* name : {"inv:Invoice", "cn:CreditNote", "rsm:CrossIndustryInvoice"}) {
        if (const auto found = root.at(name)) return found;
    }
    throw Refused("document", "the envelope holds neither an invoice nor a credit note",
                  root.line());
}

}  // namespace

Document parse_document(std::string_view bytes, const Limits& limits) {
    const Xml xml(bytes, limits);
    const auto root = invoice_in(xml.root());
    if (root.is("inv:Invoice") || root.is("cn:CreditNote")) return read_ubl(root);
    if (root.is("rsm:CrossIndustryInvoice")) return read_cii(root);
    throw Refused("document",
                  "the document is " + in_quotes(root.name()) + " of the namespace " +
                      in_quotes(root.namespace_uri()) +
                      ", neither a UBL 2.1 Invoice or CreditNote nor a CII invoice",
                  root.line());
}

void check_totals(const Document& document) {
    if (minor_digits(document.currency) < 0) {
        throw Refused("BR-CL-04", "BR-CL-04: " + in_quotes(document.currency) +
                                      " is not a currency; use an ISO 4217 code such as EUR");
    }
    if (document.lines.empty()) {
        throw Refused("BR-16",
                      "BR-16: the document has no line, so its total cannot be held "
                      "against anything");
    }
    const auto& t = document.totals;
    const auto lines =
        std::accumulate(document.lines.begin(), document.lines.end(), int64_t{0},
                        [](int64_t sum, const Line& line) { return plus(sum, line.amount); });
    const Rule rules[] = {
        {"BR-CO-10", "the sum of line net amounts (BT-106)", t.lines,
         "the net amounts of the lines", lines},
        {"BR-CO-11", "the sum of allowances (BT-107)", t.allowance,
         "the allowances of the document", sum_of(t.allowances)},
        {"BR-CO-12", "the sum of charges (BT-108)", t.charge, "the charges of the document",
         sum_of(t.charges)},
        {"BR-CO-13", "the total without VAT (BT-109)", t.without_tax,
         "lines less allowances plus charges", sum_of({t.lines, -t.allowance, t.charge})},
        {"BR-CO-14", "the total VAT (BT-110)", t.tax, "the VAT amounts of the breakdown",
         sum_of(t.taxes)},
        {"BR-CO-15", "the total with VAT (BT-112)", t.with_tax,
         "the total without VAT and the total VAT", plus(t.without_tax, t.tax)},
        {"BR-CO-16", "the amount due (BT-115)", t.payable,
         "the total with VAT less what is prepaid plus rounding",
         sum_of({t.with_tax, -t.prepaid, t.rounding})},
    };
    const auto digits = minor_digits(document.currency);
    for (const auto& rule : rules) {
        if (adds_up(rule.stated, rule.sum)) continue;
        throw Refused(rule.name, std::string(rule.name) + ": " + rule.stated_as + " is " +
                                     Money::text_of(rule.stated, digits) + ", but " + rule.made_of +
                                     " make " + Money::text_of(rule.sum, digits) + " " +
                                     document.currency +
                                     "; have the document corrected by its sender");
    }
}

}  // namespace dunlin::ubl
