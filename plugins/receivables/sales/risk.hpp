// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "commands.hpp"
#include "strategy.hpp"

namespace dunlin::receivables {

/// A class of risk: from so many points on, up to the next one.
struct RiskClass {
    std::string name, title;
    int64_t from = 0;  // The first one holds whatever is below the second.
};

/// How customers are told apart by their behaviour: rules whose points are added, and classes over
/// their sum. Data, kept as a policy.
struct RiskPolicy {
    int64_t version = 0;  // 0 for the one that comes along.
    Strategy rules;
    std::vector<RiskClass> classes;
};
const Json& default_risk_policy();
/// Throws with the rule or class that leaves a customer without an answer.
RiskPolicy parse_risk_policy(const Json& body);
RiskPolicy risk_policy(Transaction& tx, Date on);

/// A customer's class with what led to it. The rules belong to the policy, which must outlive it.
struct Risk {
    const RiskClass* in = nullptr;
    Score score;
};
Risk classify(const RiskPolicy& policy, const Facts& facts);

/// The risk of customers on a day, of all when none is named. Each is judged on its whole account,
/// as far as the caller sees it.
std::map<int64_t, Risk> risks(Transaction& tx, const RiskPolicy& policy, Date as_of,
                              const std::vector<int64_t>& customer_ids);
Json risk_json(const RiskPolicy& policy, const Risk& risk);

/// The handler of a command about classes of risk; null when it is about something else.
Door risk_door(std::string_view command);

}  // namespace dunlin::receivables
