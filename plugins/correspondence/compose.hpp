// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/services.hpp>

#include "store.hpp"
#include "template.hpp"

namespace dunlin::correspondence {

/// [plugins.correspondence]
struct Settings {
    bool is_sending = false;
    std::string language = "en", print_folder, account;
    int64_t attached_max = 20, attached_mib = 10;
    Json companies = Json::object();

    static Settings of(const Services& services);
    /// Our side of a letter: what the operator wrote about a company, else what is known of it.
    Sender sender(Transaction& tx, int64_t company_id) const;
};

/// What the gate says of a message at this moment: it may go (the state is empty), is held, or
/// voided, and why.
struct Verdict {
    std::string state, reason;
};

/// Nothing leaves but through here; asked when a message is queued and again right before it is
/// sent or printed.
Verdict gate(Transaction& tx, const Settings& settings, const Message& message);

/// The template of a scope in force, as set or as shipped. Error not_found.
Template template_of(Transaction& tx, const std::string& scope, Date on);
/// Partials of a language, likewise.
Partials partials_of(Transaction& tx, const std::string& language, Date on);

/// Makes a message of an origin, composed and queued, or held with the reason; does nothing when
/// the origin has one. Its id, or 0.
int64_t make(const Services& services, Transaction& tx, Message message);
/// Composes it anew from what is known now, and queues it or holds it. Error conflict when
/// somebody moved it meanwhile.
void recompose(const Services& services, Transaction& tx, Message& message);
/// The same in memory: content, recipient, subject and the state it gets.
Content compose(Transaction& tx, const Settings& settings, Message& message);

/// Lets the job look at it, now or later.
void enqueue_send(Transaction& tx, const Message& message, int64_t at_us = 0);

}  // namespace dunlin::correspondence
