// SPDX-License-Identifier: Apache-2.0
#include "book_reader.hpp"
#include "feed.hpp"

namespace dunlin::tryton::postings {
namespace {

Book book_of(const Reading& reading, const Json& records) {
    return BookReader(reading.client, reading.company, reading.cancel).of_lines(records);
}

/// What payments and adjustments have in common.
void set_posting(const Line& line, const Item& item, const Reading& reading, Rows& row) {
    row.changed(line.changed_us);
    row.set("customer", std::to_string(item.party));
    row.set("company", std::to_string(reading.company));
    row.set("date", std::optional(line.date));
    row.set("currency", line.currency);
    row.set("reference", line.description.empty() ? line.number : line.description);
}

void refuse_nobodys(const Line& line, const Json& record, Rows& rows) {
    rows.refuse(line_id(line.id), "party",
                "line " + std::to_string(line.id) + " of move " + line.number +
                    " is on a receivable account and names no party, nor can one be told from its "
                    "document; enter the party in Tryton",
                record);
}

/// Rows of one kind of item; lines that are none of them are called gone.
void make_items(const Reading& reading, const Json& records, const Book& book, Item::Kind kind,
                Rows& rows, void (*set)(const Line&, Rows&)) {
    for (const auto& record : records) {
        const auto id = id_at(record, "id");
        rows.saw(change_of(record));
        const auto* line = book.line(id);
        if (!line) {  // Says why.
            rows.add(line_id(id), record, [&](Rows&) { Line::parse(record); });
            continue;
        }
        const auto item = book.item(*line);
        if (item.kind == kind) {
            rows.add(line_id(id), record, [&](Rows& row) {
                set_posting(*line, item, reading, row);
                set(*line, row);
            });
            continue;
        }
        // What was reconciled without a party is settled by the reconciliation's differences.
        const bool is_lost = item.kind == Item::Kind::nothing && line->reconciliation == 0;
        if (is_lost && (kind == Item::Kind::payment) == (line->journal_type == "cash")) {
            refuse_nobodys(*line, record, rows);
        }
        if (!reading.is_whole || is_lost) rows.gone(line_id(id), line->changed_us);
    }
}

void make_payments(const Reading& reading, const Json& records, Rows& rows) {
    Book book;
    bool is_plain = true;
    for (const auto& record : records) is_plain = is_plain && id_at(record, "party") != 0;
    if (is_plain) {
        for (const auto& record : records) {
            try {
                book.add(Line::parse(record));
            } catch (const Error&) {  // Said by make_items.
            }
        }
    } else {
        book = book_of(reading, records);
    }
    make_items(reading, records, book, Item::Kind::payment, rows, [](const Line& line, Rows& row) {
        row.set("amount", std::optional(-line.amount));
        row.set("method", line.journal);
    });
}

void make_adjustments(const Reading& reading, const Json& records, Rows& rows) {
    const auto book = book_of(reading, records);
    make_items(reading, records, book, Item::Kind::adjustment, rows,
               [](const Line& line, Rows& row) {
                   row.set("amount", std::optional(line.amount));
                   row.set("kind", line.journal_type == "write-off" ? "write_off" : "journal");
               });
}

std::set<int64_t> reconciliations_of(const Book& book, const Json& records) {
    std::set<int64_t> out;
    for (const auto& record : records) {
        const auto* line = book.line(id_at(record, "id"));
        if (line && line->reconciliation != 0) out.insert(line->reconciliation);
    }
    return out;
}

void make_differences(const Reading& reading, const Json& records, Rows& rows) {
    const auto book = book_of(reading, records);
    for (const auto reconciliation : reconciliations_of(book, records)) {
        for (const auto& difference : book.differences(reconciliation)) {
            const auto& id = difference.external_id;
            rows.add(id, {{"reconciliation", reconciliation}}, [&](Rows& row) {
                row.changed(book.line(std::stoll(id.substr(1)))->changed_us);
                row.set("customer", std::to_string(difference.party));
                row.set("company", std::to_string(reading.company));
                row.set("date", std::optional(difference.date));
                row.set("currency", difference.currency);
                row.set("amount", std::optional(difference.amount));
                row.set("kind", difference.is_exchange ? "fx" : "journal");
                row.set("reference", "Reconciliation " + std::to_string(reconciliation));
            });
        }
    }
    for (const auto& record : records) {
        rows.saw(change_of(record));
        if (!reading.is_whole) rows.gone(difference_id(id_at(record, "id")), change_of(record));
    }
}

void add_settlement(const Book& book, const Settlement& settlement, Rows& rows) {
    const auto* used = book.line(std::stoll(settlement.external_id.substr(1)));
    rows.add(settlement.external_id, {{"line", used->id}}, [&](Rows& row) {
        row.changed(used->changed_us);
        row.set("customer", std::to_string(settlement.party));
        row.set("source", settlement.source);
        row.set("source_kind", settlement.source_kind);
        row.set("invoice", settlement.target);
        if (settlement.instalment != 0) row.set("instalment", line_id(settlement.instalment));
        row.set("date", settlement.date);
        row.set("amount", std::optional(settlement.amount));
    });
}

/// The part payment that an open line is, if it is one.
void add_assignment(const Book& book, const Json& record, Rows& rows) {
    const auto* line = book.line(id_at(record, "id"));
    if (!line) return;
    try {
        if (const auto assigned = book.assignment(*line)) add_settlement(book, *assigned, rows);
    } catch (const Error& e) {
        rows.refuse(line_id(line->id), "value", e.what(), record);
    }
}

void make_settlements(const Reading& reading, const Json& records, Rows& rows) {
    const auto book = book_of(reading, records);
    for (const auto reconciliation : reconciliations_of(book, records)) {
        for (const auto& settlement : book.settlements(reconciliation)) {
            add_settlement(book, settlement, rows);
        }
    }
    for (const auto& record : records) {
        rows.saw(change_of(record));
        add_assignment(book, record, rows);
        if (reading.is_whole) continue;
        const auto id = id_at(record, "id");
        rows.gone(line_id(id), change_of(record));
        rows.gone(difference_id(id), change_of(record));
    }
}

/// The records are documents. An assignment leaves no trace when it is taken back, except that its
/// document changed; so all lines that could have been assigned are looked at again.
void make_assignments(const Reading& reading, const Json& records, Rows& rows) {
    auto parties = Json::array(), assigned = Json::array();
    for (const auto& record : records) {
        rows.saw(change_of(record));
        parties.push_back(id_at(record, "party"));
        for (const auto line : ids_at(record, "payment_lines")) assigned.push_back(line);
    }
    if (records.empty()) return;
    auto domain = BookReader::receivable(
        reading.is_whole ? Json::array({"id", "in", assigned})
                         : Json::array({"OR", Json::array({"party", "in", parties}),
                                        Json::array({"id", "in", assigned})}),
        reading.company);
    domain.push_back(Json::array({"reconciliation", "=", nullptr}));
    const auto lines = reading.client.read(
        {"account.move.line", domain, Line::fields(), 0, reading.company}, reading.cancel);
    const auto book = book_of(reading, lines);
    for (const auto& record : lines) {
        add_assignment(book, record, rows);
        if (!reading.is_whole) rows.gone(line_id(id_at(record, "id")), change_of(record));
    }
}

Feed of_lines(int64_t company, const Json& condition) {
    Feed feed;
    feed.model = "account.move.line";
    feed.domain = BookReader::receivable(condition, company);
    feed.fields = Line::fields();
    return feed;
}

Json anything() {
    return Json::array({"id", ">", 0});
}

}  // namespace

Feed payments(int64_t company) {
    auto feed = of_lines(company, Json::array({"move.journal.type", "=", "cash"}));
    feed.prefixes = {"l"};
    feed.changes = {"", "move"};
    feed.make = &make_payments;
    return feed;
}

Feed adjustments(int64_t company) {
    const auto not_a_document =
        Json::array({"OR", Json::array({"move.origin", "not like", "account.invoice,%"}),
                     Json::array({"move.origin", "=", nullptr}),
                     Json::array({"move.journal.type", "!=", "revenue"})});
    auto feed = of_lines(company, not_a_document);
    feed.domain.push_back(Json::array({"move.journal.type", "!=", "cash"}));
    feed.prefixes = {"l"};
    feed.changes = {"", "move"};
    feed.make = &make_adjustments;
    return feed;
}

Feed differences(int64_t company, bool is_whole) {
    auto feed = of_lines(company, anything());
    if (is_whole) {
        feed.domain.push_back(Json::array({"reconciliation", "!=", nullptr}));
        feed.domain.push_back(Json::array({"OR", Json::array({"second_currency", "!=", nullptr}),
                                           Json::array({"party", "=", nullptr})}));
    }
    feed.prefixes = {"x"};
    feed.make = &make_differences;
    return feed;
}

Feed settlements(int64_t company, bool is_whole) {
    auto feed = of_lines(company, anything());
    if (is_whole) feed.domain.push_back(Json::array({"reconciliation", "!=", nullptr}));
    feed.prefixes = {"l", "x"};
    feed.make = &make_settlements;
    return feed;
}

Feed assignments(int64_t company, bool is_whole) {
    Feed feed;
    feed.model = "account.invoice";
    feed.domain =
        Json::array({Json::array({"type", "=", "out"}), Json::array({"company", "=", company})});
    if (is_whole) feed.domain.push_back(Json::array({"payment_lines", "!=", nullptr}));
    feed.fields = {"party", "payment_lines", "write_date", "create_date"};
    feed.prefixes = {};  // Found by their lines.
    feed.make = &make_assignments;
    feed.limit = 500;
    return feed;
}

}  // namespace dunlin::tryton::postings
