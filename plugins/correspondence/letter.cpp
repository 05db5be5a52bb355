// SPDX-License-Identifier: Apache-2.0
// A dunning letter and the message it went with, or did not.
#include "send.hpp"

namespace dunlin::correspondence {

namespace {

constexpr std::size_t reason_max = 900;

std::string reason_of(const Message& m) {
    auto out = "its message is " + m.state + (m.reason.empty() ? "" : ": " + m.reason);
    if (out.size() <= reason_max) return out;
    auto end = reason_max;
    while ((static_cast<unsigned char>(out[end]) & 0xc0U) == 0x80U) --end;
    return out.substr(0, end) + "…";
}

}  // namespace

void follow_letter(Transaction& tx, int64_t customer_id, int64_t message_id) {
    const auto m = Messages(tx).find(customer_id, message_id);
    // One that is on its way again follows when that has its end.
    if (!m || m->state == "queued" || m->state == "sending") return;
    Json letter{{"customer", std::to_string(customer_id)},
                {"letter", std::to_string(m->source_id)}};
    try {
        if (m->state == "sent") {
            tx.call("receivables.dunning_letter_sent", letter);
            return;
        }
        const bool is_over =
            m->state == "voided" || m->state == "bounced" || m->state == "returned";
        letter["reason"] = reason_of(*m);
        tx.call(is_over ? "receivables.void_dunning_letter" : "receivables.dunning_letter_held",
                letter);
    } catch (const Error& e) {
        // It is voided by now, or gone with its customer.
        if (e.status() != DUNLIN_E_CONFLICT && e.status() != DUNLIN_E_NOT_FOUND) throw;
    }
}

}  // namespace dunlin::correspondence
