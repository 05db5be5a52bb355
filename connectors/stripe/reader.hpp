// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client.hpp"
#include "value.hpp"

#include <map>
#include <optional>
#include <string>

namespace dunlin::stripe {

/// How a source wants to be read.
struct Reading {
    int64_t page_rows = 100;
    std::optional<int64_t> since_us;  // Of invoices, by their creation.
    bool has_all_payments = false;    // Also those without an invoice.
    std::string company = "account";  // Our id of the one company.
    std::string company_name;
};

/// What mappers need beside the object they map. Lives for one pull.
class Reader {
public:
    Reader(Client& client, const Reading& reading) : client_(client), reading_(reading) {}

    Client& client() { return client_; }
    const Reading& reading() const { return reading_; }

    /// Is this invoice read at all? As an object, or as an id that another object refers to when
    /// every invoice is.
    bool is_wanted(const Json& invoice) const;
    /// All lines of an invoice or credit note at that path, also those that it came without.
    Json lines_of(const std::string& path, const Json& object);
    /// How much of a refund credit notes of that invoice account for, in Stripe's unit.
    int64_t credited_of(const Json& refund, const std::string& invoice);
    /// An invoice of a customer, which keeps the name of one that was deleted; null when none.
    Json any_invoice_of(const std::string& customer);

private:
    Client& client_;
    const Reading& reading_;
    std::map<std::string, Json> credit_notes_;  // By invoice.
};

/// What a post-payment credit note gave back through its refund, in Stripe's unit.
int64_t refunded_by(const Json& credit_note, const Json& refund);

}  // namespace dunlin::stripe
