// SPDX-License-Identifier: Apache-2.0
// Classes of risk: points for how a customer behaved, by rules that are data.
#include "sales/risk.hpp"

#include <set>

#include "worklist/work.hpp"

namespace dunlin::receivables {
namespace {

constexpr const char* default_text = R"({
  "name": "standard",
  "rules": [
    {"id": "pays_late", "title": "Days late on average within a year", "fact": "average_days_late",
     "ranges": [{"to": 10, "points": 0}, {"from": 10, "to": 30, "points": 10},
                {"from": 30, "to": 60, "points": 20}, {"from": 60, "points": 30}]},
    {"id": "breaks_promises", "title": "Promises broken within a year", "fact": "broken_promises",
     "ranges": [{"to": 1, "points": 0}, {"from": 1, "to": 3, "points": 10},
                {"from": 3, "points": 25}]},
    {"id": "bounces", "title": "Payments taken back within a year", "fact": "bounced_payments",
     "ranges": [{"to": 1, "points": 0}, {"from": 1, "to": 2, "points": 15},
                {"from": 2, "points": 30}]},
    {"id": "defaulter", "title": "Pays late or breaks promises as a habit",
     "fact": "regular_defaulter",
     "ranges": [{"to": 1, "points": 0}, {"from": 1, "points": 10}]},
    {"id": "limit", "title": "Credit limit used", "fact": "limit_used_percent",
     "ranges": [{"to": 80, "points": 0}, {"from": 80, "to": 100, "points": 5},
                {"from": 100, "points": 15}]},
    {"id": "long_overdue", "title": "Something is more than 90 days overdue",
     "fact": "overdue_over_90",
     "ranges": [{"to": "0.01", "points": 0}, {"from": "0.01", "points": 20}]}
  ],
  "classes": [
    {"class": "low", "title": "Pays as agreed, or is not known yet"},
    {"class": "medium", "title": "To be watched", "from": 15},
    {"class": "high", "title": "No more credit without a talk", "from": 40}
  ]
})";

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
    throw Error(DUNLIN_E_INVALID, "class \"" + name + "\": " + why);
}

std::vector<RiskClass> parse_classes(const Json& list) {
    std::vector<RiskClass> out;
    std::set<std::string> names;
    for (const auto& from : list) {
        RiskClass one{from.at("class").get<std::string>(), from.value("title", ""),
                      from.value<int64_t>("from", 0)};
        if (!names.insert(one.name).second) refuse(one.name, "there are two of that name");
        const bool is_first = out.empty();
        if (is_first && from.contains("from")) {
            refuse(one.name, "the first class has no \"from\", so that every customer is in one");
        }
        if (!is_first && !from.contains("from")) {
            refuse(one.name, "only the first class is without \"from\"");
        }
        if (out.size() > 1 && one.from <= out.back().from) {
            refuse(one.name, "its \"from\" must be above the " + std::to_string(out.back().from) +
                                 " of \"" + out.back().name + "\"");
        }
        out.push_back(std::move(one));
    }
    if (out.empty()) throw Error(DUNLIN_E_INVALID, "give at least one class");
    return out;
}

}  // namespace

const Json& default_risk_policy() {
    static const Json body = Json::parse(default_text);
    return body;
}

RiskPolicy parse_risk_policy(const Json& body) {
    RiskPolicy out;
    out.rules = parse_strategy(body);
    check(out.rules);
    out.classes = parse_classes(body.at("classes"));
    return out;
}

RiskPolicy risk_policy(Transaction& tx, Date on) {
    const auto policy = tx.policy("risk", "", on);
    auto out = parse_risk_policy(policy ? policy->at("body") : default_risk_policy());
    if (policy) out.version = policy->at("version");
    return out;
}

Risk classify(const RiskPolicy& policy, const Facts& facts) {
    Risk out{&policy.classes.front(), score(policy.rules, facts)};
    for (std::size_t i = 1; i < policy.classes.size(); ++i) {
        if (out.score.points >= policy.classes[i].from) out.in = &policy.classes[i];
    }
    return out;
}

std::map<int64_t, Risk> risks(Transaction& tx, const RiskPolicy& policy, Date as_of,
                              const std::vector<int64_t>& customer_ids) {
    Filter filter;
    filter.customers = customer_ids;
    FactBook book(tx, as_of, filter, FactBook::Who::everybody);
    std::map<int64_t, Risk> out;
    for (const auto& customer : Views(tx).customers(customer_ids)) {
        auto& facts = book.facts()[customer.id];
        add_limit_used(customer, facts);
        out.emplace(customer.id, classify(policy, facts));
    }
    return out;
}

Json risk_json(const RiskPolicy& policy, const Risk& risk) {
    return {{"class", risk.in->name},
            {"title", risk.in->title},
            {"points", risk.score.points},
            {"policy", {{"name", policy.rules.name}, {"version", policy.version}}},
            {"rules", fired_json(risk.score.fired)}};
}

namespace {

Json set_risk_policy(const Services&, Call& call) {
    const auto& body = call.request().at("policy");
    const auto policy = parse_risk_policy(body);
    const auto valid_from = call.date("valid_from", call.today());
    const auto version = call.tx().put_policy("risk", "", valid_from, body);
    return {{"name", policy.rules.name}, {"version", version}, {"valid_from", valid_from.text()}};
}

Json show_risk_policy(const Services&, Call& call) {
    const auto policy = call.tx().policy("risk", "", call.date("on", call.today()));
    auto facts = Json::array();
    for (const auto& fact : fact_kinds()) {
        facts.push_back({{"name", fact.name}, {"money", fact.is_money}, {"title", fact.title}});
    }
    return {{"version", policy ? policy->at("version") : Json(0)},
            {"policy", policy ? policy->at("body") : default_risk_policy()},
            {"facts", facts}};
}

}  // namespace

Door risk_door(std::string_view command) {
    static const std::map<std::string_view, Door> doors{
        {"receivables.set_risk_policy", &set_risk_policy},
        {"receivables.risk_policy", &show_risk_policy}};
    const auto it = doors.find(command);
    return it == doors.end() ? nullptr : it->second;
}

}  // namespace dunlin::receivables
