// SPDX-License-Identifier: Apache-2.0
#include "promises/terms.hpp"

#include <algorithm>

namespace dunlin::receivables {
namespace {

constexpr int64_t hundred_percent = 100 * Money::scale;

Date due_of(const Term& term, Date from) {
    using namespace std::chrono;
    const auto start = from.ymd();
    const auto month = year_month(start.year(), start.month()) + months(term.months);
    const auto last = static_cast<unsigned>((month / std::chrono::last).day());
    const auto wanted = term.on_day.value_or(static_cast<unsigned>(start.day()));
    return Date(static_cast<int>(month.year()), static_cast<unsigned>(month.month()),
                std::min(wanted, last)) +
           term.days;
}

Money part_of(const Term& term, const Money& total, const Money& rest) {
    switch (term.share) {
        case Term::Share::percent_of_rest: return rest.share(term.value, hundred_percent);
        case Term::Share::percent_of_total: return total.share(term.value, hundred_percent);
        case Term::Share::fixed: {
            const Money fixed(term.value, total.currency());
            return (total.units() < 0 ? -fixed : fixed).rounded();
        }
        case Term::Share::rest: break;
    }
    return rest;
}

int32_t whole(const Json& from, const char* key, int64_t most) {
    const auto value = from.value(key, int64_t{0});
    if (value >= 0 && value <= most) return static_cast<int32_t>(value);
    throw Error(DUNLIN_E_INVALID, std::string(key) + " must be from 0 to " + std::to_string(most));
}

Term term_of(const Json& from) {
    Term out;
    const bool has_amount = from.contains("amount");
    if (has_amount && from.contains("percent")) {
        throw Error(DUNLIN_E_INVALID, "give an \"amount\" or a \"percent\", not both");
    }
    if (has_amount || from.contains("percent")) {
        const bool is_of_total = from.value("of", "rest") == "total";
        out.share = has_amount    ? Term::Share::fixed
                    : is_of_total ? Term::Share::percent_of_total
                                  : Term::Share::percent_of_rest;
        out.value = Money::parse_units(from.value(has_amount ? "amount" : "percent", ""));
        if (out.value <= 0) throw Error(DUNLIN_E_INVALID, "its share must be above zero");
    }
    out.months = whole(from, "months", 120);
    out.days = whole(from, "days", 3660);
    if (const auto day = whole(from, "on_day", 31); day > 0) {
        out.on_day = static_cast<unsigned>(day);
    }
    return out;
}

}  // namespace

std::vector<Term> parse_terms(const Json& from) {
    std::vector<Term> out;
    for (const auto& one : from) {
        try {
            out.push_back(term_of(one));
        } catch (const Error& e) {
            throw Error(DUNLIN_E_INVALID,
                        "term " + std::to_string(out.size() + 1) + ": " + e.what());
        }
    }
    return out;
}

std::vector<AgreedPart> split_by_terms(const Money& amount, Date from,
                                       const std::vector<Term>& terms) {
    if (amount.units() == 0) return {{from, amount}};
    std::vector<AgreedPart> out;
    auto rest = amount;
    for (const auto& term : terms) {
        if (rest.units() == 0) break;
        auto part = part_of(term, amount, rest);
        if (std::abs(part.units()) > std::abs(rest.units())) part = rest;
        if (part.units() == 0) continue;
        out.push_back({due_of(term, from), part});
        rest = rest - part;
    }
    if (rest.units() != 0) {
        throw Error(DUNLIN_E_INVALID, "the terms leave " + rest.text() + " " +
                                          std::string(rest.currency().code()) +
                                          " over; let the last one take the rest");
    }
    return out;
}

}  // namespace dunlin::receivables
