// SPDX-License-Identifier: Apache-2.0
#include "streams.hpp"

#include <algorithm>
#include <set>

namespace dunlin::stripe {
namespace {

using Texts = std::vector<std::string>;

const Texts customer_events{"customer.created", "customer.updated", "customer.deleted"};
const Texts invoice_events{"invoice.finalized",
                           "invoice.updated",
                           "invoice.paid",
                           "invoice.voided",
                           "invoice.marked_uncollectible",
                           "invoice.payment_succeeded"};
const Texts note_events{"credit_note.created", "credit_note.updated", "credit_note.voided"};
const Texts charge_events{"charge.succeeded", "charge.captured", "charge.updated", "charge.failed"};
/// Refunds are announced by their charge.
const Texts refund_events{"charge.refunded", "charge.refund.updated"};
const Texts dispute_events{"charge.dispute.created", "charge.dispute.updated",
                           "charge.dispute.closed", "charge.dispute.funds_withdrawn",
                           "charge.dispute.funds_reinstated"};

Part invoices(void (*map)(const Json&, Reader&, Rows&), Texts suffixes = {""}) {
    Part out{"invoices", "invoice", map, invoice_events};
    out.is_invoice = true;
    out.suffixes = std::move(suffixes);
    return out;
}

Part credit_notes(void (*map)(const Json&, Reader&, Rows&), Texts suffixes = {""}) {
    Part out{"credit_notes", "credit_note", map, note_events, {}, {"invoice"}};
    out.has_created = false;
    out.suffixes = std::move(suffixes);
    return out;
}

Part charges(void (*map)(const Json&, Reader&, Rows&)) {
    return {"charges", "charge", map, charge_events, {}, {"invoice"}};
}

Part refunds(void (*map)(const Json&, Reader&, Rows&)) {
    return {"refunds", "refund", map, refund_events, {"charge"}, {"charge.invoice"}};
}

Part with_refund(Part part) {
    part.expand = {"refund"};
    return part;
}

Part disputes() {
    return {"disputes", "dispute", map_dispute, dispute_events, {"charge"}, {"charge.invoice"}};
}

/// Lists leave deleted customers out, and invoices lead to those that matter.
Part deleted_customers() {
    Part out{"invoices", "", map_deleted_customer, {}, {"customer"}};
    out.is_invoice = true;
    return out;
}

std::vector<Stream> make_streams() {
    return {
        {"company", "name:u country:u currency:u", {{"account", "account", map_company}}, true},
        {"customer",
         "number:u name:u language:u currency:u status:u notes:u",
         {{"customers", "customer", map_customer, customer_events}, deleted_customers()}},
        {"contact_point",
         "customer:u role:u kind:u value:u street:u city:u postcode:u region:u country:u",
         {{"customers",
           "customer",
           map_contacts,
           customer_events,
           {},
           {},
           true,
           false,
           {":email", ":phone", ":postal"}}}},
        {"invoice",
         "customer:u company:u number:u kind:u status:u issue_date:tdD due_date:tdD "
         "cancelled_on:tdD currency:u total:l open_amount:l po_number:u reference:u corrects:u "
         "document_url:u",
         {invoices(map_invoice), credit_notes(map_credit_note)}},
        {"invoice_line",
         "invoice:u sequence:l product:u description:u quantity:g amount:l",
         {invoices(map_invoice_lines, {}), credit_notes(map_credit_note_lines, {})}},
        {"payment",
         "customer:u company:u date:tdD currency:u amount:l method:u reference:u status:u "
         "reversed_on:tdD payer_name:u",
         {charges(map_charge), refunds(map_refund), disputes(),
          invoices(map_outside_payment, {":outside"})}},
        {"adjustment",
         "customer:u company:u invoice:u date:tdD currency:u amount:l kind:u reference:u",
         {invoices(map_invoice_adjustments, {":balance", ":uncollectible"}),
          with_refund(credit_notes(map_credit_note_adjustment, {":given"})),
          refunds(map_refund_adjustment)}},
        {"allocation",
         "source:u source_kind:u invoice:u amount:l",
         {charges(map_charge_allocation),
          with_refund(credit_notes(map_credit_note_allocations, {"", ":refund", ":given"})),
          refunds(map_refund_allocation), invoices(map_outside_allocation, {":outside"})}},
    };
}

/// What the ids of an object begin with; nothing: with something else.
Texts beginnings_of(const std::string& object) {
    if (object == "invoice") return {"in_"};
    if (object == "credit_note") return {"cn_"};
    if (object == "refund") return {"re_", "pyr_"};
    if (object == "dispute") return {"dp_", "du_", "pdp_"};
    return {};
}

}  // namespace

const Part* Stream::part_of(std::string_view external_id) const {
    const Part* otherwise = nullptr;
    for (const auto& part : parts) {
        if (part.object.empty()) continue;
        const auto beginnings = beginnings_of(part.object);
        if (beginnings.empty()) otherwise = &part;
        for (const auto& beginning : beginnings) {
            if (external_id.starts_with(beginning)) return &part;
        }
    }
    return otherwise;
}

const Part* Stream::part_of_event(const std::string& type) const {
    for (const auto& part : parts) {
        if (std::count(part.events.begin(), part.events.end(), type) > 0) return &part;
    }
    return nullptr;
}

std::vector<std::string> Stream::event_types() const {
    std::vector<std::string> out;
    for (const auto& part : parts) {
        out.insert(out.end(), part.events.begin(), part.events.end());
    }
    return out;
}

std::string object_id_of(std::string_view external_id) {
    return std::string(external_id.substr(0, external_id.find_first_of(":/")));
}

std::span<const Stream> streams() {
    static const auto all = make_streams();
    return all;
}

const Stream* find_stream(std::string_view entity) {
    for (const auto& stream : streams()) {
        if (stream.entity == entity) return &stream;
    }
    return nullptr;
}

}  // namespace dunlin::stripe
