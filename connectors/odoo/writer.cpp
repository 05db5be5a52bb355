// SPDX-License-Identifier: Apache-2.0
#include "writer.hpp"

#include <algorithm>

#include "value.hpp"

namespace dunlin::odoo {
namespace {

const std::string blocked_tag = "Dunning blocked";

/// A change of fields, and not something new.
bool is_change(const WriteBack& write) {
    return write.kind == "credit_limit" ||
           (write.kind == "contact" && write.entity == "contact_point");
}

std::string wanted_limit(const Json& body) {
    const bool is_none = text_in(body, "amount").empty();
    return Money::text_of(is_none ? 0 : amount_in(body, "amount"), 2);
}

}  // namespace

Json Writer::describe() {
    const auto kind = [](const char* name, const char* home, const char* key) {
        return Json{{"kind", name}, {"home", home}, {"key", key}};
    };
    return Json::array(
        {kind("note", "note", "native"), kind("activity", "activity", "native"),
         kind("contact", "native", "native"), kind("dunning_block", "field", "native"),
         kind("credit_note", "native", "native"), kind("attachment", "native", "native"),
         kind("credit_limit", "native", "search")});
}

Receipt Writer::receipt(const WriteBack& write, const MadeRecord& made) const {
    Receipt out;
    const auto id = std::to_string(made.id);
    out.remote_id = made.model + "," + id;
    if (write.kind == "credit_note") out.touched = {{"invoice", id}};
    if (write.kind == "contact") {
        out.touched = {{"contact_point", id + ":" + text_in(write.body, "kind")}};
    }
    return out;
}

Receipt Writer::receipt(const WriteBack& write, const Change& change, Receipt compared) const {
    compared.remote_id = "res.partner," + std::to_string(change.partner);
    compared.touched = {{write.entity, write.external_id}};
    return compared;
}

Receipt Writer::push(const WriteBack& write) {
    try {
        return is_change(write) ? carry_out_change(write) : carry_out(write);
    } catch (const Rejected& e) {
        return {Receipt::State::rejected, {}, e.what(), {}};
    }
}

Receipt Writer::find(const WriteBack& write) {
    Receipt out;
    if (!is_change(write)) {
        const auto made = client_.made(write.key);
        if (made) return receipt(write, *made);
        out.state = Receipt::State::absent;
        return out;
    }
    try {
        const auto change = read_change(write);
        return receipt(write, change, compare(change.fields, "Odoo"));
    } catch (const Rejected&) {
        // What cannot be carried out was not: push() says why.
        out.state = Receipt::State::absent;
        return out;
    }
}

Receipt Writer::carry_out(const WriteBack& write) {
    if (const auto made = client_.made(write.key)) return receipt(write, *made);
    const auto record = new_record(client_, write);
    if (write.kind == "dunning_block") block(write);
    constexpr int tries = 5;
    for (int i = 0; i < tries; ++i) {
        if (const auto made = client_.make(write.key, record)) return receipt(write, *made);
        // Somebody else was faster: with this key, or with something that Odoo locks meanwhile.
        if (const auto made = client_.made(write.key)) return receipt(write, *made);
    }
    throw unavailable("Odoo is busy with the same records; it is tried again");
}

Receipt Writer::carry_out_change(const WriteBack& write) {
    const auto before = read_change(write);
    const auto compared = compare(before.fields, "Odoo");
    if (compared.state != Receipt::State::absent) return receipt(write, before, compared);
    client_.change("res.partner", "write",
                   Json::array({Json::array({before.partner}), before.values}));
    try {
        const auto after = read_change(write);
        auto out = compare(after.fields, "Odoo");
        // Another writer came between: nobody is overwritten a second time.
        if (out.state == Receipt::State::absent) out.state = Receipt::State::conflict;
        return receipt(write, after, out);
    } catch (const Error& e) {
        throw Error(DUNLIN_E_TIMEOUT,
                    std::string("it was written, but not read again: ") + e.what());
    }
}

Writer::Change Writer::read_change(const WriteBack& write) {
    return write.kind == "contact" ? read_contact(write) : read_credit_limit(write);
}

Writer::Change Writer::read_contact(const WriteBack& write) {
    Change out;
    out.partner = target_id(client_, write);
    const auto kind = write.external_id.substr(write.external_id.find(':') + 1);
    const auto partner = client_.read("res.partner", {out.partner},
                                      {"name", "parent_id", "email", "phone", "mobile?", "street",
                                       "street2", "zip", "city", "country_id"})[0];
    const auto add = [&](const std::string& name, const std::string& now, const std::string& wanted,
                         std::optional<std::string> seen) {
        out.fields.push_back({name, wanted, now, std::move(seen)});
    };
    for (const auto& name : changed_fields(write)) {
        const auto wanted = text_in(write.body, name.c_str());
        std::optional<std::string> seen;
        if (write.base.is_object()) seen = text_in(write.base, name.c_str());
        const bool is_address = kind == "postal";
        if (name == "kind") {
            if (wanted != kind) throw Rejected("a contact in Odoo keeps its kind, " + kind);
        } else if (name == "value" && !is_address && partner.contains(kind)) {
            add(kind, text_of(partner, kind.c_str()), wanted, seen);
            out.values[kind] = wanted;
        } else if (name == "street" && is_address) {
            const auto first = text_of(partner, "street"), second = text_of(partner, "street2");
            add(name, first.empty() || second.empty() ? first + second : first + ", " + second,
                wanted, seen);
            out.values["street"] = wanted;
            out.values["street2"] = false;
        } else if ((name == "city" || name == "postcode") && is_address) {
            const auto* field = name == "city" ? "city" : "zip";
            add(name, text_of(partner, field), wanted, seen);
            out.values[field] = wanted;
        } else if (name == "country" && is_address) {
            add(name, country_code(id_of(partner, "country_id")), wanted, seen);
            const auto wanted_id = std::stoll(country_id(client_, wanted));
            out.values["country_id"] = wanted_id == 0 ? Json(false) : Json(wanted_id);
        } else if (name == "name" && id_of(partner, "parent_id") != 0) {
            add(name, text_of(partner, "name"), wanted, seen);
            out.values["name"] = wanted;
        } else if (!wanted.empty() && (!seen || *seen != wanted)) {
            throw Rejected("Odoo keeps no \"" + name + "\" of this contact; change it there");
        }
    }
    return out;
}

std::string Writer::country_code(int64_t id) {
    if (id == 0) return {};
    return text_of(client_.read("res.country", {id}, {"code"}).at(0), "code");
}

Writer::Change Writer::read_credit_limit(const WriteBack& write) {
    need_target(write, {"customer"});
    Change out;
    out.partner = target_id(client_, write);
    const auto company = client_.session().companies.front();
    const auto own = client_.read("res.company", {company}, {"name", "currency_id"})[0];
    const auto currency =
        text_of(client_.read("res.currency", {id_of(own, "currency_id")}, {"name"})[0], "name");
    if (const auto wanted = text_in(write.body, "currency"); wanted != currency) {
        throw Rejected("Odoo keeps credit limits in " + currency + ", the currency of " +
                       text_of(own, "name") + ", and not in " + wanted);
    }
    const auto partner = client_.read("res.partner", {out.partner}, {"credit_limit?"})[0];
    if (!partner.contains("credit_limit")) throw Rejected("this Odoo keeps no credit limits");
    FieldChange field{"credit_limit", wanted_limit(write.body),
                      Money::text_of(amount_of(partner, "credit_limit"), 2), std::nullopt};
    if (write.base.is_object() && write.base.contains("amount")) {
        field.seen = wanted_limit(write.base);
    }
    out.values = {{"credit_limit", field.wanted}};
    out.fields.push_back(std::move(field));
    return out;
}

/// Odoo has no field for it: a tag on the customer that everybody sees and can filter by.
void Writer::block(const WriteBack& write) {
    NewRecord tag;
    tag.model = "res.partner.category";
    tag.set("name", blocked_tag);
    auto made = client_.made("dunning_blocked");
    for (int i = 0; !made && i < 3; ++i) {
        made = client_.make("dunning_blocked", tag);
        if (!made) made = client_.made("dunning_blocked");
    }
    if (!made) throw unavailable("Odoo is busy with its tags; it is tried again");
    constexpr int add = 4, take_off = 3;
    const auto verb = write.body.value("on", true) ? add : take_off;
    client_.change("res.partner", "write",
                   Json::array({Json::array({target_id(client_, write)}),
                                {{"category_id", Json::array({Json::array({verb, made->id})})}}}));
}

}  // namespace dunlin::odoo
