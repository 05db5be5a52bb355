// SPDX-License-Identifier: Apache-2.0
#include "mapper.hpp"

namespace dunlin::odoo {
namespace {

std::string optional_text(const Json& record, const char* field) {
    return record.contains(field) ? text_of(record, field) : std::string();
}

std::string key_of(const Json& record) {
    return std::to_string(record.at("id").get<int64_t>());
}

/// "Company" and "Company, contact" have one line each in Odoo's address form.
std::string street_of(const Json& record) {
    const auto first = text_of(record, "street"), second = text_of(record, "street2");
    return first.empty() || second.empty() ? first + second : first + ", " + second;
}

}  // namespace

void map_company(const Json& company, const Books& books, Rows& rows) {
    auto row = rows.row(key_of(company), instant_of(company, "write_date"));
    row.text("name", text_of(company, "name"))
        .text("country", books.text("res.country", id_of(company, "country_id"), "code"))
        .text("currency", books.currency(id_of(company, "currency_id")))
        .text("street", street_of(company))
        .text("city", text_of(company, "city"))
        .text("postcode", text_of(company, "zip"));
    rows.add(std::move(row));
}

void map_customer(const Json& partner, const Books& books, Rows& rows) {
    auto row = rows.row(key_of(partner), instant_of(partner, "write_date"));
    const auto salesperson = id_of(partner, "user_id");
    const auto limit = partner.contains("credit_limit") ? amount_of(partner, "credit_limit") : 0;
    // A parent that is no customer is not known on our side.
    const auto parent = books.customer_of(id_of(partner, "parent_id"));
    const auto* above = books.find("res.partner", parent);
    row.text("number", text_of(partner, "ref"))
        .text("name", text_of(partner, "name"))
        .text("kind", flag_of(partner, "is_company") ? "company" : "person")
        .text("tax_id", text_of(partner, "vat"))
        .text("language", text_of(partner, "lang"))
        .text("time_zone", text_of(partner, "tz"))
        .text("payment_terms", books.text("account.payment.term",
                                          id_of(partner, "property_payment_term_id"), "name"))
        .text("salesperson", books.text("res.users", salesperson, "name"))
        .text("salesperson_email", books.text("res.users", salesperson, "email"))
        .text("status", flag_of(partner, "active") ? "active" : "inactive")
        .text("notes", optional_text(partner, "comment"));
    if (limit > 0) row.number("credit_limit", limit);
    const auto* company = books.find("res.company", books.client().session().companies.front());
    if (company && partner.contains("credit_limit")) {
        row.text("currency", books.currency(id_of(*company, "currency_id")));
    }
    if (above && above->at("customer_rank").get<int64_t>() > 0) {
        row.text("parent", std::to_string(parent));
    }
    if (text_of(partner, "name").empty()) {
        throw BadValue("name", "the partner has no name; give it one in Odoo");
    }
    rows.add(std::move(row));
}

void map_contact(const Json& partner, const Books& books, Rows& rows) {
    const auto key = key_of(partner);
    const auto changed = instant_of(partner, "write_date");
    const auto customer = id_of(partner, "commercial_partner_id");
    const bool is_main = customer == partner.at("id").get<int64_t>();
    const auto type = text_of(partner, "type");
    const bool is_billing = is_main || type == "invoice";
    const auto role = is_billing ? "billing" : type == "delivery" ? "delivery" : "other";
    const bool is_alive = is_main || flag_of(partner, "active");
    // Every kind is given, an empty one as deleted: it may have been filled before.
    const auto point = [&](const char* kind, const std::string& value, auto fill) {
        auto row = rows.row(key + ":" + kind, changed);
        row.text("kind", kind).text("customer", std::to_string(customer));
        if (value.empty() || !is_alive) {
            row.deleted();
        } else {
            row.text("role", role).number("preferred", is_billing && !is_main ? 1 : 0);
            if (!is_main) row.text("person", text_of(partner, "name"));
            fill(row, value);
        }
        rows.add(std::move(row));
    };
    const auto plain = [](Row& row, const std::string& value) { row.text("value", value); };
    point("email", text_of(partner, "email"), plain);
    point("phone", text_of(partner, "phone"), plain);
    point("mobile", optional_text(partner, "mobile"), plain);
    // Odoo copies the company's address into a contact that is a person of it.
    const auto street = street_of(partner), city = text_of(partner, "city");
    const bool has_address = is_main || type != "contact";
    point("postal", has_address ? street + city : std::string(), [&](Row& row, const auto&) {
        row.text("street", street)
            .text("city", city)
            .text("postcode", text_of(partner, "zip"))
            .text("region", books.text("res.country.state", id_of(partner, "state_id"), "name"))
            .text("country", books.text("res.country", id_of(partner, "country_id"), "code"));
    });
}

void map_rate(const Json& rate, const Books& books, Rows& rows) {
    auto row = rows.row(key_of(rate), instant_of(rate, "write_date"));
    const auto* company = books.find("res.company", id_of(rate, "company_id"));
    if (!company) return;  // Of all companies: relative to a currency that Odoo does not name.
    const auto own = id_of(*company, "currency_id"), other = id_of(rate, "currency_id");
    if (own == other) return;
    row.text("from_currency", books.currency(own))
        .text("to_currency", books.currency(other))
        .date("date", date_of(rate, "name"))
        .text("rate", decimal_of(rate, "rate"));
    rows.add(std::move(row));
}

}  // namespace dunlin::odoo
