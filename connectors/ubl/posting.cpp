// SPDX-License-Identifier: Apache-2.0
#include "posting.hpp"

#include "field.hpp"

#include <dunlin/money.hpp>

#include <algorithm>
#include <array>
#include <set>

namespace dunlin::ubl {
namespace {

struct TypeCodes {
    const char* kind;
    std::string_view codes;  // Of UNTDID 1001, as EN 16931 admits them.
};
constexpr std::array<TypeCodes, 4> type_codes{{
    {"credit_note", " 81 83 261 262 296 308 381 396 420 458 502 503 532 "},
    {"debit_note", " 80 84 383 456 457 527 "},
    {"self_billed", " 389 471 473 500 501 "},
    {"invoice",
     " 71 82 102 130 202 203 204 211 218 219 295 326 331 380 382 384 385 386 387 388 390 393 394 "
     "395 472 553 575 623 633 751 780 817 870 875 876 877 935 "},
}};

std::string kind_of(const Document& document) {
    const auto& code = document.type_code;
    if (code == "325") {
        throw Refused("proforma",
                      "the document is a proforma invoice (type 325), which asks for "
                      "no money; leave it out");
    }
    const auto* const found =
        std::find_if(type_codes.begin(), type_codes.end(), [&](const TypeCodes& list) {
            return list.codes.find(" " + code + " ") != std::string_view::npos;
        });
    if (found == type_codes.end() || code.find(' ') != std::string::npos) {
        throw Refused("BR-CL-01", "BR-CL-01: the type code " + in_quotes(code) +
                                      " is none of UNTDID 1001 that EN 16931 admits");
    }
    std::string kind = found->kind;
    if (document.is_credit_note && kind != "credit_note") {
        throw Refused("BR-CL-01", "BR-CL-01: the document is a CreditNote, but its type code " +
                                      code + " is no credit note's");
    }
    return kind;
}

/// A sum below zero turns the document round: a negative invoice is a credit note, a negative
/// credit note charges.
void take_direction(Posting& out, int64_t total) {
    out.sign = total < 0 ? -1 : 1;
    out.total = total * out.sign;
    if (total < 0) out.kind = out.is_credit() ? "debit_note" : "credit_note";
}

/// Parts with dates and amounts of their own, where there are several.
void take_instalments(Posting& out) {
    std::vector<Instalment> parts;
    int64_t sum = 0;
    for (const auto& part : out.document.due_parts) {
        if (!part.amount) continue;
        parts.push_back({part.due, *part.amount * out.sign});
        sum = plus(sum, parts.back().amount);
    }
    if (parts.size() < 2 || out.is_credit()) return;
    const auto is_negative = [](const Instalment& part) { return part.amount < 0; };
    const auto due = out.document.totals.payable * out.sign;
    if (sum != due || std::any_of(parts.begin(), parts.end(), is_negative)) {
        const auto digits = minor_digits(out.document.currency);
        throw Refused("instalments", "the amount due is " + Money::text_of(due, digits) +
                                         ", but its dated parts make " +
                                         Money::text_of(sum, digits) + " " + out.document.currency +
                                         "; have the document corrected by its sender");
    }
    std::stable_sort(parts.begin(), parts.end(),
                     [](const Instalment& a, const Instalment& b) { return a.due < b.due; });
    // The parts of an invoice are all of it; what was paid before is due first.
    if (out.settled > 0) parts.insert(parts.begin(), {out.document.issue_date, out.settled});
    out.instalments = std::move(parts);
}

std::string under_scheme(const Identifier& id, const char* otherwise) {
    if (id.value.empty()) return {};
    return (id.scheme.empty() ? otherwise : id.scheme) + ":" + id.value;
}

std::string id_by(const Party& party, IdentifyBy by) {
    switch (by) {
        case IdentifyBy::endpoint: return under_scheme(party.endpoint, "endpoint");
        case IdentifyBy::legal: return under_scheme(party.legal, "legal");
        case IdentifyBy::vat: return under_scheme({"vat", party.vat}, "");
        case IdentifyBy::given: return under_scheme(party.given, "id");
        case IdentifyBy::name: break;
    }
    return under_scheme({"name", party.name}, "");
}

/// Kind, direction and names.
Posting begin_posting(const Document& document, const PostingRules& rules) {
    Posting out(document);
    out.kind = kind_of(document);
    take_direction(out, plus(document.totals.payable, document.totals.prepaid));
    out.company = party_id(document.seller, rules.identify_by);
    out.customer = party_id(document.buyer, rules.identify_by);
    out.invoice = invoice_id(out.is_credit(), out.company, document.number);
    return out;
}

}  // namespace

std::string party_id(const Party& party, const std::vector<IdentifyBy>& order) {
    for (const auto by : order) {
        auto id = id_by(party, by);
        if (!id.empty()) return id;
    }
    return id_by(party, IdentifyBy::name);
}

std::string invoice_id(bool is_credit, const std::string& company, const std::string& number) {
    std::string out = is_credit ? "credit_note/" : "invoice/";
    for (const char c : company) {  // The first two slashes are ours.
        if (c == '%') {
            out += "%25";
        } else if (c == '/') {
            out += "%2F";
        } else {
            out += c;
        }
    }
    return out + "/" + number;
}

std::string document_id(const Document& document, const PostingRules& rules) {
    return begin_posting(document, rules).invoice;
}

Posting make_posting(const Document& document, const PostingRules& rules) {
    auto out = begin_posting(document, rules);
    out.prepaid = document.totals.prepaid * out.sign;
    out.settled = std::clamp(out.prepaid, int64_t{0}, out.total);
    out.open = out.total - out.settled;
    static const std::set<std::string_view> corrected{"384", "471", "472", "473"};
    const bool corrects =
        out.is_credit() || out.kind == "debit_note" || corrected.count(document.type_code) != 0;
    // Of several it corrects none as a whole.
    if (corrects && document.preceding.size() == 1) {
        out.corrects = invoice_id(/*is_credit=*/false, out.company, document.preceding.front());
    }
    out.due_date = document.due_date;
    for (const auto& part : document.due_parts) {
        // Nobody is asked before the last of several dates.
        if (!document.due_date && (!out.due_date || *out.due_date < part.due)) {
            out.due_date = part.due;
        }
    }
    take_instalments(out);
    return out;
}

}  // namespace dunlin::ubl
