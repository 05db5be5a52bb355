// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "commands.hpp"
#include "sales/hold.hpp"

namespace dunlin::receivables {

/// What strategies rank by, for every customer, each kind of fact by one query over all of them.
class FactBook {
public:
    /// Without anything open a customer is no work, but it has a history.
    enum class Who { with_work, everybody };
    FactBook(Transaction& tx, Date as_of, const Filter& filter, Who who = Who::with_work);
    std::unordered_map<int64_t, Facts>& facts() { return facts_; }

private:
    void gather_money();
    void gather_habits();
    void gather_promises();
    void gather_contacts();
    void gather_dunning();
    void gather_holds();
    void gather_bounces();
    void judge_habits();
    void add_open(int64_t customer_id, const std::string& currency, int64_t open, int64_t overdue,
                  int64_t over_90, Date oldest_due, int64_t overdue_items);
    void add_claimed(const ClaimedCharge& charge, std::vector<Part> parts);

    Transaction& tx_;
    Views views_;
    Date as_of_;
    const Filter& filter_;
    Filter of_customers_;  // What of it limits whom, and not which items.
    std::unordered_map<int64_t, Facts> facts_;
    std::map<std::pair<int64_t, int64_t>, int64_t>
        claimed_;  // Of items under claims: what is left.
};

/// How much of its limit a customer uses, if it has one.
void add_limit_used(const CustomerInfo& customer, Facts& facts);

/// Who pays late as a habit. Data, kept as a policy.
struct DefaulterRules {
    std::string name = "standard";
    int64_t version = 0;
    int64_t days_late = 30;  // On average within a year, from so many settlements on.
    int64_t settlements = 3;
    int64_t broken_promises = 2;  // Within a year, whatever was paid.
};
DefaulterRules defaulter_rules(Transaction& tx, Date on);
/// Why the rules say so; empty when they do not.
std::string why_defaulter(const DefaulterRules& rules, const Facts& facts);

/// Who is meant by a worklist.
struct WorkChoice {
    std::string portfolio;
    std::string collector;  // With whomever this one covers, and what was escalated to it.
    int64_t min_points = 1;
    bool with_snoozed = false;
};

struct Ranked {
    const CustomerInfo* customer = nullptr;
    const Facts* facts = nullptr;
    Score score;
    int64_t days_overdue = 0;
};

/// The customers of a choice with their facts on a day, to be ranked by whatever strategy.
class WorkBook {
public:
    WorkBook(Transaction& tx, Date as_of, const Filter& filter, const WorkChoice& choice);
    /// Those with enough points, the most first.
    std::vector<Ranked> ranked(const Strategy& strategy) const;
    /// How many a snooze hides.
    int64_t snoozed() const { return snoozed_; }
    /// To whom a customer is escalated; empty when to nobody.
    std::string escalated_to(int64_t customer_id) const;
    /// The credit hold that is announced or in force; null when there is none.
    const CreditHold* hold_of(int64_t customer_id) const;

private:
    WorkChoice choice_;
    std::vector<CustomerInfo> customers_;
    std::unordered_map<int64_t, Facts> facts_;
    std::map<int64_t, std::string> escalated_;
    std::map<int64_t, CreditHold> holds_;
    int64_t snoozed_ = 0;
};

/// One customer in two rankings; rank 0: not in it.
struct Moved {
    const CustomerInfo* customer = nullptr;
    int64_t rank_before = 0, rank_after = 0, points_before = 0, points_after = 0;
    std::vector<Fired> before, after;
    bool is_other() const { return points_before != points_after; }
};
/// Whoever has other points in one ranking than in the other, the largest change first.
std::vector<Moved> compare(const std::vector<Ranked>& before, const std::vector<Ranked>& after);

/// A strategy with its version; that of the portfolio, else the company, else the general one.
struct InForce {
    Strategy strategy;
    Json version = 0;
};
InForce strategy_in_force(Transaction& tx, const std::string& portfolio,
                          const std::optional<int64_t>& company, Date on);
Json fired_json(const std::vector<Fired>& fired);

/// How old what the sources brought is.
Json data_age(Transaction& tx, int64_t now_us);
/// Notes that a source has brought something now.
void note_source(Transaction& tx, std::string_view source, int64_t now_us);

Json simulate_strategy(Call& call);
Json changes(Call& call);

/// The handler of a command about whose work what is; null when it is about something else.
Door work_door(std::string_view command);

}  // namespace dunlin::receivables
