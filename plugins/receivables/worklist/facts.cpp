// SPDX-License-Identifier: Apache-2.0
#include "worklist/work.hpp"

#include <algorithm>
#include <unordered_set>

#include "contacts/contacts.hpp"

namespace dunlin::receivables {

FactBook::FactBook(Transaction& tx, Date as_of, const Filter& filter, Who who)
    : tx_(tx), views_(tx), as_of_(as_of), filter_(filter) {
    of_customers_.customers = filter.customers;
    gather_money();
    if (who == Who::everybody) {
        for (const auto& customer : views_.customers(filter.customers)) facts_[customer.id];
    }
    gather_habits();
    gather_promises();
    gather_contacts();
    gather_dunning();
    gather_holds();
    gather_bounces();
    judge_habits();
}

void FactBook::gather_money() {
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
    for (const auto& sum : views_.aged_sums(as_of_, false, Buckets({0}), Group::customer, filter_,
                                            /*only_credits=*/true)) {
        facts_[sum.key_id][sum.currency]["unapplied"] -= sum.amount;
    }
    for (const auto& charge : charges) {
        claimed_[{charge.item.customer_id, charge.item.id}] = charge.item.open - charge.claimed;
        add_claimed(charge, parts[charge.item.id]);
    }
}

void FactBook::gather_habits() {
    for (const auto& [customer_id, habit] : views_.habits(as_of_, filter_)) {
        const auto it = facts_.find(customer_id);
        if (it == facts_.end()) continue;
        auto& facts = it->second[""];
        auto& settlements = facts["settlements"];
        for (const auto& settled : habit.by_currency) settlements += settled.count;
        if (const auto late = habit.average_days_late()) facts["average_days_late"] = *late;
        if (habit.last_payment_on) {
            facts["days_since_payment"] = as_of_ - *habit.last_payment_on;
        }
    }
    // Nobody of whom nothing is known is expected to pay later than the due date.
    for (auto& [customer_id, by_currency] : facts_) {
        const auto general = by_currency.find("");
        if (general == by_currency.end() || general->second["days_overdue"] <= 0) continue;
        const auto late = general->second.find("average_days_late");
        const auto usual = late == general->second.end() ? 0 : std::max<int64_t>(0, late->second);
        general->second["days_past_expected"] = general->second["days_overdue"] - usual;
    }
}

void FactBook::add_open(int64_t customer_id, const std::string& currency, int64_t open,
                        int64_t overdue, int64_t over_90, Date oldest_due, int64_t overdue_items) {
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
void FactBook::add_claimed(const ClaimedCharge& charge, std::vector<Part> parts) {
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
        add_open(item.customer_id, item.currency, 0, left, late > 90 ? left : 0, part.due_on, 1);
    }
}

void FactBook::gather_promises() {
    constexpr int32_t soon = 3;
    Sql sql;
    sql.add(
        "SELECT DISTINCT customer_id, promise_id, level, state, due_on, last_on, ended_on FROM "
        "receivables_v1_promise_scoped WHERE made_on <= ?",
        as_of_);
    for (const auto& row : sql.limit(of_customers_, "").run(tx_)) {
        const auto found = facts_.find(row.i64(0));
        if (found == facts_.end()) continue;
        auto& facts = found->second[""];
        const auto state = row.text(3);
        const auto due_on = row.date(4), last_on = row.date(5);
        const bool has_failed = state == "broken" || state == "partly_kept";
        const bool is_over = last_on < as_of_;
        if (has_failed && is_over && last_on > as_of_ - 365) ++facts["broken_promises"];
        const bool is_live = state == "open" || (has_failed && last_on > as_of_ - 365);
        auto& level = facts["promise_level"];
        if (is_live && row.date(6) > as_of_) level = std::max(level, row.i64(2));
        if (state == "open" && due_on >= as_of_ && due_on <= as_of_ + soon) {
            ++facts["promises_due"];
        }
    }
}

void FactBook::gather_contacts() {
    Sql last;
    last.add(
        "SELECT customer_id, max(happened_on) FROM receivables_v1_contact_scoped WHERE happened_on "
        "<= ?",
        as_of_);
    last.limit(of_customers_, "").add(" GROUP BY customer_id");
    for (const auto& row : last.run(tx_)) {
        const auto found = facts_.find(row.i64(0));
        if (found != facts_.end()) found->second[""]["days_since_contact"] = as_of_ - row.date(1);
    }
    auto due = tx_.query(
        "SELECT customer_id, CAST(count(*) AS bigint) FROM receivables_v1_task_scoped WHERE due_on "
        "<= ? AND made_on <= ? AND closed_on > ? GROUP BY customer_id",
        as_of_, as_of_, as_of_);
    // A task brings its customer up even where nothing is owed, unless only a part is asked for.
    const bool is_whole = filter_.customers.empty() && !filter_.company_id &&
                          filter_.currency.empty() && filter_.salesperson.empty();
    for (const auto& row : due) {
        if (is_whole || facts_.count(row.i64(0))) facts_[row.i64(0)][""]["tasks_due"] = row.i64(1);
    }
}

/// Of the letters that went out, the items of which something may still be collected: nobody paid,
/// promised or disputed all of them.
void FactBook::gather_dunning() {
    Sql sql;
    sql.add(
        "SELECT l.customer_id, l.item_id, max(t.released_on) FROM "
        "receivables_v1_dunning_letter_scoped t JOIN receivables_v1_dunning_letter_line_scoped l "
        "ON "
        "l.customer_id = t.customer_id AND l.letter_id = t.letter_id JOIN "
        "receivables_v1_item_scoped i ON i.customer_id = l.customer_id AND i.item_id = l.item_id "
        "WHERE t.state = 'released' AND t.released_on <= ? AND i.void_on > ? AND i.amount > "
        "(SELECT "
        "CAST(COALESCE(sum(a.amount), 0) AS bigint) FROM receivables_v1_allocation_scoped a WHERE "
        "a.customer_id = i.customer_id AND a.target_id = i.item_id AND a.effective_on <= ? AND "
        "a.until_on > ?)",
        as_of_, as_of_, as_of_, as_of_);
    sql.limit(of_customers_, "l.").add(" GROUP BY l.customer_id, l.item_id");
    for (const auto& row : sql.run(tx_)) {
        const auto found = facts_.find(row.i64(0));
        if (found == facts_.end()) continue;
        const auto claimed = claimed_.find({row.i64(0), row.i64(1)});
        if (claimed != claimed_.end() && claimed->second <= 0) continue;
        const auto days = int64_t{as_of_ - row.date(2)};
        const auto fact = found->second[""].emplace("days_since_dunning", days).first;
        fact->second = std::min(fact->second, days);
    }
}

void FactBook::gather_holds() {
    for (const auto& [customer_id, hold] : HoldDesk(tx_).open_on(as_of_)) {
        const auto found = facts_.find(customer_id);
        if (found == facts_.end() || !hold.is_placed_on(as_of_)) continue;
        found->second[""]["credit_hold"] = 1;
    }
}

/// Money of a source that was there and was taken back. What was made here is none.
void FactBook::gather_bounces() {
    Sql sql;
    sql.add(
        "SELECT customer_id, CAST(count(*) AS bigint) FROM receivables_v1_item_scoped WHERE kind = "
        "'payment' AND amount < 0 AND source <> '' AND posted_on < void_on AND void_on > ? AND "
        "void_on <= ?",
        as_of_ - 365, as_of_);
    sql.limit(of_customers_, "").add(" GROUP BY customer_id");
    for (const auto& row : sql.run(tx_)) {
        const auto found = facts_.find(row.i64(0));
        if (found != facts_.end()) found->second[""]["bounced_payments"] = row.i64(1);
    }
}

DefaulterRules defaulter_rules(Transaction& tx, Date on) {
    DefaulterRules out;
    const auto policy = tx.policy("defaulter", "", on);
    if (!policy) return out;
    const auto& body = policy->at("body");
    out.version = policy->at("version");
    out.name = body.value("name", out.name);
    out.days_late = body.value("days_late", out.days_late);
    out.settlements = body.value("settlements", out.settlements);
    out.broken_promises = body.value("broken_promises", out.broken_promises);
    return out;
}

std::string why_defaulter(const DefaulterRules& rules, const Facts& facts) {
    const auto general = facts.find("");
    const auto fact = [&](std::string_view name) {
        if (general == facts.end()) return int64_t{0};
        const auto it = general->second.find(name);
        return it == general->second.end() ? 0 : it->second;
    };
    if (fact("broken_promises") >= rules.broken_promises) {
        return std::to_string(fact("broken_promises")) + " promises broken within a year";
    }
    if (fact("settlements") >= rules.settlements && fact("average_days_late") >= rules.days_late) {
        return "paid " + std::to_string(fact("average_days_late")) + " days late on average, " +
               std::to_string(fact("settlements")) + " times within a year";
    }
    return {};
}

void FactBook::judge_habits() {
    const auto rules = defaulter_rules(tx_, as_of_);
    for (auto& [customer_id, facts] : facts_) {
        if (!why_defaulter(rules, facts).empty()) facts[""]["regular_defaulter"] = 1;
    }
}

}  // namespace dunlin::receivables
