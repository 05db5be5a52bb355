// SPDX-License-Identifier: Apache-2.0
#include "strategy.hpp"

#include <dunlin/money.hpp>

#include <algorithm>
#include <set>

namespace dunlin::receivables {

const std::vector<FactKind>& fact_kinds() {
    static const std::vector<FactKind> kinds{
        {"overdue", true, "Overdue amount that may be collected"},
        {"overdue_over_90", true, "Amount more than 90 days overdue"},
        {"open", true, "Open amount"},
        {"claimed", true, "Amount under claims (dispute, promise, plan, block)"},
        {"unapplied", true, "Credits not applied yet"},
        {"days_overdue", false, "Days overdue of the oldest open item"},
        {"overdue_items", false, "Number of overdue items"},
        {"average_days_late", false, "Days late of what was settled within a year, by amount"},
        {"settlements", false, "Settlements within a year"},
        {"days_since_payment", false, "Days since the last payment"},
        {"limit_used_percent", false, "Open amount as a percentage of the credit limit"},
        {"days_past_expected", false,
         "Days that the oldest overdue item is later than the customer usually pays"},
        {"days_since_dunning", false,
         "Days since the last letter of which something may still be collected: neither paid, "
         "promised nor disputed"},
        {"broken_promises", false, "Promises broken or kept in part within a year"},
        {"promise_level", false, "Highest level of the promises that are open or failed"},
        {"promises_due", false, "Open promises due today or within three days"},
        {"days_since_contact", false, "Days since the last contact"},
        {"regular_defaulter", false,
         "1 for a customer that by the rules pays late or breaks promises as a habit, else 0"},
        {"bounced_payments", false, "Payments that bounced or were taken back within a year"},
        {"credit_hold", false, "1 while the customer is on credit hold, else 0"},
        {"tasks_due", false, "Open tasks due by the day"},
    };
    return kinds;
}

const FactKind* find_fact(std::string_view name) {
    const auto& kinds = fact_kinds();
    const auto it = std::find_if(kinds.begin(), kinds.end(),
                                 [&](const FactKind& kind) { return kind.name == name; });
    return it == kinds.end() ? nullptr : &*it;
}

namespace {

[[noreturn]] void refuse(const Rule& rule, const std::string& why) {
    throw Error(DUNLIN_E_INVALID, "rule \"" + rule.id + "\": " + why);
}

void check_ranges(const Rule& rule) {
    if (rule.ranges.empty()) refuse(rule, "give at least one range with points");
    if (rule.ranges.front().from || rule.ranges.back().to) {
        refuse(rule,
               "the first range must have no \"from\" and the last no \"to\", so that every "
               "value falls in one");
    }
    for (std::size_t i = 1; i < rule.ranges.size(); ++i) {
        const auto& before = rule.ranges[i - 1];
        const auto& after = rule.ranges[i];
        if (!before.to || !after.from || *before.to != *after.from) {
            refuse(rule, "ranges " + std::to_string(i) + " and " + std::to_string(i + 1) +
                             " do not meet; \"to\" of one must be \"from\" of the next");
        }
        if (before.from && *before.from >= *before.to) {
            refuse(rule, "range " + std::to_string(i) + " is empty; ranges must ascend");
        }
    }
}

std::optional<int64_t> fact_of(const Facts& facts, std::string_view currency,
                               std::string_view name) {
    const auto in = facts.find(currency);
    if (in == facts.end()) return std::nullopt;
    const auto it = in->second.find(name);
    if (it == in->second.end()) return std::nullopt;
    return it->second;
}

bool holds(const Rule& rule, const Facts& facts, const std::string& currency) {
    return std::all_of(rule.conditions.begin(), rule.conditions.end(), [&](const auto& condition) {
        // A money condition on a rule without currency is met by any currency.
        const auto meets = [&](std::string_view in) {
            const auto value = fact_of(facts, in, condition.fact);
            return value && *value >= condition.at_least;
        };
        const auto* kind = find_fact(condition.fact);
        if (kind == nullptr || !kind->is_money) return meets("");
        if (!currency.empty()) return meets(currency);
        return std::any_of(facts.begin(), facts.end(),
                           [&](const auto& entry) { return meets(entry.first); });
    });
}

int64_t points_of(const Rule& rule, int64_t value) {
    for (const auto& range : rule.ranges) {
        if (!range.to || value < *range.to) return range.points;
    }
    return 0;
}

}  // namespace

void check(const Strategy& strategy) {
    std::set<std::string_view> ids;
    for (const auto& rule : strategy.rules) {
        if (rule.id.empty() || !ids.insert(rule.id).second) {
            refuse(rule, "every rule needs an id of its own");
        }
        const auto* kind = find_fact(rule.fact);
        if (!kind) refuse(rule, "there is no fact \"" + rule.fact + "\"");
        if (!rule.currency.empty()) {
            static_cast<void>(Currency(rule.currency));
            if (!kind->is_money) refuse(rule, "\"" + rule.fact + "\" has no currency");
        }
        for (const auto& condition : rule.conditions) {
            if (!find_fact(condition.fact)) {
                refuse(rule, "there is no fact \"" + condition.fact + "\"");
            }
        }
        check_ranges(rule);
    }
}

Score score(const Strategy& strategy, const Facts& facts) {
    Score out;
    for (const auto& rule : strategy.rules) {
        const auto* kind = find_fact(rule.fact);
        Fired best;
        for (const auto& [currency, values] : facts) {
            const bool wanted = rule.currency.empty() || rule.currency == currency;
            if (kind == nullptr || kind->is_money == currency.empty()) continue;
            const auto value = values.find(rule.fact);
            if ((kind->is_money && !wanted) || value == values.end()) continue;
            if (!holds(rule, facts, currency)) continue;
            const auto points = points_of(rule, value->second);
            if (points != 0 && (best.rule == nullptr || points > best.points)) {
                best = {&rule, currency, value->second, points};
            }
        }
        if (best.rule == nullptr) continue;
        out.points += best.points;
        out.fired.push_back(best);
    }
    return out;
}

}  // namespace dunlin::receivables
