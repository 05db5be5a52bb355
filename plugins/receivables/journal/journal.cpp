// SPDX-License-Identifier: Apache-2.0
#include "journal/journal.hpp"

#include <dunlin/did_you_mean.hpp>
#include <dunlin/error.hpp>

#include <algorithm>
#include <set>

namespace dunlin::receivables::journal {
namespace {

struct Named {
    std::string_view name, title;
};

constexpr Named roles[role_count] = {
    {"receivable", "Customers"},
    {"charges", "Fees and interest claimed"},
    {"fee_income", "Income from fees"},
    {"interest_income", "Income from interest"},
    {"fixed_sum_income", "Income from fixed sums"},
    {"charges_waived", "Fees and interest waived"},
    {"transfer", "Money between customers"},
    {"write_off", "Losses on receivables"},
    {"written_off", "Receivables written off"},
    {"discount", "Discounts allowed"},
    {"small_differences", "Small differences"},
    {"allowed", "Discounts and differences to be booked"},
};

/// Reversals and new entries of one day stand side by side, whatever the tables were read by.
auto order_of(const Entry& entry) {
    const auto& effect = entry.effect;
    return std::tie(entry.booked_on, effect.on, effect.company_id, effect.customer_id, effect.key);
}

bool is_same(const Effect& a, const Effect& b) {
    return std::tie(a.customer_id, a.company_id, a.currency, a.amount, a.on, a.debit, a.credit) ==
           std::tie(b.customer_id, b.company_id, b.currency, b.amount, b.on, b.debit, b.credit);
}

Entry reversal_of(const Entry& entry) {
    auto out = entry;
    out.id = out.number = 0;
    out.period.clear();
    out.reverses = entry.id;
    out.effect.kind = "reversal";
    out.effect.decided = {"", "what " + entry.name() + " says is not so, or not so any more"};
    std::swap(out.effect.debit, out.effect.credit);
    std::swap(out.debit_account, out.credit_account);
    return out;
}

/// A text in quotes, and never a formula: a spreadsheet takes what begins like one for one
/// (OWASP, "CSV Injection").
std::string cell(std::string_view text) {
    std::string out = "\"";
    if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != text.npos) out += '\'';
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + "\"";
}

}  // namespace

std::string_view name_of(Role role) {
    return roles[static_cast<std::size_t>(role)].name;
}

std::string_view title_of(Role role) {
    return roles[static_cast<std::size_t>(role)].title;
}

Role role_named(std::string_view name) {
    std::vector<std::string> known;
    for (std::size_t i = 0; i < role_count; ++i) {
        if (roles[i].name == name) return static_cast<Role>(i);
        known.emplace_back(roles[i].name);
    }
    throw Error(DUNLIN_E_INVALID, "there is no account for \"" + std::string(name) + "\"" +
                                      did_you_mean(name, known) +
                                      "; receivables.accounts lists what accounts are for");
}

std::vector<Effect> effects(const std::vector<Standing>& standings) {
    std::vector<Effect> out;
    for (const auto& one : standings) {
        if (one.amount == 0 || one.days.until <= one.days.from) continue;
        Effect effect{one.key,      one.begins,   one.customer_id, one.company_id,
                      one.currency, one.amount,   one.days.from,   one.debit,
                      one.credit,   one.document, one.begun};
        if (one.amount < 0) {
            effect.amount = -one.amount;
            std::swap(effect.debit, effect.credit);
        }
        out.push_back(effect);
        if (one.days.until == never) continue;
        effect.key += "/ended";
        effect.kind = one.ends;
        effect.on = one.days.until;
        effect.decided = one.ended;
        std::swap(effect.debit, effect.credit);
        out.push_back(std::move(effect));
    }
    return out;
}

std::string Entry::name() const {
    if (number == 0) return {};
    auto digits = std::to_string(number);
    if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
    return period + "-" + digits;
}

