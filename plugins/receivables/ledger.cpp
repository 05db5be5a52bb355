// SPDX-License-Identifier: Apache-2.0
#include "ledger.hpp"

#include <algorithm>
#include <unordered_map>

namespace dunlin::receivables {

Days live_days(const Allocation& allocation, const Days& source, const Days& target) {
    Days days{std::max(source.from, target.from),
              std::min({allocation.reversed_on, source.until, target.until})};
    if (allocation.given_on != never) days.from = std::max(days.from, allocation.given_on);
    return days;
}

int64_t residual(const Item& item, std::span<const Allocation> allocations, Date as_of) {
    if (!item.live().hold(as_of)) return 0;
    int64_t left = item.amount;
    for (const auto& allocation : allocations) {
        if (!allocation.live().hold(as_of)) continue;
        if (allocation.target_id == item.id) left -= allocation.amount;
        if (allocation.source_id == item.id) left += allocation.amount;
    }
    return left;
}

int64_t peak(std::span<const Use> uses) {
    // On a day that ends one use and begins another, only the new one counts.
    std::map<Date, int64_t> steps;
    for (const auto& use : uses) {
        if (use.days.from >= use.days.until) continue;
        steps[use.days.from] += use.amount;
        steps[use.days.until] -= use.amount;
    }
    int64_t now = 0, most = 0;
    for (const auto& [day, step] : steps) most = std::max(most, now += step);
    return most;
}

namespace {

std::vector<Part> complete(int64_t amount, Date due_on, const std::vector<Instalment>& schedule) {
    std::vector<Part> parts;
    int64_t left = amount;
    for (const auto& instalment : schedule) {
        const auto share = std::clamp<int64_t>(instalment.amount, 0, std::max<int64_t>(left, 0));
        parts.push_back({instalment.due_on, share});
        left -= share;
    }
    if (left != 0 || parts.empty()) parts.push_back({due_on, left});
    return parts;
}

int64_t settle(Part& part, int64_t amount, bool is_payment) {
    const auto take = std::clamp<int64_t>(amount, 0, std::max<int64_t>(part.open(), 0));
    (is_payment ? part.paid : part.credited) += take;
    return take;
}

}  // namespace

std::vector<Part> spread(int64_t amount, Date due_on, std::vector<Instalment> schedule,
                         std::span<const Settlement> settled) {
    std::sort(schedule.begin(), schedule.end(), [](const Instalment& a, const Instalment& b) {
        return std::tie(a.due_on, a.sequence, a.id) < std::tie(b.due_on, b.sequence, b.id);
    });
    auto parts = complete(amount, due_on, schedule);
    std::vector<int64_t> rest;
    for (const auto& settlement : settled) {
        auto left = settlement.amount;
        for (std::size_t i = 0; i < schedule.size() && settlement.instalment_id != 0; ++i) {
            if (schedule[i].id == settlement.instalment_id) {
                left -= settle(parts[i], left, settlement.is_payment);
            }
        }
        rest.push_back(left);
    }
    for (std::size_t n = 0; n < settled.size(); ++n) {
        for (auto& part : parts) rest[n] -= settle(part, rest[n], settled[n].is_payment);
        // More than the item: kept on the last part, so that nothing is lost from sight.
        (settled[n].is_payment ? parts.back().paid : parts.back().credited) += rest[n];
    }
    return parts;
}

Buckets::Buckets(std::vector<int32_t> edges) : edges_(std::move(edges)) {
    const bool ascending =
        std::adjacent_find(edges_.begin(), edges_.end(), std::greater_equal<>()) == edges_.end();
    if (edges_.empty() || !ascending || edges_.front() != 0 || edges_.size() > 20) {
        throw Error(DUNLIN_E_INVALID,
                    "bucket edges must ascend from 0, at most 20 of them, such as 0, 30, 60, 90");
    }
}

std::size_t Buckets::of(int32_t days_late) const {
    const auto edge = std::lower_bound(edges_.begin(), edges_.end(), days_late);
    return static_cast<std::size_t>(edge - edges_.begin());
}

std::string Buckets::name(std::size_t bucket) const {
    if (bucket == 0) return "not_due";
    const auto from = std::to_string(edges_[bucket - 1] + 1);
    return bucket == edges_.size() ? from + "+" : from + "-" + std::to_string(edges_[bucket]);
}

std::map<Currency, Aged> age(const Account& account, Date as_of, const Buckets& buckets) {
    std::unordered_map<int64_t, std::vector<const Allocation*>> by_item;
    for (const auto& allocation : account.allocations) {
        if (!allocation.live().hold(as_of)) continue;
        by_item[allocation.target_id].push_back(&allocation);
        by_item[allocation.source_id].push_back(&allocation);
    }
    std::map<Currency, Aged> out;
    for (const auto& item : account.items) {
        if (!item.live().hold(as_of)) continue;
        auto& aged = out[item.currency];
        aged.buckets.resize(buckets.count());
        aged.ledger += item.amount;
        std::vector<Settlement> settled;
        int64_t used = 0;
        for (const auto* allocation : by_item[item.id]) {
            if (allocation->target_id == item.id) {
                settled.push_back({allocation->instalment_id, allocation->amount, true});
            } else {
                used += allocation->amount;
            }
        }
        if (!item.is_charge()) {
            int64_t back = 0;
            for (const auto& settlement : settled) back += settlement.amount;
            aged.unapplied += item.amount + used - back;
            continue;
        }
        std::vector<Instalment> schedule;
        const auto [first, last] = account.schedule.equal_range(item.id);
        for (auto it = first; it != last; ++it) schedule.push_back(it->second);
        const auto parts = spread(item.amount + used, item.due_on, std::move(schedule), settled);
        for (const auto& part : parts) {
            aged.buckets[buckets.of(days_late(part.due_on, as_of))] += part.open();
        }
    }
    return out;
}

namespace {

void audit_allocation(const Allocation& allocation,
                      const std::unordered_map<int64_t, const Item*>& items,
                      std::vector<Finding>& findings) {
    const auto add = [&](const char* code, const std::string& text) {
        findings.push_back({allocation.customer_id, allocation.id, code, text});
    };
    const auto source = items.find(allocation.source_id);
    const auto target = items.find(allocation.target_id);
    if (source == items.end() || target == items.end()) {
        // Parked while one end sits with another customer: it must not count meanwhile.
        if (allocation.effective_on < allocation.until_on) {
            add("one_sided_allocation", "the allocation counts but one of its items is missing");
        }
        return;
    }
    const auto days = live_days(allocation, source->second->live(), target->second->live());
    const bool ever = days.from < days.until;
    if ((ever || allocation.effective_on < allocation.until_on) &&
        (days.from != allocation.effective_on || days.until != allocation.until_on)) {
        add("wrong_days", "stored as effective " + allocation.effective_on.text() + " to " +
                              allocation.until_on.text() + ", its documents say " +
                              days.from.text() + " to " + days.until.text());
    }
    if (allocation.amount <= 0) add("amount_not_positive", "an allocation must have an amount");
    if (source->second->currency != target->second->currency) {
        add("two_currencies", "the allocation joins items of two currencies");
    }
    if (source->second->amount > 0 || target->second->amount < 0) {
        add("wrong_direction", "the allocation does not lead from a credit to a charge");
    }
}

}  // namespace

std::vector<Finding> audit(const Account& account) {
    std::vector<Finding> findings;
    std::unordered_map<int64_t, const Item*> items;
    std::unordered_map<int64_t, std::vector<Use>> uses;
    for (const auto& item : account.items) items.emplace(item.id, &item);
    for (const auto& allocation : account.allocations) {
        audit_allocation(allocation, items, findings);
        uses[allocation.source_id].push_back({allocation.live(), allocation.amount});
        uses[allocation.target_id].push_back({allocation.live(), allocation.amount});
    }
    for (const auto& item : account.items) {
        const auto used = uses.find(item.id);
        if (used == uses.end()) continue;
        const auto most = peak(used->second);
        const auto size = item.amount < 0 ? -item.amount : item.amount;
        if (most > size) {
            const auto digits = item.currency.digits();
            findings.push_back({item.customer_id, item.id, "over_allocated",
                                "allocations of " + Money::text_of(most, digits) +
                                    " on an amount of " + Money::text_of(size, digits)});
        }
    }
    return findings;
}

void lay_claims(std::vector<OpenAmount>& charges, std::span<const Claim> claims) {
    std::sort(charges.begin(), charges.end(), [](const OpenAmount& a, const OpenAmount& b) {
        return std::tie(a.due_on, a.item_id) < std::tie(b.due_on, b.item_id);
    });
    const auto lay = [&](const Claim& claim) {
        auto left = claim.amount.value_or(std::numeric_limits<int64_t>::max());
        // A dispute is one even where a promise took the same money first.
        auto left_disputed = claim.kind == "dispute" ? left : 0;
        for (auto& charge : charges) {
            const bool is_meant = claim.item_id == 0
                                      ? claim.currency.empty() || claim.currency == charge.currency
                                      : claim.item_id == charge.item_id;
            if (!is_meant) continue;
            const auto take = std::min(left, std::max<int64_t>(0, charge.open - charge.claimed));
            charge.claimed += take;
            left -= take;
            const auto disputed =
                std::min(left_disputed, std::max<int64_t>(0, charge.open - charge.disputed));
            charge.disputed += disputed;
            left_disputed -= disputed;
        }
    };
    for (const bool is_of_item : {true, false}) {
        for (const auto& claim : claims) {
            if ((claim.item_id != 0) == is_of_item) lay(claim);
        }
    }
}

int64_t collectable(int64_t open, int64_t claimed) {
    return std::max<int64_t>(0, open - std::max<int64_t>(0, claimed));
}

}  // namespace dunlin::receivables
