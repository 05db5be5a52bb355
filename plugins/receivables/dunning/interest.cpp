// SPDX-License-Identifier: Apache-2.0
#include "dunning/interest.hpp"

#include <algorithm>

namespace dunlin::receivables::dunning {
namespace {

__extension__ using Wide = __int128;

/// 12 times what 28, 29, 30 and 31 all divide.
constexpr int64_t months_scale = 377580;

int64_t day_of_360(Date day) {
    const auto ymd = day.ymd();
    const auto in_month = std::min<int64_t>(30, static_cast<unsigned>(ymd.day()));
    return int64_t{360} * static_cast<int>(ymd.year()) +
           int64_t{30} * static_cast<unsigned>(ymd.month()) + in_month;
}

int64_t days_in_month(Date day) {
    using namespace std::chrono;
    const auto ymd = day.ymd();
    const year_month_day_last last(ymd.year(), month_day_last(ymd.month()));
    return static_cast<unsigned>(last.day());
}

int64_t month_shares(Date from, Date until) {
    int64_t sum = 0;
    while (from < until) {
        const auto length = days_in_month(from);
        const auto day = static_cast<int32_t>(static_cast<unsigned>(from.ymd().day()));
        const auto next = std::min(until, from + (static_cast<int32_t>(length) - day + 1));
        sum += (next - from) * (months_scale / length);
        from = next;
    }
    return sum;
}

int64_t weight(const InterestRule& rule, Date from, Date until) {
    switch (rule.day_count) {
        case DayCount::thirty_360: return day_of_360(until) - day_of_360(from);
        case DayCount::actual_month: return month_shares(from, until);
        case DayCount::flat: return 1;
        default: return until - from;
    }
}

int64_t whole(const InterestRule& rule) {
    switch (rule.day_count) {
        case DayCount::actual_365: return 365;
        case DayCount::actual_month: return 12 * months_scale;
        case DayCount::flat: return 1;
        case DayCount::period: return rule.period_days;
        default: return 360;
    }
}

Wide product(int64_t base, int64_t rate, int64_t weight) {
    Wide out = static_cast<Wide>(base) * rate;
    if (__builtin_mul_overflow(out, static_cast<Wide>(weight), &out)) {
        throw Error(DUNLIN_E_LIMIT, "an amount is too large to charge interest on");
    }
    return out;
}

/// Rounds a sum of products to the minor unit.
int64_t rounded(Wide sum, const InterestRule& rule, Currency currency) {
    int64_t step = Money::scale;
    for (int i = currency.digits(); i > 0; --i) step /= 10;
    const Wide divisor = static_cast<Wide>(1000000) * whole(rule) * step;
    return detail::divide_rounded(sum, divisor) * step;
}

Date half_year_of(Date day) {
    const auto ymd = day.ymd();
    const auto year = static_cast<int>(ymd.year());
    return Date(year, static_cast<unsigned>(ymd.month()) < 7 ? 1U : 7U, 1U);
}

const ReferenceRate& reference_on(const ChargePolicy& policy, Date day) {
    for (const auto& entry : policy.reference) {
        if (entry.from <= day && day < entry.until) return entry;
    }
    throw Error(DUNLIN_E_CONFLICT, "charges \"" + policy.name + "\" have no reference rate for " +
                                       day.text() + "; add the half-year from " +
                                       half_year_of(day).text() + " with receivables.set_charges");
}

}  // namespace

int64_t interest(std::span<const Stretch> stretches, const InterestRule& rule, Currency currency) {
    // Once, on what is left of the amount.
    if (rule.day_count == DayCount::flat && !stretches.empty()) stretches = stretches.last(1);
    Wide exact = 0;
    int64_t sum = 0;
    for (const auto& stretch : stretches) {
        if (stretch.from >= stretch.until || stretch.base <= 0) continue;
        const auto part = [&](Date from, Date until) {
            return product(stretch.base, stretch.rate, weight(rule, from, until));
        };
        if (rule.rounding == Rounding::end) {
            exact += part(stretch.from, stretch.until);
        } else if (rule.rounding == Rounding::period || rule.day_count == DayCount::flat) {
            sum += rounded(part(stretch.from, stretch.until), rule, currency);
        } else {
            for (auto day = stretch.from; day < stretch.until; day = day + 1) {
                sum += rounded(part(day, day + 1), rule, currency);
            }
        }
    }
    return sum + rounded(exact, rule, currency);
}

int64_t rate_on(const ChargePolicy& policy, Date day) {
    return policy.is_statutory ? reference_on(policy, day).rate + policy.rate : policy.rate;
}

int64_t fixed_sum(const ChargePolicy& policy, std::string_view currency, int64_t amount) {
    const auto found = policy.fixed_sums.find(currency);
    if (found == policy.fixed_sums.end()) return 0;
    int64_t sum = 0;
    for (const auto& one : found->second) {
        if (amount >= one.at_least) sum = one.sum;
    }
    return sum;
}

std::vector<Stretch> stretches(const ChargePolicy& policy, Date became_late,
                               std::span<const Step> steps, Date until) {
    std::vector<Stretch> out;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        auto from = steps[i].from;
        const auto to = std::min(until, i + 1 < steps.size() ? steps[i + 1].from : until);
        while (from < to) {
            const bool is_split = policy.is_statutory && policy.splits_rates;
            const auto end = is_split ? std::min(to, reference_on(policy, from).until) : to;
            out.push_back(
                {from, end, steps[i].base, rate_on(policy, is_split ? from : became_late)});
            from = end;
        }
    }
    return out;
}

}  // namespace dunlin::receivables::dunning
