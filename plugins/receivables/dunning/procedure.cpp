// SPDX-License-Identifier: Apache-2.0
#include "dunning/procedure.hpp"

#include <dunlin/money.hpp>

#include <algorithm>
#include <set>

namespace dunlin::receivables::dunning {
namespace {

[[noreturn]] void refuse(const Level& level, const std::string& why) {
    throw Error(DUNLIN_E_INVALID, "level " + std::to_string(level.number) + ": " + why);
}

void check_level(const Level& level) {
    static const std::set<std::string_view> channels{"email", "letter", "text", "call"};
    if (channels.count(level.channel) == 0) {
        refuse(level,
               "there is no channel \"" + level.channel + "\"; it is email, letter, text or call");
    }
    if (level.template_name.empty()) refuse(level, "name a template");
    if (level.days < 0 && level.clock != Clock::due) {
        refuse(level, "only days from the due date can be before it");
    }
    if (level.grace != 0 && level.days < 0) {
        refuse(level, "a reminder before the due date has no grace");
    }
    if (level.is_before_due() && (level.has_interest || level.is_credit_hold)) {
        refuse(level, "nothing is late before the due date: no interest and no credit hold");
    }
    for (const auto& criterion : level.criteria) {
        if (criterion.fact == Fact::days_overdue && !criterion.currency.empty()) {
            refuse(level, "days_overdue has no currency");
        }
    }
}

void check_order(const Level& before, const Level& level) {
    if (level.number != before.number + 1) {
        refuse(level, "follows level " + std::to_string(before.number) +
                          "; number them 1, 2, 3 without a hole");
    }
    if (level.clock == Clock::previous) return;
    const auto name = std::to_string(before.number);
    if (before.clock == level.clock && level.days == before.days) {
        refuse(level, "overlaps level " + name + ": both begin after " +
                          std::to_string(level.days) + " days");
    }
    if (before.clock != Clock::previous && level.days < before.days) {
        refuse(level, "begins before level " + name + "; levels must ascend");
    }
    if (before.clock == Clock::end_of_month && level.clock == Clock::due &&
        level.days < before.days + 31) {
        refuse(level, "overlaps level " + name + ", whose month may end up to 30 days later");
    }
}

int32_t days_of(const Json& from, const char* key, int32_t fallback) {
    const auto days = from.value(key, int64_t{fallback});
    if (days < -366 || days > 3660) {
        throw Error(DUNLIN_E_INVALID,
                    std::string(key) + ": " + std::to_string(days) + " days; at most ten years");
    }
    return static_cast<int32_t>(days);
}

ByCurrency amounts_of(const Json& from, const char* key) {
    ByCurrency out;
    const auto found = from.find(key);
    if (found == from.end()) return out;
    for (const auto& [currency, amount] : found->items()) {
        static_cast<void>(Currency(currency));
        const auto units = Money::parse_units(amount.get<std::string>());
        if (units < 0) throw Error(DUNLIN_E_INVALID, std::string(key) + " must not be negative");
        out[currency] = units;
    }
    return out;
}

template <class Value>
Value word_of(const std::string& word, const std::map<std::string_view, Value>& words) {
    const auto found = words.find(word);
    if (found != words.end()) return found->second;
    std::string known;
    for (const auto& [name, value] : words)
        known += (known.empty() ? "" : ", ") + std::string(name);
    throw Error(DUNLIN_E_INVALID, "\"" + word + "\" is none of " + known);
}

Criterion criterion_of(const Json& from) {
    Criterion out;
    out.fact = word_of<Fact>(from.at("fact").get<std::string>(),
                             {{"days_overdue", Fact::days_overdue},
                              {"item_amount", Fact::item_amount},
                              {"customer_balance", Fact::customer_balance}});
    out.currency = from.value("currency", "");
    if (!out.currency.empty()) static_cast<void>(Currency(out.currency));
    const auto& least = from.at("at_least");
    if (out.fact != Fact::days_overdue) {
        out.at_least = Money::parse_units(least.is_string() ? least.get<std::string>()
                                                            : std::to_string(least.get<int64_t>()));
    } else if (least.is_number_integer()) {
        out.at_least = least.get<int64_t>();
    } else {
        throw Error(DUNLIN_E_INVALID, "days_overdue is a whole number");
    }
    return out;
}

Level level_of(const Json& from) {
    Level out;
    out.number = from.at("level").get<int64_t>();
    try {
        out.clock =
            word_of<Clock>(from.value("clock", "due"), {{"due", Clock::due},
                                                        {"end_of_month", Clock::end_of_month},
                                                        {"previous", Clock::previous}});
        out.days = days_of(from, "days", 0);
        out.grace = days_of(from, "grace", 0);
        out.needs_all = from.value("match", "all") == "all";
        for (const auto& one : from.value("criteria", Json::array())) {
            out.criteria.push_back(criterion_of(one));
        }
        out.minimum = amounts_of(from, "minimum");
        out.channel = from.value("channel", "");
        out.template_name = from.value("template", "");
        const auto fee = from.value("fee", Json::object());
        out.fee.fixed = amounts_of(fee, "fixed");
        out.fee.percent = Money::parse_units(fee.value("percent", "0"));
        out.fee.is_of_original = fee.value("of", "open") == "original";
        out.has_interest = from.value("interest", false);
        out.is_credit_hold = from.value("credit_hold", false);
    } catch (const Error& e) {
        refuse(out, e.what());
    }
    if (out.grace < 0) refuse(out, "grace must not be negative");
    if (out.fee.percent < 0) refuse(out, "a fee must not be negative");
    return out;
}

constexpr const char* standard = R"({
  "sequential": true,
  "levels": [
    {"level": 1, "clock": "due", "days": 10, "channel": "email", "template": "reminder"},
    {"level": 2, "clock": "end_of_month", "days": 30, "channel": "email", "template": "dunning"},
    {"level": 3, "clock": "previous", "days": 10, "channel": "letter", "template": "final_notice",
     "credit_hold": true}
  ]
})";

}  // namespace

