// SPDX-License-Identifier: Apache-2.0
#include "writer.hpp"

namespace dunlin::tryton {
namespace {

constexpr int tries = 10;

/// A change of fields, and not something new.
bool is_change(const WriteBack& write) {
    return write.kind == "credit_limit" ||
           (write.kind == "contact" && write.entity == "contact_point");
}

std::string limit_text(const Json& body) {
    const bool is_none = text_in(body, "amount").empty();
    return is_none ? "" : Money::text_of(amount_in(body, "amount"), 2);
}

/// Tryton knows whether a contact is for bills, and no more.
std::string role_text(const std::string& role) {
    return role == "billing" ? role : "other";
}

}  // namespace

Json Writer::describe() {
    const auto kind = [](const char* name, const char* home) {
        return Json{{"kind", name}, {"home", home}, {"key", "search"}};
    };
    return Json::array({kind("note", "note"), kind("contact", "native"),
                        kind("dunning_block", "field"), kind("credit_note", "native"),
                        kind("attachment", "native"), kind("credit_limit", "native")});
}

Json Writer::context(int64_t company) const {
    return {{"company", company}, {"language", "en"}};
}

Receipt Writer::receipt(const WriteBack& write, const std::string& model, int64_t id) const {
    Receipt out;
    out.remote_id = model + "," + std::to_string(id);
    if (write.kind == "credit_note") out.touched = {{"invoice", std::to_string(id)}};
    if (write.kind == "contact") {
        const auto* prefix = model == "party.address" ? "a" : "m";
        out.touched = {{"contact_point", prefix + std::to_string(id)}};
    }
    return out;
}

Receipt Writer::receipt(const WriteBack& write, const Change& change, Receipt compared) const {
    compared.remote_id = change.model + "," + std::to_string(change.id);
    compared.touched = {{write.entity, write.external_id}};
    return compared;
}

Receipt Writer::push(const WriteBack& write) {
    try {
        if (is_change(write)) return carry_out_change(write);
        if (write.kind == "contact") return add_contact(write);
        if (write.kind != "dunning_block") return carry_out(write);
        return write.body.value("on", true) ? block(write) : unblock(write);
    } catch (const Rejected& e) {
        return {Receipt::State::rejected, {}, e.what(), {}};
    }
}

Receipt Writer::find(const WriteBack& write) {
    Receipt absent;
    absent.state = Receipt::State::absent;
    try {
        if (is_change(write)) {
            const auto change = read_change(write);
            return receipt(write, change, compare(change.fields, "Tryton"));
        }
        const auto record = place(write);
        const auto ids = made(record, write.key);
        // The note of a block is made first.
        const bool is_block = write.kind == "dunning_block" && write.body.value("on", true);
        const bool is_done = !is_block || is_blocked(std::stoll(write.external_id));
        return ids.empty() || !is_done ? absent : receipt(write, record.model, ids.front());
    } catch (const Rejected&) {
        return absent;  // What cannot be carried out was not: push() says why.
    }
}

Receipt Writer::carry_out(const WriteBack& write) {
    const auto where = place(write);
    const auto ids = made(where, write.key);
    if (!ids.empty()) return receipt(write, where.model, ids.front());
    return receipt(write, where.model, make(new_record(write), write.key));
}

/// As part of the party, because only a record that exists can be guarded.
Receipt Writer::add_contact(const WriteBack& write) {
    const auto record = contact(write);
    const auto party = std::stoll(write.external_id);
    for (int i = 0; i < tries; ++i) {
        const auto seen = target(write, {"_timestamp"});
        const auto ids = made(record, write.key);
        if (!ids.empty()) return receipt(write, record.model, ids.front());
        const auto* list = record.model == "party.address" ? "addresses" : "contact_mechanisms";
        auto guarded = context(company());
        guarded["_timestamp"] = {{"party.party," + std::to_string(party), seen["_timestamp"]}};
        try {
            client_.change(
                "model.party.party.write",
                Json::array(
                    {Json::array({party}),
                     {{list, Json::array({Json::array({"create", Json::array({record.values})})})}},
                     guarded}),
                cancel_);
        } catch (const Error& e) {
            // Somebody else changed the party: look again.
            if (e.status() != DUNLIN_E_CONFLICT) throw;
        }
    }
    throw unavailable("others keep changing the party in Tryton; it is tried again");
}

Receipt Writer::carry_out_change(const WriteBack& write) {
    for (int i = 0; i < tries; ++i) {
        const auto change = read_change(write);
        const auto compared = compare(change.fields, "Tryton");
        if (compared.state != Receipt::State::absent) return receipt(write, change, compared);
        auto guarded = context(company());
        guarded["_timestamp"] = {
            {change.model + "," + std::to_string(change.id), change.timestamp}};
        try {
            client_.change("model." + change.model + ".write",
                           Json::array({Json::array({change.id}), change.values, guarded}),
                           cancel_);
            // Tryton took it as it stands, so nothing needs to be compared again.
            return receipt(write, change, {});
        } catch (const Error& e) {
            // Written by somebody else since: read and compare again.
            if (e.status() != DUNLIN_E_CONFLICT) throw;
        }
    }
    throw unavailable("others keep changing the record in Tryton; it is tried again");
}

Writer::Change Writer::read_change(const WriteBack& write) {
    return write.kind == "contact" ? read_contact(write) : read_credit_limit(write);
}

Writer::Change Writer::read_contact(const WriteBack& write) {
    const bool is_address = write.external_id.starts_with('a');
    const auto record = target(
        write, is_address
                   ? std::vector<std::string>{"street", "city", "postal_code", "party_name",
                                              "country.code", "invoice", "_timestamp"}
                   : std::vector<std::string>{"type", "value", "name", "invoice", "_timestamp"});
    Change out;
    out.model = is_address ? "party.address" : "party.contact_mechanism";
    out.id = id_at(record, "id");
    out.timestamp = text_at(record, "_timestamp");
    for (const auto& name : changed_fields(write)) {
        auto wanted = text_in(write.body, name.c_str());
        std::optional<std::string> seen;
        if (write.base.is_object()) seen = text_in(write.base, name.c_str());
        const auto add = [&](const std::string& field, const std::string& now, Json value) {
            out.fields.push_back({name, wanted, now, seen});
            out.values[field] = std::move(value);
        };
        const auto plain = [&](const std::string& field) {
            add(field, text_at(record, field), wanted.empty() ? Json() : Json(wanted));
        };
        if (name == "kind") {
            const auto kind = is_address ? "postal" : text_at(record, "type");
            if (wanted != kind) throw Rejected("a contact in Tryton keeps its kind, " + kind);
        } else if (name == "role") {
            wanted = role_text(wanted);
            if (seen) seen = role_text(*seen);
            add("invoice", flag_at(record, "invoice") ? "billing" : "other", wanted == "billing");
        } else if (name == "name") {
            plain(is_address ? "party_name" : "name");
        } else if (name == "postcode" && is_address) {
            plain("postal_code");
        } else if (name == "country" && is_address) {
            add(name, text_at(record, "country.code"), country(wanted));
        } else if (is_address ? name == "street" || name == "city" : name == "value") {
            plain(name);
        } else if (!wanted.empty() && (!seen || *seen != wanted)) {
            throw Rejected("Tryton keeps no \"" + name + "\" of this contact");
        }
    }
    return out;
}

Writer::Change Writer::read_credit_limit(const WriteBack& write) {
    need_target(write, {"customer"});
    const auto& own = companies_.front();
    if (const auto wanted = text_in(write.body, "currency"); wanted != own.currency) {
        throw Rejected("Tryton keeps credit limits in " + own.currency + ", the currency of " +
                       own.name + ", and not in " + wanted);
    }
    Json party;
    try {
        party = target(write, {"credit_limit_amount", "_timestamp"});
    } catch (const Refused& e) {
        throw Rejected(std::string("this Tryton keeps no credit limits, or not for this user; is "
                                   "account_credit_limit active? ") +
                       e.what());
    }
    Change out;
    out.model = "party.party";
    out.id = id_at(party, "id");
    out.timestamp = text_at(party, "_timestamp");
    const auto now = amount_at(party, "credit_limit_amount");
    FieldChange field{"credit_limit", limit_text(write.body), now ? Money::text_of(*now, 2) : "",
                      std::nullopt};
    if (write.base.is_object() && write.base.contains("amount"))
        field.seen = limit_text(write.base);
    out.values["credit_limit_amount"] =
        field.wanted.empty() ? Json() : Json{{"__class__", "Decimal"}, {"decimal", field.wanted}};
    out.fields.push_back(std::move(field));
    return out;
}

}  // namespace dunlin::tryton
