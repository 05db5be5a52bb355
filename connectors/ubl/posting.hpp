// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "document.hpp"

#include <optional>
#include <string>
#include <vector>

namespace dunlin::ubl {

/// Which of a party's numbers makes it the same party again.
enum class IdentifyBy { endpoint, legal, vat, given, name };

struct PostingRules {
    /// The first that a party has is its id.
    std::vector<IdentifyBy> identify_by = {IdentifyBy::endpoint, IdentifyBy::legal, IdentifyBy::vat,
                                           IdentifyBy::given, IdentifyBy::name};
    /// Whether a prepaid amount settles its document here.
    bool settles_prepaid = true;
};

struct Instalment {
    Date due;
    int64_t amount = 0;
};

/// What a document means for the ledger: amounts positive in the direction of its kind. Borrows the
/// document.
struct Posting {
    explicit Posting(const Document& of) : document(of) {}

    const Document& document;
    std::string kind;
    int sign = 1;                            // From the document's amounts to the ledger's.
    std::string company, customer, invoice;  // External ids.
    std::string corrects;
    std::optional<Date> due_date;
    int64_t total = 0;  // With VAT and rounding, before anything was prepaid.
    int64_t open = 0;
    int64_t settled = 0;  // Of `total`, by what was prepaid.
    int64_t prepaid = 0;  // May be more than that, or negative.
    std::vector<Instalment> instalments;

    bool is_credit() const { return kind == "credit_note"; }
};

/// Refuses a type of document that asks for no money and due parts that do not add up. The totals
/// have been checked.
Posting make_posting(const Document& document, const PostingRules& rules);

/// The external id its posting has, for a document that may be refused yet.
std::string document_id(const Document& document, const PostingRules& rules);

/// "0088:7300010000001", "vat:DE123456789" or "name:Good Ltd".
std::string party_id(const Party& party, const std::vector<IdentifyBy>& order);

/// The external id of a document, unique among one seller's and the same however it is written.
std::string invoice_id(bool is_credit, const std::string& company, const std::string& number);

}  // namespace dunlin::ubl
