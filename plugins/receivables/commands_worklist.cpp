// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "worklist/work.hpp"

namespace dunlin::receivables {
namespace {

WorkChoice choice_of(const Call& call) {
    WorkChoice out;
    out.portfolio = call.value<std::string>("portfolio", "");
    out.collector = call.value<std::string>("collector", "");
    out.min_points = call.value<int64_t>("min_points", 1);
    out.with_snoozed = call.value("with_snoozed", false);
    return out;
}

Json entry(const WorkBook& book, const DefaulterRules& rules, const Ranked& ranked,
           std::size_t rank, Date as_of) {
    auto amounts = Json::array();
    for (const auto& [currency, facts] : *ranked.facts) {
        if (currency.empty()) continue;
        Json row{{"currency", currency}};
        for (const auto& [name, value] : facts) {
            row[std::string(name)] = Money::text_of(value, minor_digits(currency));
        }
        amounts.push_back(std::move(row));
    }
    auto days = Json::object();
    for (const auto& [name, value] : ranked.facts->at("")) days[std::string(name)] = value;
    const auto& customer = *ranked.customer;
    Json out{{"rank", rank},
             {"customer_id", std::to_string(customer.id)},
             {"number", customer.number},
             {"name", customer.name},
             {"collector", customer.collector},
             {"points", ranked.score.points},
             {"days_overdue", ranked.days_overdue},
             {"amounts", std::move(amounts)},
             {"facts", std::move(days)},
             {"rules", fired_json(ranked.score.fired)}};
    if (const auto why = why_defaulter(rules, *ranked.facts); !why.empty()) {
        out["regular_defaulter"] = why;
    }
    if (const auto to = book.escalated_to(customer.id); !to.empty()) out["escalated_to"] = to;
    if (const auto* hold = book.hold_of(customer.id)) out["credit_hold"] = hold_json(*hold, as_of);
    return out;
}

Json moved_json(const Moved& moved) {
    const auto& customer = *moved.customer;
    return {{"customer_id", std::to_string(customer.id)},
            {"number", customer.number},
            {"name", customer.name},
            {"collector", customer.collector},
            {"what", moved.rank_before == 0                     ? "came"
                     : moved.rank_after == 0                    ? "went"
                     : moved.points_after > moved.points_before ? "up"
                                                                : "down"},
            {"rank_before", moved.rank_before},
            {"rank_after", moved.rank_after},
            {"points_before", moved.points_before},
            {"points_after", moved.points_after},
            {"rules_before", fired_json(moved.before)},
            {"rules_after", fired_json(moved.after)}};
}

/// How two rankings differ, with at most so many customers.
Json difference(const std::vector<Ranked>& before, const std::vector<Ranked>& after,
                std::size_t limit) {
    const auto moved = compare(before, after);
    std::map<std::string, int64_t> counts{{"came", 0}, {"went", 0}, {"up", 0}, {"down", 0}};
    auto rows = Json::array();
    for (const auto& one : moved) {
        auto row = moved_json(one);
        ++counts[row.at("what").get<std::string>()];
        if (rows.size() < limit) rows.push_back(std::move(row));
    }
    return {{"before", before.size()}, {"after", after.size()}, {"came", counts["came"]},
            {"went", counts["went"]},  {"up", counts["up"]},    {"down", counts["down"]},
            {"rows", std::move(rows)}};
}

}  // namespace

Json fired_json(const std::vector<Fired>& fired) {
    auto rules = Json::array();
    for (const auto& one : fired) {
        const bool is_money = find_fact(one.rule->fact)->is_money;
        rules.push_back({{"rule", one.rule->id},
                         {"title", one.rule->title},
                         {"fact", one.rule->fact},
                         {"value", is_money ? money(one.value, one.currency) : Json(one.value)},
                         {"points", one.points}});
    }
    return rules;
}

Json worklist(Call& call) {
    const auto as_of = call.date("as_of", call.today());
    const auto filter = filter_of(call);
    const auto choice = choice_of(call);
    const auto in_force = strategy_in_force(call.tx(), choice.portfolio, filter.company_id, as_of);
    const WorkBook book(call.tx(), as_of, filter, choice);
    const auto ranked = book.ranked(in_force.strategy);
    const auto rules = defaulter_rules(call.tx(), as_of);
    const auto offset = call.value<std::size_t>("offset", 0);
    const auto end = std::min(ranked.size(), offset + call.value<std::size_t>("limit", 50));
    auto rows = Json::array();
    for (auto i = offset; i < end; ++i) rows.push_back(entry(book, rules, ranked[i], i + 1, as_of));
    return {{"as_of", as_of.text()},
            {"strategy", {{"name", in_force.strategy.name}, {"version", in_force.version}}},
            {"total", ranked.size()},
            {"snoozed", book.snoozed()},
            {"data", data_age(call.tx(), call.now_us())},
            {"rows", std::move(rows)}};
}

Json simulate_strategy(Call& call) {
    const auto as_of = call.date("as_of", call.today() - 1);
    const auto filter = filter_of(call);
    const auto choice = choice_of(call);
    const auto candidate = parse_strategy(call.request().at("strategy"));
    check(candidate);
    const auto in_force = strategy_in_force(call.tx(), choice.portfolio, filter.company_id, as_of);
    const WorkBook book(call.tx(), as_of, filter, choice);
    auto out = difference(book.ranked(in_force.strategy), book.ranked(candidate),
                          call.value<std::size_t>("limit", 50));
    out["as_of"] = as_of.text();
    out["strategy"] = {{"name", in_force.strategy.name}, {"version", in_force.version}};
    return out;
}

Json changes(Call& call) {
    const auto as_of = call.date("as_of", call.today());
    const auto since = call.date("since", as_of - 1);
    if (since >= as_of) {
        throw Error(DUNLIN_E_INVALID, "\"since\" must be before the day that is asked for");
    }
    const auto filter = filter_of(call);
    const auto choice = choice_of(call);
    // Under one strategy, so that what differs is the book.
    const auto in_force = strategy_in_force(call.tx(), choice.portfolio, filter.company_id, as_of);
    const WorkBook before(call.tx(), since, filter, choice), now(call.tx(), as_of, filter, choice);
    auto out = difference(before.ranked(in_force.strategy), now.ranked(in_force.strategy),
                          call.value<std::size_t>("limit", 50));
    out["since"] = since.text();
    out["as_of"] = as_of.text();
    return out;
}

}  // namespace dunlin::receivables
