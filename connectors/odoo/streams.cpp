// SPDX-License-Identifier: Apache-2.0
#include "streams.hpp"

#include <charconv>

#include "mapper.hpp"

namespace dunlin::odoo {
namespace {

Json where(const std::string& field, const char* op, Json value) {
    return Json::array({field, op, std::move(value)});
}

Json of_companies(const Client& client) {
    return where("company_id", "in", client.session().companies);
}

const Json sale_types = Json::array({"out_invoice", "out_refund", "out_receipt"});

Domain companies(const Client& client) {
    return Json::array({where("id", "in", client.session().companies)});
}

// Who is a company of its own or belongs to none carries its own account.
const Json is_company = where("is_company", "=", true);
const Json has_no_parent = where("parent_id", "=", false);

Domain customers(const Client& /*client*/) {
    return Json::array({where("customer_rank", ">", 0), "|", is_company, has_no_parent});
}
Domain account_holders(const Client& /*client*/) {
    return Json::array({"|", is_company, has_no_parent});
}
Domain contacts(const Client& /*client*/) {
    return Json::array({where("commercial_partner_id.customer_rank", ">", 0)});
}
Domain everyone(const Client& /*client*/) {
    return Json::array();
}
Domain invoices(const Client& client) {
    return Json::array({where("move_type", "in", sale_types), of_companies(client)});
}
Domain charges(const Client& client) {
    auto out = client.is_charge();
    out.push_back(where("move_id.move_type", "in", sale_types));
    out.push_back(of_companies(client));
    return out;
}
Domain instalments(const Client& client) {
    return Json::array(
        {client.is_receivable(""), of_companies(client),
         where("move_id.move_type", "in", Json::array({"out_invoice", "out_receipt"}))});
}
Domain payments(const Client& client) {
    return Json::array({client.is_receivable(""), of_companies(client),
                        where("move_id.move_type", "not in", sale_types), "|",
                        where("payment_id", "!=", false),
                        where("move_id.statement_line_id", "!=", false)});
}
Domain journals(const Client& client) {
    return Json::array({client.is_receivable(""), of_companies(client),
                        where("move_id.move_type", "not in", sale_types),
                        where("payment_id", "=", false),
                        where("move_id.statement_line_id", "=", false)});
}
Domain partials(const Client& client) {
    return Json::array({client.is_receivable("debit_move_id."), of_companies(client)});
}
Domain rates(const Client& client) {
    return Json::array({of_companies(client)});
}

void prepare_party(const Json& records, Books& books) {
    // Credit limits are in its currency.
    const auto company = books.client().session().companies.front();
    books.load("res.company", {company});
    books.load("res.currency", {id_of(*books.find("res.company", company), "currency_id")});
    books.load("res.country", records, "country_id");
    books.load("res.country.state", records, "state_id");
    books.load("res.users", records, "user_id");
    books.load("account.payment.term", records, "property_payment_term_id");
    books.load("res.currency", records, "currency_id");
    books.load("res.partner", records, "parent_id");
    std::vector<int64_t> holders;
    for (const auto& record : records) {
        if (record.contains("parent_id")) {
            holders.push_back(books.customer_of(id_of(record, "parent_id")));
        }
    }
    books.load("res.partner", holders);
}

void prepare_moves(const Json& records, Books& books) {
    books.load("res.currency", records, "currency_id");
    books.load("res.users", records, "invoice_user_id");
    books.load("product.product", records, "product_id");
}

void prepare_lines(const Json& records, Books& books) {
    books.load("res.currency", records, "currency_id");
    books.load("res.partner", records, "partner_id");
    books.load("res.company", records, "company_id");
    books.load("account.journal", records, "journal_id");
    books.load("account.move", records, "move_id");
    std::vector<int64_t> alone;
    for (const auto& record : records) {
        if (id_of(record, "partner_id") == 0) alone.push_back(record.at("id").get<int64_t>());
    }
    books.load_counterparts(alone);
}

void prepare_partials(const Json& records, Books& books) {
    std::vector<int64_t> lines;
    for (const char* field : {"debit_move_id", "credit_move_id"}) {
        for (const auto& record : records) lines.push_back(id_of(record, field));
    }
    books.load_entries(lines);
}

void prepare_rates(const Json& records, Books& books) {
    books.load("res.company", records, "company_id");
    books.load("res.currency", records, "currency_id");
    for (const auto& record : records) {
        const auto* company = books.find("res.company", id_of(record, "company_id"));
        if (company) books.load("res.currency", {id_of(*company, "currency_id")});
    }
}

const std::vector<std::string> customer_fields{
    "name",      "ref",        "vat",           "lang",
    "tz",        "is_company", "credit_limit?", "property_payment_term_id",
    "user_id",   "active",     "comment?",      "parent_id",
    "write_date"};
const std::vector<std::string> contact_fields{"name",     "commercial_partner_id",
                                              "type",     "email",
                                              "phone",    "mobile?",
                                              "street",   "street2",
                                              "zip",      "city",
                                              "state_id", "country_id",
                                              "active",   "write_date"};
const std::vector<std::string> line_fields{
    "move_id",         "partner_id", "currency_id", "company_id",   "journal_id",
    "amount_currency", "date",       "ref",         "parent_state", "write_date"};
const std::vector<std::string> contact_kinds{":email", ":phone", ":mobile", ":postal"};

std::vector<Stream> party_streams() {
    return {
        {"company",
         "name:u country:u currency:u street:u city:u postcode:u",
         "none",
         "none",
         {{"res.company",
           {"name", "currency_id", "country_id", "street", "street2", "zip", "city", "write_date"},
           &companies,
           &prepare_party,
           &map_company}}},
        {"customer",
         "number:u name:u kind:u parent:u tax_id:u language:u time_zone:u currency:u "
         "credit_limit:l "
         "payment_terms:u salesperson:u salesperson_email:u status:u notes:u",
         "keyset",
         "sweep",
         {{"res.partner", customer_fields, &customers, &prepare_party, &map_customer},
          {"res.partner",
           customer_fields,
           &account_holders,
           &prepare_party,
           &map_customer,
           "",
           {""},
           "id"}}},
        {"contact_point",
         "customer:u person:u role:u kind:u value:u street:u city:u postcode:u region:u country:u "
         "preferred:b",
         "keyset",
         "sweep",
         {{"res.partner", contact_fields, &contacts, &prepare_party, &map_contact, "",
           contact_kinds},
          {"res.partner", contact_fields, &everyone, &prepare_party, &map_contact, "",
           contact_kinds, "commercial_partner_id"}}},
        {"exchange_rate",
         "from_currency:u to_currency:u date:tdD rate:u kind:u",
         "keyset",
         "sweep",
         {{"res.currency.rate",
           {"name", "rate", "currency_id", "company_id", "write_date"},
           &rates,
           &prepare_rates,
           &map_rate}}},
    };
}

std::vector<Stream> item_streams() {
    const std::string_view payment_columns =
        "customer:u company:u date:tdD currency:u amount:l method:u reference:u payer_name:u";
    return {
        {"invoice",
         "customer:u company:u number:u kind:u status:u issue_date:tdD due_date:tdD "
         "cancelled_on:tdD currency:u total:l open_amount:l po_number:u reference:u corrects:u "
         "salesperson:u document_url:u",
         "keyset",
         "sweep",
         {{"account.move",
           {"name", "ref", "move_type", "state", "invoice_date", "date", "invoice_date_due",
            "commercial_partner_id", "company_id", "currency_id", "amount_total", "amount_residual",
            "invoice_user_id", "payment_reference", "reversed_entry_id", "write_date"},
           &invoices,
           &prepare_moves,
           &map_invoice}}},
        {"invoice_line",
         "invoice:u sequence:l product:u description:u quantity:g amount:l",
         "keyset",
         "sweep",
         {{"account.move.line",
           {"move_id", "sequence", "product_id", "name", "quantity", "price_subtotal",
            "write_date"},
           &charges,
           &prepare_moves,
           &map_invoice_line}}},
        {"instalment",
         "invoice:u sequence:l due_date:tdD amount:l",
         "keyset",
         "sweep",
         {{"account.move.line",
           {"move_id", "date_maturity", "date", "amount_currency", "write_date"},
           &instalments,
           [](const Json&, Books&) {},
           &map_instalment}}},
        {"payment",
         payment_columns,
         "keyset",
         "sweep",
         {{"account.move.line", line_fields, &payments, &prepare_lines, &map_payment, "line-"}}},
        {"adjustment",
         "customer:u company:u invoice:u date:tdD currency:u amount:l kind:u reference:u",
         "keyset",
         "sweep",
         {{"account.move.line", line_fields, &journals, &prepare_lines, &map_adjustment, "line-"},
          {"account.partial.reconcile",
           partial_fields(),
           &partials,
           &prepare_partials,
           &map_transfer,
           "partial-",
           {":d", ":c"}}}},
        {"allocation",
         "customer:u source:u source_kind:u invoice:u instalment:u date:tdD amount:l",
         "keyset",
         "sweep",
         {{"account.partial.reconcile",
           partial_fields(),
           &partials,
           &prepare_partials,
           &map_allocation,
           "",
           {"", ":d", ":c"}}}},
    };
}

}  // namespace

std::optional<int64_t> Part::record_of(std::string_view external_id) const {
    if (external_id.substr(0, prefix.size()) != prefix) return std::nullopt;
    external_id.remove_prefix(prefix.size());
    int64_t id = 0;
    const auto* end = external_id.data() + external_id.size();
    const auto [rest, error] = std::from_chars(external_id.data(), end, id);
    if (error != std::errc() || id <= 0) return std::nullopt;
    for (const auto& suffix : suffixes) {
        if (std::string_view(rest, static_cast<std::size_t>(end - rest)) == suffix) return id;
    }
    return std::nullopt;
}

std::span<const Stream> streams() {
    static const auto all = [] {
        auto out = party_streams();
        for (auto& stream : item_streams()) out.push_back(std::move(stream));
        return out;
    }();
    return all;
}

const Stream* find_stream(std::string_view entity) {
    for (const auto& stream : streams()) {
        if (stream.entity == entity) return &stream;
    }
    return nullptr;
}

}  // namespace dunlin::odoo
