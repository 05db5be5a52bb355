// SPDX-License-Identifier: Apache-2.0
#include <dunlin/did_you_mean.hpp>

#include <algorithm>

#include "commands.hpp"

namespace dunlin::receivables {
namespace {

/// What the body of a kind of write-back may hold; needed ones first, up to the bar.
const std::map<std::string, std::pair<std::vector<std::string>, std::vector<std::string>>>&
body_members() {
    static const std::map<std::string,
                          std::pair<std::vector<std::string>, std::vector<std::string>>>
        all{{"note", {{"text"}, {}}},
            {"activity", {{"summary", "due_date"}, {"text"}}},
            {"contact",
             {{"kind"}, {"name", "role", "value", "street", "city", "postcode", "country"}}},
            {"dunning_block", {{"on"}, {"reason", "until"}}},
            {"attachment", {{"file_name", "media_type", "content_base64"}, {}}}};
    return all;
}

void check_body(const std::string& kind, const Json& body) {
    const auto& [needed, possible] = body_members().at(kind);
    auto known = needed;
    known.insert(known.end(), possible.begin(), possible.end());
    for (const auto& name : needed) {
        if (!body.contains(name)) {
            throw Error(DUNLIN_E_INVALID, "the body of a " + kind + " needs \"" + name + "\"");
        }
    }
    for (const auto& [name, value] : body.items()) {
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            throw Error(DUNLIN_E_INVALID, "the body of a " + kind + " has no \"" + name + "\"" +
                                              did_you_mean(name, known));
        }
        const bool fits = name == "on" ? value.is_boolean() : value.is_string() && !value.empty();
        if (!fits) {
            throw Error(DUNLIN_E_INVALID, "\"" + name + "\" of the body must be " +
                                              (name == "on" ? "true or false" : "a text"));
        }
        if (name == "due_date" || name == "until") {
            static_cast<void>(Date::parse(value.get_ref<const std::string&>()));
        }
    }
}

int64_t order(Transaction& tx, const Origin& to, const std::string& kind, Json body, Json base) {
    if (to.source.empty()) {
        throw Error(DUNLIN_E_CONFLICT,
                    "it was made here and is not known in any other system yet; nothing can be "
                    "written about it there");
    }
    return tx.write_back({to.source, kind, to.entity + ":" + to.external_id, to.entity,
                          to.external_id, std::move(body), std::move(base),
                          "receivables.write_back_settled"});
}

Json queue(Call& call, const Origin& to, const std::string& kind, Json body, Json base) {
    const auto id = order(call.tx(), to, kind, std::move(body), std::move(base));
    return {{"write_back_id", std::to_string(id)},
            {"source", to.source},
            {"entity", to.entity},
            {"external_id", to.external_id}};
}

}  // namespace

Json write_back(Call& call) {
    Views views(call.tx());
    const auto customer = need_customer(views, call.id("customer"));
    const auto kind = call.value<std::string>("kind", "");
    auto body = call.value("body", Json::object());
    check_body(kind, body);
    auto to = views.origin_of_customer(customer.id);
    if (const auto item = call.id("item"); item != 0) {
        if (kind == "contact" || kind == "dunning_block") {
            throw Error(DUNLIN_E_INVALID,
                        "a " + kind + " belongs to a customer; leave out \"item\"");
        }
        need_item(views, customer.id, item, call.today());
        to = views.origin_of_item(customer.id, item);
    }
    if (const auto id = call.id("contact_point"); id != 0) {
        if (kind != "contact") {
            throw Error(DUNLIN_E_INVALID, "\"contact_point\" goes with the kind contact only");
        }
        const auto points = views.contact_points(customer.id, call.today());
        const auto found = std::find_if(points.begin(), points.end(),
                                        [&](const auto& point) { return point.id == id; });
        if (found == points.end()) {
            throw Error(DUNLIN_E_NOT_FOUND, "the customer has no contact point " +
                                                std::to_string(id) +
                                                "; receivables.customer lists them");
        }
        to = {found->source, "contact_point", found->external_id};
    }
    return queue(call, to, kind, std::move(body), call.value("base", Json()));
}

