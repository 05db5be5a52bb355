// SPDX-License-Identifier: Apache-2.0
#include "book_reader.hpp"
#include "feed.hpp"

#include <map>

namespace dunlin::tryton::documents {
namespace {

Json outgoing(int64_t company) {
    return Json::array({Json::array({"type", "=", "out"}), Json::array({"company", "=", company})});
}

std::vector<int64_t> ids_of(const Json& records) {
    std::vector<int64_t> out;
    for (const auto& record : records) out.push_back(id_at(record, "id"));
    return out;
}

/// Totals of those that were never posted and so have no lines to sum up: the one computed field
/// that is read, and for these few alone.
std::map<int64_t, int64_t> unposted_totals(const Reading& reading, const Json& records) {
    auto ids = Json::array();
    for (const auto& record : records) {
        if (id_at(record, "move") == 0) ids.push_back(id_at(record, "id"));
    }
    std::map<int64_t, int64_t> out;
    if (ids.empty()) return out;
    const Json context{{"company", reading.company}};
    const auto found = reading.client.call(
        "model.account.invoice.read", Json::array({ids, Json::array({"total_amount"}), context}),
        reading.cancel);
    for (const auto& record : found) {
        out[id_at(record, "id")] = amount_at(record, "total_amount").value_or(0);
    }
    return out;
}

/// By credit note: the invoice whose lines it takes back, when that is one alone.
std::map<int64_t, int64_t> corrected(const Reading& reading, const std::vector<int64_t>& notes) {
    std::map<int64_t, int64_t> out;
    if (notes.empty()) return out;
    const auto lines = reading.client.read({"account.invoice.line",
                                            Json::array({Json::array({"invoice", "in", notes})}),
                                            {"invoice", "origin"},
                                            0,
                                            reading.company},
                                           reading.cancel);
    std::map<int64_t, int64_t> note_of_origin;
    for (const auto& line : lines) {
        const auto origin = id_of_reference(text_at(line, "origin"), "account.invoice.line");
        if (origin != 0) note_of_origin[origin] = id_at(line, "invoice");
    }
    if (note_of_origin.empty()) return out;
    auto ids = Json::array();
    for (const auto& [origin, note] : note_of_origin) ids.push_back(origin);
    const auto origins = reading.client.read({"account.invoice.line",
                                              Json::array({Json::array({"id", "in", ids})}),
                                              {"invoice"},
                                              0,
                                              reading.company},
                                             reading.cancel);
    for (const auto& line : origins) {
        const auto note = note_of_origin[id_at(line, "id")], invoice = id_at(line, "invoice");
        const auto known = out.emplace(note, invoice).first;
        if (known->second != invoice) known->second = 0;
    }
    return out;
}

/// What a page of documents needs to be told as invoices.
struct Told {
    Book book;
    std::map<int64_t, int64_t> unposted, corrected;

