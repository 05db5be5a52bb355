// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "refused.hpp"

#include <dunlin/date.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin::ubl {

struct Address {
    std::string street, city, postcode, region, country;

    bool is_empty() const { return (street + city + postcode + region + country).empty(); }
};

/// A number somebody is known by, under the scheme that gave it ("0088" for a GLN).
struct Identifier {
    std::string scheme, value;
};

struct Party {
    Identifier endpoint;  // The electronic address.
    Identifier legal;     // The registration.
    std::string vat;
    Identifier given;  // By the other side: a customer or supplier number.
    std::string name;
    Address address;
    std::string person, email, phone;
};

/// One net amount of the document as it stands there. Units of 1/10000, as all amounts here.
struct Line {
    std::string product, description;
    std::optional<double> quantity;
    int64_t amount = 0;
};

/// A part of the amount due with a date of its own; without an amount it is only a date.
struct DuePart {
    Date due;
    std::optional<int64_t> amount;
};

/// The totals as the document states them (BG-22), and in lists what they are made of.
struct Totals {
    int64_t lines = 0;        // BT-106
    int64_t allowance = 0;    // BT-107
    int64_t charge = 0;       // BT-108
    int64_t without_tax = 0;  // BT-109
    int64_t tax = 0;          // BT-110, in the document's currency only.
    int64_t with_tax = 0;     // BT-112
    int64_t prepaid = 0;      // BT-113
    int64_t rounding = 0;     // BT-114
    int64_t payable = 0;      // BT-115
    std::vector<int64_t> allowances, charges, taxes;
};

/// An invoice or credit note as it was written, whatever the syntax.
struct Document {
    bool is_credit_note = false;  // By its root: a UBL CreditNote.
    std::string type_code;        // UNTDID 1001.
    std::string number;
    Date issue_date;
    std::string currency;
    Party seller, buyer;
    std::string bank_account;  // The seller's own; none when somebody else is to be paid.
    std::string po_number, buyer_reference, payment_reference;
    std::vector<std::string> preceding;  // Numbers of the documents it refers back to.
    std::optional<Date> due_date;        // As the header says it.
    std::vector<DuePart> due_parts;      // As the payment terms and means say it.
    Totals totals;
    std::vector<Line> lines;
};

/// Reads UBL 2.1 and CII, bare or in a Peppol envelope. Pure: bytes in, document out. Refuses what
/// is not one of them or lacks what EN 16931 demands; whether it adds up is check_totals's.
Document parse_document(std::string_view bytes, const Limits& limits);

/// Holds the totals to BR-CO-10 … BR-CO-16: refuses with the rule's name and both sums.
void check_totals(const Document& document);

}  // namespace dunlin::ubl
