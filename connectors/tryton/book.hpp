// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "value.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace dunlin::tryton {

/// A line on a receivable account: a due part of a document, a payment, or anything else somebody
/// booked there.
struct Line {
    int64_t id = 0, move = 0, account = 0, party = 0;
    int64_t reconciliation = 0;  // 0: open.
    Date date;                   // Of its move.
    std::optional<Date> maturity;
    std::optional<Date> reconciled_on;
    int64_t amount = 0;    // In `currency`; what is owed to us is positive.
    std::string currency;  // The foreign one where the line has one, else its company's.
    std::string journal, journal_type, origin, number, description;
    std::vector<int64_t> assigned_to;  // Documents, while the line is open: one at most.
    std::optional<int64_t> changed_us;

    static const std::vector<std::string>& fields();
    /// Throws INVALID for what cannot be read.
    static Line parse(const Json& record);
};

/// An invoice or a credit note, as far as its lines need it.
struct Document {
    int64_t id = 0, party = 0, account = 0, move = 0, cancel_move = 0;
    bool is_out = false;
    std::string state, currency;
    std::vector<int64_t> assigned;  // Lines that pay a part of it.

    static const std::vector<std::string>& fields();
    static Document parse(const Json& record);
};

/// What a line is to us.
struct Item {
    enum class Kind {
        nothing,     // Nobody's: no customer can be told from it.
        cancelled,   // Of a document that was cancelled as a whole, or of its reversal.
        document,    // A due part of an invoice or credit note.
        payment,     // In a cash journal.
        adjustment,  // In any other one.
    };
    Kind kind = Kind::nothing;
    std::string external_id;  // Of the document, payment or adjustment.
    int64_t party = 0, document = 0;

    bool counts() const { return kind != Kind::nothing && kind != Kind::cancelled; }
};

/// What of one item settles another one.
struct Settlement {
    std::string external_id;
    int64_t party = 0;
    std::string source, source_kind, target;
    int64_t instalment = 0;    // The due line; 0 when the document has one alone.
    int64_t amount = 0;        // Above 0.
    std::optional<Date> date;  // Nothing: the later of both.
};

/// What a reconciliation leaves over in one currency: it settles GBP with USD, or differences of
/// exchange in USD what was owed in EUR. Posted against the rest, so that nothing stays open.
struct Difference {
    std::string external_id;
    int64_t party = 0;
    std::string currency;
    int64_t amount = 0;
    Date date;
    bool is_exchange = false;
};

/// Lines with everything that says what they are. Filled by a BookReader, or by hand in a test.
class Book {
public:
    void add(Line line);
    void add(Document document);
    /// A line of it cannot be read: nothing is concluded from what is left of its move and its
    /// reconciliation.
    void spoil(const Json& record);

    const Line* line(int64_t id) const;
    const Document* document(int64_t id) const;
    const std::map<int64_t, Document>& documents() const { return documents_; }
    /// A document's own lines on its account, by maturity; none when it was never posted.
    std::vector<const Line*> due_lines(const Document& document) const;
    /// The total in the document's currency; a credit note's is negative.
    int64_t total(const Document& document) const;
    /// What is open of the total, with the same sign.
    int64_t open(const Document& document) const;
    /// Cancelled as a whole, by a reversal that is no credit note of its own.
    bool is_void(const Document& document) const;
    /// Whether a move is the one of a document, and not only its reversal.
    bool is_document(int64_t move) const { return document_of_move_.contains(move); }

    Item item(const Line& line) const;

    /// How the lines of a reconciliation settle each other. The external id is that of the line
    /// which the settlement uses up, so that each line has at most one.
    std::vector<Settlement> settlements(int64_t reconciliation) const;
    std::vector<Difference> differences(int64_t reconciliation) const;
    /// A part payment: an open line that was assigned to a document.
    std::optional<Settlement> assignment(const Line& line) const;

private:
    struct Entry;
    using Groups = std::map<std::pair<int64_t, std::string>, std::vector<Entry>>;
    Groups grouped(int64_t reconciliation) const;
    int64_t party_of(const Line& line) const;
    Entry entry_of(const Line& line, const Item& item) const;

    std::map<int64_t, Line> lines_;
    std::map<int64_t, std::set<int64_t>> lines_of_move_, lines_of_reconciliation_;
    std::map<int64_t, Document> documents_;
    std::map<int64_t, int64_t> document_of_move_, document_of_reversal_;
    std::map<int64_t, int64_t> assigned_;  // Line to document.
    std::set<int64_t> spoiled_moves_, spoiled_reconciliations_;
};

/// The external id of a line as a payment, an adjustment or a settlement.
std::string line_id(int64_t line);
/// The external id of a difference: that of its first line.
std::string difference_id(int64_t line);

}  // namespace dunlin::tryton
