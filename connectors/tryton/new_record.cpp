// SPDX-License-Identifier: Apache-2.0
#include "writer.hpp"

#include <algorithm>
#include <charconv>

namespace dunlin::tryton {
namespace {

Json where(const std::string& field, const char* op, Json value) {
    return Json::array({field, op, std::move(value)});
}

std::string mark_of(const std::string& key) {
    return "[" + key + "]";
}

/// The text as a part of others, for a condition.
std::string pattern_of(const std::string& text) {
    std::string out = "%";
    for (const char c : text) {
        if (c == '%' || c == '_' || c == '\\') out += '\\';
        out += c;
    }
    return out + "%";
}

std::string model_of(const WriteBack& write) {
    if (write.entity == "invoice") return "account.invoice";
    if (write.entity == "customer") return "party.party";
    return write.external_id.starts_with('a') ? "party.address" : "party.contact_mechanism";
}

/// The number of an external id of ours: "17", "m17", "a17"; 0 when it is none.
int64_t number_in(const WriteBack& write) {
    std::string_view text = write.external_id;
    const bool has_letter = text.starts_with('a') || text.starts_with('m');
    if (has_letter != (write.entity == "contact_point")) return 0;
    if (has_letter) text.remove_prefix(1);
    int64_t out = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
    return read.ec == std::errc() && read.ptr == text.data() + text.size() ? out : 0;
}

Json decimal(const std::string& text) {
    return {{"__class__", "Decimal"}, {"decimal", text}};
}

/// A line of a credit note that takes a line of the invoice back.
Json taken_back(const Json& line, const Json& invoice) {
    Json out{{"type", "line"},
             {"company", invoice["company"]},
             {"currency", invoice["currency"]},
             {"origin", "account.invoice.line," + std::to_string(id_at(line, "id"))}};
    for (const char* field : {"description", "unit", "unit_price", "product", "account"}) {
        out[field] = at(line, field);
    }
    out["quantity"] = -at(line, "quantity").get<double>();
    out["taxes"] = Json::array({Json::array({"add", ids_at(line, "taxes")})});
    return out;
}

}  // namespace

Json Writer::target(const WriteBack& write, const std::vector<std::string>& fields) {
    const auto id = number_in(write);
    auto domain = Json::array({where("id", "=", id)});
    const bool is_invoice = write.entity == "invoice";
    // Without this Tryton leaves inactive records out.
    if (!is_invoice) domain.push_back(where("active", "in", Json::array({true, false})));
    if (is_invoice) domain.push_back(where("type", "=", "out"));
    for (const auto& one : companies_) {
        if (is_invoice) domain.back() = where("company", "=", one.id);
        const auto found = client_.read({model_of(write), domain, fields, 1, one.id}, cancel_);
        if (!found.empty()) return found[0];
        if (!is_invoice) break;
    }
    throw Rejected(write.entity + " \"" + write.external_id + "\" is not in Tryton");
}

std::vector<int64_t> Writer::made(const NewRecord& record, const std::string& key) {
    auto domain = record.scope;
    if (record.key_field.empty())
        return client_.ids({record.model, domain, {}, 0, record.company}, cancel_);
    const auto mark = mark_of(key);
    domain.push_back(where(record.key_field, "like", pattern_of(mark)));
    std::vector<int64_t> out;
    for (const auto& one :
         client_.read({record.model, domain, {record.key_field}, 0, record.company}, cancel_)) {
        const bool is_it = text_at(one, record.key_field).find(mark) != std::string::npos;
        if (is_it) out.push_back(id_at(one, "id"));
    }
    return out;
}

int64_t Writer::make(const NewRecord& record, const std::string& key) {
    auto ids = made(record, key);
    if (!ids.empty()) return ids.front();
    const auto answer = client_.change(
        "model." + record.model + ".create",
        Json::array({Json::array({record.values}), context(record.company)}), cancel_);
    const auto own = answer.at(0).get<int64_t>();
    try {
        ids = made(record, key);
        for (std::size_t i = 1; i < ids.size(); ++i) {
            try {
                client_.change("model." + record.model + ".delete",
                               Json::array({Json::array({ids[i]}), context(record.company)}),
                               cancel_);
            } catch (const Rejected&) {
                // The other writer was faster with that, too.
            }
        }
        return ids.empty() ? own : ids.front();
    } catch (const Error& e) {
        throw Error(DUNLIN_E_TIMEOUT, std::string("it was made, but not read again: ") + e.what());
    }
}

NewRecord Writer::place(const WriteBack& write) {
    if (write.kind == "dunning_block") return block_note(write, {});
    return write.kind == "credit_note" ? credit_note_place(write) : new_record(write);
}

NewRecord Writer::new_record(const WriteBack& write) {
    if (write.kind == "note") {
        auto out = on_resource(write, "ir.note");
        out.key_field = "message";
        out.values["message"] = text_in(write.body, "text") + "\n" + mark_of(write.key);
        return out;
    }
    if (write.kind == "attachment") {
        auto out = on_resource(write, "ir.attachment");
        out.key_field = "description";
        out.values["name"] = text_in(write.body, "file_name");
        out.values["type"] = "data";
        out.values["description"] = mark_of(write.key);
        out.values["data"] = {{"__class__", "bytes"},
                              {"base64", text_in(write.body, "content_base64")}};
        return out;
    }
    if (write.kind == "contact") return contact(write);
    if (write.kind == "credit_note") return credit_note(write);
    throw Rejected("nothing of the kind \"" + write.kind + "\" is written to Tryton");
}

NewRecord Writer::on_resource(const WriteBack& write, const std::string& model) {
    need_target(write, {"customer", "invoice"});
    const bool is_invoice = write.entity == "invoice";
    const auto found = target(write, {is_invoice ? "company" : "code"});
    const auto resource = model_of(write) + "," + std::to_string(id_at(found, "id"));
    NewRecord out;
    out.model = model;
    out.scope = Json::array({where("resource", "=", resource)});
    out.values = {{"resource", resource}};
    out.company = is_invoice ? id_at(found, "company") : company();
    return out;
}

Json Writer::country(const std::string& code) {
    if (code.empty()) return nullptr;
    const auto found = client_.ids(
        {"country.country", Json::array({where("code", "=", code)}), {}, 1, company()}, cancel_);
    if (found.empty()) throw Rejected("Tryton knows no country \"" + code + "\"");
    return found.front();
}

NewRecord Writer::contact(const WriteBack& write) {
    need_target(write, {"customer"});
    const auto kind = text_in(write.body, "kind"), name = text_in(write.body, "name");
    const auto optional = [](const std::string& text) {
        return text.empty() ? Json() : Json(text);
    };
    NewRecord out;
    out.company = company();
    out.scope = Json::array({where("party", "=", id_at(target(write, {"code"}), "id"))});
    if (kind == "postal") {
        // An address has no text for a key. The same one is not made twice.
        out.model = "party.address";
        out.values = {{"party_name", optional(name)},
                      {"street", optional(text_in(write.body, "street"))},
                      {"city", optional(text_in(write.body, "city"))},
                      {"postal_code", optional(text_in(write.body, "postcode"))},
                      {"country", country(text_in(write.body, "country"))}};
        for (const auto& value : out.values.items()) {
            out.scope.push_back(where(value.key(), "=", value.value()));
        }
    } else if (kind == "email" || kind == "phone" || kind == "mobile") {
        out.model = "party.contact_mechanism";
        out.key_field = "comment";
        out.values = {{"type", kind},
                      {"value", text_in(write.body, "value")},
                      {"name", optional(name)},
                      {"comment", mark_of(write.key)}};
        out.scope.push_back(where("active", "in", Json::array({true, false})));
    } else {
        throw Rejected("Tryton keeps no contact of the kind \"" + kind + "\"");
    }
    out.values["invoice"] = text_in(write.body, "role") == "billing";
    return out;
}

NewRecord Writer::credit_note_place(const WriteBack& write) {
    need_target(write, {"invoice"});
    const auto invoice = target(write, {"company", "party"});
    NewRecord out;
    out.model = "account.invoice";
    out.company = id_at(invoice, "company");
    out.key_field = "comment";
    out.scope = Json::array({where("type", "=", "out"), where("company", "=", out.company),
                             where("party", "=", id_at(invoice, "party"))});
    return out;
}

/// A draft: of the whole invoice with its lines and taxes, of a part with one line without a tax,
/// because only a person knows what it is for.
NewRecord Writer::credit_note(const WriteBack& write) {
    const auto invoice =
        target(write, {"number", "state", "party", "account", "journal", "currency",
                       "currency.code", "invoice_address", "company", "total_amount"});
    const auto name = text_at(invoice, "number"), state = text_at(invoice, "state");
    if (state != "posted" && state != "paid") {
        throw Rejected("invoice " + write.external_id +
                       " is not posted in Tryton, and only posted ones are credited");
    }
    const auto currency = text_at(invoice, "currency.code");
    if (text_in(write.body, "currency") != currency) {
        throw Rejected(name + " is in " + currency + ", not in " + text_in(write.body, "currency"));
    }
    const auto amount = amount_in(write.body, "amount");
    const auto total = amount_at(invoice, "total_amount").value_or(0);
    if (amount <= 0 || amount > total) {
        throw Rejected("a credit note for " + name + " is of more than 0 and at most its total, " +
                       Money::text_of(total, 2) + " " + currency);
    }
    const auto lines = client_.read(
        {"account.invoice.line",
         Json::array({where("invoice", "=", id_at(invoice, "id")), where("type", "=", "line")}),
         {"description", "quantity", "unit", "unit_price", "product", "account", "taxes"},
         0,
         id_at(invoice, "company")},
        cancel_);
    if (lines.empty()) throw Rejected(name + " has no lines in Tryton");
    const auto reason = text_in(write.body, "reason"), own = text_in(write.body, "reference");
    auto list = Json::array();
    if (amount == total) {
        for (const auto& line : lines) list.push_back(taken_back(line, invoice));
    } else {
        auto part = taken_back(lines[0], invoice);
        part.update({{"description", reason.empty() ? "Credit for " + name : reason},
                     {"quantity", -1.0},
                     {"unit", nullptr},
                     {"product", nullptr},
                     {"unit_price", decimal(Money::text_of(amount, 2))},
                     {"taxes", Json::array()}});
        list.push_back(part);
    }
    auto out = credit_note_place(write);
    out.values = {{"type", "out"},
                  {"reference", own.empty() ? Json(name) : Json(own)},
                  {"description", reason.empty() ? Json() : Json(reason)},
                  {"comment", mark_of(write.key)},
                  {"lines", Json::array({Json::array({"create", list})})}};
    for (const char* field :
         {"party", "account", "journal", "currency", "invoice_address", "company"}) {
        out.values[field] = invoice[field];
    }
    return out;
}

}  // namespace dunlin::tryton