int64_t amount_in(const ByCurrency& amounts, std::string_view currency) {
    const auto found = amounts.find(currency);
    return found == amounts.end() ? 0 : found->second;
}

Procedure parse_procedure(const Json& body, std::string_view name, int64_t version) {
    Procedure out;
    out.name = name;
    out.version = version;
    out.is_sequential = body.value("sequential", true);
    out.item_interval = days_of(body, "item_interval_days", out.item_interval);
    out.customer_interval = days_of(body, "customer_interval_days", out.customer_interval);
    out.shows_overdue = body.value("shows", "overdue") == "overdue";
    out.nets_unmatched = body.value("unmatched_payments", "hold") == "net";
    if (body.contains("stale_after_days")) {
        out.stale_after_days.reset();
        if (!body["stale_after_days"].is_null()) {
            out.stale_after_days = days_of(body, "stale_after_days", 0);
        }
    }
    out.charges = body.value("charges", "");
    for (const auto& level : body.at("levels")) out.levels.push_back(level_of(level));
    check(out);
    return out;
}

const Json* default_procedure(std::string_view name) {
    static const Json body = Json::parse(standard);
    return name == "standard" ? &body : nullptr;
}

void check(const Procedure& procedure) {
    if (procedure.levels.empty()) throw Error(DUNLIN_E_INVALID, "a procedure needs a level");
    if (procedure.item_interval < 0 || procedure.customer_interval < 0) {
        throw Error(DUNLIN_E_INVALID, "days between two letters must not be negative");
    }
    const Level* before = nullptr;
    for (const auto& level : procedure.levels) {
        check_level(level);
        if (before != nullptr) {
            check_order(*before, level);
        } else if (level.number != 1) {
            refuse(level, "the first level is level 1");
        } else if (level.clock == Clock::previous) {
            refuse(level, "before the first level there is no letter to count days from");
        }
        before = &level;
    }
}

Date end_of_month(Date day) {
    using namespace std::chrono;
    const auto ymd = day.ymd();
    const sys_days last = year_month_day_last(ymd.year(), month_day_last(ymd.month()));
    return Date(static_cast<int32_t>(last.time_since_epoch().count()));
}

std::optional<Date> first_day(const Level& level, Date due_on, std::optional<Date> previous) {
    if (level.is_before_due()) return due_on + level.days;
    // Due today is not overdue, and the last day of grace is not either.
    const auto earliest = due_on + level.grace + 1;
    switch (level.clock) {
        case Clock::due: return std::max(due_on + level.days, earliest);
        case Clock::end_of_month: return std::max(end_of_month(due_on + level.days), earliest);
        case Clock::previous: break;
    }
    if (!previous) return std::nullopt;
    return std::max(*previous + level.days, earliest);
}

}  // namespace dunlin::receivables::dunning
