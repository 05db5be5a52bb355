// SPDX-License-Identifier: Apache-2.0
// Ranking customers for whoever works on them: whose they are, who is hidden for a while, and how
// two rankings differ.
#include "worklist/work.hpp"

#include <algorithm>
#include <cstdlib>
#include <tuple>

namespace dunlin::receivables {
namespace {

/// Collectors whose customers somebody sees on a day: its own and those of whom it covers.
std::set<std::string> collectors_of(Transaction& tx, const std::string& collector, Date on) {
    std::set<std::string> out{collector};
    for (const auto& row :
         tx.query("SELECT collector FROM receivables_cover WHERE deputy = ? AND from_on <= ? AND "
                  "until_on >= ?",
                  collector, on, on)) {
        out.insert(row.string(0));
    }
    return out;
}

/// Customers that a snooze hides on a day: those where nothing changed since, if that wakes them.
std::set<int64_t> snoozed_on(Transaction& tx, Date on) {
    std::set<int64_t> out;
    Sql sql;
    sql.add(
        "SELECT DISTINCT s.customer_id FROM receivables_v1_snooze_scoped s WHERE s.from_on <= ? "
        "AND "
        "s.until_on > ? AND s.ended_on > ? AND (s.wakes = 0 OR (NOT EXISTS (SELECT 1 FROM "
        "receivables_v1_item_scoped i WHERE i.customer_id = s.customer_id AND (i.known_at > "
        "s.known_at OR i.void_known_at > s.known_at)) AND NOT EXISTS (SELECT 1 FROM "
        "receivables_v1_allocation_scoped a WHERE a.customer_id = s.customer_id AND (a.known_at > "
        "s.known_at OR a.reversal_known_at > s.known_at)) AND NOT EXISTS (SELECT 1 FROM "
        "receivables_v1_contact_scoped c WHERE c.customer_id = s.customer_id AND c.known_at > "
        "s.known_at AND c.direction = 'in') AND NOT EXISTS (SELECT 1 FROM "
        "receivables_v1_promise_scoped p WHERE p.customer_id = s.customer_id AND p.state IN "
        "('broken', 'partly_kept') AND p.last_on >= s.from_on AND p.last_on < ?)))",
        on, on, on, on);
    for (const auto& row : sql.run(tx)) out.insert(row.i64(0));
    return out;
}

}  // namespace

WorkBook::WorkBook(Transaction& tx, Date as_of, const Filter& filter, const WorkChoice& choice)
    : choice_(choice) {
    FactBook book(tx, as_of, filter);
    facts_ = std::move(book.facts());
    for (const auto& row :
         tx.query("SELECT customer_id, assignee FROM receivables_v1_task_scoped WHERE kind = "
                  "'escalation' AND made_on <= ? AND closed_on > ? ORDER BY task_id",
                  as_of, as_of)) {
        escalated_[row.i64(0)] = row.string(1);
    }
    holds_ = HoldDesk(tx).open_on(as_of);
    const auto collectors = collectors_of(tx, choice.collector, as_of);
    const auto hidden = choice.with_snoozed ? std::set<int64_t>() : snoozed_on(tx, as_of);
    for (auto& customer : Views(tx).customers({})) {
        const auto it = facts_.find(customer.id);
        if (it == facts_.end()) continue;
        if (!choice.portfolio.empty() && customer.portfolio != choice.portfolio) continue;
        const bool is_theirs = choice.collector.empty() || collectors.count(customer.collector) ||
                               escalated_to(customer.id) == choice.collector;
        if (!is_theirs) continue;
        if (hidden.count(customer.id)) {
            ++snoozed_;
            continue;
        }
        add_limit_used(customer, it->second);
        it->second[""]["days_overdue"];
        customers_.push_back(std::move(customer));
    }
}

std::string WorkBook::escalated_to(int64_t customer_id) const {
    const auto it = escalated_.find(customer_id);
    return it == escalated_.end() ? std::string() : it->second;
}

const CreditHold* WorkBook::hold_of(int64_t customer_id) const {
    const auto it = holds_.find(customer_id);
    return it == holds_.end() ? nullptr : &it->second;
}

void add_limit_used(const CustomerInfo& customer, Facts& facts) {
    const auto in_currency = facts.find(customer.currency);
    if (!customer.credit_limit || *customer.credit_limit <= 0) return;
    if (in_currency == facts.end() || customer.currency.empty()) return;
    const auto open = in_currency->second.find("open");
    if (open == in_currency->second.end()) return;
    facts[""]["limit_used_percent"] = multiply_divide(open->second, 100, *customer.credit_limit);
}

std::vector<Ranked> WorkBook::ranked(const Strategy& strategy) const {
    std::vector<Ranked> out;
    for (const auto& customer : customers_) {
        const auto& facts = facts_.at(customer.id);
        Ranked entry{&customer, &facts, score(strategy, facts), 0};
        if (entry.score.points < choice_.min_points) continue;
        entry.days_overdue = facts.at("").at("days_overdue");
        out.push_back(std::move(entry));
    }
    std::sort(out.begin(), out.end(), [](const Ranked& a, const Ranked& b) {
        return std::tuple(-a.score.points, -a.days_overdue, a.customer->id) <
               std::tuple(-b.score.points, -b.days_overdue, b.customer->id);
    });
    return out;
}

std::vector<Moved> compare(const std::vector<Ranked>& before, const std::vector<Ranked>& after) {
    std::map<int64_t, Moved> all;
    for (std::size_t i = 0; i < before.size(); ++i) {
        auto& one = all[before[i].customer->id];
        one.customer = before[i].customer;
        one.rank_before = static_cast<int64_t>(i) + 1;
        one.points_before = before[i].score.points;
        one.before = before[i].score.fired;
    }
    for (std::size_t i = 0; i < after.size(); ++i) {
        auto& one = all[after[i].customer->id];
        one.customer = after[i].customer;
        one.rank_after = static_cast<int64_t>(i) + 1;
        one.points_after = after[i].score.points;
        one.after = after[i].score.fired;
    }
    std::vector<Moved> out;
    for (auto& [id, one] : all) {
        if (one.is_other()) out.push_back(std::move(one));
    }
    std::sort(out.begin(), out.end(), [](const Moved& a, const Moved& b) {
        const auto change = [](const Moved& one) {
            return std::abs(one.points_after - one.points_before);
        };
        return std::tuple(-change(a), a.customer->id) < std::tuple(-change(b), b.customer->id);
    });
    return out;
}

Json data_age(Transaction& tx, int64_t now_us) {
    constexpr int64_t hour_us = 3600000000;
    constexpr int64_t old_after_hours = 26;  // A day, and a night that took longer.
    auto sources = Json::array();
    int64_t oldest = 0;
    for (const auto& row :
         tx.query("SELECT source, seen_at FROM receivables_source_seen ORDER BY source")) {
        const auto hours = std::max<int64_t>(0, now_us - row.i64(1)) / hour_us;
        oldest = std::max(oldest, hours);
        sources.push_back(
            {{"source", row.string(0)}, {"seen_at_us", row.i64(1)}, {"hours", hours}});
    }
    const bool is_old = sources.empty() || oldest > old_after_hours;
    return {{"is_old", is_old},
            {"message", sources.empty() ? "no source has brought anything yet"
                        : is_old ? "a source has brought nothing for " + std::to_string(oldest) +
                                       " hours; look at dunlin sync status before calling"
                                 : ""},
            {"sources", std::move(sources)}};
}

void note_source(Transaction& tx, std::string_view source, int64_t now_us) {
    if (tx.exec("UPDATE receivables_source_seen SET seen_at = ? WHERE source = ?", now_us,
                source) == 0) {
        tx.exec("INSERT INTO receivables_source_seen (source, seen_at) VALUES (?, ?)", source,
                now_us);
    }
}

}  // namespace dunlin::receivables
