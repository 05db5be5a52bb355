// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/date.hpp>
#include <dunlin/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace dunlin::correspondence {

/// Something that goes to a customer, or went, or may not.
///
///   draft ─▶ queued ─▶ sending ─▶ sent ─▶ bounced, returned
///     ▲        │  ▲        ├────▶ unknown: nobody knows; a person decides, never a program
///     └─ held ◀┘  └────────┴────▶ failed
///   voided: from everything that was not sent.
struct Message {
    int64_t customer_id = 0, id = 0;
    std::string origin;  // What asked for it, once: "dunning_letter:17".
    std::string kind;    // dunning_letter, promise_reminder, promise_broken, statement, note
    int64_t source_id = 0;
    Json facts = Json::object();  // What the kind needs besides.
    std::string channel;          // email or letter
    std::string state = "draft", reason{};
    int64_t company_id = 0;
    std::string salesperson{}, portfolio{};  // Of the customer when it was made.
    std::string language{}, template_name{};
    int64_t template_version = 0;
    std::string recipient{}, address{}, subject{};
    int64_t content_blob = 0, pdf_blob = 0, mime_blob = 0;
    int64_t batch_id = 0;
    int64_t attempt_id = 0;  // The job that is sending it, or was.
    int64_t attempts = 0;
    std::string asked_by{};
    Date created_on{0};
    int64_t created_us = 0, changed_us = 0, sent_us = 0;
    std::string reply{};
};

/// A document that the ledger has filed with an item, which goes with the message.
struct Attached {
    std::string number, name, sha256;
    int64_t document_id = 0, size = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Attached, number, name, sha256, document_id, size)

/// A copy of what was sent, or will be.
struct Content {
    std::string subject, text, html, letter_html;
    std::string to_name, to;  // The latter for an e-mail.
    std::vector<Attached> attached{};
    std::vector<std::string> not_attached{};  // "R-17: why".
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Content, subject, text, html, letter_html, to_name,
                                                to, attached, not_attached)

/// Who writes: one company of ours, from dunlin.toml and what its sources say of it.
struct Sender {
    std::string name, street, postcode, city, country, email, phone, iban, bic, pay_link;
    std::string from, account;
};

}  // namespace dunlin::correspondence
