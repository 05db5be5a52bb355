// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/date.hpp>
#include <dunlin/json.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin::receivables::dunning {

/// Amounts by currency; a currency that is not named has none.
using ByCurrency = std::map<std::string, int64_t, std::less<>>;
int64_t amount_in(const ByCurrency& amounts, std::string_view currency);

/// What the days of a level are counted from. end_of_month: the last day of the month in which due
/// date and days end.
enum class Clock { due, end_of_month, previous };

enum class Fact { days_overdue, item_amount, customer_balance };

/// Something that must be so for a level, besides its clock. Amounts without a currency hold in
/// each.
struct Criterion {
    Fact fact = Fact::days_overdue;
    int64_t at_least = 0;
    std::string currency;
};

/// What a letter costs: a sum for the letter, and a share of each line's amount in 1/10000 percent.
struct Fee {
    ByCurrency fixed;
    int64_t percent = 0;
    bool is_of_original = false;  // Otherwise of what is open of the line.
};

/// One step of a procedure.
struct Level {
    int64_t number = 0;
    Clock clock = Clock::due;
    int32_t days = 0;  // Negative: a reminder before the due date, which nobody sends behind it.
    int32_t grace = 0;
    bool needs_all = true;  // Of the criteria; otherwise one is enough.
    std::vector<Criterion> criteria;
    ByCurrency minimum;  // Of what a letter asks for.
    std::string channel, template_name;
    Fee fee;
    bool has_interest = false;
    bool is_credit_hold = false;
    bool is_before_due() const { return clock == Clock::due && days < 0; }
};

/// How customers are reminded. Data, kept as a policy.
struct Procedure {
    std::string name;
    int64_t version = 0;        // 0: the default that ships with the plugin.
    bool is_sequential = true;  // One level a run, none left out.
    int32_t item_interval =
        5;  // Days at least between two letters about an item, or to a customer.
    int32_t customer_interval = 1;
    bool shows_overdue = true;    // A letter also lists what else is overdue.
    bool nets_unmatched = false;  // Payments not applied yet are netted; otherwise nobody is
                                  // written to before they are.
    std::optional<int32_t> stale_after_days = 4;
    std::string charges;  // The policy of fees and interest; empty: neither.
    std::vector<Level> levels;
};

/// The document as it is kept, and back. Reading refuses what check() refuses.
Procedure parse_procedure(const Json& body, std::string_view name, int64_t version);
/// The procedures that ship: "standard". Nothing for another name.
const Json* default_procedure(std::string_view name);
/// Throws with the level and the reason when levels overlap, are out of order or cannot be reached.
void check(const Procedure& procedure);

/// The first day on which a level holds. `previous` is the last letter about the item.
std::optional<Date> first_day(const Level& level, Date due_on, std::optional<Date> previous);
Date end_of_month(Date day);

}  // namespace dunlin::receivables::dunning
