// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "contacts/contacts.hpp"

namespace dunlin::receivables {
namespace {

constexpr const char* default_text = R"({
  "outcomes": [
    {"code": "reached", "title": "Spoke with somebody", "reached": true},
    {"code": "promise", "title": "Promised to pay", "reached": true},
    {"code": "paid_already", "title": "Says it is paid", "reached": true},
    {"code": "disputes", "title": "Disputes what is asked", "reached": true},
    {"code": "refuses", "title": "Refuses to pay", "reached": true},
    {"code": "call_back", "title": "Asked to be called again", "reached": true},
    {"code": "left_message", "title": "Left a message"},
    {"code": "not_reached", "title": "Not reached"},
    {"code": "wrong_contact", "title": "Number or address is wrong"},
    {"code": "nobody_there", "title": "Nobody there"},
    {"code": "sent", "title": "Sent"},
    {"code": "received", "title": "Received", "reached": true},
    {"code": "returned", "title": "Came back"}
  ],
  "reasons": [
    {"code": "forgot", "title": "Forgot"},
    {"code": "invoice_missing", "title": "Does not have the invoice",
     "remedy": {"kind": "remedy", "title": "Send the invoice again and ask whether it came", "days": 1}},
    {"code": "not_approved", "title": "Invoice is not approved yet",
     "remedy": {"kind": "call", "title": "Ask who approves it and by when", "days": 3}},
    {"code": "order_number", "title": "Order number is missing or wrong",
     "remedy": {"kind": "question_billing", "title": "Correct the order number and send it again", "days": 2}},
    {"code": "wrong_price", "title": "Price or quantity is wrong",
     "remedy": {"kind": "question_billing", "title": "Check price and quantity", "days": 3}},
    {"code": "delivery", "title": "Goods or work are missing or faulty",
     "remedy": {"kind": "question_sales", "title": "Find out what was delivered", "days": 3}},
    {"code": "credit_note_due", "title": "Waits for a credit note",
     "remedy": {"kind": "question_billing", "title": "Say when the credit note comes", "days": 3}},
    {"code": "paid_already", "title": "Says it is paid",
     "remedy": {"kind": "remedy", "title": "Find the payment, or ask for proof of it", "days": 1}},
    {"code": "short_of_money", "title": "Short of money",
     "remedy": {"kind": "call", "title": "Agree on a plan", "days": 2}},
    {"code": "pays_on_run", "title": "Pays on fixed days only",
     "remedy": {"kind": "remedy", "title": "Note the customer's payment days", "days": 5}},
    {"code": "bank_details", "title": "Unsure where to pay",
     "remedy": {"kind": "remedy", "title": "Confirm the bank account in writing", "days": 1}},
    {"code": "closing_down", "title": "Is closing down or insolvent",
     "remedy": {"kind": "escalation", "title": "Decide with the supervisor before more is delivered", "days": 0}},
    {"code": "other", "title": "Something else"}
  ]
})";

std::vector<ContactWord> words_of(const Json& list) {
    std::vector<ContactWord> out;
    for (const auto& from : list) {
        ContactWord word;
        word.code = from.at("code");
        word.title = from.at("title");
        word.is_reached = from.value("reached", false);
        if (const auto remedy = from.find("remedy"); remedy != from.end()) {
            word.remedy_kind = remedy->at("kind");
            word.remedy = remedy->at("title");
            word.remedy_days = remedy->value("days", 0);
        }
        const bool is_twice = std::any_of(out.begin(), out.end(), [&](const ContactWord& other) {
            return other.code == word.code;
        });
        if (is_twice) {
            throw Error(DUNLIN_E_INVALID, "\"" + word.code + "\" stands in the list twice");
        }
        out.push_back(std::move(word));
    }
    return out;
}

const ContactWord& in(const std::vector<ContactWord>& words, std::string_view code,
                      const char* what) {
    const auto it = std::find_if(words.begin(), words.end(),
                                 [&](const ContactWord& word) { return word.code == code; });
    if (it != words.end()) return *it;
    std::string all;
    for (const auto& word : words) all.append(all.empty() ? "" : ", ").append(word.code);
    throw Error(DUNLIN_E_INVALID, "there is no " + std::string(what) + " \"" + std::string(code) +
                                      "\"; use one of " + all +
                                      ", or add it with receivables.set_contact_lists");
}

}  // namespace

const Json& default_contact_lists() {
    static const Json body = Json::parse(default_text);
    return body;
}

ContactLists parse_contact_lists(const Json& body) {
    ContactLists out;
    out.outcomes = words_of(body.at("outcomes"));
    out.reasons = words_of(body.at("reasons"));
    return out;
}

ContactLists contact_lists(Transaction& tx, Date on) {
    const auto policy = tx.policy("contact", "", on);
    auto out = parse_contact_lists(policy ? policy->at("body") : default_contact_lists());
    if (policy) out.version = policy->at("version");
    return out;
}

const ContactWord& ContactLists::outcome(std::string_view code) const {
    return in(outcomes, code, "outcome");
}

const ContactWord& ContactLists::reason(std::string_view code) const {
    return in(reasons, code, "reason");
}

}  // namespace dunlin::receivables
