// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "commands.hpp"

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
     "ranges": [{"to": 100, "points": 0}, {"from": 100, "points": 10}]}
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

Json fact_json(std::string_view name, const std::string& currency, int64_t value) {
    const auto* kind = find_fact(name);
    return kind->is_money ? money(value, currency) : Json(value);
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

struct Strategist {
    Strategy strategy;
    Json version = 0;
};

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

/// The portfolio's own, else the company's, else the general one.
Strategist strategy_in_force(Transaction& tx, const std::string& portfolio,
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

struct Ranked {
    const CustomerInfo* customer = nullptr;
    const Facts* facts = nullptr;
    Score score;
    int64_t days_overdue = 0;
};

class Worklist {
public:
    explicit Worklist(Call& call)
        : call_(call),
          views_(call.tx()),
          as_of_(call.date("as_of", call.today())),
          filter_(filter_of(call)) {}

    Json run() {
        const auto portfolio = call_.value<std::string>("portfolio", "");
        const auto collector = call_.value<std::string>("collector", "");
        gather();
        const auto in_force = strategy_in_force(call_.tx(), portfolio, filter_.company_id, as_of_);
        const auto customers = views_.customers({});
        std::vector<Ranked> ranked;
        for (const auto& customer : customers) {
            if (!portfolio.empty() && customer.portfolio != portfolio) continue;
            if (!collector.empty() && customer.collector != collector) continue;
            const auto it = facts_.find(customer.id);
            if (it == facts_.end()) continue;
            add_limit_used(customer, it->second);
            Ranked entry{&customer, &it->second, score(in_force.strategy, it->second), 0};
            if (entry.score.points < call_.value<int64_t>("min_points", 1)) continue;
            entry.days_overdue = it->second[""]["days_overdue"];
            ranked.push_back(std::move(entry));
        }
        std::sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
            return std::tuple(-a.score.points, -a.days_overdue, a.customer->id) <
                   std::tuple(-b.score.points, -b.days_overdue, b.customer->id);
        });
        return page(ranked, in_force);
    }

private:
    /// Every fact of every customer, each kind by one query over all of them.
    void gather() {
        const auto charges = claimed_charges(views_, as_of_, filter_);
        std::unordered_set<int64_t> under_claims;
        for (const auto& charge : charges) under_claims.insert(charge.item.customer_id);
        for (const auto& row : views_.overdue(as_of_, filter_)) {
            if (under_claims.count(row.customer_id)) continue;
            add_open(row.customer_id, row.currency, row.open, row.overdue, row.overdue_over_90,
                     row.oldest_due, row.overdue_items);
        }
        std::unordered_map<int64_t, std::vector<Part>> parts;
        for (const auto& open : views_.open_parts(as_of_, filter_)) {
            if (under_claims.count(open.customer_id)) {
                parts[open.item_id].push_back(open.part);
                continue;
            }
            const auto amount = open.part.open();
            const auto late = days_late(open.part.due_on, as_of_);
            add_open(open.customer_id, open.currency, amount, late > 0 ? amount : 0,
                     late > 90 ? amount : 0, open.part.due_on, late > 0 ? 1 : 0);
        }
        for (const auto& sum :
             views_.aged_sums(as_of_, false, Buckets({0}), Group::customer, filter_,
                              /*only_credits=*/true)) {
            facts_[sum.key_id][sum.currency]["unapplied"] -= sum.amount;
        }
        for (const auto& charge : charges) add_claimed(charge, parts[charge.item.id]);
        for (const auto& [customer_id, habit] : views_.habits(as_of_, filter_)) {
            const auto it = facts_.find(customer_id);
            if (it == facts_.end()) continue;
            auto& facts = it->second[""];
            if (const auto late = habit.average_days_late()) facts["average_days_late"] = *late;
            if (habit.last_payment_on) {
                facts["days_since_payment"] = as_of_ - *habit.last_payment_on;
            }
        }
    }

    void add_open(int64_t customer_id, const std::string& currency, int64_t open, int64_t overdue,
                  int64_t over_90, Date oldest_due, int64_t overdue_items) {
        auto& facts = facts_[customer_id];
        auto& in_currency = facts[currency];
        in_currency["open"] += open;
        in_currency["overdue"] += overdue;
        in_currency["overdue_over_90"] += over_90;
        auto& general = facts[""];
        general["overdue_items"] += overdue_items;
        auto& oldest = general["days_overdue"];
        oldest = std::max<int64_t>(oldest, days_late(oldest_due, as_of_));
    }

    /// Only what claims leave of a charge is overdue; they take its parts from the oldest on.
    void add_claimed(const ClaimedCharge& charge, std::vector<Part> parts) {
        const auto& item = charge.item;
        if (parts.empty()) parts.push_back({item.due_on, item.open});
        add_open(item.customer_id, item.currency, item.open, 0, 0, never, 0);
        facts_[item.customer_id][item.currency]["claimed"] += charge.claimed;
        auto claimed = charge.claimed;
        for (const auto& part : parts) {
            const auto take = std::min(claimed, part.open());
            claimed -= take;
            const auto left = part.open() - take;
            const auto late = days_late(part.due_on, as_of_);
            if (left <= 0 || late <= 0 || item.kind == "payment") continue;
            add_open(item.customer_id, item.currency, 0, left, late > 90 ? left : 0, part.due_on,
                     1);
        }
    }

    static void add_limit_used(const CustomerInfo& customer, Facts& facts) {
        const auto in_currency = facts.find(customer.currency);
        if (!customer.credit_limit || *customer.credit_limit <= 0) return;
        if (in_currency == facts.end() || customer.currency.empty()) return;
        const auto open = in_currency->second.find("open");
        if (open == in_currency->second.end()) return;
        facts[""]["limit_used_percent"] =
            multiply_divide(open->second, 100, *customer.credit_limit);
    }

    Json page(const std::vector<Ranked>& ranked, const Strategist& in_force) const {
        const auto offset = call_.value<std::size_t>("offset", 0);
        const auto limit = call_.value<std::size_t>("limit", 50);
        const auto end = std::min(ranked.size(), offset + limit);
        auto rows = Json::array();
        for (auto i = offset; i < end; ++i) rows.push_back(entry(ranked[i], i + 1));
        return {{"as_of", as_of_.text()},
                {"strategy", {{"name", in_force.strategy.name}, {"version", in_force.version}}},
                {"total", ranked.size()},
                {"rows", std::move(rows)}};
    }

    static Json entry(const Ranked& ranked, std::size_t rank) {
        auto rules = Json::array();
        for (const auto& fired : ranked.score.fired) {
            rules.push_back({{"rule", fired.rule->id},
                             {"title", fired.rule->title},
                             {"fact", fired.rule->fact},
                             {"value", fact_json(fired.rule->fact, fired.currency, fired.value)},
                             {"points", fired.points}});
        }
        auto amounts = Json::array();
        for (const auto& [currency, facts] : *ranked.facts) {
            if (currency.empty()) continue;
            Json row{{"currency", currency}};
            for (const auto& [name, value] : facts) {
                row[std::string(name)] = Money::text_of(value, minor_digits(currency));
            }
            amounts.push_back(std::move(row));
        }
        const auto& customer = *ranked.customer;
        return {{"rank", rank},
                {"customer_id", std::to_string(customer.id)},
                {"number", customer.number},
                {"name", customer.name},
                {"collector", customer.collector},
                {"points", ranked.score.points},
                {"days_overdue", ranked.days_overdue},
                {"amounts", std::move(amounts)},
                {"rules", std::move(rules)}};
    }

    Call& call_;
    Views views_;
    Date as_of_;
    Filter filter_;
    std::unordered_map<int64_t, Facts> facts_;
};

}  // namespace

Json worklist(Call& call) {
    return Worklist(call).run();
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
