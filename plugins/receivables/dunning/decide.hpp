// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/date.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dunning/interest.hpp"
#include "dunning/procedure.hpp"

namespace dunlin::receivables::dunning {

/// What is open of a document, or of one instalment of it, and what was written about it so far.
struct OpenCharge {
    int64_t item_id = 0;
    int64_t part = 0;  // Which instalment, from 1 on; 0: the whole item.
    int64_t company_id = 0;
    std::string currency, kind, number;
    Date due_on;
    int64_t original = 0, open = 0, claimed = 0;
    std::string claim_kind;  // Of a claim on it, when there is one.
    bool is_draft = false, is_blocked = false, is_removed = false;
    bool is_waiting = false;  // A letter about it was released and is held back.
    std::string procedure;
    int64_t level = 0;  // The highest of a released letter of this procedure.
    int64_t drafted_level = 0;
    std::optional<Date> level_on;     // The last letter of this procedure.
    std::optional<Date> reminded_on;  // The last letter of any.
    int64_t collectable() const { return open > claimed ? open - claimed : 0; }
};

/// What a customer has in hand: an open payment, credit note or adjustment, below zero.
struct OpenCredit {
    int64_t item_id = 0, company_id = 0;
    std::string currency, kind;
    Date posted_on;
    int64_t open = 0;
};

struct CustomerFacts {
    int64_t id = 0;
    bool is_company = true;
    std::string status, segment, language;
    bool is_blocked = false;
    std::optional<Date> reminded_on;
    std::vector<OpenCharge> charges;
    std::vector<OpenCredit> credits;
};

/// A row of a letter. What is only shown has not reached a level, or a further one, in this run; a
/// credit has no level at all.
struct Line {
    int64_t item_id = 0, part = 0, level = 0;
    bool is_raised = false, is_credit = false;
    Date due_on;
    int64_t days_overdue = 0, original = 0, open = 0, collectable = 0;
    int64_t fee = 0, interest = 0, fixed_sum = 0;
    std::optional<Date> interest_from;
};

/// One message to a customer about what is due to one company in one currency.
struct Letter {
    int64_t customer_id = 0, company_id = 0;
    std::string currency;
    const Procedure* procedure = nullptr;
    const Level* level = nullptr;  // The highest that one of its lines reached.
    std::string language;
    std::vector<Line> lines;
    int64_t due = 0;      // What may be collected of the lines.
    int64_t credits = 0;  // Zero or below.
    int64_t fee = 0, interest = 0, fixed_sums = 0, earlier_charges = 0;
    int64_t total() const { return due + credits + fee + interest + fixed_sums + earlier_charges; }
};

/// What has reached a level and is left out, with the reason.
struct Held {
    int64_t customer_id = 0, item_id = 0, part = 0, level = 0;
    std::string procedure, currency, reason;
    int64_t amount = 0;
};

struct Decision {
    std::vector<Letter> letters;
    std::vector<Held> held;
};

/// Procedures by their names.
using Procedures = std::map<std::string, Procedure, std::less<>>;
/// The name that stands for no procedure.
inline constexpr std::string_view no_procedure = "none";

/// What a customer is written on a day, from the facts alone. Letters in the order of company,
/// currency and procedure; each lists its oldest due first.
void decide(const CustomerFacts& customer, const Procedures& procedures, Date as_of, Decision& out);

/// The level an open amount reaches on a day; nothing when it is none or no further one.
/// `balance` is what the customer has overdue there.
const Level* next_level(const Procedure& procedure, const OpenCharge& charge, int64_t balance,
                        Date as_of);

}  // namespace dunlin::receivables::dunning
