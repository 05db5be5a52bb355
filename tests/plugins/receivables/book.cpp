// SPDX-License-Identifier: Apache-2.0
#include "book.hpp"

#include <dunlin/money.hpp>

#include <algorithm>
#include <set>

namespace dunlin::test {
namespace {

Type type_of_column(const std::string& name) {
    static const std::set<std::string> money{"total", "open_amount", "amount", "credit_limit",
                                             "discount_amount"};
    static const std::set<std::string> dates{"issue_date", "due_date",    "cancelled_on",
                                             "date",       "reversed_on", "valid_from",
                                             "valid_to",   "birth_date",  "discount_date"};
    if (money.count(name) || name == "sequence") return Type::i64;
    if (dates.count(name)) return Type::date;
    if (name == "deleted" || name == "preferred") return Type::boolean;
    return Type::text;
}

}  // namespace

AppliedBatch Book::put(const std::string& entity, const std::vector<Json>& rows,
                       const std::string& source) {
    std::set<std::string> names;
    for (const auto& row : rows) {
        for (const auto& cell : row.items()) names.insert(cell.key());
    }
    std::vector<ColumnSpec> columns;
    for (const auto& name : names) columns.push_back({name, type_of_column(name)});
    std::vector<std::vector<Json>> cells;
    for (const auto& row : rows) {
        auto& out = cells.emplace_back();
        for (const auto& column : columns) {
            auto cell = row.value(column.name, Json());
            if (column.type == Type::i64 && cell.is_string()) {
                cell = Money::parse_units(cell.get<std::string>());
            }
            out.push_back(std::move(cell));
        }
    }
    return instance_.apply(source, entity, columns, cells);
}

AppliedBatch Book::customer(const std::string& id) {
    return put("customer", {{{"external_id", id}, {"number", id}, {"name", "Customer " + id}}});
}

AppliedBatch Book::invoice(const std::string& id, const std::string& total,
                           const std::string& issued, const std::string& due, const Json& more) {
    Json row{{"external_id", id}, {"number", id},   {"customer", "C1"},
             {"currency", "EUR"}, {"total", total}, {"issue_date", issued}};
    row["due_date"] = due.empty() ? Json() : Json(due);
    row.update(more);
    return put("invoice", {row});
}

AppliedBatch Book::payment(const std::string& id, const std::string& amount,
                           const std::string& date, const Json& more) {
    Json row{{"external_id", id}, {"reference", id},  {"customer", "C1"},
             {"currency", "EUR"}, {"amount", amount}, {"date", date}};
    row.update(more);
    return put("payment", {row});
}

AppliedBatch Book::allocation(const std::string& id, const std::string& source,
                              const std::string& invoice, const std::string& amount,
                              const Json& more) {
    Json row{{"external_id", id}, {"source", source}, {"invoice", invoice}, {"amount", amount}};
    row.update(more);
    return put("allocation", {row});
}

Json Book::total(const std::string& as_of) {
    const auto totals = call("aging", {{"as_of", as_of}}).at("totals");
    if (totals.size() != 1) throw std::runtime_error("not one total: " + totals.dump());
    return totals[0];
}

std::string Book::id(const std::string& entity, const std::string& external_id) {
    const auto id = instance_.cell("SELECT id FROM receivables_binding WHERE entity = '" + entity +
                                   "' AND external_id = '" + external_id + "'");
    return std::to_string(id.get<int64_t>());
}

std::vector<std::string> Book::open(const std::string& as_of) {
    std::vector<std::string> out;
    const auto reply = call("items", {{"as_of", as_of}});
    for (const auto& row : reply.at("rows")) {
        out.push_back(row.at("number").get<std::string>() + " " +
                      row.at("open").at("amount").get<std::string>());
    }
    std::sort(out.begin(), out.end());
    return out;
}

std::string Book::audit(const std::vector<std::string>& dates) {
    const auto reply = call("verify", {{"dates", dates}});
    return reply.at("ok").get<bool>() ? "" : reply.at("findings").dump();
}

}  // namespace dunlin::test
