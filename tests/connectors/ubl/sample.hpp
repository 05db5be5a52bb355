// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "source.hpp"

#include <support/drop_folder.hpp>

#include <catch2/catch.hpp>

#include <string>

namespace dunlin::ubl::test {

using namespace dunlin::test;

/// The text with one place changed, which has to be there.
inline std::string with(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    if (at == std::string::npos) throw Error(DUNLIN_E_NOT_FOUND, "no " + from + " in the sample");
    return text.replace(at, from.size(), to);
}

/// Two lines of 100.00 and 50.00, 10.00 off, 5.00 freight, 20 % VAT: 174.00, of which 74.00
/// prepaid.
inline std::string ubl_invoice() {
    return R"(<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
    xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
    xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <cbc:ID>R/17</cbc:ID>
  <cbc:IssueDate>2026-01-31</cbc:IssueDate>
  <cbc:DueDate>2026-03-02</cbc:DueDate>
  <cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>
  <cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
  <cbc:BuyerReference>Dept 7</cbc:BuyerReference>
  <cac:OrderReference><cbc:ID>PO-9</cbc:ID></cac:OrderReference>
  <cac:AccountingSupplierParty><cac:Party>
    <cbc:EndpointID schemeID="0088">7300010000001</cbc:EndpointID>
    <cac:PostalAddress><cbc:StreetName>Kai 1</cbc:StreetName><cbc:CityName>Kiel</cbc:CityName>
      <cbc:PostalZone>24103</cbc:PostalZone>
      <cac:Country><cbc:IdentificationCode>DE</cbc:IdentificationCode></cac:Country>
    </cac:PostalAddress>
    <cac:PartyTaxScheme><cbc:CompanyID>DE123456789</cbc:CompanyID>
      <cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>
    <cac:PartyLegalEntity><cbc:RegistrationName>Seller GmbH</cbc:RegistrationName>
      <cbc:CompanyID>HRB 7</cbc:CompanyID></cac:PartyLegalEntity>
  </cac:Party></cac:AccountingSupplierParty>
  <cac:AccountingCustomerParty><cac:Party>
    <cbc:EndpointID schemeID="0007">5567321707</cbc:EndpointID>
    <cac:PartyIdentification><cbc:ID>C-4</cbc:ID></cac:PartyIdentification>
    <cac:PostalAddress><cbc:StreetName>Main St 2</cbc:StreetName>
      <cbc:AdditionalStreetName>Floor 3</cbc:AdditionalStreetName>
      <cbc:CityName>Malm&#xF6;</cbc:CityName><cbc:PostalZone>211 20</cbc:PostalZone>
      <cac:Country><cbc:IdentificationCode>SE</cbc:IdentificationCode></cac:Country>
    </cac:PostalAddress>
    <cac:PartyTaxScheme><cbc:CompanyID>SE556732170701</cbc:CompanyID>
      <cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>
    <cac:PartyLegalEntity><cbc:RegistrationName>Buyer &amp; Sons
      AB</cbc:RegistrationName></cac:PartyLegalEntity>
    <cac:Contact><cbc:Name>Ann Berg</cbc:Name><cbc:Telephone>+46 40 1</cbc:Telephone>
      <cbc:ElectronicMail>ap@buyer.example</cbc:ElectronicMail></cac:Contact>
  </cac:Party></cac:AccountingCustomerParty>
  <cac:PaymentMeans><cbc:PaymentMeansCode>30</cbc:PaymentMeansCode>
    <cbc:PaymentID>RF18 0017</cbc:PaymentID>
    <cac:PayeeFinancialAccount><cbc:ID>DE02120300000000202051</cbc:ID></cac:PayeeFinancialAccount>
  </cac:PaymentMeans>
  <cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator>
    <cbc:Amount currencyID="EUR">10.00</cbc:Amount></cac:AllowanceCharge>
  <cac:AllowanceCharge><cbc:ChargeIndicator>true</cbc:ChargeIndicator>
    <cbc:Amount currencyID="EUR">5.00</cbc:Amount></cac:AllowanceCharge>
  <cac:TaxTotal><cbc:TaxAmount currencyID="EUR">29.00</cbc:TaxAmount>
    <cac:TaxSubtotal><cbc:TaxableAmount currencyID="EUR">145.00</cbc:TaxableAmount>
      <cbc:TaxAmount currencyID="EUR">29.00</cbc:TaxAmount></cac:TaxSubtotal></cac:TaxTotal>
  <cac:LegalMonetaryTotal>
    <cbc:LineExtensionAmount currencyID="EUR">150.00</cbc:LineExtensionAmount>
    <cbc:TaxExclusiveAmount currencyID="EUR">145.00</cbc:TaxExclusiveAmount>
    <cbc:TaxInclusiveAmount currencyID="EUR">174.00</cbc:TaxInclusiveAmount>
    <cbc:AllowanceTotalAmount currencyID="EUR">10.00</cbc:AllowanceTotalAmount>
    <cbc:ChargeTotalAmount currencyID="EUR">5.00</cbc:ChargeTotalAmount>
    <cbc:PrepaidAmount currencyID="EUR">74.00</cbc:PrepaidAmount>
    <cbc:PayableAmount currencyID="EUR">100.00</cbc:PayableAmount>
  </cac:LegalMonetaryTotal>
  <cac:InvoiceLine><cbc:ID>1</cbc:ID><cbc:InvoicedQuantity unitCode="C62">2.5</cbc:InvoicedQuantity>
    <cbc:LineExtensionAmount currencyID="EUR">100.00</cbc:LineExtensionAmount>
    <cac:Item><cbc:Name>Rope</cbc:Name>
      <cac:SellersItemIdentification><cbc:ID>A-1</cbc:ID></cac:SellersItemIdentification></cac:Item>
  </cac:InvoiceLine>
  <cac:InvoiceLine><cbc:ID>2</cbc:ID><cbc:InvoicedQuantity unitCode="C62">1</cbc:InvoicedQuantity>
    <cbc:LineExtensionAmount currencyID="EUR">50.00</cbc:LineExtensionAmount>
    <cac:Item><cbc:Name>Hook</cbc:Name></cac:Item>
  </cac:InvoiceLine>
</Invoice>
)";
}

