// SPDX-License-Identifier: Apache-2.0
#include "inbound/follow.hpp"

#include <dunlin/blobs.hpp>

#include "inbound/inbox.hpp"
#include "inbound/recognise.hpp"
#include "send.hpp"
#include "store.hpp"

namespace dunlin::correspondence {

namespace {

constexpr std::size_t title_max = 500, note_max = 4000, excerpt_max = 1500;

/// At most so many bytes, and whole characters.
std::string cut(const std::string& text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return text;
    auto end = bytes_max - 3;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
    return text.substr(0, end) + "…";
}

/// A task for a person. That it could not be made is no reason to lose the message.
int64_t add_task(const Services& services, Transaction& tx, int64_t customer_id, const char* kind,
                 const std::string& title, const std::string& note, const std::string& assignee) {
    Json request{{"customer", std::to_string(customer_id)},
                 {"kind", kind},
                 {"title", cut(title, title_max)},
                 {"note", cut(note, note_max)}};
    if (!assignee.empty()) request["assignee"] = assignee;
    try {
        const auto made = tx.call("receivables.add_task", request);
        return std::stoll(made.at("task_id").get<std::string>());
    } catch (const Error& e) {
        if (is_retryable(e.status())) throw;
        services.warn("no task was made of a message that came in or came back",
                      {{"customer", std::to_string(customer_id)}, {"error", e.what()}});
        return 0;
    }
}

std::string said_of(const Json& suggestion) {
    auto out = std::string(title_of(suggestion.at("kind").get<std::string>()));
    const auto amount = suggestion.value("amount", "");
    if (!amount.empty()) out += " " + amount + " " + suggestion.value("currency", "");
    const auto due_on = suggestion.value("due_on", "");
    if (!due_on.empty()) out += " on " + due_on;
    return out;
}

void tell_person(const Services& services, Transaction& tx, Inbound& in,
                 const std::string& assignee) {
    const auto who = in.sender_name.empty() ? in.sender : in.sender_name;
    const auto& all = in.suggestions;
    const bool is_letter = in.kind == "letter";
    auto title = (who.empty() ? std::string("The customer") : who) + " " +
                 (all.empty() ? std::string(title_of("")) : said_of(all.front())) + ": " +
                 in.subject;
    std::string note = "Came in as " + in.kind + " " + std::to_string(in.id) + ".\n";
    for (const auto& one : all) {
        note += "Perhaps " + said_of(one) + " (" + std::to_string(one.at("percent").get<int>()) +
                " %: \"" + one.at("phrase").get<std::string>() + "\").\n";
    }
    if (!in.reason.empty()) note += "Mind: " + in.reason + ".\n";
    note += "\n" + cut(own_words(in.body), excerpt_max);
    in.task_id = add_task(services, tx, in.customer_id, is_letter ? "letter" : "email", title, note,
                          assignee);
}

void note_bounce(const Services& services, Transaction& tx, Inbound& in) {
    for (const auto& report : in.reports) {
        // "delayed", "relayed" and the like are only news.
        if (report.value("action", "") != "failed") continue;
        auto m = Messages(tx).find(in.customer_id, in.message_id);
        if (!m) return;
        come_back(services, tx, *m, "bounced",
                  report.value("recipient", "") + ": " + report.value("status", "") + " " +
                      report.value("diagnostic", ""),
                  in.task_id);
        return;
    }
}

}  // namespace

bool come_back(const Services& services, Transaction& tx, Message& m, const std::string& state,
               const std::string& why, int64_t& task_id) {
    const auto before = m.state;
    if (before != "sent" && before != "unknown" && before != "sending") return false;
    m.state = state;
    m.reason = "it came back: " + why;
    if (!Messages(tx).update(m, before)) return false;
    tell(tx, m);
    const auto customer = std::to_string(m.customer_id);
    tx.emit("correspondence.address_failed", customer,
            {{"customer_id", customer},
             {"message_id", std::to_string(m.id)},
             {"channel", m.channel},
             {"address", m.address},
             {"reason", why}});
    task_id = add_task(services, tx, m.customer_id, "remedy",
                       (m.channel == "email" ? "E-mail to " : "Letter to ") + m.address +
                           " came back; find the right address",
                       m.reason, "");
    return true;
}

void follow(const Services& services, Transaction& tx, Inbound& in, const std::string& assignee) {
    if (in.state != "filed") return;
    if (!in.reports.empty()) return note_bounce(services, tx, in);
    // No person wrote it, so there is nobody to answer.
    if (in.automatic.empty()) tell_person(services, tx, in, assignee);
}

void forget(const Services& services, Transaction& tx, int64_t customer_id) {
    const Blobs blobs(services);
    std::vector<int64_t> owned;
    auto rows = tx.query(
        "SELECT content_blob, pdf_blob, mime_blob FROM correspondence_message WHERE customer_id = "
        "?",
        customer_id);
    for (const auto& row : rows) owned.insert(owned.end(), {row.i64(0), row.i64(1), row.i64(2)});
    auto came =
        tx.query("SELECT raw_blob FROM correspondence_inbound WHERE customer_id = ?", customer_id);
    for (const auto& row : came) owned.push_back(row.i64(0));
    for (const auto id : owned) {
        if (id != 0) blobs.remove(tx, customer_id, id);
    }
    tx.exec("DELETE FROM correspondence_message WHERE customer_id = ?", customer_id);
    tx.exec("DELETE FROM correspondence_inbound WHERE customer_id = ?", customer_id);
}

}  // namespace dunlin::correspondence
