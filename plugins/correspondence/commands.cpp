// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include <dunlin/base64.hpp>
#include <dunlin/blobs.hpp>

#include <set>

#include "send.hpp"

namespace dunlin::correspondence {

namespace {

constexpr int64_t hour_us = 3'600'000'000;

Json brief(const Message& m) {
    return {{"customer_id", std::to_string(m.customer_id)},
            {"message_id", std::to_string(m.id)},
            {"kind", m.kind},
            {"source_id", std::to_string(m.source_id)},
            {"channel", m.channel},
            {"state", m.state},
            {"reason", m.reason},
            {"recipient", m.recipient},
            {"address", m.address},
            {"subject", m.subject},
            {"language", m.language},
            {"template", m.template_name},
            {"template_version", m.template_version},
            {"batch_id", std::to_string(m.batch_id)},
            {"attempts", m.attempts},
            {"created_on", m.created_on.text()}};
}

std::string asker(const Call& call) {
    return call.principal().at("name").get<std::string>();
}

/// For an action: who may not see the customer was refused before. Error not_found.
Message found(Call& call) {
    const auto customer = call.id("customer"), id = call.id("message");
    auto out = Messages(call.tx()).find(customer, id);
    if (out) return std::move(*out);
    throw Error(DUNLIN_E_NOT_FOUND, "the customer " + std::to_string(customer) +
                                        " has no message " + std::to_string(id) +
                                        "; see correspondence.messages");
}

void need_today(Call& call) {
    if (!call.tx().is_date_overridden()) return;
    throw Error(DUNLIN_E_DENIED,
                "nothing leaves the house under another date; call it without "
                "--today");
}

[[noreturn]] void wrong_state(const Message& m, const std::string& what) {
    throw Error(DUNLIN_E_CONFLICT, "the message " + std::to_string(m.id) + " is " + m.state +
                                       " and cannot be " + what);
}

Json moved(Call& call, Message& m, const std::string& from) {
    if (!Messages(call.tx()).update(m, from)) {
        throw Error(DUNLIN_E_CONFLICT, "somebody else changed the message; look at it again");
    }
    return brief(m);
}

Json made(const Services& services, Call& call, Message m) {
    need_today(call);
    m.asked_by = asker(call);
    m.channel = call.value<std::string>("channel", "email");
    // One request is one message, unless it is said to be the same: idempotency is the caller's.
    m.origin = m.kind + ":" + std::to_string(services.next_id());
    const auto id = make(services, call.tx(), m);
    return brief(*Messages(call.tx()).find(m.customer_id, id));
}

}  // namespace

Json list_messages(const Services&, Call& call) {
    MessageQuery query;
    query.customer_id = call.id("customer");
    query.after = call.id("after");
    query.batch_id = call.id("batch");
    query.state = call.value<std::string>("state", "");
    query.kind = call.value<std::string>("kind", "");
    query.channel = call.value<std::string>("channel", "");
    query.limit = call.value<int64_t>("limit", 100);
    query.is_scoped = true;
    auto rows = Json::array();
    Json next;
    const auto list = Messages(call.tx()).list(query);
    for (const auto& m : list) rows.push_back(brief(m));
    if (static_cast<int64_t>(list.size()) == query.limit) next = std::to_string(list.back().id);
    return {{"rows", rows}, {"next", next}};
}

Json show_message(const Services& services, Call& call) {
    MessageQuery query;
    query.customer_id = call.id("customer");
    query.id = call.id("message");
    query.is_scoped = true;
    const auto list = Messages(call.tx()).list(query);
    if (list.empty() || query.id == 0) {
        throw Error(DUNLIN_E_NOT_FOUND,
                    "there is no such message; see correspondence.messages for those there are");
    }
    const auto& m = list.front();
    auto out = brief(m);
    const Blobs blobs(services);
    Content content;
    if (m.content_blob != 0) {
        content = Json::parse(blobs.read(call.tx(), m.customer_id, m.content_blob)).get<Content>();
    }
    out["text"] = content.text;
    out["html"] = content.html;
    out["letter_html"] = content.letter_html;
    out["attached"] = Json::array();
    for (const auto& one : content.attached) {
        out["attached"].push_back({{"number", one.number},
                                   {"name", one.name},
                                   {"document_id", std::to_string(one.document_id)},
                                   {"size", one.size},
                                   {"sha256", one.sha256}});
    }
    out["not_attached"] = content.not_attached;
    out["asked_by"] = m.asked_by;
    out["reply"] = m.reply;
    const auto bytes = [&](const char* key, int64_t blob) {
        if (blob == 0) return;
        out[key] = to_base64(blobs.read(call.tx(), m.customer_id, blob));
    };
    if (call.value("with_bytes", false)) {
        bytes("pdf_base64", m.pdf_blob);
        bytes("mime_base64", m.mime_blob);
    }
    return out;
}

Json compose_note(const Services& services, Call& call) {
    Message m;
    m.customer_id = call.id("customer");
    m.kind = "note";
    m.company_id = call.id("company");
    m.template_name = call.value<std::string>("template", "note");
    m.facts = {{"subject", call.value<std::string>("subject", "")},
               {"text", call.value<std::string>("text", "")}};
    return made(services, call, std::move(m));
}

Json send_statement(const Services& services, Call& call) {
    Message m;
    m.customer_id = call.id("customer");
    m.kind = m.template_name = "statement";
    m.facts = {{"currency", call.value<std::string>(
                                "currency", Ledger(call.tx()).party(m.customer_id).currency)}};
    return made(services, call, std::move(m));
}

Json release(const Services& services, Call& call) {
    need_today(call);
    static const std::set<std::string> releasable{"draft", "held", "failed"};
    std::vector<Message> list;
    if (call.id("message") != 0) {
        list.push_back(found(call));
        auto& m = list.front();
        if (m.state == "queued") enqueue_send(call.tx(), m);  // Should its job be gone.
        m.facts["is_address_confirmed"] = true;               // A person looks at this one.
        if (m.state != "queued" && !releasable.count(m.state)) wrong_state(m, "released");
    } else {
        MessageQuery query;
        query.state = "held";
        query.customer_id = call.id("customer");
        query.kind = call.value<std::string>("kind", "");
        query.limit = call.value<int64_t>("limit", 1000);
        list = Messages(call.tx()).list(query);
    }
    auto rows = Json::array();
    for (auto& m : list) {
        m.facts.erase("is_other_date");
        if (m.state != "queued") recompose(services, call.tx(), m);
        rows.push_back(brief(m));
    }
    return {{"rows", rows}};
}

Json hold(const Services&, Call& call) {
    auto m = found(call);
    const auto before = m.state;
    if (before != "queued" && before != "draft") wrong_state(m, "held");
    m.state = "held";
    m.reason = call.value<std::string>("reason", "");
    return moved(call, m, before);
}

Json void_message(const Services&, Call& call) {
    static const std::set<std::string> voidable{"draft", "held", "queued", "failed"};
    auto m = found(call);
    const auto before = m.state;
    if (!voidable.count(before)) wrong_state(m, "voided");
    m.state = "voided";
    m.reason = call.value<std::string>("reason", "");
    return moved(call, m, before);
}

Json resolve(const Services&, Call& call) {
    need_today(call);
    auto m = found(call);
    // One whose job was taken away stays "sending".
    const bool is_left =
        m.state == "sending" && m.batch_id == 0 && m.changed_us < call.now_us() - hour_us;
    if (m.state != "unknown" && !is_left) wrong_state(m, "resolved: its outcome is known");
    const auto before = m.state;
    const auto outcome = call.value<std::string>("outcome", "");
    m.reason = outcome + " by " + asker(call);
    if (outcome == "sent") {
        m.state = "sent";
        return moved(call, m, before);
    }
    m.attempt_id = 0;  // What an attempt still says later is not about this one.
    m.state = "queued";
    auto out = moved(call, m, before);
    enqueue_send(call.tx(), m);
    return out;
}

Json print_letters(const Services& services, Call& call) {
    need_today(call);
    auto& tx = call.tx();
    const auto [batch, letters] = begin_batch(services, tx, Settings::of(services), asker(call),
                                              call.value<int64_t>("limit", 5000));
    return {{"batch_id", std::to_string(batch)}, {"letters", letters}};
}

}  // namespace dunlin::correspondence
