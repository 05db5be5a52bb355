// SPDX-License-Identifier: Apache-2.0
// Strategies: what comes along, what was set, and what a new one would change.
#include "worklist/work.hpp"

namespace dunlin::receivables {
namespace {

constexpr const char* default_text = R"({
  "name": "standard",
  "rules": [
    {"id": "overdue_amount", "title": "Overdue amount that may be collected", "fact": "overdue",
     "ranges": [{"to": "0.01", "points": 0}, {"from": "0.01", "to": "1000", "points": 5},
                {"from": "1000", "to": "5000", "points": 15},
                {"from": "5000", "to": "20000", "points": 30}, {"from": "20000", "points": 45}]},
    {"id": "oldest_item", "title": "Age of the oldest overdue item", "fact": "days_overdue",
     "conditions": [{"fact": "overdue", "at_least": "0.01"}],
     "ranges": [{"to": 1, "points": 0}, {"from": 1, "to": 31, "points": 5},
                {"from": 31, "to": 61, "points": 15}, {"from": 61, "to": 91, "points": 25},
                {"from": 91, "points": 35}]},
    {"id": "long_overdue", "title": "Something is more than 90 days overdue",
     "fact": "overdue_over_90",
     "ranges": [{"to": "0.01", "points": 0}, {"from": "0.01", "points": 10}]},
    {"id": "habit", "title": "Usually pays late", "fact": "average_days_late",
     "conditions": [{"fact": "overdue", "at_least": "0.01"}],
     "ranges": [{"to": 10, "points": 0}, {"from": 10, "to": 30, "points": 5},
                {"from": 30, "points": 10}]},
    {"id": "silence", "title": "No payment for a long time", "fact": "days_since_payment",
     "conditions": [{"fact": "overdue", "at_least": "0.01"}],
     "ranges": [{"to": 60, "points": 0}, {"from": 60, "points": 5}]},
    {"id": "limit", "title": "Credit limit used up", "fact": "limit_used_percent",
     "conditions": [{"fact": "overdue", "at_least": "0.01"}],
     "ranges": [{"to": 100, "points": 0}, {"from": 100, "points": 10}]},
    {"id": "no_reaction", "title": "Neither paid, promised nor disputed since the last letter",
     "fact": "days_since_dunning",
     "ranges": [{"to": 5, "points": 0}, {"from": 5, "to": 10, "points": 2},
                {"from": 10, "to": 15, "points": 4}, {"from": 15, "points": 8}]},
    {"id": "broken_promises", "title": "Promises broken within a year", "fact": "broken_promises",
     "conditions": [{"fact": "overdue", "at_least": "0.01"}],
     "ranges": [{"to": 1, "points": 0}, {"from": 1, "to": 3, "points": 10},
                {"from": 3, "points": 20}]},
    {"id": "task", "title": "Something is to be done by today", "fact": "tasks_due",
     "ranges": [{"to": 1, "points": 0}, {"from": 1, "points": 15}]}
  ]
})";

int64_t threshold_of(const Json& value, bool is_money) {
    if (value.is_string()) {
        const auto& text = value.get_ref<const std::string&>();
        const auto units = Money::parse_units(text);
        if (is_money) return units;
        if (units % Money::scale == 0) return units / Money::scale;
        throw Error(DUNLIN_E_INVALID, "\"" + text + "\" must be a whole number");
    }
    return value.get<int64_t>() * (is_money ? Money::scale : 1);
}

bool is_money_fact(const std::string& name) {
    const auto* kind = find_fact(name);
    return kind != nullptr && kind->is_money;
}

}  // namespace

const Json& default_strategy() {
    static const Json body = Json::parse(default_text);
    return body;
}

Strategy parse_strategy(const Json& body) {
    Strategy out{body.value("name", ""), {}};
    for (const auto& from : body.at("rules")) {
        Rule rule{from.at("id").get<std::string>(),
                  from.value("title", ""),
                  from.at("fact").get<std::string>(),
                  from.value("currency", ""),
                  {},
                  {}};
        if (rule.title.empty()) rule.title = rule.id;
        const bool is_money = is_money_fact(rule.fact);
        for (const auto& condition : from.value("conditions", Json::array())) {
            const auto fact = condition.at("fact").get<std::string>();
            rule.conditions.push_back(
                {fact, threshold_of(condition.at("at_least"), is_money_fact(fact))});
        }
        for (const auto& range : from.at("ranges")) {
            Range parsed;
            if (range.contains("from")) parsed.from = threshold_of(range["from"], is_money);
            if (range.contains("to")) parsed.to = threshold_of(range["to"], is_money);
            parsed.points = range.at("points").get<int64_t>();
            rule.ranges.push_back(parsed);
        }
        out.rules.push_back(std::move(rule));
    }
    return out;
}

namespace {

/// What a strategy is for: a portfolio, a company, or everything.
struct Purpose {
    const char* kind;
    std::string scope;
};

/// Of a request that is about one strategy.
Purpose purpose_of(const Call& call) {
    const auto portfolio = call.value<std::string>("scope", "");
    const auto company = call.id("company");
    if (company == 0) return {"strategy", portfolio};
    if (portfolio.empty()) return {"company_strategy", std::to_string(company)};
    throw Error(DUNLIN_E_INVALID, "a strategy is for a portfolio or for a company; name one");
}

}  // namespace

InForce strategy_in_force(Transaction& tx, const std::string& portfolio,
                          const std::optional<int64_t>& company, Date on) {
    std::vector<Purpose> purposes;
    if (!portfolio.empty()) purposes.push_back({"strategy", portfolio});
    if (company) purposes.push_back({"company_strategy", std::to_string(*company)});
    purposes.push_back({"strategy", ""});
    for (const auto& [kind, scope] : purposes) {
        if (const auto policy = tx.policy(kind, scope, on)) {
            return {parse_strategy(policy->at("body")), policy->at("version")};
        }
    }
    return {parse_strategy(default_strategy()), 0};
}

Json set_strategy(Call& call) {
    const auto& body = call.request().at("strategy");
    const auto strategy = parse_strategy(body);
    check(strategy);
    const auto valid_from = call.date("valid_from", call.today());
    const auto [kind, scope] = purpose_of(call);
    const auto version = call.tx().put_policy(kind, scope, valid_from, body);
    return {{"name", strategy.name}, {"version", version}, {"valid_from", valid_from.text()}};
}

Json show_strategy(Call& call) {
    const auto [kind, scope] = purpose_of(call);
    const auto policy = call.tx().policy(kind, scope, call.date("on", call.today()));
    auto facts = Json::array();
    for (const auto& fact : fact_kinds()) {
        facts.push_back({{"name", fact.name}, {"money", fact.is_money}, {"title", fact.title}});
    }
    return {{"version", policy ? policy->at("version") : Json(0)},
            {"strategy", policy ? policy->at("body") : default_strategy()},
            {"facts", facts}};
}

}  // namespace dunlin::receivables
