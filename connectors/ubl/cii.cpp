// SPDX-License-Identifier: Apache-2.0
#include "syntax.hpp"

#include "field.hpp"

namespace dunlin::ubl {
namespace {

Party read_party(const Element& party, const char* rule, const char* what) {
    Party out;
    out.endpoint = numbered(party.at("ram:URIUniversalCommunication/ram:URIID"));
    out.legal = numbered(party.at("ram:SpecifiedLegalOrganization/ram:ID"));
    for (const auto& id : party.all("ram:SpecifiedTaxRegistration/ram:ID")) {
        if (id.attribute("schemeID") == "VA") out.vat = identifier(id);
    }
    out.given = numbered(party.at("ram:GlobalID"));
    if (out.given.value.empty()) out.given = numbered(party.at("ram:ID"));
    out.name = required(identifier(party.at("ram:Name")), party, rule, what);
    const auto address = party.at("ram:PostalTradeAddress");
    for (const auto* line : {"ram:LineOne", "ram:LineTwo", "ram:LineThree"}) {
        const auto text = words(address.at(line));
        if (!text.empty()) out.address.street += (out.address.street.empty() ? "" : ", ") + text;
    }
    out.address.city = words(address.at("ram:CityName"));
    out.address.postcode = words(address.at("ram:PostcodeCode"));
    out.address.region = words(address.at("ram:CountrySubDivisionName"));
    out.address.country = words(address.at("ram:CountryID"));
    const auto contact = party.at("ram:DefinedTradeContact");
    out.person = words(contact.at("ram:PersonName"));
    out.email = words(contact.at("ram:EmailURIUniversalCommunication/ram:URIID"));
    out.phone = words(contact.at("ram:TelephoneUniversalCommunication/ram:CompleteNumber"));
    return out;
}

void read_totals(const Element& settlement, Document& out) {
    const auto sums = settlement.at("ram:SpecifiedTradeSettlementHeaderMonetarySummation");
    const auto& currency = out.currency;
    auto& totals = out.totals;
    totals.lines = required_amount(sums, "ram:LineTotalAmount", currency, "BR-12");
    totals.without_tax = required_amount(sums, "ram:TaxBasisTotalAmount", currency, "BR-13");
    totals.with_tax = required_amount(sums, "ram:GrandTotalAmount", currency, "BR-14");
    totals.payable = required_amount(sums, "ram:DuePayableAmount", currency, "BR-15");
    totals.allowance = amount(sums.at("ram:AllowanceTotalAmount"), currency);
    totals.charge = amount(sums.at("ram:ChargeTotalAmount"), currency);
    totals.prepaid = amount(sums.at("ram:TotalPrepaidAmount"), currency);
    totals.rounding = amount(sums.at("ram:RoundingAmount"), currency);
    for (const auto& tax : sums.all("ram:TaxTotalAmount")) {
        // A second one, in the currency of the seller's books, takes no part in the sums.
        const auto own = tax.attribute("currencyID");
        if (!own.empty() && own != currency) continue;
        totals.tax = amount(tax, currency);
        break;
    }
    for (const auto& part : settlement.all("ram:SpecifiedTradeAllowanceCharge")) {
        auto& list =
            flag(part.at("ram:ChargeIndicator/udt:Indicator")) ? totals.charges : totals.allowances;
        list.push_back(required_amount(part, "ram:ActualAmount", currency, "BR-31"));
    }
    for (const auto& part : settlement.all("ram:SpecifiedLogisticsServiceCharge")) {
        totals.charges.push_back(amount(part.at("ram:AppliedAmount"), currency));
    }
    for (const auto& part : settlement.all("ram:ApplicableTradeTax")) {
        totals.taxes.push_back(amount(part.at("ram:CalculatedAmount"), currency));
    }
}

void read_lines(const Element& trade, Document& out) {
    for (const auto& line : trade.all("ram:IncludedSupplyChainTradeLineItem")) {
        // Factur-X's extended profile groups lines; a heading repeats what its members say.
        const auto role = line.text("ram:AssociatedDocumentLineDocument/ram:LineStatusReasonCode");
        if (role == "GROUP" || role == "INFORMATION") continue;
        const auto item = line.at("ram:SpecifiedTradeProduct");
        auto product = identifier(item.at("ram:SellerAssignedID"));
        if (product.empty()) product = identifier(item.at("ram:GlobalID"));
        const auto sums = line.at("ram:SpecifiedLineTradeSettlement")
                              .at("ram:SpecifiedTradeSettlementLineMonetarySummation");
        out.lines.push_back(
            {product, words(item.at("ram:Name")),
             quantity(line.at("ram:SpecifiedLineTradeDelivery/ram:BilledQuantity")),
             required_amount(sums ? sums : line, "ram:LineTotalAmount", out.currency, "BR-24")});
    }
}

void read_payment(const Element& settlement, Document& out) {
    for (const auto& terms : settlement.all("ram:SpecifiedTradePaymentTerms")) {
        const auto due = cii_date(terms.at("ram:DueDateDateTime/udt:DateTimeString"));
        const auto part = terms.at("ram:PartialPaymentAmount");
        if (!due) continue;
        out.due_parts.push_back(
            {*due, part ? std::optional(amount(part, out.currency)) : std::nullopt});
    }
    out.payment_reference = identifier(settlement.at("ram:PaymentReference"));
    if (settlement.at("ram:PayeeTradeParty")) return;  // A factor's account.
    const auto account = settlement.at("ram:SpecifiedTradeSettlementPaymentMeans")
                             .at("ram:PayeePartyCreditorFinancialAccount");
    out.bank_account = identifier(account.at("ram:IBANID"));
    if (out.bank_account.empty()) out.bank_account = identifier(account.at("ram:ProprietaryID"));
}

}  // namespace

Document read_cii(const Element& root) {
    const auto header = root.at("rsm:ExchangedDocument");
    const auto trade = root.at("rsm:SupplyChainTradeTransaction");
    const auto agreement = trade.at("ram:ApplicableHeaderTradeAgreement");
    const auto settlement = trade.at("ram:ApplicableHeaderTradeSettlement");
    Document out;
    out.type_code = required(identifier(header.at("ram:TypeCode")), root, "BR-04", "type code");
    out.number = required(identifier(header.at("ram:ID")), root, "BR-02", "number");
    const auto issued = cii_date(header.at("ram:IssueDateTime/udt:DateTimeString"));
    if (!issued) throw Refused("BR-03", "BR-03: the document has no issue date", root.line());
    out.issue_date = *issued;
    out.currency =
        required(identifier(settlement.at("ram:InvoiceCurrencyCode")), root, "BR-05", "currency");
    out.seller = read_party(agreement.at("ram:SellerTradeParty"), "BR-06", "seller's name");
    out.buyer = read_party(agreement.at("ram:BuyerTradeParty"), "BR-07", "buyer's name");
    out.po_number =
        identifier(agreement.at("ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID"));
    out.buyer_reference = identifier(agreement.at("ram:BuyerReference"));
    for (const auto& id : settlement.all("ram:InvoiceReferencedDocument/ram:IssuerAssignedID")) {
        out.preceding.push_back(identifier(id));
    }
    read_payment(settlement, out);
    read_totals(settlement, out);
    read_lines(trade, out);
    return out;
}

}  // namespace dunlin::ubl
