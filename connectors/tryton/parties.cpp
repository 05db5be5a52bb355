// SPDX-License-Identifier: Apache-2.0
#include "feed.hpp"

#include <map>

namespace dunlin::tryton::parties {
namespace {

/// Without this Tryton leaves inactive records out.
Json also_inactive() {
    return Json::array({Json::array({"active", "in", Json::array({true, false})})});
}

std::vector<int64_t> ids_of(const Json& records, std::string_view path) {
    std::vector<int64_t> out;
    for (const auto& record : records) {
        if (const auto id = id_at(record, path)) out.push_back(id);
    }
    return out;
}

void make_companies(const Reading& reading, const Json& records, Rows& rows) {
    const auto addresses =
        reading.client.read({"party.address",
                             Json::array({Json::array({"party", "in", ids_of(records, "party")})}),
                             {"party", "street", "city", "postal_code", "country.code"},
                             0,
                             reading.company},
                            reading.cancel);
    for (const auto& record : records) {
        if (std::find(reading.companies.begin(), reading.companies.end(), id_at(record, "id")) ==
            reading.companies.end()) {
            continue;
        }
        rows.add(std::to_string(id_at(record, "id")), record, [&](Rows& row) {
            row.changed(change_of(record));
            row.set("name", text_at(record, "party.name"));
            row.set("currency", text_at(record, "currency.code"));
            row.set("time_zone", text_at(record, "timezone"));
            for (const auto& address : addresses) {
                if (id_at(address, "party") != id_at(record, "party")) continue;
                row.set("street", text_at(address, "street"));
                row.set("city", text_at(address, "city"));
                row.set("postcode", text_at(address, "postal_code"));
                row.set("country", text_at(address, "country.code"));
                break;
            }
        });
    }
}

/// The first identifier of each party: the ones for taxes are kept first in Tryton.
std::map<int64_t, std::string> tax_ids(const Reading& reading, const Json& records) {
    std::map<int64_t, std::string> out;
    const auto found =
        reading.client.read({"party.identifier",
                             Json::array({Json::array({"party", "in", ids_of(records, "id")}),
                                          Json::array({"type", "!=", nullptr})}),
                             {"party", "code"},
                             0,
                             reading.company},
                            reading.cancel);
    for (const auto& record : found) out.emplace(id_at(record, "party"), text_at(record, "code"));
    return out;
}

/// Nothing where the module for them is not there.
std::optional<std::map<int64_t, int64_t>> credit_limits(const Reading& reading,
                                                        const Json& records) {
    std::map<int64_t, int64_t> out;
    const Json context{{"company", reading.company}};
    const auto known = reading.client.call(
        "model.party.party.fields_get",
        Json::array({Json::array({"credit_limit_amount"}), context}), reading.cancel);
    if (!known.contains("credit_limit_amount")) return std::nullopt;
    const auto found = reading.client.call(
        "model.party.party.read",
        Json::array({ids_of(records, "id"), Json::array({"credit_limit_amount"}), context}),
        reading.cancel);
    for (const auto& record : found) {
        const auto limit = amount_at(record, "credit_limit_amount");
        if (limit) out.emplace(id_at(record, "id"), *limit);
    }
    return out;
}

void make_customers(const Reading& reading, const Json& records, Rows& rows) {
    const auto identifiers = tax_ids(reading, records);
    const auto limits = credit_limits(reading, records);
    for (const auto& record : records) {
        const auto id = id_at(record, "id");
        rows.add(std::to_string(id), record, [&](Rows& row) {
            row.changed(change_of(record));
            row.set("number", text_at(record, "code"));
            const auto name = text_at(record, "name");
            row.set("name", name.empty() ? text_at(record, "code") : name);
            row.set("language", text_at(record, "lang.code"));
            row.set("payment_terms", text_at(record, "customer_payment_term.name"));
            row.set("status", flag_at(record, "active") ? "active" : "inactive");
            const auto tax = identifiers.find(id);
            if (tax != identifiers.end()) row.set("tax_id", tax->second);
            if (!limits) return;
            row.set("currency", reading.base_currency);
            const auto limit = limits->find(id);
            if (limit != limits->end()) row.set("credit_limit", std::optional(limit->second));
        });
    }
}

void make_mechanisms(const Reading& /*reading*/, const Json& records, Rows& rows) {
    for (const auto& record : records) {
        const auto external_id = "m" + std::to_string(id_at(record, "id"));
        const auto kind = text_at(record, "type");
        const bool is_ours = kind == "email" || kind == "phone" || kind == "mobile";
        if (!is_ours || !flag_at(record, "active") || text_at(record, "value").empty()) {
            rows.gone(external_id, change_of(record));
            continue;
        }
        rows.add(external_id, record, [&](Rows& row) {
            row.changed(change_of(record));
            row.set("customer", std::to_string(id_at(record, "party")));
            row.set("person", text_at(record, "name"));
            row.set("role", flag_at(record, "invoice") ? "billing" : "other");
            row.set("kind", kind);
            row.set("value", text_at(record, "value"));
        });
    }
}

void make_addresses(const Reading& /*reading*/, const Json& records, Rows& rows) {
    for (const auto& record : records) {
        const auto external_id = "a" + std::to_string(id_at(record, "id"));
        const auto street = text_at(record, "street"), city = text_at(record, "city"),
                   postcode = text_at(record, "postal_code");
        // Tryton gives every party an address; the empty ones say nothing.
        if (!flag_at(record, "active") || (street.empty() && city.empty() && postcode.empty())) {
            rows.gone(external_id, change_of(record));
            continue;
        }
        rows.add(external_id, record, [&](Rows& row) {
            row.changed(change_of(record));
            row.set("customer", std::to_string(id_at(record, "party")));
            row.set("person", text_at(record, "party_name"));
            row.set("role", flag_at(record, "invoice") ? "billing" : "other");
            row.set("kind", "postal");
            row.set("street", street);
            row.set("city", city);
            row.set("postcode", postcode);
            row.set("region", text_at(record, "subdivision.name"));
            row.set("country", text_at(record, "country.code"));
        });
    }
}

/// Tryton states how much of a currency one unit of an unnamed base is worth. The base is the
/// currency that is always worth 1: the company's, if it is one of several.
std::string base_of_rates(const Reading& reading) {
    const auto all = reading.client.read(
        {"currency.currency.rate", Json::array(), {"currency.code", "rate"}, 0, reading.company},
        reading.cancel);
    std::map<std::string, bool> is_base;
    for (const auto& record : all) {
        const auto code = text_at(record, "currency.code");
        const auto known = is_base.emplace(code, true).first;
        known->second = known->second && decimal_at(record, "rate") == "1";
    }
    if (is_base[reading.base_currency]) return reading.base_currency;
    for (const auto& [code, fits] : is_base) {
        if (fits) return code;
    }
    return {};
}

void make_rates(const Reading& reading, const Json& records, Rows& rows) {
    if (records.empty()) return;
    const auto base = base_of_rates(reading);
    for (const auto& record : records) {
        const auto external_id = std::to_string(id_at(record, "id"));
        if (text_at(record, "currency.code") == base) {
            rows.gone(external_id, change_of(record));
            continue;
        }
        rows.add(external_id, record, [&](Rows& row) {
            if (base.empty()) {
                throw Error(DUNLIN_E_INVALID,
                            "no currency in Tryton is always worth 1, so its rates have no base; "
                            "give the company's currency the rate 1");
            }
            row.changed(change_of(record));
            row.set("from_currency", base);
            row.set("to_currency", text_at(record, "currency.code"));
            row.set("date", date_at(record, "date"));
            row.set("rate", decimal_at(record, "rate"));
        });
    }
}

}  // namespace

Feed companies() {
    Feed feed;
    feed.model = "company.company";
    feed.fields = {"party", "party.name", "currency.code", "timezone", "write_date", "create_date"};
    feed.make = &make_companies;
    return feed;
}

Feed customers() {
    Feed feed;
    feed.model = "party.party";
    feed.domain = also_inactive();
    feed.fields = {"code",       "name",       "active", "lang.code", "customer_payment_term.name",
                   "write_date", "create_date"};
    feed.changes = {"", "identifiers"};
    feed.make = &make_customers;
    return feed;
}

Feed mechanisms() {
    Feed feed;
    feed.model = "party.contact_mechanism";
    feed.domain = also_inactive();
    feed.fields = {"party",   "type",   "value",      "name",
                   "invoice", "active", "write_date", "create_date"};
    feed.prefixes = {"m"};
    feed.make = &make_mechanisms;
    return feed;
}

Feed addresses() {
    Feed feed;
    feed.model = "party.address";
    feed.domain = also_inactive();
    feed.fields = {"party",       "party_name", "street",           "city",
                   "postal_code", "invoice",    "subdivision.name", "country.code",
                   "active",      "write_date", "create_date"};
    feed.prefixes = {"a"};
    feed.make = &make_addresses;
    return feed;
}

Feed rates() {
    Feed feed;
    feed.model = "currency.currency.rate";
    feed.fields = {"currency.code", "date", "rate", "write_date", "create_date"};
    feed.make = &make_rates;
    return feed;
}

}  // namespace dunlin::tryton::parties
