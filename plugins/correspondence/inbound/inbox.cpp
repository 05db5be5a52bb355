// SPDX-License-Identifier: Apache-2.0
#include "inbound/inbox.hpp"

namespace dunlin::correspondence {

namespace {

constexpr const char* columns =
    "customer_id, inbound_id, source, kind, state, how, reason, message_id, candidates,"
    " salesperson, portfolio, received_on, received_us, known_us, sender, sender_name, recipients,"
    " subject, mail_id, refs, automatic, reported_id, reports, body, attachments, media_type, size,"
    " problem, suggestions, raw_blob, task_id, filed_by";

Inbound read(const Statement& row) {
    Inbound out;
    uint32_t at = 0;
    const auto number = [&] { return row.i64(at++); };
    const auto text = [&] { return row.string(at++); };
    out.customer_id = number();
    out.id = number();
    out.source = text();
    out.kind = text();
    out.state = text();
    out.how = text();
    out.reason = text();
    out.message_id = number();
    out.candidates = Json::parse(text());
    out.salesperson = text();
    out.portfolio = text();
    out.received_on = Date(static_cast<int32_t>(number()));
    out.received_us = number();
    out.known_us = number();
    out.sender = text();
    out.sender_name = text();
    out.recipients = text();
    out.subject = text();
    out.mail_id = text();
    out.refs = text();
    out.automatic = text();
    out.reported_id = text();
    out.reports = Json::parse(text());
    out.body = text();
    out.attachments = Json::parse(text());
    out.media_type = text();
    out.size = number();
    out.problem = text();
    out.suggestions = Json::parse(text());
    out.raw_blob = number();
    out.task_id = number();
    out.filed_by = text();
    return out;
}

}  // namespace

std::vector<Inbound> Inbox::list(const InboundQuery& query) {
    auto rows =
        tx_.query(std::string("SELECT ") + columns + " FROM correspondence_v1_inbound" +
                      (query.is_scoped ? "_scoped" : "") +
                      " WHERE (customer_id = ? OR CAST(? AS bigint) = 0) AND (inbound_id = ? OR"
                      " CAST(? AS bigint) = 0) AND (message_id = ? OR CAST(? AS bigint) = 0)"
                      " AND inbound_id > ? AND (state = ? OR CAST(? AS text) = '')"
                      " ORDER BY inbound_id LIMIT ?",
                  query.customer_id, query.customer_id, query.id, query.id, query.message_id,
                  query.message_id, query.after, query.state, query.state, query.limit);
    std::vector<Inbound> out;
    for (const auto& row : rows) out.push_back(read(row));
    return out;
}

std::optional<Inbound> Inbox::find(int64_t id) {
    InboundQuery query;
    query.id = id;
    auto found = id == 0 ? std::vector<Inbound>() : list(query);
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
}

bool Inbox::note_received(std::string_view source, std::string_view external_id, int64_t id) {
    return tx_.exec(
               "INSERT INTO correspondence_received (source, external_id, inbound_id)"
               " VALUES (?, ?, ?) ON CONFLICT (source, external_id) DO NOTHING",
               source, external_id, id) == 1;
}

void Inbox::insert(const Inbound& in) {
    tx_.exec(std::string("INSERT INTO correspondence_inbound (") + columns +
                 ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
                 " ?, ?, ?, ?, ?, ?, ?, ?)",
             in.customer_id, in.id, in.source, in.kind, in.state, in.how, in.reason, in.message_id,
             in.candidates, in.salesperson, in.portfolio, in.received_on, in.received_us,
             in.known_us, in.sender, in.sender_name, in.recipients, in.subject, in.mail_id, in.refs,
             in.automatic, in.reported_id, in.reports, in.body, in.attachments, in.media_type,
             in.size, in.problem, in.suggestions, in.raw_blob, in.task_id, in.filed_by);
}

void Inbox::update(const Inbound& in, int64_t from_customer) {
    tx_.exec(
        "UPDATE correspondence_inbound SET customer_id = ?, state = ?, how = ?, reason = ?,"
        " message_id = ?, salesperson = ?, portfolio = ?, raw_blob = ?, task_id = ?, filed_by = ?"
        " WHERE customer_id = ? AND inbound_id = ?",
        in.customer_id, in.state, in.how, in.reason, in.message_id, in.salesperson, in.portfolio,
        in.raw_blob, in.task_id, in.filed_by, from_customer, in.id);
}

int64_t Inbox::waiting() {
    auto rows = tx_.query("SELECT count(*) FROM correspondence_inbound WHERE state = 'waiting'");
    rows.step();
    return rows.i64(0);
}

std::vector<std::string> Inbox::external_ids(std::string_view source, std::string_view after,
                                             int64_t limit) {
    std::vector<std::string> out;
    auto rows = tx_.query(
        "SELECT external_id FROM correspondence_received WHERE source = ? AND external_id > ?"
        " ORDER BY external_id LIMIT ?",
        source, after, limit);
    for (const auto& row : rows) out.push_back(row.string(0));
    return out;
}

}  // namespace dunlin::correspondence
