// SPDX-License-Identifier: Apache-2.0
#include "inbound/commands.hpp"

#include <dunlin/base64.hpp>
#include <dunlin/blobs.hpp>

#include "inbound/follow.hpp"
#include "inbound/inbox.hpp"
#include "store.hpp"

namespace dunlin::correspondence {

namespace {

Json brief(const Inbound& in) {
    return {{"inbound_id", std::to_string(in.id)},
            {"customer_id", std::to_string(in.customer_id)},
            {"kind", in.kind},
            {"state", in.state},
            {"how", in.how},
            {"reason", in.reason},
            {"message_id", std::to_string(in.message_id)},
            {"candidates", in.candidates},
            {"received_on", in.received_on.text()},
            {"sender", in.sender},
            {"sender_name", in.sender_name},
            {"subject", in.subject},
            {"automatic", in.automatic},
            {"suggestions", in.suggestions},
            {"problem", in.problem},
            {"task_id", std::to_string(in.task_id)}};
}

Inbound found(Call& call) {
    const auto id = call.id("inbound");
    if (auto out = Inbox(call.tx()).find(id)) return std::move(*out);
    throw Error(DUNLIN_E_NOT_FOUND, "no message " + std::to_string(id) +
                                        " came in; correspondence.inbound lists those that did");
}

std::string asker(const Call& call) {
    return call.principal().at("name").get<std::string>();
}

/// Its bytes lie beside the rest of the customer.
void move_bytes(const Services& services, Transaction& tx, Inbound& in, int64_t to_customer) {
    if (in.raw_blob == 0 || in.customer_id == to_customer) return;
    const Blobs blobs(services);
    const auto bytes = blobs.read(tx, in.customer_id, in.raw_blob);
    blobs.remove(tx, in.customer_id, in.raw_blob);
    in.raw_blob = blobs.write(tx, to_customer, bytes).id;
}

}  // namespace

Json list_inbound(const Services&, Call& call) {
    InboundQuery query;
    query.customer_id = call.id("customer");
    query.message_id = call.id("message");
    query.after = call.id("after");
    query.state = call.value<std::string>("state", "");
    query.limit = call.value<int64_t>("limit", 100);
    query.is_scoped = true;
    const auto list = Inbox(call.tx()).list(query);
    auto rows = Json::array();
    for (const auto& in : list) rows.push_back(brief(in));
    Json next;
    if (static_cast<int64_t>(list.size()) == query.limit) next = std::to_string(list.back().id);
    return {{"rows", rows}, {"next", next}};
}

Json show_inbound(const Services& services, Call& call) {
    InboundQuery query;
    query.id = call.id("inbound");
    query.is_scoped = true;
    const auto list = Inbox(call.tx()).list(query);
    if (list.empty() || query.id == 0) {
        throw Error(DUNLIN_E_NOT_FOUND,
                    "no such message came in; correspondence.inbound lists those that did");
    }
    const auto& in = list.front();
    auto out = brief(in);
    out["source"] = in.source;
    out["recipients"] = in.recipients;
    out["body"] = in.body;
    out["attachments"] = in.attachments;
    out["reports"] = in.reports;
    out["media_type"] = in.media_type;
    out["size"] = in.size;
    out["filed_by"] = in.filed_by;
    if (call.value("with_bytes", false) && in.raw_blob != 0) {
        out["raw_base64"] = to_base64(Blobs(services).read(call.tx(), in.customer_id, in.raw_blob));
    }
    return out;
}

Json file_inbound(const Services& services, Call& call) {
    auto& tx = call.tx();
    auto in = found(call);
    const auto customer_id = call.id("customer"), message_id = call.id("message");
    const auto party = Ledger(tx).party(customer_id);
    if (message_id != 0 && !Messages(tx).find(customer_id, message_id)) {
        throw Error(DUNLIN_E_NOT_FOUND, "the customer " + std::to_string(customer_id) +
                                            " has no message " + std::to_string(message_id) +
                                            "; see correspondence.messages");
    }
    const auto from = in.customer_id;
    if (in.state == "filed" && from == customer_id && in.message_id == message_id) return brief(in);
    if (in.task_id != 0 && from != customer_id) {
        tx.call("receivables.close_task", {{"customer", std::to_string(from)},
                                           {"task", std::to_string(in.task_id)},
                                           {"state", "dropped"},
                                           {"answer", "it was another customer's message"}});
    }
    const bool is_told = in.task_id != 0 && from == customer_id;
    move_bytes(services, tx, in, customer_id);
    in.customer_id = customer_id;
    in.message_id = message_id;
    in.state = "filed";
    in.how = "person";
    in.reason.clear();
    in.filed_by = asker(call);
    in.salesperson = party.salesperson;
    in.portfolio = party.portfolio;
    if (!is_told) follow(services, tx, in, call.value<std::string>("assignee", ""));
    Inbox(tx).update(in, from);
    return brief(in);
}

Json dismiss_inbound(const Services&, Call& call) {
    auto in = found(call);
    if (in.state != "waiting") {
        throw Error(DUNLIN_E_CONFLICT, "the message " + std::to_string(in.id) + " is " + in.state +
                                           "; only one that waits can be dismissed");
    }
    in.state = "dismissed";
    in.reason = call.value<std::string>("reason", "");
    in.filed_by = asker(call);
    Inbox(call.tx()).update(in, in.customer_id);
    return brief(in);
}

Json returned_mail(const Services& services, Call& call) {
    auto& tx = call.tx();
    const auto customer_id = call.id("customer"), id = call.id("message");
    auto m = Messages(tx).find(customer_id, id);
    if (!m) {
        throw Error(DUNLIN_E_NOT_FOUND, "the customer " + std::to_string(customer_id) +
                                            " has no message " + std::to_string(id) +
                                            "; see correspondence.messages");
    }
    const auto note = call.value<std::string>("note", "");
    const auto why = call.value<std::string>("reason", "") + (note.empty() ? "" : ": " + note);
    int64_t task_id = 0;
    if (m->channel != "letter" || !come_back(services, tx, *m, "returned", why, task_id)) {
        throw Error(DUNLIN_E_CONFLICT, "the message " + std::to_string(id) + " is " + m->state +
                                           " as " + m->channel +
                                           "; only a letter that was printed can come back");
    }
    return {{"customer_id", std::to_string(customer_id)},
            {"message_id", std::to_string(id)},
            {"state", m->state},
            {"reason", m->reason},
            {"task_id", std::to_string(task_id)}};
}

}  // namespace dunlin::correspondence
