// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "mapper.hpp"

namespace dunlin::stripe {
namespace {

int64_t need(const Json& object, const char* field) {
    const auto value = number_of(object, field);
    if (!value) throw BadValue("amount", std::string("there is no ") + field);
    return *value;
}

std::string purchase_order(const Json& invoice) {
    for (const auto& field : list_of(invoice, "custom_fields")) {
        const auto name = text_of(field, "name");
        if (name.starts_with("PO") || name.starts_with("Purchase order") ||
            name.starts_with("Purchase Order")) {
            return text_of(field, "value");
        }
    }
    return {};
}

std::optional<Date> finalized_on(const Json& invoice) {
    const auto& steps = object_of(invoice, "status_transitions");
    const auto on = date_of(steps, "finalized_at");
    return on ? on : date_of(invoice, "created");
}

void map_lines(const std::string& document, const Json& lines, const std::string& currency,
               Rows& rows) {
    int64_t sequence = 0;
    for (const auto& line : lines) {
        const auto& price = object_of(line, "price");
        const auto quantity = number_of(line, "quantity");
        auto row = rows.row(document + "/" + text_of(line, "id"));
        row.text("invoice", document)
            .number("sequence", ++sequence)
            .text("product", id_of(price, "product"))
            .text("description", text_of(line, "description"))
            .number("amount", units_of(need(line, "amount"), currency));
        if (quantity) row.real("quantity", static_cast<double>(*quantity));
        rows.add(std::move(row));
    }
}

}  // namespace

std::optional<Owed> owed_of(const Json& invoice) {
    const auto status = text_of(invoice, "status");
    Owed out;
    out.total = need(invoice, "total");
    if (status == "draft" || status == "deleted" || status.empty() || out.total < 0) {
        return std::nullopt;
    }
    // What the customer's balance changed by. It also takes what is too small to be charged, and
    // asks for what was left to pay before.
    int64_t moved = 0;
    if (const auto ending = number_of(invoice, "ending_balance")) {
        moved = *ending - number_of(invoice, "starting_balance").value_or(0);
    }
    if (moved < 0) out.total -= moved;
    out.is_void = status == "void";
    if (out.is_void) return out;
    out.from_balance = std::clamp<int64_t>(moved, 0, out.total);
    const auto remaining = need(invoice, "amount_remaining");
    if (status == "uncollectible") out.lost = remaining;
    if (status == "open") out.open = remaining;
    if (flag_of(invoice, "paid_out_of_band")) {
        const auto credited = number_of(invoice, "pre_payment_credit_notes_amount").value_or(0);
        out.outside = std::max<int64_t>(0, out.total - out.from_balance - credited);
    }
    return out;
}

void map_invoice(const Json& invoice, Reader& reader, Rows& rows) {
    const auto owed = owed_of(invoice);
    if (!owed || !reader.is_wanted(invoice)) return;
    const auto currency = currency_of(invoice);
    auto row = rows.row(text_of(invoice, "id"));
    row.text("customer", id_of(invoice, "customer"))
        .text("company", reader.reading().company)
        .text("number", text_of(invoice, "number"))
        .text("kind", "invoice")
        .text("status", owed->is_void ? "cancelled" : "posted")
        .date("issue_date", finalized_on(invoice))
        .date("due_date", date_of(invoice, "due_date"))
        .text("currency", currency)
        .number("total", units_of(owed->total, currency))
        .number("open_amount", units_of(owed->open, currency))
        .text("po_number", purchase_order(invoice))
        .text("reference", text_of(invoice, "description"))
        .text("document_url", text_of(invoice, "hosted_invoice_url"));
    if (owed->is_void) {
        row.date("cancelled_on", date_of(object_of(invoice, "status_transitions"), "voided_at"));
    }
    rows.add(std::move(row));
}

void map_credit_note(const Json& note, Reader& reader, Rows& rows) {
    if (!reader.is_wanted(note.value("invoice", Json()))) return;
    const auto currency = currency_of(note);
    const bool is_void = text_of(note, "status") == "void";
    auto row = rows.row(text_of(note, "id"));
    row.text("customer", id_of(note, "customer"))
        .text("company", reader.reading().company)
        .text("number", text_of(note, "number"))
        .text("kind", "credit_note")
        .text("status", is_void ? "cancelled" : "posted")
        .date("issue_date", date_of(note, "created"))
        .text("currency", currency)
        .number("total", units_of(need(note, "total"), currency))
        .number("open_amount", 0)
        .text("reference", text_of(note, "memo"))
        .text("corrects", id_of(note, "invoice"))
        .text("document_url", text_of(note, "pdf"));
    if (is_void) row.date("cancelled_on", date_of(note, "voided_at"));
    rows.add(std::move(row));
}

void map_invoice_lines(const Json& invoice, Reader& reader, Rows& rows) {
    if (!owed_of(invoice) || !reader.is_wanted(invoice)) return;
    const auto id = text_of(invoice, "id");
    map_lines(id, reader.lines_of("/v1/invoices/" + percent_encoded(id), invoice),
              currency_of(invoice), rows);
}

void map_credit_note_lines(const Json& note, Reader& reader, Rows& rows) {
    if (!reader.is_wanted(note.value("invoice", Json()))) return;
    const auto id = text_of(note, "id");
    map_lines(id, reader.lines_of("/v1/credit_notes/" + percent_encoded(id), note),
              currency_of(note), rows);
}

void map_invoice_adjustments(const Json& invoice, Reader& reader, Rows& rows) {
    const auto owed = owed_of(invoice);
    if (!owed || !reader.is_wanted(invoice)) return;
    const auto id = text_of(invoice, "id");
    const auto currency = currency_of(invoice);
    const auto& steps = object_of(invoice, "status_transitions");
    const auto adjust = [&](const std::string& suffix, int64_t amount, std::optional<Date> on,
                            const char* kind, const char* reference) {
        rows.add(rows.row(id + suffix)
                     .text("customer", id_of(invoice, "customer"))
                     .text("company", reader.reading().company)
                     .text("invoice", id)
                     .date("date", on)
                     .text("currency", currency)
                     .number("amount", -units_of(amount, currency))
                     .text("kind", kind)
                     .text("reference", reference));
    };
    if (owed->from_balance > 0) {
        adjust(":balance", owed->from_balance, finalized_on(invoice), "journal",
               "customer balance in Stripe");
    } else if (owed->is_void && number_of(invoice, "ending_balance")) {
        rows.absent(id + ":balance", instant_of(steps, "voided_at"));
    }
    const auto lost_on = date_of(steps, "marked_uncollectible_at");
    if (owed->lost > 0) {
        adjust(":uncollectible", owed->lost, lost_on ? lost_on : finalized_on(invoice), "write_off",
               "marked uncollectible in Stripe");
    } else if (lost_on) {
        const auto paid = instant_of(steps, "paid_at");
        rows.absent(id + ":uncollectible", paid ? paid : instant_of(steps, "voided_at"));
    }
}

int64_t given_otherwise(const Json& note) {
    if (text_of(note, "type") != "post_payment" || text_of(note, "status") == "void") return 0;
    return need(note, "total") - refunded_by(note, object_of(note, "refund"));
}

void map_credit_note_adjustment(const Json& note, Reader& reader, Rows& rows) {
    if (!reader.is_wanted(note.value("invoice", Json()))) return;
    const auto id = text_of(note, "id");
    const auto given = given_otherwise(note);
    if (given <= 0) {
        const bool is_void = text_of(note, "status") == "void";
        if (is_void) rows.absent(id + ":given", instant_of(note, "voided_at"));
        return;
    }
    const auto currency = currency_of(note);
    rows.add(rows.row(id + ":given")
                 .text("customer", id_of(note, "customer"))
                 .text("company", reader.reading().company)
                 .date("date", date_of(note, "created"))
                 .text("currency", currency)
                 .number("amount", units_of(given, currency))
                 .text("kind", "journal")
                 .text("reference", "credited to the customer balance or outside of Stripe"));
}

}  // namespace dunlin::stripe
