// SPDX-License-Identifier: Apache-2.0
#include "dunning/interest.hpp"

#include <algorithm>

namespace dunlin::receivables::dunning {
namespace {

constexpr const char* none = R"({})";

// Late Payment of Commercial Debts: base rate of the half-year's beginning and 8 points, by 365
// days, and a sum by the size of the debt.
constexpr const char* uk_statutory = R"({
  "basis": "statutory", "rate": "8", "day_count": "365",
  "reference": [
    {"half_year": "2018-1", "rate": "0.50"}, {"half_year": "2022-1", "rate": "0.25"},
    {"half_year": "2022-2", "rate": "1.25"}, {"half_year": "2023-1", "rate": "3.50"},
    {"half_year": "2023-2", "rate": "5.00"}, {"half_year": "2024-1", "rate": "5.25"}],
  "fixed_sums": {"GBP": [{"at_least": "0", "sum": "40"}, {"at_least": "1000", "sum": "70"},
                         {"at_least": "10000", "sum": "100"}]}
})";

// Directive 2011/7/EU: the European Central Bank's rate for main refinancing operations on the
// first day of the half-year and 8 points, and 40 euro.
constexpr const char* eu_directive = R"({
  "basis": "statutory", "rate": "8", "day_count": "365",
  "reference": [
    {"half_year": "2023-1", "rate": "2.50"}, {"half_year": "2023-2", "rate": "4.00"},
    {"half_year": "2024-1", "rate": "4.50"}, {"half_year": "2024-2", "rate": "4.25"},
    {"half_year": "2025-1", "rate": "3.15"}, {"half_year": "2025-2", "rate": "2.15"}],
  "fixed_sums": {"EUR": [{"at_least": "0", "sum": "40"}]}
})";

ReferenceRate reference_of(const Json& from) {
    const auto text = from.at("half_year").get<std::string>();
    const auto bad = [&] {
        return Error(DUNLIN_E_INVALID,
                     "\"" + text.substr(0, 20) + "\" is not a half-year; write it as 2026-1");
    };
    if (text.size() != 6 || text[4] != '-' || (text[5] != '1' && text[5] != '2')) throw bad();
    if (!std::all_of(text.begin(), text.begin() + 4, [](char c) { return c >= '0' && c <= '9'; })) {
        throw bad();
    }
    const int year = std::stoi(text.substr(0, 4));
    const bool is_first = text[5] == '1';
    return {Date(year, is_first ? 1U : 7U, 1U),
            is_first ? Date(year, 7U, 1U) : Date(year + 1, 1U, 1U),
            Money::parse_units(from.at("rate").get<std::string>())};
}

DayCount day_count_of(const std::string& word) {
    static const std::map<std::string_view, DayCount> words{
        {"365", DayCount::actual_365},    {"360", DayCount::actual_360},
        {"30/360", DayCount::thirty_360}, {"actual_month", DayCount::actual_month},
        {"balance_due", DayCount::flat},  {"average_daily_balance", DayCount::period}};
    const auto found = words.find(word);
    if (found != words.end()) return found->second;
    throw Error(DUNLIN_E_INVALID, "\"" + word.substr(0, 20) +
                                      "\" is no day count; it is 365, 360, "
                                      "30/360, actual_month, balance_due or average_daily_balance");
}

Rounding rounding_of(const std::string& word) {
    if (word == "day") return Rounding::day;
    if (word == "period") return Rounding::period;
    if (word == "end") return Rounding::end;
    throw Error(DUNLIN_E_INVALID, "rounding is at the end, for each period or for each day");
}

}  // namespace

ChargePolicy parse_charges(const Json& body, std::string_view name, int64_t version) {
    ChargePolicy out;
    out.name = name;
    out.version = version;
    out.is_statutory = body.value("basis", "agreed") == "statutory";
    out.rate = Money::parse_units(body.value("rate", "0"));
    for (const auto& entry : body.value("reference", Json::array())) {
        out.reference.push_back(reference_of(entry));
    }
    out.splits_rates = body.value("rate_fix", "became_late") == "split";
    out.is_of_original = body.value("base", "remaining") == "original";
    out.rule.day_count = day_count_of(body.value("day_count", "365"));
    out.rule.rounding = rounding_of(body.value("rounding", "end"));
    out.rule.period_days = body.value("period_days", 30);
    out.waives_claimed_days = body.value("after_claim", "charge") == "waive";
    const auto dispute = body.value("after_dispute", Json::object());
    out.waives_when_debtor_right = dispute.value("debtor_right", "waive") == "waive";
    out.waives_when_debtor_wrong = dispute.value("debtor_wrong", "claim") == "waive";
    const auto sums = body.value("fixed_sums", Json::object());
    for (const auto& [currency, list] : sums.items()) {
        static_cast<void>(Currency(currency));
        for (const auto& one : list) {
            out.fixed_sums[currency].push_back(
                {Money::parse_units(one.at("at_least").get<std::string>()),
                 Money::parse_units(one.at("sum").get<std::string>())});
        }
    }
    out.consumer_fees = body.value("consumer_fees", "");
    out.consumer_interest = body.value("consumer_interest", "");
    check(out);
    return out;
}

const Json* default_charges(std::string_view name) {
    static const std::map<std::string_view, Json> all{{"none", Json::parse(none)},
                                                      {"uk_statutory", Json::parse(uk_statutory)},
                                                      {"eu_directive", Json::parse(eu_directive)}};
    const auto found = all.find(name);
    return found == all.end() ? nullptr : &found->second;
}

void check(const ChargePolicy& policy) {
    const auto refuse = [](const std::string& why) { throw Error(DUNLIN_E_INVALID, why); };
    if (policy.rate < 0 || policy.rate > 1000 * Money::scale) {
        refuse("the rate is a percentage from 0 to 1000");
    }
    if (policy.rule.period_days < 1) refuse("period_days must be at least 1");
    if (policy.is_statutory && policy.reference.empty()) {
        refuse("statutory interest needs its reference rates");
    }
    if (policy.is_statutory && !policy.consumer_interest.empty()) {
        refuse("statutory interest is between businesses only; give persons charges of their own");
    }
    for (std::size_t i = 1; i < policy.reference.size(); ++i) {
        if (policy.reference[i - 1].until > policy.reference[i].from) {
            refuse("half-years must ascend: " + policy.reference[i].from.text() +
                   " is there twice or too late");
        }
    }
    for (const auto& [currency, sums] : policy.fixed_sums) {
        const FixedSum* before = nullptr;
        for (const auto& one : sums) {
            if (before == nullptr ? one.at_least != 0 : one.at_least <= before->at_least) {
                refuse("fixed sums in " + currency + " must ascend from 0");
            }
            before = &one;
        }
    }
}

}  // namespace dunlin::receivables::dunning