    Told(const Reading& reading, const Json& records)
        : book(BookReader(reading.client, reading.company, reading.cancel)
                   .of_documents(ids_of(records))),
          unposted(unposted_totals(reading, records)) {
        std::vector<int64_t> notes;
        for (const auto& record : records) {
            const auto id = id_at(record, "id");
            if (const auto sum = unposted.find(id); sum != unposted.end()) {
                if (sum->second < 0) notes.push_back(id);
                continue;
            }
            int64_t sum = 0;
            for (const auto* line : book.due_lines(*book.document(id))) sum += line->amount;
            if (sum < 0) notes.push_back(id);
        }
        corrected = documents::corrected(reading, notes);
    }
};

/// Tryton's state as ours. One that was cancelled before it was posted never counted.
void set_status(const Book& book, const Document& document, Date issued, Rows& row) {
    if (document.state == "draft" || document.state == "validated") {
        return row.set("status", "draft");
    }
    const bool is_void = book.is_void(document);
    const bool is_cancelled = document.state == "cancelled" && (is_void || document.move == 0);
    row.set("status", is_cancelled ? "cancelled" : "posted");
    if (!is_cancelled) return;
    auto on = issued;
    if (is_void) on = book.due_lines(document).front()->reconciled_on.value_or(issued);
    row.set("cancelled_on", std::optional(on));
}

void set_document(const Told& told, const Json& record, const Reading& reading, Rows& row) {
    const auto& book = told.book;
    const auto* document = book.document(id_at(record, "id"));
    if (!document) throw Error(DUNLIN_E_INVALID, "it went away while it was read");
    row.changed(change_of(record));
    const auto due = book.due_lines(*document);
    for (const auto* line : due) {
        if (line->changed_us) row.saw(line->changed_us);
    }
    const auto unposted = told.unposted.find(document->id);
    const auto total = unposted != told.unposted.end() ? unposted->second : book.total(*document);
    const auto created = instant_at(record, "create_date").value_or(0);
    const auto issued =
        date_at(record, "invoice_date").value_or(Date(static_cast<int32_t>(created / 86400000000)));
    row.set("customer", std::to_string(document->party));
    row.set("company", std::to_string(reading.company));
    row.set("number", text_at(record, "number"));
    row.set("kind", total < 0 ? "credit_note" : "invoice");
    row.set("issue_date", std::optional(issued));
    if (!due.empty()) row.set("due_date", due.front()->maturity);
    row.set("currency", document->currency);
    row.set("total", std::optional(total < 0 ? -total : total));
    row.set("reference", text_at(record, "reference"));
    set_status(book, *document, issued, row);
    if (document->move != 0 && !book.is_void(*document)) {
        const auto open = book.open(*document);
        row.set("open_amount", std::optional(total < 0 ? -open : open));
    }
    const auto corrects = told.corrected.find(document->id);
    if (corrects != told.corrected.end() && corrects->second != 0) {
        row.set("corrects", std::to_string(corrects->second));
    }
}

void make_invoices(const Reading& reading, const Json& records, Rows& rows) {
    if (records.empty()) return;
    const Told told(reading, records);
    for (const auto& record : records) {
        rows.saw(change_of(record));
        rows.add(std::to_string(id_at(record, "id")), record,
                 [&](Rows& row) { set_document(told, record, reading, row); });
    }
}

std::vector<std::string> invoice_fields() {
    return {"number", "reference", "invoice_date", "move", "write_date", "create_date"};
}

/// The records are documents that changed. That a credit note is assigned to one of them no more
/// leaves no trace at the note, so the open notes of their customers are looked at again.
void make_notes(const Reading& reading, const Json& records, Rows& rows) {
    auto parties = Json::array();
    for (const auto& record : records) parties.push_back(id_at(record, "party"));
    if (records.empty()) return;
    const auto open_credit = Json::array({Json::array({"credit", ">", 0}),
                                          Json::array({"account.type.receivable", "=", true}),
                                          Json::array({"reconciliation", "=", nullptr})});
    auto domain = outgoing(reading.company);
    domain.push_back(Json::array({"party", "in", parties}));
    domain.push_back(Json::array({"move.lines", "where", open_credit}));
    make_invoices(
        reading,
        reading.client.read({"account.invoice", domain, invoice_fields(), 0, reading.company},
                            reading.cancel),
        rows);
}

/// A credit note's lines are negative in Tryton; with us its total is positive, and they are too.
void make_lines(const Reading& reading, const Json& records, Rows& rows) {
    if (records.empty()) return;
    const auto lines =
        reading.client.read({"account.invoice.line",
                             Json::array({Json::array({"invoice", "in", ids_of(records)}),
                                          Json::array({"type", "=", "line"})}),
                             {"invoice", "sequence", "product.rec_name", "description", "quantity",
                              "amount", "write_date", "create_date"},
                             0,
                             reading.company},
                            reading.cancel);
    for (const auto& record : records) rows.saw(change_of(record));
    std::map<int64_t, int64_t> sums;
    const auto amount_of = [](const Json& line) { return amount_at(line, "amount").value_or(0); };
    for (const auto& line : lines) {
        try {
            sums[id_at(line, "invoice")] += amount_of(line);
        } catch (const Error&) {  // Set aside below.
        }
    }
    for (const auto& line : lines) {
        rows.add(std::to_string(id_at(line, "id")), line, [&](Rows& row) {
            const auto invoice = id_at(line, "invoice");
            const int sign = sums[invoice] < 0 ? -1 : 1;
            row.changed(change_of(line));
            row.set("invoice", std::to_string(invoice));
            if (const auto n = id_at(line, "sequence")) row.set("sequence", std::optional(n));
            row.set("product", text_at(line, "product.rec_name"));
            row.set("description", text_at(line, "description"));
            const auto& quantity = at(line, "quantity");
            if (quantity.is_number()) row.set_real("quantity", sign * quantity.get<double>());
            row.set("amount", std::optional(sign * amount_of(line)));
        });
    }
}

void make_instalments(const Reading& reading, const Json& records, Rows& rows) {
    if (records.empty()) return;
    BookReader reader(reading.client, reading.company, reading.cancel);
    const auto book = reader.of_documents(ids_of(records));
    for (const auto& record : records) {
        rows.saw(change_of(record));
        const auto* document = book.document(id_at(record, "id"));
        if (!document) continue;
        const auto due = book.due_lines(*document);
        int64_t sequence = 0;
        for (const auto* line : due) {
            ++sequence;
            // Of a document that is due in one part the due date says all.
            if (due.size() < 2 || line->amount < 0) continue;
            const auto issued = date_at(record, "invoice_date").value_or(line->date);
            rows.add(line_id(line->id), record, [&](Rows& row) {
                row.changed(line->changed_us);
                row.set("invoice", std::to_string(document->id));
                row.set("sequence", std::optional(sequence));
                row.set("due_date", std::optional(line->maturity.value_or(issued)));
                row.set("amount", std::optional(line->amount));
            });
        }
    }
}

}  // namespace

Feed invoices(int64_t company) {
    Feed feed;
    feed.model = "account.invoice";
    feed.domain = outgoing(company);
    feed.fields = invoice_fields();
    feed.changes = {"", "move.lines", "payment_lines", "move.lines.invoice_payments"};
    feed.make = &make_invoices;
    return feed;
}

Feed notes(int64_t company) {
    Feed feed;
    feed.model = "account.invoice";
    feed.domain = outgoing(company);
    feed.fields = {"party", "write_date", "create_date"};
    feed.prefixes = {};  // All of them are invoices.
    feed.make = &make_notes;
    feed.limit = 500;
    return feed;
}

Feed lines(int64_t company) {
    Feed feed;
    feed.model = "account.invoice";
    feed.domain = outgoing(company);
    feed.domain.push_back(
        Json::array({"state", "in", Json::array({"posted", "paid", "cancelled"})}));
    feed.fields = {"write_date", "create_date"};
    feed.by_id = "lines.id";
    feed.changes = {"", "lines"};
    feed.make = &make_lines;
    return feed;
}

Feed instalments(int64_t company) {
    Feed feed;
    feed.model = "account.invoice";
    feed.domain = outgoing(company);
    feed.domain.push_back(Json::array({"move", "!=", nullptr}));
    feed.fields = {"invoice_date", "write_date", "create_date"};
    feed.prefixes = {"l"};
    feed.by_id = "move.lines.id";
    feed.changes = {"", "move.lines"};
    feed.make = &make_instalments;
    return feed;
}

}  // namespace dunlin::tryton::documents
