// SPDX-License-Identifier: Apache-2.0
#include "streams.hpp"
#include "value.hpp"
#include "writer.hpp"

namespace dunlin::odoo {
namespace {

/// As Odoo keeps texts for people.
std::string html(const std::string& text) {
    std::string out = "<p>";
    for (const char c : text) {
        switch (c) {
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '&': out += "&amp;"; break;
            case '\n': out += "<br/>"; break;
            default: out += c;
        }
    }
    return out + "</p>";
}

std::string model_of(const WriteBack& write) {
    return write.entity == "invoice" ? "account.move" : "res.partner";
}

/// Silent: nobody is sent an e-mail, and the customer does not see it.
NewRecord note(const WriteBack& write, int64_t target, const std::string& text) {
    NewRecord out;
    out.model = "mail.message";
    out.set("model", model_of(write));
    out.set("res_id", std::to_string(target));
    out.set("message_type", "comment");
    out.set("subtype_id/id", "mail.mt_note");
    out.set("body", html(text));
    return out;
}

NewRecord activity(const WriteBack& write, int64_t target) {
    NewRecord out;
    out.model = "mail.activity";
    out.set("res_model_id/id",
            write.entity == "invoice" ? "account.model_account_move" : "base.model_res_partner");
    out.set("res_id", std::to_string(target));
    out.set("activity_type_id/id", "mail.mail_activity_data_todo");
    out.set("summary", text_in(write.body, "summary"));
    out.set("date_deadline", text_in(write.body, "due_date"));
    out.set("note", html(text_in(write.body, "text")));
    return out;
}

NewRecord attachment(const WriteBack& write, int64_t target) {
    NewRecord out;
    out.model = "ir.attachment";
    out.set("name", text_in(write.body, "file_name"));
    out.set("res_model", model_of(write));
    out.set("res_id", std::to_string(target));
    out.set("mimetype", text_in(write.body, "media_type"));
    out.set("datas", text_in(write.body, "content_base64"));
    return out;
}

NewRecord contact(Client& client, const WriteBack& write, int64_t customer) {
    const auto kind = text_in(write.body, "kind"), name = text_in(write.body, "name"),
               role = text_in(write.body, "role");
    const bool is_address = kind == "postal";
    if (!is_address && kind != "email" && kind != "phone" && kind != "mobile") {
        throw Rejected("Odoo keeps no contact of the kind \"" + kind + "\"");
    }
    NewRecord out;
    out.model = "res.partner";
    out.set("parent_id/.id", std::to_string(customer));
    // A plain contact has a name and shares the company's address.
    const bool is_person = !is_address && !name.empty();
    out.set("type", role == "billing"    ? "invoice"
                    : role == "delivery" ? "delivery"
                    : is_person          ? "contact"
                                         : "other");
    out.set("name", name);
    if (is_address) {
        out.set("street", text_in(write.body, "street"));
        out.set("zip", text_in(write.body, "postcode"));
        out.set("city", text_in(write.body, "city"));
        const auto country = country_id(client, text_in(write.body, "country"));
        if (country != "0") out.set("country_id/.id", country);
    } else {
        out.set(kind, text_in(write.body, "value"));
    }
    return out;
}

/// The invoice as far as a credit note needs it. Throws Rejected where none can be given.
Json creditable(Client& client, int64_t id, const Json& body, int64_t amount) {
    const auto move = client.read("account.move", {id},
                                  {"name", "state", "move_type", "company_id", "journal_id",
                                   "partner_id", "currency_id", "amount_total"})[0];
    const auto name = text_of(move, "name");
    const auto type = text_of(move, "move_type");
    if (text_of(move, "state") != "posted" || (type != "out_invoice" && type != "out_receipt")) {
        throw Rejected(name + " is no posted invoice in Odoo, and only those are credited");
    }
    const auto currency =
        text_of(client.read("res.currency", {id_of(move, "currency_id")}, {"name"})[0], "name");
    if (text_in(body, "currency") != currency) {
        throw Rejected(name + " is in " + currency + ", not in " + text_in(body, "currency"));
    }
    if (amount <= 0 || amount > amount_of(move, "amount_total")) {
        throw Rejected("a credit note for " + name + " is of more than 0 and at most its total, " +
                       decimal_of(move, "amount_total") + " " + currency);
    }
    return move;
}

/// A draft: of the whole invoice with its lines and taxes, of a part with one line without a tax,
/// because only a person knows what it is for.
NewRecord credit_note(Client& client, const WriteBack& write, int64_t invoice) {
    const auto amount = amount_in(write.body, "amount");
    const auto move = creditable(client, invoice, write.body, amount);
    auto domain = client.is_charge();
    domain.push_back(Json::array({"move_id", "=", invoice}));
    const auto lines = client.read(
        "account.move.line", client.search("account.move.line", domain, 0),
        {"name", "quantity", "price_unit", "discount", "account_id", "product_id", "tax_ids"});
    if (lines.empty()) throw Rejected(text_of(move, "name") + " has no lines in Odoo");
    const bool is_whole = amount == amount_of(move, "amount_total");
    const auto reason = text_in(write.body, "reason"), own = text_in(write.body, "reference");
    NewRecord out;
    out.model = "account.move";
    out.company = id_of(move, "company_id");
    out.set("move_type", "out_refund");
    for (const char* field : {"partner_id", "journal_id", "currency_id"}) {
        out.set(std::string(field) + "/.id", std::to_string(id_of(move, field)));
    }
    out.set("reversed_entry_id/.id", std::to_string(invoice));
    out.set("ref", own.empty() ? text_of(move, "name") + ": " + reason : own);
    const auto heads = out.columns.size();
    for (const char* column : {"name", "quantity", "price_unit", "discount", "account_id/.id",
                               "product_id/.id", "tax_ids/.id"}) {
        out.columns.push_back(std::string("invoice_line_ids/") + column);
    }
    const auto add = [&](const Json& line) {
        if (out.rows.back().size() > heads) out.rows.emplace_back(heads);
        std::string taxes;
        for (const auto tax : ids_of(line, "tax_ids")) {
            taxes += (taxes.empty() ? "" : ",") + std::to_string(tax);
        }
        const auto product = id_of(line, "product_id");
        for (const auto& cell :
             {text_of(line, "name"), decimal_of(line, "quantity"), decimal_of(line, "price_unit"),
              decimal_of(line, "discount"), std::to_string(id_of(line, "account_id")),
              product == 0 ? std::string() : std::to_string(product), taxes}) {
            out.rows.back().push_back(cell);
        }
    };
    if (is_whole) {
        for (const auto& line : lines) add(line);
    } else {
        add({{"name", reason.empty() ? "Credit for " + text_of(move, "name") : reason},
             {"quantity", 1},
             {"price_unit", Money::text_of(amount, 2)},
             {"discount", 0},
             {"account_id", lines[0]["account_id"]},
             {"product_id", false},
             {"tax_ids", Json::array()}});
    }
    return out;
}

std::string block_note(const Json& body) {
    const auto until = text_in(body, "until"), reason = text_in(body, "reason");
    auto out = std::string(body.value("on", true) ? "Dunning is blocked" : "Dunning goes on");
    if (!until.empty()) out += " until " + until;
    return reason.empty() ? out : out + ": " + reason;
}

}  // namespace

int64_t target_id(Client& client, const WriteBack& write) {
    const auto* stream = find_stream(write.entity);
    const auto id = stream ? stream->parts.front().record_of(write.external_id) : std::nullopt;
    if (!id) {
        throw Rejected("Odoo has no " + write.entity + " \"" + write.external_id +
                       "\" to write to");
    }
    auto domain = Json::array({Json::array({"id", "in", Json::array({*id})})});
    if (write.entity == "invoice") {
        domain.push_back(Json::array({"company_id", "in", client.session().companies}));
    }
    if (client.count(stream->parts.front().model, domain) == 0) {
        throw Rejected(write.entity + " " + write.external_id +
                       " is not in Odoo any more, or is of a company that is not synced");
    }
    return *id;
}

std::string country_id(Client& client, const std::string& code) {
    if (code.empty()) return "0";
    const auto found =
        client.search("res.country", Json::array({Json::array({"code", "=", code})}), 1);
    if (found.empty()) throw Rejected("Odoo knows no country \"" + code + "\"");
    return std::to_string(found.front());
}

NewRecord new_record(Client& client, const WriteBack& write) {
    if (write.kind == "contact" || write.kind == "dunning_block") {
        need_target(write, {"customer"});
    } else if (write.kind == "credit_note") {
        need_target(write, {"invoice"});
    } else {
        need_target(write, {"customer", "invoice"});
    }
    const auto target = target_id(client, write);
    if (write.kind == "note") return note(write, target, text_in(write.body, "text"));
    if (write.kind == "activity") return activity(write, target);
    if (write.kind == "attachment") return attachment(write, target);
    if (write.kind == "contact") return contact(client, write, target);
    if (write.kind == "credit_note") return credit_note(client, write, target);
    if (write.kind == "dunning_block") return note(write, target, block_note(write.body));
    throw Rejected("nothing of the kind \"" + write.kind + "\" is written to Odoo");
}

}  // namespace dunlin::odoo