/// The same invoice without anything prepaid.
inline std::string unpaid_invoice() {
    return with(
        with(ubl_invoice(), "<cbc:PrepaidAmount currencyID=\"EUR\">74.00</cbc:PrepaidAmount>", ""),
        "\"EUR\">100.00</cbc:PayableAmount>", "\"EUR\">174.00</cbc:PayableAmount>");
}

/// It as a UBL credit note, for 174.00.
inline std::string ubl_credit_note() {
    auto text = unpaid_invoice();
    text = with(text, "<Invoice xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2\"",
                "<CreditNote xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2\"");
    text = with(text, "</Invoice>", "</CreditNote>");
    text = with(text, "<cbc:DueDate>2026-03-02</cbc:DueDate>", "");
    text = with(text, "<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>",
                "<cbc:CreditNoteTypeCode>381</cbc:CreditNoteTypeCode>");
    text = with(text, "<cac:AccountingSupplierParty>",
                "<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>R/16</cbc:ID>"
                "</cac:InvoiceDocumentReference></cac:BillingReference>"
                "<cac:AccountingSupplierParty>");
    for (int line = 0; line < 2; ++line) {
        text = with(with(text, "<cac:InvoiceLine>", "<cac:CreditNoteLine>"), "</cac:InvoiceLine>",
                    "</cac:CreditNoteLine>");
        text = with(with(text, "<cbc:InvoicedQuantity", "<cbc:CreditedQuantity"),
                    "</cbc:InvoicedQuantity", "</cbc:CreditedQuantity");
    }
    return text;
}

