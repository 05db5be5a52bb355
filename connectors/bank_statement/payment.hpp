// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "document.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace dunlin::bank_statement {

/// What of the settings decides what the payments of a statement are.
struct Rules {
    bool intraday = false;                               // Also what may still change.
    bool outgoing = false;                               // Also money that we sent.
    bool statements_follow = true;                       // Notifications come again in a statement.
    std::string company;                                 // Of an account that is not listed.
    std::map<std::string, std::string> companies;        // By bare account.
    std::map<std::string, std::string> payer_customers;  // By bare account of the payer.
};

/// A canonical payment, a tombstone, or what cannot be one.
struct Payment {
    int64_t line = 0;
    std::string external_id;
    bool is_deleted = false;
    std::string customer;
    std::string company;
    Date date;
    std::string currency;
    int64_t amount = 0;
    std::string method;
    std::string reference;
    std::string bank_account;
    std::string payer_name;
    // Set when it goes to the quarantine instead.
    std::string code;
    std::string reason;
};

/// What is remembered of earlier files: statements, so that a second one is noticed, and batches
/// that came as single payments, so that their sum is not taken as well.
struct Memory {
    static constexpr std::size_t size_max = 10000;
    std::vector<std::string> statements;  // "<hash of its id> <hash of its payments>"
    std::vector<std::string> batches;     // Hash of the batch's own id.

    bool has_batch(const std::string& id) const;
    void add_batch(const std::string& id);
};

/// The payments of one statement and what is to be remembered of it. A refused statement gives
/// nothing but its reason.
struct Yield {
    std::vector<Payment> payments;
    std::string note;  // A sentence for the log.
};
Yield payments_of(const Statement& statement, const Rules& rules, Memory& memory);

}  // namespace dunlin::bank_statement
