// SPDX-License-Identifier: Apache-2.0
#include "syntax.hpp"

#include "field.hpp"

namespace dunlin::ubl {
namespace {

std::string joined(const std::vector<Element>& elements) {
    std::string out;
    for (const auto& element : elements) {
        const auto text = words(element);
        if (!text.empty()) out += (out.empty() ? "" : ", ") + text;
    }
    return out;
}

std::string vat_of(const Element& party) {
    for (const auto& scheme : party.all("cac:PartyTaxScheme")) {
        if (scheme.text("cac:TaxScheme/cbc:ID") == "VAT")
            return identifier(scheme.at("cbc:CompanyID"));
    }
    return {};
}

Party read_party(const Element& party, const char* rule, const char* what) {
    Party out;
    out.endpoint = numbered(party.at("cbc:EndpointID"));
    out.legal = numbered(party.at("cac:PartyLegalEntity/cbc:CompanyID"));
    out.vat = vat_of(party);
    for (const auto& id : party.all("cac:PartyIdentification/cbc:ID")) {
        // A SEPA creditor id stands here too, and tells nobody apart.
        if (out.given.value.empty() && id.attribute("schemeID") != "SEPA") out.given = numbered(id);
    }
    out.name = identifier(party.at("cac:PartyLegalEntity/cbc:RegistrationName"));
    if (out.name.empty()) out.name = identifier(party.at("cac:PartyName/cbc:Name"));
    out.name = required(out.name, party, rule, what);
    const auto address = party.at("cac:PostalAddress");
    out.address = {
        joined([&] {
            auto parts = address.all("cbc:StreetName");
            for (const auto* path : {"cbc:AdditionalStreetName", "cac:AddressLine/cbc:Line"}) {
                const auto more = address.all(path);
                parts.insert(parts.end(), more.begin(), more.end());
            }
            return parts;
        }()),
        words(address.at("cbc:CityName")), words(address.at("cbc:PostalZone")),
        words(address.at("cbc:CountrySubentity")),
        words(address.at("cac:Country/cbc:IdentificationCode"))};
    const auto contact = party.at("cac:Contact");
    out.person = words(contact.at("cbc:Name"));
    out.email = words(contact.at("cbc:ElectronicMail"));
    out.phone = words(contact.at("cbc:Telephone"));
    return out;
}

/// One tax total is in the document's currency; another, in the currency of the seller's books,
/// takes no part in the sums.
void read_tax(const Element& root, Document& out) {
    std::vector<Element> own;
    for (const auto& total : root.all("cac:TaxTotal")) {
        const auto currency = total.at("cbc:TaxAmount").attribute("currencyID");
        const bool is_own = currency.empty() || currency == out.currency;
        const bool has_parts = static_cast<bool>(total.at("cac:TaxSubtotal"));
        if (is_own && (has_parts || own.empty())) own.push_back(total);
    }
    if (own.size() > 1 && !own.front().at("cac:TaxSubtotal")) own.erase(own.begin());
    for (const auto& total : own) {
        out.totals.tax = plus(out.totals.tax, amount(total.at("cbc:TaxAmount"), out.currency));
        for (const auto& part : total.all("cac:TaxSubtotal")) {
            out.totals.taxes.push_back(amount(part.at("cbc:TaxAmount"), out.currency));
        }
        // Without a breakdown there is nothing to hold it against.
        if (out.totals.taxes.empty()) out.totals.taxes.push_back(out.totals.tax);
    }
}

void read_totals(const Element& root, Document& out) {
    const auto sums = root.at("cac:LegalMonetaryTotal");
    const auto& currency = out.currency;
    auto& totals = out.totals;
    totals.lines = required_amount(sums, "cbc:LineExtensionAmount", currency, "BR-12");
    totals.without_tax = required_amount(sums, "cbc:TaxExclusiveAmount", currency, "BR-13");
    totals.with_tax = required_amount(sums, "cbc:TaxInclusiveAmount", currency, "BR-14");
    totals.payable = required_amount(sums, "cbc:PayableAmount", currency, "BR-15");
    totals.allowance = amount(sums.at("cbc:AllowanceTotalAmount"), currency);
    totals.charge = amount(sums.at("cbc:ChargeTotalAmount"), currency);
    totals.prepaid = amount(sums.at("cbc:PrepaidAmount"), currency);
    totals.rounding = amount(sums.at("cbc:PayableRoundingAmount"), currency);
    for (const auto& part : root.all("cac:AllowanceCharge")) {
        auto& list = flag(part.at("cbc:ChargeIndicator")) ? totals.charges : totals.allowances;
        list.push_back(required_amount(part, "cbc:Amount", currency, "BR-31"));
    }
    read_tax(root, out);
}

void read_lines(const Element& root, Document& out) {
    const auto* const name = out.is_credit_note ? "cac:CreditNoteLine" : "cac:InvoiceLine";
    const auto* const count = out.is_credit_note ? "cbc:CreditedQuantity" : "cbc:InvoicedQuantity";
    for (const auto& line : root.all(name)) {
        const auto item = line.at("cac:Item");
        auto product = identifier(item.at("cac:SellersItemIdentification/cbc:ID"));
        if (product.empty()) product = identifier(item.at("cac:StandardItemIdentification/cbc:ID"));
        out.lines.push_back(
            {product, words(item.at("cbc:Name")), quantity(line.at(count)),
             required_amount(line, "cbc:LineExtensionAmount", out.currency, "BR-24")});
    }
}

void read_payment(const Element& root, Document& out) {
    out.due_date = iso_date(root.at("cbc:DueDate"));
    for (const auto& terms : root.all("cac:PaymentTerms")) {
        auto due = iso_date(terms.at("cbc:PaymentDueDate"));
        if (!due) due = iso_date(terms.at("cbc:InstallmentDueDate"));
        const auto part = terms.at("cbc:Amount");
        if (!due) continue;
        out.due_parts.push_back(
            {*due, part ? std::optional(amount(part, out.currency)) : std::nullopt});
    }
    const bool is_own = !root.at("cac:PayeeParty");  // Else it is a factor's account.
    for (const auto& means : root.all("cac:PaymentMeans")) {
        if (const auto due = iso_date(means.at("cbc:PaymentDueDate"))) {
            out.due_parts.push_back({*due, std::nullopt});
        }
        if (out.payment_reference.empty()) {
            out.payment_reference = identifier(means.at("cbc:PaymentID"));
        }
        if (is_own && out.bank_account.empty()) {
            out.bank_account = identifier(means.at("cac:PayeeFinancialAccount/cbc:ID"));
        }
    }
}

}  // namespace

Document read_ubl(const Element& root) {
    Document out;
    out.is_credit_note = root.is("cn:CreditNote");
    const auto* const code = out.is_credit_note ? "cbc:CreditNoteTypeCode" : "cbc:InvoiceTypeCode";
    out.type_code = required(identifier(root.at(code)), root, "BR-04", "type code");
    out.number = required(identifier(root.at("cbc:ID")), root, "BR-02", "number");
    const auto issued = iso_date(root.at("cbc:IssueDate"));
    if (!issued) throw Refused("BR-03", "BR-03: the document has no issue date", root.line());
    out.issue_date = *issued;
    out.currency =
        required(identifier(root.at("cbc:DocumentCurrencyCode")), root, "BR-05", "currency");
    out.seller =
        read_party(root.at("cac:AccountingSupplierParty/cac:Party"), "BR-06", "seller's name");
    out.buyer =
        read_party(root.at("cac:AccountingCustomerParty/cac:Party"), "BR-07", "buyer's name");
    out.po_number = identifier(root.at("cac:OrderReference/cbc:ID"));
    out.buyer_reference = identifier(root.at("cbc:BuyerReference"));
    for (const auto& id : root.all("cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID")) {
        out.preceding.push_back(identifier(id));
    }
    read_payment(root, out);
    read_totals(root, out);
    read_lines(root, out);
    return out;
}

}  // namespace dunlin::ubl
