// SPDX-License-Identifier: Apache-2.0
#include <dunlin/plugin.hpp>

#include <map>

#include "commands.hpp"
#include "dunlin_manifest.h"
#include "inbound/commands.hpp"
#include "inbound/follow.hpp"
#include "inbound/inbox.hpp"
#include "inbound/sink.hpp"
#include "send.hpp"

namespace dunlin::correspondence {
namespace {

constexpr int64_t hour_us = 3'600'000'000;
constexpr int64_t day_us = 24 * hour_us;

std::string text(const Event& event, const char* key) {
    return event.payload.value(key, "");
}

/// Letters and e-mails to customers: composed from what others decided, kept as sent, sent once.
class Correspondence : public Plugin<Correspondence> {
public:
    using Plugin::Plugin;

    Json on_command(Call& call) {
        using Door = Json (*)(const Services&, Call&);
        static const std::map<std::string_view, Door> doors{
            {"correspondence.messages", &list_messages},
            {"correspondence.message", &show_message},
            {"correspondence.compose", &compose_note},
            {"correspondence.statement", &send_statement},
            {"correspondence.release", &release},
            {"correspondence.hold", &hold},
            {"correspondence.void", &void_message},
            {"correspondence.resolve", &resolve},
            {"correspondence.print_batch", &print_letters},
            {"correspondence.inbound", &list_inbound},
            {"correspondence.inbound_message", &show_inbound},
            {"correspondence.file_inbound", &file_inbound},
            {"correspondence.dismiss_inbound", &dismiss_inbound},
            {"correspondence.returned_mail", &returned_mail},
            {"correspondence.templates", &list_templates},
            {"correspondence.preview_template", &preview_template},
            {"correspondence.set_template", &set_template}};
        const auto door = doors.find(call.command());
        if (door == doors.end()) {
            throw Error(DUNLIN_E_UNSUPPORTED,
                        "correspondence has no command " + std::string(call.command()));
        }
        return door->second(services(), call);
    }

    void on_event(Transaction& tx, const Event& event) {
        Message m;
        m.customer_id = std::stoll(text(event, "customer_id"));
        if (event.topic == "receivables.customer_forgotten") {
            return forget(services(), tx, m.customer_id);
        }
        if (event.topic == "correspondence.dunning_letter_moved") {
            return follow_letter(tx, m.customer_id, std::stoll(text(event, "message_id")));
        }
        m.asked_by = "event:" + std::string(event.topic);
        if (event.topic == "receivables.dunning_letter_voided") {
            return void_origin(tx, m.customer_id, "dunning_letter:" + text(event, "letter_id"),
                               text(event, "reason"));
        }
        m.facts = event.payload;
        // The date of an event is the one that its cause was given.
        const auto days = static_cast<int32_t>(event.occurred_us / day_us);
        m.facts["is_other_date"] = std::abs(event.cause_date.days() - days) > 1;
        if (event.topic == "receivables.dunning_letter_released") {
            m.kind = "dunning_letter";
            m.origin = "dunning_letter:" + text(event, "letter_id");
            m.source_id = std::stoll(text(event, "letter_id"));
            m.channel = text(event, "channel");
            // Calls and texts are made by people.
            if (m.channel != "letter" && m.channel != "email") return;
            m.template_name = text(event, "template");
        } else {
            const bool is_broken = event.topic == "receivables.promise_broken";
            m.kind = m.template_name = is_broken ? "promise_broken" : "promise_reminder";
            m.source_id = std::stoll(text(event, "promise_id"));
            m.channel = "email";
            m.origin = m.kind + ":" + text(event, "promise_id") + ":" + text(event, "when") + ":" +
                       text(event, "due_on");
        }
        make(services(), tx, std::move(m));
    }

    void on_job(const Job& job) {
        if (job.kind == "correspondence.print") return print_batch(services(), job);
        send_message(services(), job);
    }

    Json describe_sink() { return describe_messages(); }
    Applied apply(Transaction& tx, std::string_view source, std::string_view /*entity*/,
                  const BatchView& rows) {
        return take_messages(services(), tx, source, rows);
    }
    static Json totals(Transaction& /*tx*/, std::string_view /*source*/) { return Json::array(); }
    static std::vector<std::string> keys(Transaction& tx, std::string_view source,
                                         std::string_view /*entity*/, std::string_view after,
                                         int64_t limit) {
        return Inbox(tx).external_ids(source, after, limit);
    }

    Json check_health(Transaction& tx) {
        Messages messages(tx);
        const auto now = tx.now_us();
        const auto unknown = messages.count("unknown", now + 1);
        const auto left = messages.count("sending", now - hour_us);
        auto out = Json::array();
        const auto add = [&](const char* name, bool is_well, const std::string& message,
                             const char* remedy) {
            out.push_back({{"name", name},
                           {"state", is_well ? "ok" : "warn"},
                           {"message", message},
                           {"remedy", is_well ? "" : remedy}});
        };
        add("outcomes", unknown + left == 0,
            std::to_string(unknown + left) + " messages of which nobody knows whether they went",
            "correspondence.messages state=unknown, then correspondence.resolve");
        const auto waiting = Inbox(tx).waiting();
        add("inbound", waiting == 0,
            std::to_string(waiting) + " messages that came in and fit nobody",
            "correspondence.inbound state=waiting, then correspondence.file_inbound");
        add("sending", true,
            Settings::of(services()).is_sending ? "is on"
                                                : "is off: every message is held until "
                                                  "[plugins.correspondence] says sending = true",
            "");
        return out;
    }

private:
    void void_origin(Transaction& tx, int64_t customer_id, const std::string& origin,
                     const std::string& reason) {
        MessageQuery query;
        query.customer_id = customer_id;
        query.origin = origin;
        Messages messages(tx);
        for (auto& m : messages.list(query)) {
            const auto before = m.state;
            if (before != "draft" && before != "held" && before != "queued") continue;
            m.state = "voided";
            m.reason = reason;
            messages.update(m, before);
        }
    }
};

}  // namespace
}  // namespace dunlin::correspondence

DUNLIN_PLUGIN(dunlin::correspondence::Correspondence);
