// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <catch2/catch.hpp>

#include "book.hpp"

namespace dunlin::test {

using Texts = std::vector<std::string>;

inline Dialect each_store() {
    return GENERATE(Dialect::sqlite, Dialect::postgresql);
}

inline InstanceOptions with_record(const std::string& lines) {
    InstanceOptions options;
    options.toml = "[plugins.receivables.record]\n" + lines;
    return options;
}

constexpr const char* erp_alone = "invoices = \"erp\"\ncash = \"erp\"\n";

inline std::string code(const AppliedBatch& applied) {
    return applied.rejects.size() == 1 ? applied.rejects[0].at("code").get<std::string>() : "";
}

inline std::string reason(const AppliedBatch& applied) {
    if (applied.rejects.size() != 1) return "";
    return applied.rejects[0].at("retry") == 1 ? applied.rejects[0].at("reason").get<std::string>()
                                               : "not to be tried again";
}

inline bool holds(const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
}

/// A document as the billing system tells of it: under ids of its own.
inline AppliedBatch billed(Book& book, const std::string& id, const std::string& number,
                           const std::string& total, const Json& more = Json::object()) {
    Json row{{"external_id", id}, {"number", number}, {"customer", "cus_1"},
             {"currency", "EUR"}, {"total", total},   {"issue_date", "2026-01-01"}};
    row.update(more);
    return book.put("invoice", {row}, "billing");
}

/// Money as the bank tells of it: it knows no customer.
inline Json banked(const std::string& id, const std::string& amount, const std::string& date,
                   const Json& more = Json::object()) {
    Json row{{"external_id", id}, {"reference", ""},  {"customer", ""},
             {"currency", "EUR"}, {"amount", amount}, {"date", date}};
    row.update(more);
    return row;
}

inline AppliedBatch in_bank(Book& book, const Json& row) {
    return book.put("payment", {row}, "bank");
}

inline bool is_taken_note_of(const AppliedBatch& applied) {
    return applied.rejects.empty() && applied.counts.unchanged == 1;
}

inline int64_t count(Book& book, const std::string& table) {
    return book.instance().cell("SELECT count(*) FROM receivables_" + table).get<int64_t>();
}

inline Json gone(const std::string& id) {
    return {{"external_id", id}, {"customer", nullptr},   {"currency", nullptr},
            {"total", nullptr},  {"issue_date", nullptr}, {"deleted", true}};
}

/// The ledger without our ids.
inline std::string ledger(Book& book) {
    std::string out;
    for (const char* query :
         {"SELECT number, kind, amount, currency, posted_on, void_on, source, source_open FROM "
          "receivables_item ORDER BY number, kind",
          "SELECT s.number, t.number, a.amount, a.effective_on, a.until_on, a.source FROM "
          "receivables_allocation a JOIN receivables_item s ON s.item_id = a.source_id JOIN "
          "receivables_item t ON t.item_id = a.target_id ORDER BY s.number, t.number, a.amount"}) {
        for (const auto& row : book.instance().sql(query)) out += Json(row).dump() + "\n";
    }
    return out;
}

}  // namespace dunlin::test
