// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/date.hpp>
#include <dunlin/json.hpp>
#include <dunlin/money.hpp>

#include <optional>
#include <vector>

namespace dunlin::receivables {

/// One instalment as people agree on it, such as "a quarter after a month".
struct Term {
    enum class Share { percent_of_rest, percent_of_total, fixed, rest };
    Share share = Share::rest;
    int64_t value = 0;  // The percent, or the amount, in 1/10000.
    int32_t months = 0, days = 0;
    std::optional<unsigned> on_day;  // Of the month that the months lead to; the days come on top.
};

struct AgreedPart {
    Date due_on;
    Money amount;
    bool operator==(const AgreedPart&) const = default;
};

/// Error invalid names the term.
std::vector<Term> parse_terms(const Json& from);

/// The instalments of an amount from a day on. Each is rounded to the minor unit, none takes more
/// than is left, and together they are the amount: Error invalid when something would be left over.
/// Nothing to pay is one instalment of nothing, on the day itself.
std::vector<AgreedPart> split_by_terms(const Money& amount, Date from,
                                       const std::vector<Term>& terms);

}  // namespace dunlin::receivables
