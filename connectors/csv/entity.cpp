// SPDX-License-Identifier: Apache-2.0
#include "entity.hpp"

#include <algorithm>
#include <array>

namespace dunlin::csv {
namespace {

// Every record begins with these three.
#define DUNLIN_CSV_EVERY_RECORD                                         \
    {"external_id", Kind::text, true}, {"updated_at", Kind::instant}, { \
        "deleted", Kind::flag                                           \
    }

constexpr Column company[] = {
    DUNLIN_CSV_EVERY_RECORD,
    {"name", Kind::text, true},
    {"country"},
    {"currency", Kind::currency},
    {"time_zone"},
    {"street"},
    {"city"},
    {"postcode"},
    {"bank_account"},
    {"capacity"},
};
constexpr Column customer[] = {
    DUNLIN_CSV_EVERY_RECORD,
    {"number"},
    {"name", Kind::text, true},
    {"kind"},
    {"parent"},
    {"tax_id"},
    {"birth_date", Kind::date},
    {"language"},
    {"time_zone"},
    {"currency", Kind::currency},
    {"credit_limit", Kind::amount},
    {"payment_terms"},
    {"salesperson"},
    {"salesperson_email"},
    {"segment"},
    {"status"},
    {"represented_by"},
    {"latitude", Kind::real},
    {"longitude", Kind::real},
    {"notes"},
};
constexpr Column contact_point[] = {
    DUNLIN_CSV_EVERY_RECORD,
    {"customer", Kind::text, true},
    {"person"},
    {"role"},
    {"kind", Kind::text, true},
    {"value"},
    {"street"},
    {"city"},
    {"postcode"},
    {"region"},
    {"country"},
    {"valid_from", Kind::date},
    {"valid_to", Kind::date},
    {"preferred", Kind::flag},
};
constexpr Column invoice[] = {
    DUNLIN_CSV_EVERY_RECORD,
    {"customer", Kind::text, true},
    {"company"},
    {"number"},
    {"kind"},
    {"status"},
    {"issue_date", Kind::date, true},
    {"due_date", Kind::date},
    {"cancelled_on", Kind::date},
    {"currency", Kind::currency, true},
    {"total", Kind::amount, true},
    {"open_amount", Kind::amount},
    {"po_number"},
    {"reference"},
    {"corrects"},
    {"salesperson"},
    {"purpose"},
    {"original_creditor"},
    {"itemisation_date", Kind::date},
    {"default_date", Kind::date},
    {"document_url"},
};
constexpr Column invoice_line[] = {
    DUNLIN_CSV_EVERY_RECORD,
    {"invoice", Kind::text, true},
    {"sequence", Kind::sequence},
    {"product"},
    {"description"},
    {"quantity", Kind::real},
    {"amount", Kind::amount, true},
    {"plant"},
};
constexpr Column instalment[] = {
    DUNLIN_CSV_EVERY_RECORD,           {"invoice", Kind::text, true},
    {"sequence", Kind::sequence},      {"due_date", Kind::date, true},
    {"amount", Kind::amount, true},    {"discount_date", Kind::date},
    {"discount_amount", Kind::amount},
};
constexpr Column payment[] = {
    DUNLIN_CSV_EVERY_RECORD,
    {"customer", Kind::text, true},
    {"company"},
    {"date", Kind::date, true},
    {"currency", Kind::currency, true},
    {"amount", Kind::amount, true},
    {"method"},
    {"reference"},
    {"status"},
    {"reversed_on", Kind::date},
    {"bank_account"},
    {"payer_name"},
};
constexpr Column allocation[] = {
    DUNLIN_CSV_EVERY_RECORD,       {"customer"},
    {"source", Kind::text, true},  {"source_kind"},
    {"invoice", Kind::text, true}, {"instalment"},
    {"date", Kind::date},          {"amount", Kind::amount, true},
    {"reversed_on", Kind::date},
};
constexpr Column adjustment[] = {
    DUNLIN_CSV_EVERY_RECORD,
    {"customer", Kind::text, true},
    {"company"},
    {"invoice"},
    {"date", Kind::date, true},
    {"currency", Kind::currency, true},
    {"amount", Kind::amount, true},
    {"kind"},
    {"reference"},
};
constexpr Column exchange_rate[] = {
    DUNLIN_CSV_EVERY_RECORD,
    {"from_currency", Kind::currency, true},
    {"to_currency", Kind::currency, true},
    {"date", Kind::date, true},
    {"rate", Kind::rate, true},
    {"kind"},
};
#undef DUNLIN_CSV_EVERY_RECORD

constexpr Entity all[] = {
    {"company", company},
    {"customer", customer},
    {"contact_point", contact_point},
    {"invoice", invoice},
    {"invoice_line", invoice_line},
    {"instalment", instalment},
    {"payment", payment},
    {"allocation", allocation},
    {"adjustment", adjustment},
    {"exchange_rate", exchange_rate},
};

Type type_for(Kind kind) {
    switch (kind) {
        case Kind::amount:
        case Kind::sequence: return Type::i64;
        case Kind::date: return Type::date;
        case Kind::instant: return Type::timestamp;
        case Kind::real: return Type::f64;
        case Kind::flag: return Type::boolean;
        case Kind::text:
        case Kind::rate:
        case Kind::currency: break;
    }
    return Type::text;
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::size_t Entity::index_of(std::string_view column) const {
    const auto it = std::find_if(columns.begin(), columns.end(),
                                 [&](const Column& c) { return c.name == column; });
    return static_cast<std::size_t>(it - columns.begin());
}

std::span<const Entity> entities() {
    return all;
}

const Entity* find_entity(std::string_view name) {
    const auto* it = std::find_if(std::begin(all), std::end(all),
                                  [&](const Entity& e) { return e.name == name; });
    return it == std::end(all) ? nullptr : it;
}

std::vector<ColumnSpec> column_specs(const Entity& entity) {
    std::vector<ColumnSpec> specs;
    for (const auto& column : entity.columns) {
        specs.push_back({std::string(column.name), type_for(column.kind)});
    }
    return specs;
}

const Entity* entity_of_file(std::string_view file_name) {
    std::string name(file_name);
    std::transform(name.begin(), name.end(), name.begin(), lower);
    if (name.size() < 5 || name.substr(name.size() - 4) != ".csv") return nullptr;
    const Entity* longest = nullptr;
    for (const auto& entity : all) {
        const bool begins = name.compare(0, entity.name.size(), entity.name) == 0;
        if (begins && (!longest || entity.name.size() > longest->name.size())) longest = &entity;
    }
    if (!longest) return nullptr;
    // "invoice_lines.csv" is neither invoice_line nor invoice: better unread than misread.
    const char next = name[longest->name.size()];
    return next >= 'a' && next <= 'z' ? nullptr : longest;
}

std::vector<std::string> column_names(const Entity& entity) {
    std::vector<std::string> names;
    for (const auto& column : entity.columns) names.emplace_back(column.name);
    return names;
}

std::vector<std::string> entity_names() {
    std::vector<std::string> names;
    for (const auto& entity : all) names.emplace_back(entity.name);
    return names;
}

}  // namespace dunlin::csv
