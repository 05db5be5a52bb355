// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "mapper.hpp"

namespace dunlin::stripe {
namespace {

int64_t captured_of(const Json& charge) {
    const auto captured = number_of(charge, "amount_captured");
    return captured ? *captured : number_of(charge, "amount").value_or(0);
}

/// Refunds and disputes are read together with their charge.
const Json& charge_of(const Json& object) {
    const auto& charge = object_of(object, "charge");
    if (charge.empty()) throw BadValue("charge", "it does not say for which customer it is");
    return charge;
}

bool is_gone(const Json& refund) {
    const auto status = text_of(refund, "status");
    return status == "failed" || status == "canceled";
}

/// When a dispute took the money and when it came back.
struct Withdrawal {
    std::optional<Date> on, until;
    bool is_back = false;
};

std::optional<Withdrawal> withdrawal_of(const Json& dispute) {
    const auto status = text_of(dispute, "status");
    Withdrawal out;
    for (const auto& move : list_of(dispute, "balance_transactions")) {
        const auto amount = number_of(move, "amount").value_or(0);
        if (amount < 0 && !out.on) out.on = date_of(move, "created");
        if (amount > 0) {
            out.until = date_of(move, "created");
            out.is_back = true;
        }
    }
    const bool takes_money = status == "needs_response" || status == "under_review" ||
                             status == "lost" || status == "won";
    if (!out.on && !takes_money) return std::nullopt;  // A question of the bank's, so far.
    if (!out.on) out.on = date_of(dispute, "created");
    out.is_back = out.is_back || status == "won";
    return out;
}

Row payment(const std::string& id, const Json& charge, const Json& money, const Reader& reader,
            const Rows& rows) {
    auto row = rows.row(id);
    row.text("customer", id_of(charge, "customer"))
        .text("company", reader.reading().company)
        .text("currency", currency_of(money))
        .text("payer_name", text_of(object_of(charge, "billing_details"), "name"));
    return row;
}

/// The part of a refund that no credit note accounts for, in Stripe's unit.
int64_t uncredited_of(const Json& refund, Reader& reader) {
    const auto amount = number_of(refund, "amount").value_or(0);
    const auto invoice = id_of(charge_of(refund), "invoice");
    return invoice.empty() ? 0 : amount - reader.credited_of(refund, invoice);
}

}  // namespace

bool is_payment(const Json& charge, const Reader& reader) {
    if (id_of(charge, "customer").empty() || text_of(charge, "status") != "succeeded" ||
        !flag_of(charge, "captured") || captured_of(charge) <= 0) {
        return false;
    }
    if (id_of(charge, "invoice").empty()) return reader.reading().has_all_payments;
    return reader.is_wanted(charge.at("invoice"));
}

void map_charge(const Json& charge, Reader& reader, Rows& rows) {
    const auto id = text_of(charge, "id");
    if (!is_payment(charge, reader)) {
        // A direct debit can fail after it had succeeded.
        if (text_of(charge, "status") == "failed") rows.absent(id);
        return;
    }
    const auto receipt = text_of(charge, "receipt_number");
    rows.add(payment(id, charge, charge, reader, rows)
                 .date("date", date_of(charge, "created"))
                 .number("amount", units_of(captured_of(charge), currency_of(charge)))
                 .text("method", text_of(object_of(charge, "payment_method_details"), "type"))
                 .text("reference", receipt.empty() ? id : receipt)
                 .text("status", "posted"));
}

void map_refund(const Json& refund, Reader& reader, Rows& rows) {
    const auto& charge = charge_of(refund);
    if (!is_payment(charge, reader)) return;
    const auto id = text_of(refund, "id");
    rows.add(payment(id, charge, refund, reader, rows)
                 .date("date", date_of(refund, "created"))
                 .number("amount",
                         -units_of(number_of(refund, "amount").value_or(0), currency_of(refund)))
                 .text("method", "refund")
                 .text("reference", id)
                 .text("status", is_gone(refund) ? "reversed" : "posted"));
}

int64_t taken_back_by(const Json& dispute, const Reader& reader) {
    const auto withdrawal = withdrawal_of(dispute);
    if (!withdrawal || withdrawal->is_back || !is_payment(charge_of(dispute), reader)) return 0;
    return number_of(dispute, "amount").value_or(0);
}

void map_dispute(const Json& dispute, Reader& reader, Rows& rows) {
    const auto& charge = charge_of(dispute);
    const auto withdrawal = withdrawal_of(dispute);
    if (!withdrawal || !is_payment(charge, reader)) return;
    const auto id = text_of(dispute, "id");
    auto row = payment(id, charge, dispute, reader, rows);
    row.date("date", withdrawal->on)
        .number("amount", -units_of(number_of(dispute, "amount").value_or(0), currency_of(dispute)))
        .text("method", "chargeback")
        .text("reference", id + " of " + text_of(charge, "id") + ": " + text_of(dispute, "reason"))
        .text("status", withdrawal->is_back ? "reversed" : "posted");
    if (withdrawal->is_back) row.date("reversed_on", withdrawal->until);
    rows.add(std::move(row));
}

void map_outside_payment(const Json& invoice, Reader& reader, Rows& rows) {
    const auto owed = owed_of(invoice);
    if (!owed || owed->outside <= 0 || !reader.is_wanted(invoice)) return;
    const auto& steps = object_of(invoice, "status_transitions");
    const auto paid_on = date_of(steps, "paid_at");
    rows.add(rows.row(text_of(invoice, "id") + ":outside")
                 .text("customer", id_of(invoice, "customer"))
                 .text("company", reader.reading().company)
                 .date("date", paid_on ? paid_on : date_of(invoice, "created"))
                 .text("currency", currency_of(invoice))
                 .number("amount", units_of(owed->outside, currency_of(invoice)))
                 .text("method", "outside")
                 .text("reference", text_of(invoice, "number"))
                 .text("status", "posted"));
}

void map_refund_adjustment(const Json& refund, Reader& reader, Rows& rows) {
    const auto& charge = charge_of(refund);
    if (!is_payment(charge, reader)) return;
    const auto id = text_of(refund, "id");
    const auto amount = is_gone(refund) ? 0 : uncredited_of(refund, reader);
    if (amount <= 0) return rows.absent(id);
    rows.add(rows.row(id)
                 .text("customer", id_of(charge, "customer"))
                 .text("company", reader.reading().company)
                 .date("date", date_of(refund, "created"))
                 .text("currency", currency_of(refund))
                 .number("amount", -units_of(amount, currency_of(refund)))
                 .text("kind", "journal")
                 .text("reference", "refund without a credit note"));
}

namespace {

Row allocation(const std::string& id, const std::string& from, const char* kind,
               const std::string& to, int64_t amount, const Rows& rows) {
    auto row = rows.row(id);
    row.text("source", from).text("source_kind", kind).text("invoice", to).number("amount", amount);
    return row;
}

}  // namespace

void map_charge_allocation(const Json& charge, Reader& reader, Rows& rows) {
    const auto invoice = id_of(charge, "invoice");
    if (invoice.empty() || !is_payment(charge, reader)) return;
    const auto id = text_of(charge, "id");
    rows.add(allocation(id, id, "payment", invoice,
                        units_of(captured_of(charge), currency_of(charge)), rows));
}

void map_credit_note_allocations(const Json& note, Reader& reader, Rows& rows) {
    if (!reader.is_wanted(note.value("invoice", Json()))) return;
    if (text_of(note, "status") == "void") return;
    const auto id = text_of(note, "id"), currency = currency_of(note);
    const auto total = number_of(note, "total").value_or(0);
    if (text_of(note, "type") == "pre_payment") {
        rows.add(allocation(id, id, "credit_note", id_of(note, "invoice"),
                            units_of(total, currency), rows));
        return;
    }
    const auto otherwise = given_otherwise(note);
    if (total > otherwise) {
        rows.add(allocation(id + ":refund", id, "credit_note", id_of(note, "refund"),
                            units_of(total - otherwise, currency), rows));
    }
    if (otherwise > 0) {
        rows.add(allocation(id + ":given", id, "credit_note", id + ":given",
                            units_of(otherwise, currency), rows));
    }
}

void map_refund_allocation(const Json& refund, Reader& reader, Rows& rows) {
    const auto& charge = charge_of(refund);
    const auto id = text_of(refund, "id"), currency = currency_of(refund);
    if (!is_payment(charge, reader) || is_gone(refund)) return;
    if (id_of(charge, "invoice").empty()) {
        rows.add(allocation(id, text_of(charge, "id"), "payment", id,
                            units_of(number_of(refund, "amount").value_or(0), currency), rows));
        return;
    }
    const auto amount = uncredited_of(refund, reader);
    if (amount <= 0) return rows.absent(id);
    rows.add(allocation(id, id, "adjustment", id, units_of(amount, currency), rows));
}

void map_outside_allocation(const Json& invoice, Reader& reader, Rows& rows) {
    const auto owed = owed_of(invoice);
    if (!owed || owed->outside <= 0 || !reader.is_wanted(invoice)) return;
    const auto id = text_of(invoice, "id");
    rows.add(allocation(id + ":outside", id + ":outside", "payment", id,
                        units_of(owed->outside, currency_of(invoice)), rows));
}

}  // namespace dunlin::stripe
