// SPDX-License-Identifier: Apache-2.0
#include <dunlin/money.hpp>

#include <algorithm>

#include "mapper.hpp"

namespace dunlin::stripe {
namespace {

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    return text;
}

std::string first_of(std::initializer_list<std::string> texts) {
    for (const auto& text : texts) {
        if (!text.empty()) return text;
    }
    return {};
}

Row row_of_deleted(const std::string& id, const Json& invoice, const Rows& rows) {
    auto row = rows.row(id);
    row.text("number", id)
        .text("name",
              first_of({text_of(invoice, "customer_name"), text_of(invoice, "customer_email"), id}))
        .text("status", "inactive")
        .text("notes", "deleted in Stripe");
    return row;
}

void map_contact(const std::string& id, const char* kind, const std::string& value, Rows& rows) {
    const auto external_id = id + ":" + kind;
    if (value.empty()) return rows.absent(external_id);
    rows.add(rows.row(external_id)
                 .text("customer", id)
                 .text("role", "billing")
                 .text("kind", kind)
                 .text("value", value));
}

void map_address(const std::string& id, const Json& address, Rows& rows) {
    const auto external_id = id + ":postal";
    const auto line = [&](const char* field) { return text_of(address, field); };
    auto street = line("line1");
    if (!line("line2").empty()) street += (street.empty() ? "" : ", ") + line("line2");
    if (street.empty() && line("city").empty() && line("postal_code").empty()) {
        return rows.absent(external_id);
    }
    rows.add(rows.row(external_id)
                 .text("customer", id)
                 .text("role", "billing")
                 .text("kind", "postal")
                 .text("street", street)
                 .text("city", line("city"))
                 .text("postcode", line("postal_code"))
                 .text("region", line("state"))
                 .text("country", line("country")));
}

}  // namespace

void map_company(const Json& account, Reader& reader, Rows& rows) {
    const auto& dashboard = object_of(object_of(account, "settings"), "dashboard");
    const auto& profile = object_of(account, "business_profile");
    const auto& reading = reader.reading();
    rows.add(rows.row(reading.company)
                 .text("name", first_of({reading.company_name, text_of(profile, "name"),
                                         text_of(dashboard, "display_name"), text_of(account, "id"),
                                         reading.company}))
                 .text("country", text_of(account, "country"))
                 .text("currency", upper(text_of(account, "default_currency"))));
}

void map_customer(const Json& customer, Reader& reader, Rows& rows) {
    const auto id = text_of(customer, "id");
    if (flag_of(customer, "deleted")) {
        const auto invoice = reader.any_invoice_of(id);
        // What it owes outlives it.
        if (invoice.is_null()) return rows.absent(id);
        return rows.add(row_of_deleted(id, invoice, rows));
    }
    const auto name = text_of(customer, "name"), description = text_of(customer, "description");
    const auto& locales = list_of(customer, "preferred_locales");
    const auto currency = upper(text_of(customer, "currency"));
    rows.add(rows.row(id)
                 .text("number", id)
                 .text("name", first_of({name, description, text_of(customer, "email"), id}))
                 .text("language", locales.empty() ? "" : locales[0].get<std::string>())
                 .text("currency", minor_digits(currency) < 0 ? "" : currency)
                 .text("status", "active")
                 .text("notes", name.empty() ? "" : description));
}

void map_deleted_customer(const Json& invoice, Reader& /*reader*/, Rows& rows) {
    const auto& customer = object_of(invoice, "customer");
    if (!flag_of(customer, "deleted")) return;
    const auto id = text_of(customer, "id");
    const auto is_same = [&](const Row& row) { return row.external_id() == id; };
    if (std::any_of(rows.rows().begin(), rows.rows().end(), is_same)) return;
    rows.add(row_of_deleted(id, invoice, rows));
}

void map_contacts(const Json& customer, Reader& /*reader*/, Rows& rows) {
    const auto id = text_of(customer, "id");
    map_contact(id, "email", text_of(customer, "email"), rows);
    map_contact(id, "phone", text_of(customer, "phone"), rows);
    map_address(id, object_of(customer, "address"), rows);
}

}  // namespace dunlin::stripe
