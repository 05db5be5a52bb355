// SPDX-License-Identifier: Apache-2.0
#include "dunning/charge.hpp"

#include <algorithm>
#include <set>

namespace dunlin::receivables::dunning {
namespace {

/// Part n of an item as it was on a day.
Part part_on(const ItemHistory& item, int64_t part, Date day) {
    std::vector<Settlement> settled;
    for (const auto& one : item.settled) {
        if (one.days.hold(day)) settled.push_back({one.instalment_id, one.amount, true});
    }
    const auto parts = spread(item.amount, item.due_on, item.schedule, settled);
    const auto index = static_cast<std::size_t>(std::max<int64_t>(part, 1) - 1);
    return index < parts.size() ? parts[index] : Part{};
}

int64_t claimed_on(const ItemHistory& item, int64_t open, Date day) {
    int64_t claimed = 0;
    for (const auto& claim : item.claims) {
        if (claim.days.hold(day)) claimed += std::min(claim.amount.value_or(open), open);
    }
    return std::min(claimed, open);
}

void charge_line(Line& line, const Letter& letter, const ChargePolicy& policy,
                 const ItemHistory& item, const ChargedBefore& before, Date as_of) {
    const auto charged = before.interest_until.find(line.part);
    const auto from = charged == before.interest_until.end()
                          ? line.due_on
                          : std::max(line.due_on, charged->second);
    if (from < as_of) {
        const auto parts =
            stretches(policy, line.due_on + 1, steps(item, line.part, from, as_of, policy), as_of);
        line.interest = interest(parts, policy.rule, Currency(letter.currency));
        line.interest_from = from;
    }
    if (!before.has_fixed_sum) line.fixed_sum = fixed_sum(policy, letter.currency, line.original);
}

}  // namespace

std::vector<Step> steps(const ItemHistory& item, int64_t part, Date from, Date until,
                        const ChargePolicy& policy) {
    std::set<Date> days{from};
    const auto add = [&](const Days& span) {
        for (const auto day : {span.from, span.until}) {
            if (from < day && day < until) days.insert(day);
        }
    };
    for (const auto& one : item.settled) add(one.days);
    if (policy.waives_claimed_days) {
        for (const auto& one : item.claims) add(one.days);
    }
    std::vector<Step> out;
    for (const auto day : days) {
        const auto now = part_on(item, part, day);
        auto base = policy.is_of_original && now.open() > 0 ? now.amount : now.open();
        if (policy.waives_claimed_days) base -= claimed_on(item, base, day);
        if (out.empty() || out.back().base != base) out.push_back({day, base});
    }
    return out;
}

int64_t fee_of(const Letter& letter) {
    const auto& fee = letter.level->fee;
    const Currency currency(letter.currency);
    int64_t sum = amount_in(fee.fixed, letter.currency);
    if (fee.percent == 0) return sum;
    for (const auto& line : letter.lines) {
        if (!line.is_raised) continue;
        const Money base(fee.is_of_original ? line.original : line.collectable, currency);
        sum += base.share(fee.percent, 100 * Money::scale).units();
    }
    return sum;
}

void add_charges(Letter& letter, const CustomerFacts& customer, const ChargePolicy& policy,
                 const Histories& histories, Charged& before, Date as_of) {
    if (customer.is_company || !policy.consumer_fees.empty()) letter.fee = fee_of(letter);
    const bool may_bear =
        customer.is_company || (!policy.is_statutory && !policy.consumer_interest.empty());
    std::swap(letter.earlier_charges, before.claimable[{letter.company_id, letter.currency}]);
    std::set<int64_t> seen;  // Of an item's instalments the first bears the sums of the item.
    for (auto& line : letter.lines) {
        if (line.is_credit) continue;
        const bool is_first = seen.insert(line.item_id).second;
        const bool is_suspended = line.collectable < line.open;
        if (!letter.level->has_interest || !may_bear || is_suspended || line.days_overdue <= 0) {
            continue;
        }
        const auto history = histories.find(line.item_id);
        if (history == histories.end()) continue;
        charge_line(line, letter, policy, history->second, before.items[line.item_id], as_of);
        if (!is_first) line.fixed_sum = 0;
        letter.interest += line.interest;
        letter.fixed_sums += line.fixed_sum;
    }
}

}  // namespace dunlin::receivables::dunning
