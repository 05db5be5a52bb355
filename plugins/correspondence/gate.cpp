// SPDX-License-Identifier: Apache-2.0
#include "compose.hpp"

namespace dunlin::correspondence {

namespace {

/// Whether what asked for the message still wants it.
Verdict standing(Transaction& tx, const Message& m) {
    if (m.kind == "promise_reminder" && m.facts.contains("due_on") &&
        tx.today() > Date::parse(m.facts.at("due_on").get<std::string>())) {
        return {"voided", "the day that it reminds of is over"};
    }
    if (m.kind != "dunning_letter") return {};
    const auto answer = tx.call(
        "receivables.dunning_letter_standing",
        {{"customer", std::to_string(m.customer_id)}, {"letter", std::to_string(m.source_id)}});
    if (answer.at("may_go").get<bool>()) return {};
    return {"voided", answer.at("reason").get<std::string>()};
}

/// Whether a natural person may be written to. Who knows the law of contacts is a plugin.
Verdict may_contact(Transaction& tx, const Message& m) {
    try {
        const auto answer =
            tx.call("compliance.may_contact", {{"customer", std::to_string(m.customer_id)},
                                               {"channel", m.channel},
                                               {"purpose", m.kind}});
        if (answer.at("allowed").get<bool>()) return {};
        return {"held", answer.value("reason", "the contact rules say no")};
    } catch (const Error& e) {
        return {"held",
                "the recipient is a natural person, and nobody says that it may be "
                "written to (" +
                    std::string(e.what()) + "); install the plugin compliance"};
    }
}

/// Whether the last thing that went to this address came back. A person who releases a message
/// again has looked at that.
Verdict address_is_good(Transaction& tx, const Message& m) {
    if (m.facts.value("is_address_confirmed", false)) return {};
    const auto reason = Messages(tx).why_back(m);
    if (reason.empty()) return {};
    return {"held", "the last one to this address " + reason +
                        "; correct the address, or release it to send it all the same"};
}

}  // namespace

Verdict gate(Transaction& tx, const Settings& settings, const Message& m) {
    try {
        if (auto verdict = standing(tx, m); !verdict.state.empty()) return verdict;
    } catch (const Error& e) {
        if (is_retryable(e.status())) throw;
        return {"held", "whether it still holds is not known: " + std::string(e.what())};
    }
    if (tx.is_date_overridden() || m.facts.value("is_other_date", false)) {
        return {"held", "it was asked for under another business date; release it today"};
    }
    const auto party = Ledger(tx).party(m.customer_id);
    if (party.status != "active" && party.status != "inactive") {
        return {"held", "the customer is " + party.status + "; a person decides, and may void it"};
    }
    if (auto verdict = address_is_good(tx, m); !verdict.state.empty()) return verdict;
    if (!settings.is_sending) {
        return {"held",
                "sending is off; set sending = true in [plugins.correspondence] of dunlin.toml "
                "and release it"};
    }
    return party.kind == "company" ? Verdict{} : may_contact(tx, m);
}

}  // namespace dunlin::correspondence
