// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "contacts/contacts.hpp"

namespace dunlin::receivables {

/// What salespeople may do about collecting. Data, kept as a policy.
struct SalesRules {
    std::string name = "standard";
    int32_t hold_off_days_max = 14;
    int32_t hold_off_pause_days = 30;  // Between the end of one hold-off and the next.
    int32_t notice_days = 2;           // Between telling the salesperson and a credit hold.
    int32_t announced_days_max = 30;   // For which an announced hold may be placed.
};
SalesRules sales_rules(Transaction& tx, Date on);
/// Who owns the claim that a hold-off is.
constexpr const char* hold_off_owner = "sales";

/// A proposal of other credit terms, which sales and collections agree on, by name.
struct TermsProposal {
    int64_t customer_id = 0, id = 0;
    std::optional<int64_t> credit_limit;
    std::string currency, payment_terms, reason, basis, proposed_by, sales_by, collections_by;
    std::string state = "open", end_reason;
    Date proposed_on, ended_on = never;
    int64_t write_back_id = 0;
};

/// The handler of a command of sales; null when it is about something else.
Door sales_door(std::string_view command);

}  // namespace dunlin::receivables
