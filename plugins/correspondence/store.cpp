// SPDX-License-Identifier: Apache-2.0
#include "store.hpp"

#include <dunlin/money.hpp>

namespace dunlin::correspondence {

namespace {

constexpr const char* columns =
    "customer_id, message_id, origin, kind, source_id, facts, channel, state, reason, company_id,"
    " salesperson, portfolio, language, template, template_version, recipient, address, subject,"
    " content_blob, pdf_blob, mime_blob, batch_id, attempt_id, attempts, asked_by, created_on,"
    " created_us, changed_us, sent_us, reply";

Message read(const Statement& row) {
    Message out;
    uint32_t at = 0;
    const auto number = [&] { return row.i64(at++); };
    const auto text = [&] { return row.string(at++); };
    out.customer_id = number();
    out.id = number();
    out.origin = text();
    out.kind = text();
    out.source_id = number();
    out.facts = Json::parse(text());
    out.channel = text();
    out.state = text();
    out.reason = text();
    out.company_id = number();
    out.salesperson = text();
    out.portfolio = text();
    out.language = text();
    out.template_name = text();
    out.template_version = number();
    out.recipient = text();
    out.address = text();
    out.subject = text();
    out.content_blob = number();
    out.pdf_blob = number();
    out.mime_blob = number();
    out.batch_id = number();
    out.attempt_id = number();
    out.attempts = number();
    out.asked_by = text();
    out.created_on = Date(static_cast<int32_t>(number()));
    out.created_us = number();
    out.changed_us = number();
    out.sent_us = number();
    out.reply = text();
    return out;
}

}  // namespace

std::vector<Message> Messages::list(const MessageQuery& query) {
    const auto sql =
        std::string("SELECT ") + columns + " FROM correspondence_v1_message" +
        (query.is_scoped ? "_scoped" : "") +
        // The casts are for PostgreSQL, which takes a 0 for a small number.
        " WHERE (customer_id = ? OR CAST(? AS bigint) = 0) AND (message_id = ? OR CAST(? AS bigint)"
        " = 0) AND (batch_id = ? OR CAST(? AS bigint) = 0) AND message_id > ? AND (state = ? OR"
        " CAST(? AS text) = '') AND (kind = ? OR CAST(? AS text) = '') AND (channel = ? OR"
        " CAST(? AS text) = '') AND (origin = ? OR CAST(? AS text) = '') ORDER BY message_id"
        " LIMIT ?";
    auto rows =
        tx_.query(sql, query.customer_id, query.customer_id, query.id, query.id, query.batch_id,
                  query.batch_id, query.after, query.state, query.state, query.kind, query.kind,
                  query.channel, query.channel, query.origin, query.origin, query.limit);
    std::vector<Message> out;
    for (const auto& row : rows) out.push_back(read(row));
    return out;
}

std::optional<Message> Messages::find(int64_t customer_id, int64_t id) {
    auto rows = tx_.query(std::string("SELECT ") + columns +
                              " FROM correspondence_message WHERE customer_id = ? AND"
                              " message_id = ?",
                          customer_id, id);
    if (!rows.step()) return std::nullopt;
    return read(rows);
}

bool Messages::insert(const Message& m) {
    return tx_.exec(std::string("INSERT INTO correspondence_message (") + columns +
                        ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
                        " ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (customer_id, origin) DO NOTHING",
                    m.customer_id, m.id, m.origin, m.kind, m.source_id, m.facts, m.channel, m.state,
                    m.reason, m.company_id, m.salesperson, m.portfolio, m.language, m.template_name,
                    m.template_version, m.recipient, m.address, m.subject, m.content_blob,
                    m.pdf_blob, m.mime_blob, m.batch_id, m.attempt_id, m.attempts, m.asked_by,
                    m.created_on, m.created_us, m.changed_us, m.sent_us, m.reply) == 1;
}

bool Messages::update(Message& m, const std::string& from_state, int64_t attempt_id) {
    const auto now = tx_.now_us();
    const bool is_done =
        tx_.exec(
            "UPDATE correspondence_message SET state = ?, reason = ?, facts = ?, company_id = ?,"
            " salesperson = ?, portfolio = ?, language = ?, template = ?, template_version = ?,"
            " channel = ?, recipient = ?, address = ?, subject = ?, content_blob = ?,"
            " pdf_blob = ?, mime_blob = ?, batch_id = ?, attempt_id = ?, attempts = ?,"
            " changed_us = ?, sent_us = ?, reply = ? WHERE customer_id = ? AND message_id = ?"
            " AND state = ? AND ((attempt_id = ? AND CAST(? AS bigint) <> 0)"
            " OR (changed_us = ? AND CAST(? AS bigint) = 0))",
            m.state, m.reason, m.facts, m.company_id, m.salesperson, m.portfolio, m.language,
            m.template_name, m.template_version, m.channel, m.recipient, m.address, m.subject,
            m.content_blob, m.pdf_blob, m.mime_blob, m.batch_id, m.attempt_id, m.attempts, now,
            m.sent_us, m.reply, m.customer_id, m.id, from_state, attempt_id, attempt_id,
            m.changed_us, attempt_id) == 1;
    if (!is_done) return false;
    m.changed_us = now;
    // By an event, because whoever moves a message need not have a right to the letter.
    const bool is_on_its_way = m.state == "queued" || m.state == "sending";
    if (m.kind == "dunning_letter" && m.state != from_state && !is_on_its_way) {
        const auto customer = std::to_string(m.customer_id);
        tx_.emit("correspondence.dunning_letter_moved", customer,
                 {{"customer_id", customer}, {"message_id", std::to_string(m.id)}});
    }
    return true;
}

int64_t Messages::count(const std::string& state, int64_t changed_before_us) {
    auto rows =
        tx_.query("SELECT count(*) FROM correspondence_message WHERE state = ? AND changed_us < ?",
                  state, changed_before_us);
    rows.step();
    return rows.i64(0);
}

std::string Messages::why_back(const Message& m) {
    auto rows = tx_.query(
        "SELECT state, reason FROM correspondence_message WHERE customer_id = ? AND message_id <> ?"
        " AND channel = ? AND address = ? AND state IN ('sent', 'bounced', 'returned')"
        " ORDER BY message_id DESC LIMIT 1",
        m.customer_id, m.id, m.channel, m.address);
    if (!rows.step() || rows.text(0) == "sent") return {};
    const auto reason = rows.string(1);
    const std::string begin = "it ";  // Of every such reason.
    return reason.compare(0, begin.size(), begin) == 0 ? reason.substr(begin.size()) : reason;
}

Party Ledger::party(int64_t customer_id) {
    auto rows = tx_.query(
        "SELECT number, name, kind, status, language, salesperson, portfolio, currency, is_deleted"
        " FROM receivables_v1_customer WHERE customer_id = ?",
        customer_id);
    if (!rows.step()) {
        throw Error(DUNLIN_E_NOT_FOUND, "there is no customer " + std::to_string(customer_id) +
                                            "; receivables.find looks for one");
    }
    return {
        rows.string(0), rows.string(1), rows.string(2), rows.i64(8) != 0 ? "gone" : rows.string(3),
        rows.string(4), rows.string(5), rows.string(6), rows.string(7)};
}

std::optional<Address> Ledger::address(int64_t customer_id, const std::string& channel, Date on) {
    auto rows = tx_.query(
        "SELECT person, value, street, postcode, city, country FROM receivables_v1_contact_point"
        " WHERE customer_id = ? AND kind = ? AND valid_from <= ? AND valid_to >= ?"
        " ORDER BY CASE role WHEN 'dunning' THEN 0 WHEN 'billing' THEN 1 ELSE 2 END,"
        " preferred DESC, contact_point_id LIMIT 1",
        customer_id, channel == "email" ? "email" : "postal", on, on);
    if (!rows.step()) return std::nullopt;
    return Address{rows.string(0), rows.string(1), rows.string(2),
                   rows.string(3), rows.string(4), rows.string(5)};
}

Sender Ledger::company(int64_t company_id) {
    auto rows = tx_.query(
        "SELECT name, street, postcode, city, country, bank_account FROM receivables_v1_company"
        " WHERE company_id = ?",
        company_id);
    Sender out;
    if (!rows.step()) return out;
    out.name = rows.text(0);
    out.street = rows.text(1);
    out.postcode = rows.text(2);
    out.city = rows.text(3);
    out.country = rows.text(4);
    out.iban = rows.text(5);
    return out;
}

Letter Ledger::dunning_letter(int64_t customer_id, int64_t letter_id) {
    Letter out;
    {
        auto rows = tx_.query(
            "SELECT level, company_id, currency, language, channel, template, as_of, due, credits,"
            " fee, interest, fixed_sums, earlier_charges, total FROM receivables_v1_dunning_letter"
            " WHERE customer_id = ? AND letter_id = ?",
            customer_id, letter_id);
        if (!rows.step()) {
            throw Error(DUNLIN_E_NOT_FOUND,
                        "there is no dunning letter " + std::to_string(letter_id));
        }
        out = {rows.i64(0),    rows.i64(1),  rows.string(2), rows.string(3), rows.string(4),
               rows.string(5), rows.date(6), rows.i64(7),    rows.i64(8),    rows.i64(9),
               rows.i64(10),   rows.i64(11), rows.i64(12),   rows.i64(13)};
    }
    auto lines = tx_.query(
        "SELECT item_id, item_number, reference, issued_on, due_on, days_overdue, original, open"
        " FROM receivables_v1_dunning_letter_line WHERE customer_id = ? AND letter_id = ?"
        " ORDER BY line_no",
        customer_id, letter_id);
    for (const auto& row : lines) {
        out.lines.push_back({row.i64(0), row.string(1), row.string(2), row.date(3), row.date(4),
                             row.i64(5), row.i64(6), row.i64(7)});
    }
    return out;
}

std::vector<FiledDocument> Ledger::documents(int64_t customer_id) {
    auto rows = tx_.query(
        "SELECT item_id, document_id, size, media_type, name, sha256 FROM receivables_v1_document"
        " WHERE customer_id = ? ORDER BY known_at DESC, document_id DESC",
        customer_id);
    std::vector<FiledDocument> out;
    for (const auto& row : rows) {
        out.push_back(
            {row.i64(0), row.i64(1), row.i64(2), row.string(3), row.string(4), row.string(5)});
    }
    return out;
}

Letter Ledger::statement(int64_t customer_id, const std::string& currency, Date as_of) {
    Letter out;
    out.currency = currency;
    out.as_of = as_of;
    Json ask{{"customer", std::to_string(customer_id)},
             {"currency", currency},
             {"as_of", as_of.text()},
             {"limit", 1000}};
    for (bool has_more = true; has_more;) {
        const auto page = tx_.call("receivables.items", ask);
        for (const auto& row : page.at("rows")) {
            LetterLine line;
            line.item_id = std::stoll(row.at("item_id").get<std::string>());
            line.number = row.at("number").get<std::string>();
            line.reference = row.at("reference").get<std::string>();
            line.issued_on = Date::parse(row.at("issue_date").get<std::string>());
            line.due_on = row.at("due_date").is_string()
                              ? Date::parse(row.at("due_date").get<std::string>())
                              : line.issued_on;
            line.days_overdue = row.at("days_overdue").get<int64_t>();
            line.original = Money::parse_units(row.at("amount").at("amount").get<std::string>());
            line.open = Money::parse_units(row.at("open").at("amount").get<std::string>());
            (line.open > 0 ? out.due : out.credits) += line.open;
            if (out.company_id == 0) {
                out.company_id = std::stoll(row.at("company_id").get<std::string>());
            }
            out.lines.push_back(std::move(line));
        }
        has_more = page.contains("next") && page.at("next").is_string();
        if (has_more) ask["after"] = page.at("next");
    }
    out.total = out.due + out.credits;
    return out;
}

}  // namespace dunlin::correspondence
