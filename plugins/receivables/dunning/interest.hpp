// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/date.hpp>
#include <dunlin/json.hpp>
#include <dunlin/money.hpp>

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin::receivables::dunning {

/// How days become a share of what is charged. actual_month: a twelfth of the yearly rate, by the
/// days of each month. flat: the rate once, whatever the days. period: the rate for so many days.
enum class DayCount { actual_365, actual_360, thirty_360, actual_month, flat, period };
/// Where is rounded to the minor unit, half away from zero.
enum class Rounding { end, period, day };

/// Days over which the same amount bears the same rate; the last day is not one of them.
struct Stretch {
    Date from, until;
    int64_t base = 0;
    int64_t rate = 0;  // In 1/10000 percent.
};

struct InterestRule {
    DayCount day_count = DayCount::actual_365;
    Rounding rounding = Rounding::end;
    int32_t period_days = 30;
};
/// Exact in between, in 1/10000 of the currency's unit.
int64_t interest(std::span<const Stretch> stretches, const InterestRule& rule, Currency currency);

/// A reference rate in force from one day up to and without another.
struct ReferenceRate {
    Date from, until;
    int64_t rate = 0;
};

/// A sum for an amount of at least so much.
struct FixedSum {
    int64_t at_least = 0;
    int64_t sum = 0;
};

/// What is charged for paying late. Data, kept as a policy.
struct ChargePolicy {
    std::string name;
    int64_t version = 0;
    bool is_statutory = false;  // Between businesses only; `rate` comes on top of the reference.
    int64_t rate = 0;
    std::vector<ReferenceRate> reference;
    bool splits_rates =
        false;  // At each change; otherwise that of the half-year it became late in.
    bool is_of_original = false;
    InterestRule rule;
    bool waives_claimed_days = false;  // Days under a claim bear nothing, whatever its outcome.
    /// What becomes of charges that a dispute suspended when it ends for the debtor, or against.
    bool waives_when_debtor_right = true, waives_when_debtor_wrong = false;
    std::map<std::string, std::vector<FixedSum>, std::less<>> fixed_sums;
    /// Why a person may be charged: an agreement or a law by its name. Empty: not at all.
    std::string consumer_fees, consumer_interest;
};

ChargePolicy parse_charges(const Json& body, std::string_view name, int64_t version);
/// "none", "uk_statutory" and "eu_directive". Nothing for another name.
const Json* default_charges(std::string_view name);
/// Throws with the entry that is wrong.
void check(const ChargePolicy& policy);

/// The rate on a day. Refuses a day for which no reference rate is kept.
int64_t rate_on(const ChargePolicy& policy, Date day);
int64_t fixed_sum(const ChargePolicy& policy, std::string_view currency, int64_t amount);

/// What bore interest from a day on.
struct Step {
    Date from;
    int64_t base = 0;
};
/// The stretches of an amount from one day up to another: parted where the amount changes and,
/// where the policy splits them, the rate. became_late is the day that fixes the rate otherwise.
std::vector<Stretch> stretches(const ChargePolicy& policy, Date became_late,
                               std::span<const Step> steps, Date until);

}  // namespace dunlin::receivables::dunning