std::vector<Entry> pending(const std::vector<Effect>& effects, const std::vector<Entry>& booked,
                           std::optional<Date> first_open) {
    std::set<int64_t> reversed;
    for (const auto& entry : booked) reversed.insert(entry.reverses);
    std::multimap<std::string_view, const Entry*> standing;
    for (const auto& entry : booked) {
        if (entry.reverses == 0 && reversed.count(entry.id) == 0) {
            standing.emplace(entry.effect.key, &entry);
        }
    }
    std::vector<Entry> out;
    for (const auto& effect : effects) {
        const auto [begin, end] = standing.equal_range(effect.key);
        const auto found = std::find_if(
            begin, end, [&](const auto& one) { return is_same(one.second->effect, effect); });
        if (found != end) {
            standing.erase(found);
        } else {
            out.emplace_back().effect = effect;
        }
    }
    for (const auto& [key, entry] : standing) out.push_back(reversal_of(*entry));
    for (auto& entry : out) {
        entry.booked_on = std::max(entry.effect.on, first_open.value_or(entry.effect.on));
        entry.period = period_of(entry.booked_on).name();
    }
    std::sort(out.begin(), out.end(), [](const Entry& a, const Entry& b) {
        // What is taken back comes before what takes its place.
        const bool a_new = a.reverses == 0, b_new = b.reverses == 0;
        return order_of(a) != order_of(b)
                   ? order_of(a) < order_of(b)
                   : std::tie(a_new, a.reverses) < std::tie(b_new, b.reverses);
    });
    return out;
}

std::string Period::name() const {
    return from.text().substr(0, 7);
}

Period period_of(Date day) {
    const auto month = day.ymd().year() / day.ymd().month();
    const auto first = [](std::chrono::year_month at) {
        return Date(static_cast<int>(at.year()), static_cast<unsigned>(at.month()), 1);
    };
    return {first(month), first(month + std::chrono::months(1))};
}

Period parse_period(std::string_view text) {
    if (text.size() != 7) {
        throw Error(DUNLIN_E_INVALID, "\"" + std::string(text.substr(0, 40)) +
                                          "\" is not a period; write a month as 2026-03");
    }
    return period_of(Date::parse(std::string(text) + "-01"));
}

Balance balance(const std::vector<Entry>& entries, Date on) {
    Balance out;
    for (const auto& entry : entries) {
        const auto& effect = entry.effect;
        if (effect.on > on) continue;
        const auto add = [&](Role role, int64_t amount) {
            out[{role, effect.customer_id, effect.company_id, effect.currency}] += amount;
        };
        add(effect.debit, effect.amount);
        add(effect.credit, -effect.amount);
    }
    std::erase_if(out, [](const auto& one) { return one.second == 0; });
    return out;
}

std::string csv_of(const std::vector<Entry>& entries, const std::vector<Entry>& all) {
    std::map<int64_t, std::string> names;
    for (const auto& entry : all) names.emplace(entry.id, entry.name());
    std::string out =
        "entry,line,booked_on,effective_on,account,account_for,debit,credit,currency,company,"
        "customer,document,kind,reason,decided_by,reverses\r\n";
    for (const auto& entry : entries) {
        const auto& effect = entry.effect;
        const auto amount = Money::text_of(effect.amount, Currency(effect.currency).digits());
        for (const bool is_debit : {true, false}) {
            out += entry.name() + (is_debit ? ",1," : ",2,") + entry.booked_on.text() + "," +
                   effect.on.text() + "," +
                   cell(is_debit ? entry.debit_account : entry.credit_account) + "," +
                   std::string(name_of(is_debit ? effect.debit : effect.credit)) + "," +
                   (is_debit ? amount + "," : "," + amount) + "," + effect.currency + "," +
                   cell(entry.company) + "," + cell(entry.customer) + "," + cell(effect.document) +
                   "," + effect.kind + "," + cell(effect.decided.why) + "," +
                   cell(effect.decided.by) + "," +
                   (entry.reverses == 0 ? "" : names[entry.reverses]) + "\r\n";
        }
    }
    return out;
}

}  // namespace dunlin::receivables::journal
