// SPDX-License-Identifier: Apache-2.0
#include "inbound/sink.hpp"

#include <dunlin/blobs.hpp>

#include "inbound/filing.hpp"
#include "inbound/follow.hpp"
#include "inbound/inbox.hpp"
#include "inbound/recognise.hpp"

namespace dunlin::correspondence {

namespace {

constexpr int64_t day_us = int64_t{86'400} * 1'000'000;

Json list_or_none(std::string_view text) {
    auto out = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    return out.is_array() ? out : Json::array();
}

Inbound read(const BatchView& rows, int64_t row) {
    const auto text = [&](const char* column) {
        return std::string(rows.optional(column).text(row));
    };
    Inbound out;
    out.kind = text("kind") == "letter" ? "letter" : "email";
    out.received_us = rows.optional("received_at").i64(row);
    out.received_on = Date(static_cast<int32_t>(out.received_us / day_us));
    out.sender = text("sender");
    out.sender_name = text("sender_name");
    out.recipients = text("recipients");
    out.subject = text("subject");
    out.mail_id = text("message_id");
    out.refs = text("refs");
    out.automatic = text("automatic");
    out.reported_id = text("reported_id");
    out.reports = list_or_none(rows.optional("reports").text(row));
    out.body = text("body");
    out.attachments = list_or_none(rows.optional("attachments").text(row));
    out.media_type = text("media_type");
    out.size = rows.optional("size").i64(row);
    out.problem = text("problem");
    return out;
}

Json suggestions_of(const Inbound& in) {
    auto out = Json::array();
    if (!in.automatic.empty() || !in.reports.empty()) return out;
    for (const auto& one : recognise(in.subject, in.body, in.received_on)) {
        Json row{{"kind", one.kind}, {"percent", one.percent}, {"phrase", one.phrase}};
        if (!one.amount.empty()) row["amount"] = one.amount;
        if (!one.currency.empty()) row["currency"] = one.currency;
        if (!one.due_on.empty()) row["due_on"] = one.due_on;
        out.push_back(std::move(row));
    }
    return out;
}

void keep_raw(const Services& services, Transaction& tx, Inbound& in, std::string_view raw) {
    if (raw.empty()) return;
    try {
        in.raw_blob = Blobs(services).write(tx, in.customer_id, raw).id;
    } catch (const Error& e) {
        if (e.status() != DUNLIN_E_LIMIT) throw;
        in.problem = "only its text is kept: " + std::string(e.what());
    }
}

}  // namespace

Json describe_messages() {
    auto columns = Json::array();
    const auto add = [&](const char* name, const char* format, int required) {
        columns.push_back({{"name", name}, {"format", format}, {"required", required}});
    };
    add("external_id", "u", 1);
    add("updated_at", "tsu:UTC", 0);
    add("deleted", "b", 0);
    add("kind", "u", 1);
    add("received_at", "tsu:UTC", 1);
    for (const auto* name :
         {"sender", "sender_name", "recipients", "subject", "message_id", "refs", "automatic",
          "reported_id", "reports", "body", "attachments", "media_type", "problem"}) {
        add(name, "u", 0);
    }
    add("size", "l", 0);
    add("raw", "z", 0);
    return {{"entities", Json::array({{{"name", "message"}, {"columns", columns}}})}};
}

Applied take_messages(const Services& services, Transaction& tx, std::string_view source,
                      const BatchView& rows) {
    Applied out;
    Inbox inbox(tx);
    std::vector<Inbound> fresh;
    std::vector<int64_t> at;
    const auto ids = rows.required("external_id");
    const auto gone = rows.optional("deleted");
    for (int64_t row = 0; row < rows.rows(); ++row) {
        const auto id = services.next_id();
        // What came in stays, whatever becomes of the mailbox.
        if (gone.i64(row) != 0 || !inbox.note_received(source, ids.text(row), id)) {
            ++out.unchanged;
            continue;
        }
        auto& in = fresh.emplace_back(read(rows, row));
        in.id = id;
        in.source = source;
        in.known_us = tx.now_us();
        at.push_back(row);
    }
    if (fresh.empty()) return out;
    const Tokens tokens(tx);
    const Directory directory(tx, fresh);
    const auto raw = rows.optional("raw");
    for (std::size_t i = 0; i < fresh.size(); ++i) {
        auto& in = fresh[i];
        in.suggestions = suggestions_of(in);
        file(tx, directory, tokens, in);
        keep_raw(services, tx, in, raw.text(at[i]));
        follow(services, tx, in, "");
        inbox.insert(in);
        ++out.inserted;
    }
    return out;
}

}  // namespace dunlin::correspondence
