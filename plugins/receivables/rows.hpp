// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/date.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dunlin::receivables {

// Rows on their way into the tables. Text is borrowed from the batch they come from.

/// Where a source's record is kept, and what it looked like. id 0: not known.
struct Known {
    int64_t customer_id = 0;
    int64_t id = 0;
    int64_t hash = 0;
    bool is_link = false;  // The id is of an item that another source brought.
};

struct BindingRow {
    std::string_view external_id;
    Known known;
    bool is_new = true;
};

struct CompanyRow {
    bool is_new = true;
    int64_t id = 0;
    std::string_view name, country, currency, time_zone, street, city, postcode, bank_account,
        capacity;
    int64_t known_at = 0;
};

struct RateRow {
    bool is_new = true;
    int64_t id = 0;
    std::string_view from_currency, to_currency;
    Date valid_on;
    int64_t rate_pico = 0;
    std::string_view kind;
    int64_t known_at = 0;
};

struct CustomerRow {
    bool is_new = true;
    int64_t id = 0;
    int64_t parent_id = 0;
    std::string_view number, name, kind, status, currency;
    std::optional<int64_t> credit_limit;
    std::string_view salesperson, tax_id;
    std::optional<Date> birth_date;
    std::string_view language, time_zone, payment_terms, salesperson_email, segment, represented_by;
    std::optional<double> latitude, longitude;
    std::string_view notes, source, external_id;
    int64_t known_at = 0;
    // Decided here, not by the source: kept as they are when the source changes the rest.
    std::string portfolio, collector;
    std::string number_key, name_key;  // See names.hpp.
};

struct CustomerDefaults {
    int64_t id = 0;
    std::string salesperson, portfolio, collector;
};

struct ContactPointRow {
    bool is_new = true;
    int64_t customer_id = 0;
    int64_t id = 0;
    std::string_view person, role, kind, value, street, city, postcode, region, country;
    Date valid_from;
    Date valid_to = never;
    bool preferred = false;
    std::string_view source, external_id;
    int64_t known_at = 0;
};

struct ItemRow {
    bool is_new = true;
    int64_t customer_id = 0;
    int64_t id = 0;
    Date posted_on, void_on = never, due_on, issued_on;
    int64_t amount = 0;
    std::string_view currency;
    int64_t instalments = 0;
    std::string_view kind;
    int64_t company_id = 0;
    std::string_view salesperson, portfolio;
    std::optional<int64_t> source_open;
    bool has_due = false;
    bool salesperson_own = false;
    std::string_view status = "posted", number, reference, source, external_id;
    int64_t known_at = 0, void_known_at = 0;
    std::string_view po_number, purpose, corrects, original_creditor;
    std::optional<Date> itemisation_date, default_date;
    std::string_view document_url, method, payer_name, bank_account;
};

/// The part of a stored item that decides what becomes of a change to it.
struct StoredItem {
    int64_t id = 0;
    Date posted_on, void_on, due_on;
    int64_t amount = 0;
    int64_t instalments = 0;
    int64_t known_at = 0, void_known_at = 0;
    std::string currency, kind, number;
};

struct LineRow {
    bool is_new = true;
    int64_t customer_id = 0;
    int64_t id = 0;
    int64_t item_id = 0, sequence = 0;
    std::string_view product, description;
    std::optional<double> quantity;
    int64_t amount = 0;
    std::string_view plant;
};

struct InstalmentRow {
    bool is_new = true;
    int64_t customer_id = 0;
    int64_t id = 0;
    int64_t item_id = 0, sequence = 0;
    Date due_on;
    int64_t amount = 0;
    std::optional<Date> discount_on;
    std::optional<int64_t> discount_amount;
};

struct AllocationRow {
    bool is_new = true;
    int64_t customer_id = 0;
    int64_t id = 0;
    int64_t source_id = 0, target_id = 0, instalment_id = 0;
    int64_t amount = 0;
    Date effective_on, until_on, given_on = never, reversed_on = never;
    std::string source;
    int64_t known_at = 0, reversal_known_at = 0;
};

/// What another source says of an item, see receivables_evidence.
struct EvidenceRow {
    bool is_new = true;
    int64_t customer_id = 0;
    int64_t id = 0;
    int64_t item_id = 0;
    std::string_view source, entity, external_id, number;
    Date issued_on;
    std::string_view currency;
    int64_t amount = 0;
    std::optional<int64_t> source_open;
    int64_t known_at = 0;
};

/// An item of the source of record that what another source tells of may be.
struct Candidate {
    int64_t customer_id = 0;
    int64_t id = 0;
    Date issued_on, void_on;
    int64_t amount = 0;
    std::string currency, number, payer_name, bank_account, customer_name;
    int64_t company_id = 0;
};

struct ControlTotal {
    std::string currency;
    int64_t ours = 0;
    int64_t source = 0;
};

}  // namespace dunlin::receivables
