// SPDX-License-Identifier: Apache-2.0
#include "book_reader.hpp"

namespace dunlin::tryton {
namespace {

// More at once makes statements that PostgreSQL plans for longer than it runs them.
constexpr std::size_t lot_max = 1000;

}  // namespace

Json BookReader::receivable(const Json& condition, int64_t company) {
    return Json::array({Json::array({"account.type.receivable", "=", true}),
                        Json::array({"move.company", "=", company}), condition});
}

Json BookReader::read(const std::string& model, const Json& domain,
                      const std::vector<std::string>& fields) {
    return client_.read({model, domain, fields, 0, company_}, cancel_);
}

void BookReader::in_lots(const Ids& ids, const std::function<void(const Json&)>& each) const {
    for (auto it = ids.begin(); it != ids.end();) {
        auto lot = Json::array();
        while (it != ids.end() && lot.size() < lot_max) lot.push_back(*it++);
        each(lot);
    }
}

/// One that cannot be read is set aside by whoever reads it for its own sake.
void BookReader::add_line(Book& book, const Json& record, Ids& lines) {
    try {
        auto line = Line::parse(record);
        lines.insert(line.id);
        book.add(std::move(line));
    } catch (const Error&) {
        book.spoil(record);
    }
}

void BookReader::add_lines(Book& book, const std::string& field, const Ids& ids, Ids& lines) {
    in_lots(ids, [&](const Json& lot) {
        const auto domain = receivable(Json::array({field, "in", lot}), company_);
        for (const auto& record : read("account.move.line", domain, Line::fields())) {
            add_line(book, record, lines);
        }
    });
}

void BookReader::add_documents(Book& book, const std::string& field, const Ids& ids) {
    in_lots(ids, [&](const Json& lot) {
        const auto domain = Json::array({Json::array({field, "in", lot})});
        for (const auto& record : read("account.invoice", domain, Document::fields())) {
            book.add(Document::parse(record));
        }
    });
}

void BookReader::complete(Book& book, Ids& lines) {
    Ids reversals;
    for (const auto& [id, document] : book.documents()) {
        if (document.cancel_move != 0 && !complete_moves_.contains(document.cancel_move)) {
            reversals.insert(document.cancel_move);
        }
    }
    // A reversal can be a credit note's own move.
    add_documents(book, "move", reversals);
    Ids moves;
    for (const auto& [id, document] : book.documents()) {
        for (const auto move : {document.move, document.cancel_move}) {
            if (move != 0 && complete_moves_.insert(move).second) moves.insert(move);
        }
    }
    add_lines(book, "move", moves, lines);
}

Book BookReader::of_lines(const Json& records) {
    Book book;
    Ids lines, reconciliations, documents;
    for (const auto& record : records) {
        add_line(book, record, lines);
        const auto& reconciliation = at(record, "reconciliation");
        if (reconciliation.is_number_integer()) {
            reconciliations.insert(reconciliation.get<int64_t>());
        }
    }
    add_lines(book, "reconciliation", reconciliations, lines);
    Ids moves;
    for (const auto id : lines) {
        const auto* line = book.line(id);
        moves.insert(line->move);
        documents.insert(line->assigned_to.begin(), line->assigned_to.end());
        // An anonymous line may only know its document by the origin of its move.
        const auto origin = id_of_reference(line->origin, "account.invoice");
        if (line->party == 0 && origin != 0) documents.insert(origin);
    }
    add_documents(book, "move", moves);
    add_documents(book, "cancel_move", moves);
    add_documents(book, "id", documents);
    complete(book, lines);
    return book;
}

Book BookReader::of_documents(const std::vector<int64_t>& ids) {
    Book book;
    const Ids wanted(ids.begin(), ids.end());
    Ids own, paying, moves, others;
    add_documents(book, "id", wanted);
    complete(book, own);
    for (const auto& [id, document] : book.documents()) {
        paying.insert(document.assigned.begin(), document.assigned.end());
    }
    // The due lines of a credit note can be assigned to another document.
    for (const auto id : own) {
        const auto& to = book.line(id)->assigned_to;
        others.insert(to.begin(), to.end());
    }
    add_lines(book, "id", paying, own);
    for (const auto id : paying) {
        if (const auto* line = book.line(id)) moves.insert(line->move);
    }
    add_documents(book, "id", others);
    add_documents(book, "move", moves);
    complete(book, own);
    return book;
}

}  // namespace dunlin::tryton
