// SPDX-License-Identifier: Apache-2.0
#include "mapper.hpp"

#include <cstdlib>

namespace dunlin::odoo {
namespace {

std::string key_of(const Json& record) {
    return std::to_string(record.at("id").get<int64_t>());
}

std::string reference_of(int64_t id) {
    return id == 0 ? std::string() : std::to_string(id);
}

/// Odoo calls a document without a number "/".
std::string number_of(const Json& move) {
    auto name = text_of(move, "name");
    return name == "/" ? std::string() : name;
}

/// The customer whose account a journal item is on.
int64_t owner_of(const Json& line, const Books& books) {
    const auto partner = id_of(line, "partner_id");
    const auto customer = partner == 0
                              ? books.customer_of_counterparts(line.at("id").get<int64_t>())
                              : books.customer_of(partner);
    if (customer != 0) return customer;
    throw BadValue("no_partner", partner == 0
                                     ? "the journal item is on a customers' account but names no "
                                       "partner and is reconciled with none; give it one in Odoo"
                                     : "Odoo does not show the partner " + std::to_string(partner) +
                                           " to this user");
}

bool is_posted(const Json& line) {
    return text_of(line, "parent_state") == "posted";
}

}  // namespace

void map_invoice(const Json& move, const Books& books, Rows& rows) {
    auto row = rows.row(key_of(move), instant_of(move, "write_date"));
    const auto state = text_of(move, "state");
    const auto total = amount_of(move, "amount_total");
    // A draft may still be below zero; Odoo posts none like that.
    const bool is_note = (text_of(move, "move_type") == "out_refund") != (total < 0);
    auto issued = date_of(move, "invoice_date");
    if (!issued) issued = date_of(move, "date");
    row.text("customer", reference_of(id_of(move, "commercial_partner_id")))
        .text("company", reference_of(id_of(move, "company_id")))
        .text("number", number_of(move))
        .text("kind", is_note ? "credit_note" : "invoice")
        .date("issue_date", issued)
        .date("due_date", date_of(move, "invoice_date_due"))
        .text("currency", books.currency(id_of(move, "currency_id")))
        .number("total", std::llabs(total))
        .text("po_number", text_of(move, "ref"))
        .text("reference", text_of(move, "payment_reference"))
        .text("corrects", reference_of(id_of(move, "reversed_entry_id")))
        .text("salesperson", books.text("res.users", id_of(move, "invoice_user_id"), "name"))
        .text("document_url", books.client().account().url + "/web#id=" + key_of(move) +
                                  "&model=account.move&view_type=form");
    if (state == "posted") {
        const auto open = amount_of(move, "amount_residual");
        row.text("status", "posted").number("open_amount", total < 0 ? -open : open);
    } else if (state == "cancel") {
        // Odoo takes it out of its books for every day and keeps no date of that.
        row.text("status", "cancelled").date("cancelled_on", issued).number("open_amount", 0);
    } else if (state == "draft") {
        row.text("status", "draft");
    } else {
        throw BadValue("status", "the state \"" + state + "\" is none of draft, posted, cancel");
    }
    rows.add(std::move(row));
}

void map_invoice_line(const Json& line, const Books& books, Rows& rows) {
    auto row = rows.row(key_of(line), instant_of(line, "write_date"));
    const auto quantity = decimal_of(line, "quantity");
    row.text("invoice", reference_of(id_of(line, "move_id")))
        .number("sequence", line.at("sequence").get<int64_t>())
        .text("product", books.text("product.product", id_of(line, "product_id"), "default_code"))
        .text("description", text_of(line, "name"))
        .real("quantity", std::strtod(quantity.c_str(), nullptr))
        .number("amount", amount_of(line, "price_subtotal"));
    rows.add(std::move(row));
}

void map_instalment(const Json& line, const Books& books, Rows& rows) {
    auto row = rows.row(key_of(line), instant_of(line, "write_date"));
    const auto amount = amount_of(line, "amount_currency");
    const auto due = date_of(line, "date_maturity");
    static_cast<void>(books);
    if (amount <= 0) return;
    row.text("invoice", reference_of(id_of(line, "move_id")))
        .number("sequence", line.at("id").get<int64_t>())
        .date("due_date", due ? due : date_of(line, "date"))
        .number("amount", amount);
    rows.add(std::move(row));
}

void map_payment(const Json& line, const Books& books, Rows& rows) {
    auto row = rows.row("line-" + key_of(line), instant_of(line, "write_date"));
    const auto amount = amount_of(line, "amount_currency");
    if (!is_posted(line) || amount == 0) {
        row.deleted();
    } else {
        const auto* move = books.find("account.move", id_of(line, "move_id"));
        const auto said = text_of(line, "ref");
        row.text("customer", std::to_string(owner_of(line, books)))
            .text("company", reference_of(id_of(line, "company_id")))
            .date("date", date_of(line, "date"))
            .text("currency", books.currency(id_of(line, "currency_id")))
            .number("amount", -amount)
            .text("method", books.text("account.journal", id_of(line, "journal_id"), "name"))
            .text("reference", !said.empty() ? said
                               : move        ? number_of(*move)
                                             : std::string())
            .text("payer_name", books.text("res.partner", id_of(line, "partner_id"), "name"));
    }
    rows.add(std::move(row));
}

void map_adjustment(const Json& line, const Books& books, Rows& rows) {
    auto row = rows.row("line-" + key_of(line), instant_of(line, "write_date"));
    const auto amount = amount_of(line, "amount_currency");
    const auto journal = id_of(line, "journal_id");
    // A difference of rates alone moves nothing in the currency of the document.
    if (!is_posted(line) || amount == 0) {
        row.deleted();
    } else {
        const auto* company = books.find("res.company", id_of(line, "company_id"));
        const auto* move = books.find("account.move", id_of(line, "move_id"));
        const auto said = text_of(line, "ref");
        const bool is_fx =
            company && id_of(*company, "currency_exchange_journal_id") == journal && journal != 0;
        row.text("customer", std::to_string(owner_of(line, books)))
            .text("company", reference_of(id_of(line, "company_id")))
            .date("date", date_of(line, "date"))
            .text("currency", books.currency(id_of(line, "currency_id")))
            .number("amount", amount)
            .text("kind", is_fx ? "fx" : "journal")
            .text("reference", !said.empty() ? said
                               : move        ? number_of(*move)
                                             : std::string());
    }
    rows.add(std::move(row));
}

}  // namespace dunlin::odoo
