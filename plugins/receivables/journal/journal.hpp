// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "ledger.hpp"

namespace dunlin::receivables::journal {

/// What an account is for; the operator says which account of the books that is.
enum class Role {
    receivable,         // The customers' account: items of the ledger that were made here.
    charges,            // Fees, interest and fixed sums that are claimed.
    fee_income,         //
    interest_income,    //
    fixed_sum_income,   //
    charges_waived,     // Charges that a person gave up.
    transfer,           // Money on its way from one customer's account to another's.
    write_off,          // What is given up as lost,
    written_off,        // set against the receivable until the ERP has booked it.
    discount,           // Discounts and
    small_differences,  // small differences that were allowed,
    allowed,            // set against the receivable until the ERP has booked them.
};
inline constexpr std::size_t role_count = 12;
std::string_view name_of(Role role);
std::string_view title_of(Role role);
/// Refuses another name with those there are.
Role role_named(std::string_view name);

/// Who decided it, and why.
struct Decided {
    std::string by, why;
};

/// An amount that stands on two accounts over some days, as a row of a table says it.
struct Standing {
    std::string key;           // "charge/17/raised".
    std::string begins, ends;  // What the entries are called.
    int64_t customer_id = 0, company_id = 0;
    std::string currency;
    int64_t amount = 0;  // Below zero: the other way round.
    Days days;
    Role debit = Role::receivable, credit = Role::receivable;
    std::string document;  // The number of the item or letter it is about.
    Decided begun{}, ended{};
};

/// One amount from one account to another on a day.
struct Effect {
    std::string key, kind;
    int64_t customer_id = 0, company_id = 0;
    std::string currency;
    int64_t amount = 0;
    Date on;
    Role debit = Role::receivable, credit = Role::receivable;
    std::string document;
    Decided decided;
};
std::vector<Effect> effects(const std::vector<Standing>& standings);

/// An effect as it is, or will be, in the books.
struct Entry {
    Effect effect;
    int64_t id = 0, number = 0;  // 0 as long as its period is open.
    std::string period;
    Date booked_on;
    int64_t reverses = 0;
    std::string company, customer, debit_account, credit_account;
    /// "2026-03-000017", or "" as long as its period is open.
    std::string name() const;
};

/// What is not in the books yet, in the order in which it will be: new effects, and reversals of
/// entries whose effect is another one or gone. Nothing is booked before the first open day.
std::vector<Entry> pending(const std::vector<Effect>& effects, const std::vector<Entry>& booked,
                           std::optional<Date> first_open);

/// A calendar month.
struct Period {
    Date from, until;  // The last day is not one of them.
    std::string name() const;
    bool holds(Date day) const { return from <= day && day < until; }
};
Period period_of(Date day);
/// Reads "2026-03".
Period parse_period(std::string_view text);

/// Of an account, by customer, company and currency.
using Balance = std::map<std::tuple<Role, int64_t, int64_t, std::string>, int64_t>;
/// What the entries say on a day, by the days they count from.
Balance balance(const std::vector<Entry>& entries, Date on);

/// RFC 4180, with a line for each side of an entry. Numbers of reversed entries are looked up in
/// `all`.
std::string csv_of(const std::vector<Entry>& entries, const std::vector<Entry>& all);

}  // namespace dunlin::receivables::journal