/// One line of 100.00 and 20 % VAT, in UN/CEFACT's syntax.
inline std::string cii_invoice() {
    return R"(<?xml version="1.0" encoding="UTF-8"?>
<a:CrossIndustryInvoice xmlns:a="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
    xmlns:b="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
    xmlns:c="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
  <a:ExchangedDocument><b:ID>2026-5</b:ID><b:TypeCode>380</b:TypeCode>
    <b:IssueDateTime><c:DateTimeString format="102">20260131</c:DateTimeString></b:IssueDateTime>
  </a:ExchangedDocument>
  <a:SupplyChainTradeTransaction>
    <b:IncludedSupplyChainTradeLineItem>
      <b:SpecifiedTradeProduct><b:SellerAssignedID>A-1</b:SellerAssignedID><b:Name>Rope</b:Name>
      </b:SpecifiedTradeProduct>
      <b:SpecifiedLineTradeDelivery><b:BilledQuantity unitCode="C62">2</b:BilledQuantity>
      </b:SpecifiedLineTradeDelivery>
      <b:SpecifiedLineTradeSettlement><b:SpecifiedTradeSettlementLineMonetarySummation>
        <b:LineTotalAmount>100.00</b:LineTotalAmount>
      </b:SpecifiedTradeSettlementLineMonetarySummation></b:SpecifiedLineTradeSettlement>
    </b:IncludedSupplyChainTradeLineItem>
    <b:ApplicableHeaderTradeAgreement>
      <b:BuyerReference>Dept 7</b:BuyerReference>
      <b:SellerTradeParty><b:Name>Seller GmbH</b:Name>
        <b:PostalTradeAddress><b:CountryID>DE</b:CountryID></b:PostalTradeAddress>
        <b:SpecifiedTaxRegistration><b:ID schemeID="FC">11/815</b:ID></b:SpecifiedTaxRegistration>
        <b:SpecifiedTaxRegistration><b:ID schemeID="VA">DE123456789</b:ID></b:SpecifiedTaxRegistration>
      </b:SellerTradeParty>
      <b:BuyerTradeParty><b:ID>C-4</b:ID><b:Name>Buyer AB</b:Name>
        <b:DefinedTradeContact><b:PersonName>Ann Berg</b:PersonName>
          <b:EmailURIUniversalCommunication><b:URIID>ap@buyer.example</b:URIID>
          </b:EmailURIUniversalCommunication></b:DefinedTradeContact>
        <b:PostalTradeAddress><b:PostcodeCode>211 20</b:PostcodeCode><b:LineOne>Main St 2</b:LineOne>
          <b:CityName>Lund</b:CityName><b:CountryID>SE</b:CountryID></b:PostalTradeAddress>
      </b:BuyerTradeParty>
      <b:BuyerOrderReferencedDocument><b:IssuerAssignedID>PO-9</b:IssuerAssignedID>
      </b:BuyerOrderReferencedDocument>
    </b:ApplicableHeaderTradeAgreement>
    <b:ApplicableHeaderTradeSettlement>
      <b:PaymentReference>RF18 0017</b:PaymentReference>
      <b:InvoiceCurrencyCode>EUR</b:InvoiceCurrencyCode>
      <b:SpecifiedTradeSettlementPaymentMeans><b:PayeePartyCreditorFinancialAccount>
        <b:IBANID>DE02120300000000202051</b:IBANID></b:PayeePartyCreditorFinancialAccount>
      </b:SpecifiedTradeSettlementPaymentMeans>
      <b:ApplicableTradeTax><b:CalculatedAmount>20.00</b:CalculatedAmount></b:ApplicableTradeTax>
      <b:SpecifiedTradePaymentTerms>
        <b:DueDateDateTime><c:DateTimeString format="102">20260302</c:DateTimeString></b:DueDateDateTime>
      </b:SpecifiedTradePaymentTerms>
      <b:SpecifiedTradeSettlementHeaderMonetarySummation>
        <b:LineTotalAmount>100.00</b:LineTotalAmount>
        <b:TaxBasisTotalAmount>100.00</b:TaxBasisTotalAmount>
        <b:TaxTotalAmount currencyID="EUR">20.00</b:TaxTotalAmount>
        <b:GrandTotalAmount>120.00</b:GrandTotalAmount>
        <b:DuePayableAmount>120.00</b:DuePayableAmount>
      </b:SpecifiedTradeSettlementHeaderMonetarySummation>
      <b:InvoiceReferencedDocument><b:IssuerAssignedID>2026-4</b:IssuerAssignedID>
      </b:InvoiceReferencedDocument>
    </b:ApplicableHeaderTradeSettlement>
  </a:SupplyChainTradeTransaction>
</a:CrossIndustryInvoice>
)";
}

inline Document read(const std::string& text) {
    return parse_document(text, Limits{});
}

/// "CODE@line: reason" of what parsing, the totals or the posting refuse; empty when none does.
inline std::string refusal_in(const std::string& text, const Limits& limits = {}) {
    try {
        const auto document = parse_document(text, limits);
        check_totals(document);
        make_posting(document, {});
    } catch (const Refused& e) {
        return e.code() + "@" + std::to_string(e.line()) + ": " + e.what();
    }
    return {};
}

/// A source over a folder of its own and an archive beside it.
class Drop : public DropFolder {
public:
    std::vector<std::string> warnings;
    DropFolder archive;

    UblSource source(Json settings = Json::object()) {
        settings["folder"] = path().string();
        settings["archive_path"] = archive.path().string();
        settings["settle_seconds"] = 0;
        return UblSource("peppol", Settings::parse(settings),
                         {[] { return int64_t{4'000'000'000'000'000}; },
                          [this](const std::string& text) { warnings.push_back(text); }});
    }
};

}  // namespace dunlin::ubl::test
