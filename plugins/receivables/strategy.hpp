// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin::receivables {

/// What the rules of a strategy can ask about a customer. Money facts are known per currency, in
/// 1/10000; the others are whole numbers.
struct FactKind {
    std::string_view name;
    bool is_money;
    std::string_view title;
};
const std::vector<FactKind>& fact_kinds();
const FactKind* find_fact(std::string_view name);

/// A customer's facts: by currency and name; what has no currency stands under "".
using Facts = std::map<std::string, std::map<std::string_view, int64_t>, std::less<>>;

/// Points for a fact from `from` up to and without `to`; absent means without end.
struct Range {
    std::optional<int64_t> from;
    std::optional<int64_t> to;
    int64_t points = 0;
};

/// A condition without which a rule does not apply.
struct Condition {
    std::string fact;
    int64_t at_least = 0;
};

/// One way to earn points.
struct Rule {
    std::string id;
    std::string title;
    std::string fact;
    std::string currency;  // Empty: whichever currency gives most points.
    std::vector<Condition> conditions;
    std::vector<Range> ranges;
};

/// How a worklist is ranked: rules whose points are added. Data, kept as a policy.
struct Strategy {
    std::string name;
    std::vector<Rule> rules;
};

/// Throws with the rule and the hole when a strategy could leave a customer without an answer.
void check(const Strategy& strategy);

/// A rule that gave points, and the fact it fired on.
struct Fired {
    const Rule* rule = nullptr;
    std::string currency;
    int64_t value = 0;
    int64_t points = 0;
};

struct Score {
    int64_t points = 0;
    std::vector<Fired> fired;
};
Score score(const Strategy& strategy, const Facts& facts);

}  // namespace dunlin::receivables