Json request_credit_note(Call& call) {
    Views views(call.tx());
    const auto customer = need_customer(views, call.id("customer"));
    const auto item = need_item(views, customer.id, call.id("item"), call.today());
    if (item.amount <= 0 || item.kind == "payment") {
        throw Error(DUNLIN_E_INVALID,
                    "a credit note is asked for about something invoiced, not "
                    "about a " +
                        item.kind);
    }
    const auto amount = call.money("amount", item.currency);
    if (!amount || amount->units() <= 0 || amount->units() > item.amount) {
        throw Error(DUNLIN_E_INVALID, "the amount must be above zero and at most the " +
                                          Money::text_of(item.amount, minor_digits(item.currency)) +
                                          " " + item.currency + " of " + item.kind + " " +
                                          item.number);
    }
    return queue(call, views.origin_of_item(customer.id, item.id), "credit_note",
                 {{"amount", Money::text_of(amount->units(), minor_digits(item.currency))},
                  {"currency", item.currency},
                  {"reason", call.value<std::string>("reason", "")},
                  {"reference", call.value<std::string>("reference", "")}},
                 {});
}

int64_t order_credit_limit(Transaction& tx, const CustomerInfo& customer, int64_t limit) {
    const auto digits = minor_digits(customer.currency);
    // Without a limit, one that was set there meanwhile is a conflict as well.
    Json base{{"amount", nullptr}};
    if (customer.credit_limit) base["amount"] = Money::text_of(*customer.credit_limit, digits);
    return order(tx, Views(tx).origin_of_customer(customer.id), "credit_limit",
                 {{"amount", Money::text_of(limit, digits)}, {"currency", customer.currency}},
                 std::move(base));
}

WrittenBack ask_back(Transaction& tx, const CustomerInfo& customer, const std::string& kind,
                     Json body, const std::string& note) {
    const auto to = Views(tx).origin_of_customer(customer.id);
    bool is_other_kind = false;
    const auto ask = [&](const std::string& as, Json what) -> WrittenBack {
        try {
            return {as, "queued", "", order(tx, to, as, std::move(what), {})};
        } catch (const Error& e) {
            is_other_kind = e.status() == DUNLIN_E_UNSUPPORTED;
            const bool is_no = is_other_kind || e.status() == DUNLIN_E_NOT_FOUND ||
                               e.status() == DUNLIN_E_CONFLICT || e.status() == DUNLIN_E_DENIED;
            if (!is_no) throw;
            return {"", "not_taken", e.what(), 0};
        }
    };
    auto out = ask(kind, std::move(body));
    if (!is_other_kind || note.empty()) return out;
    auto noted = ask("note", {{"text", note}});
    if (noted.id == 0) return out;
    noted.why = out.why;
    return noted;
}

Json written_json(const WrittenBack& written) {
    Json out{{"kind", written.kind}, {"state", written.state}, {"why", written.why}};
    if (written.id != 0) out["write_back_id"] = std::to_string(written.id);
    return out;
}

Json change_credit_limit(Call& call) {
    Views views(call.tx());
    const auto customer = need_customer(views, call.id("customer"));
    if (customer.currency.empty()) {
        throw Error(DUNLIN_E_CONFLICT,
                    "the customer has no currency, so a limit says nothing; "
                    "give it one in its own system");
    }
    const auto amount = call.money("amount", customer.currency);
    if (!amount || amount->units() < 0) {
        throw Error(DUNLIN_E_INVALID, "a credit limit is not below zero");
    }
    const auto to = views.origin_of_customer(customer.id);
    return {
        {"write_back_id", std::to_string(order_credit_limit(call.tx(), customer, amount->units()))},
        {"source", to.source},
        {"entity", to.entity},
        {"external_id", to.external_id}};
}

}  // namespace dunlin::receivables
