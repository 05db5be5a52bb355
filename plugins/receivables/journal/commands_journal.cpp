// SPDX-License-Identifier: Apache-2.0
#include "journal/commands_journal.hpp"

#include <dunlin/digest.hpp>

#include <algorithm>
#include <set>

#include "journal/store_journal.hpp"

namespace dunlin::receivables::journal {
namespace {

constexpr const char* policy_kind = "accounts";

std::string scope_of(int64_t company_id) {
    return company_id == 0 ? std::string() : "company " + std::to_string(company_id);
}

/// Accounts of a company by what they are for; what it does not name is as for everything.
class Chart {
public:
    explicit Chart(Transaction& tx) : tx_(tx) {}
    /// "" when nobody gave one.
    const std::string& account(int64_t company_id, Role role, Date on) {
        auto& accounts = of_[{company_id, on}];
        if (!accounts) accounts = read(company_id, on);
        return (*accounts)[role];
    }

private:
    std::map<Role, std::string> read(int64_t company_id, Date on) {
        std::map<Role, std::string> out;
        for (const auto& scope : std::set<std::string>{"", scope_of(company_id)}) {
            const auto stored = tx_.policy(policy_kind, scope, on);
            if (!stored) continue;
            const auto& accounts = stored->at("body").at("accounts");
            for (const auto& [name, account] : accounts.items()) out[role_named(name)] = account;
        }
        return out;
    }
    Transaction& tx_;
    std::map<std::pair<int64_t, Date>, std::optional<std::map<Role, std::string>>> of_;
};

/// The accounts in force on the last day of each entry's period, or a refusal that names all that
/// are missing.
void give_accounts(Transaction& tx, std::vector<Entry>& entries) {
    Chart chart(tx);
    std::set<std::string> missing;
    const auto find = [&](const Entry& entry, Role role) {
        const auto on = period_of(entry.booked_on).until - 1;
        const auto& account = chart.account(entry.effect.company_id, role, on);
        if (account.empty()) missing.insert(std::string(name_of(role)) + " in " + entry.period);
        return account;
    };
    for (auto& entry : entries) {
        if (entry.reverses != 0) continue;  // It takes back what the accounts were then.
        entry.debit_account = find(entry, entry.effect.debit);
        entry.credit_account = find(entry, entry.effect.credit);
    }
    if (missing.empty()) return;
    std::string list;
    for (const auto& one : missing) list += (list.empty() ? "" : ", ") + one;
    throw Error(DUNLIN_E_CONFLICT, "there is no account for " + list +
                                       "; give it with receivables.set_accounts, valid from that "
                                       "month or before");
}

/// The books and what will come into them.
struct Books {
    std::vector<Entry> booked, pending;
    std::vector<Closed> closed;
    std::optional<Date> first_open;
    std::vector<Entry> all() const {
        auto out = booked;
        out.insert(out.end(), pending.begin(), pending.end());
        return out;
    }
    const Closed* find(const Period& period) const {
        const auto it = std::find_if(closed.begin(), closed.end(), [&](const Closed& one) {
            return one.period.from == period.from;
        });
        return it == closed.end() ? nullptr : &*it;
    }
};

Books read_books(JournalStore& store) {
    Books out;
    out.booked = store.booked();
    out.closed = store.closed();
    if (!out.closed.empty()) out.first_open = out.closed.front().period.until;
    out.pending = pending(effects(store.standings()), out.booked, out.first_open);
    return out;
}

std::vector<Entry> of_period(const std::vector<Entry>& entries, const Period& period) {
    std::vector<Entry> out;
    std::copy_if(entries.begin(), entries.end(), std::back_inserter(out),
                 [&](const Entry& one) { return period.holds(one.booked_on); });
    return out;
}

/// Leaves what the request is about.
void limit(std::vector<Entry>& entries, const Call& call) {
    const auto customer_id = call.id("customer"), company_id = call.id("company");
    const auto currency = call.value<std::string>("currency", "");
    std::erase_if(entries, [&](const Entry& one) {
        return (customer_id != 0 && one.effect.customer_id != customer_id) ||
               (company_id != 0 && one.effect.company_id != company_id) ||
               (!currency.empty() && one.effect.currency != currency);
    });
}

Json line_json(const Entry& entry, bool is_debit) {
    const auto& effect = entry.effect;
    const auto amount = Money::text_of(effect.amount, minor_digits(effect.currency));
    return {{"account", is_debit ? entry.debit_account : entry.credit_account},
            {"account_for", name_of(is_debit ? effect.debit : effect.credit)},
            {"debit", is_debit ? amount : "0"},
            {"credit", is_debit ? "0" : amount}};
}

Json entry_json(const Entry& entry) {
    const auto& effect = entry.effect;
    return {{"entry", entry.name()},
            {"booked_on", entry.booked_on.text()},
            {"effective_on", effect.on.text()},
            {"kind", effect.kind},
            {"company_id", std::to_string(effect.company_id)},
            {"company", entry.company},
            {"customer_id", std::to_string(effect.customer_id)},
            {"customer", entry.customer},
            {"document", effect.document},
            {"from", effect.key},
            {"currency", effect.currency},
            {"lines", Json::array({line_json(entry, true), line_json(entry, false)})},
            {"decided_by", effect.decided.by},
            {"reason", effect.decided.why},
            {"reverses", entry.reverses != 0}};
}

Json set_accounts(const Services&, Call& call) {
    const auto& accounts = call.request().at("accounts");
    for (const auto& [name, account] : accounts.items()) static_cast<void>(role_named(name));
    const auto from = call.date("valid_from", call.today());
    const auto version = call.tx().put_policy(policy_kind, scope_of(call.id("company")), from,
                                              {{"accounts", accounts}});
    return {{"version", version}, {"valid_from", from.text()}};
}

Json show_accounts(const Services&, Call& call) {
    const auto on = call.date("on", call.today());
    Chart chart(call.tx());
    auto rows = Json::array();
    for (std::size_t i = 0; i < role_count; ++i) {
        const auto role = static_cast<Role>(i);
        rows.push_back({{"account_for", name_of(role)},
                        {"title", title_of(role)},
                        {"account", chart.account(call.id("company"), role, on)}});
    }
    return {{"on", on.text()}, {"rows", rows}};
}

Json show_journal(const Services&, Call& call) {
    JournalStore store(call.tx());
    const auto books = read_books(store);
    const auto text = call.value<std::string>("period", "");
    const auto period = text.empty() ? period_of(call.today()) : parse_period(text);
    const auto* closed = books.find(period);
    auto entries = of_period(books.all(), period);
    limit(entries, call);
    if (closed == nullptr) {
        store.name(entries);
        give_accounts(call.tx(), entries);
    }
    std::map<std::tuple<std::string, Role, std::string>, std::pair<int64_t, int64_t>> sums;
    for (const auto& entry : entries) {
        const auto& effect = entry.effect;
        sums[{effect.currency, effect.debit, entry.debit_account}].first += effect.amount;
        sums[{effect.currency, effect.credit, entry.credit_account}].second += effect.amount;
    }
    auto totals = Json::array(), rows = Json::array();
    for (const auto& [key, sum] : sums) {
        const auto& currency = std::get<0>(key);
        totals.push_back({{"account", std::get<2>(key)},
                          {"account_for", name_of(std::get<1>(key))},
                          {"debit", money(sum.first, currency)},
                          {"credit", money(sum.second, currency)}});
    }
    const auto offset = call.value<std::size_t>("offset", 0);
    const auto most = call.value<std::size_t>("limit", 1000);
    for (auto at = offset; at < entries.size() && at - offset < most; ++at) {
        rows.push_back(entry_json(entries[at]));
    }
    return {{"period", period.name()},
            {"closed_on", closed ? Json(closed->closed_on.text()) : Json()},
            {"entries", entries.size()},
            {"totals", totals},
            {"rows", rows}};
}

/// Refuses a period whose turn it is not.
void check_turn(const Books& books, const Period& period, Date today) {
    if (period.until > today) {
        throw Error(DUNLIN_E_CONFLICT, period.name() + " is not over; it can be exported from " +
                                           period.until.text() +
                                           " on, receivables.journal shows it until then");
    }
    if (books.first_open && period.from < *books.first_open) {
        throw Error(DUNLIN_E_CONFLICT, "the books are closed up to " +
                                           (*books.first_open - 1).text() +
                                           ", and nothing was "
                                           "exported for " +
                                           period.name());
    }
    const bool is_early = !books.pending.empty() && books.pending.front().booked_on < period.from;
    if (is_early) {
        throw Error(DUNLIN_E_CONFLICT, "there are entries of " + books.pending.front().period +
                                           " that were not exported; export that first");
    }
}

Json export_journal(const Services& services, Call& call) {
    JournalStore store(call.tx());
    auto books = read_books(store);
    const auto period = parse_period(call.value<std::string>("period", ""));
    if (books.find(period) == nullptr) {
        check_turn(books, period, call.today());
        auto entries = of_period(books.pending, period);
        store.name(entries);
        give_accounts(call.tx(), entries);
        int64_t number = 0;
        for (auto& entry : entries) {
            entry.id = services.next_id();
            entry.number = ++number;
            books.booked.push_back(entry);
        }
        Closed closed{period, number, sha256_of(csv_of(entries, books.booked)), call.today(),
                      call.principal().value("name", "")};
        // First, so that of two at once the second finds it closed.
        store.insert(closed);
        for (const auto& entry : entries) store.insert(entry);
        books.closed.push_back(std::move(closed));
    }
    const auto* closed = books.find(period);
    auto entries = of_period(books.booked, period);
    limit(entries, call);
    return {{"period", period.name()},
            {"closed_on", closed->closed_on.text()},
            {"closed_by", closed->closed_by},
            {"period_entries", closed->entries},
            {"period_sha256", closed->digest},
            {"entries", entries.size()},
            {"csv", csv_of(entries, books.booked)}};
}

/// Holds the books against the ledger and against what was exported.
class Audit {
public:
    explicit Audit(Call& call) : call_(call), store_(call.tx()), books_(read_books(store_)) {}

    Json run() {
        std::set<Date> days{call_.today(), call_.today() - 30, call_.today() - 90,
                            call_.today() - 365};
        for (const auto& closed : books_.closed) days.insert(closed.period.until - 1);
        for (const auto& text : call_.value<std::vector<std::string>>("dates", {})) {
            days.insert(Date::parse(text));
        }
        const auto all = books_.all();
        auto dates = Json::array();
        for (const auto day : days) {
            compare(all, day);
            dates.push_back(day.text());
        }
        for (const auto& closed : books_.closed) check(closed);
        return {{"ok", findings_.empty()},          {"dates", dates},
                {"periods", books_.closed.size()},  {"booked", books_.booked.size()},
                {"pending", books_.pending.size()}, {"findings", findings_}};
    }

private:
    void add(const std::string& code, int64_t customer_id, const std::string& text) {
        constexpr std::size_t shown_max = 100;
        if (findings_.size() >= shown_max) return;
        findings_.push_back(
            {{"code", code}, {"customer_id", std::to_string(customer_id)}, {"text", text}});
    }

    void compare(const std::vector<Entry>& all, Date on) {
        static const std::set<Role> in_ledger{Role::receivable, Role::charges, Role::written_off,
                                              Role::allowed};
        auto says = balance(all, on);
        auto ledger = store_.ledger(on);
        for (const auto& [key, amount] : ledger) says.try_emplace(key, 0);
        for (const auto& [key, amount] : says) {
            const auto& [role, customer_id, company_id, currency] = key;
            const auto it = ledger.find(key);
            const auto there = it == ledger.end() ? 0 : it->second;
            if (in_ledger.count(role) == 0 || amount == there) continue;
            const auto digits = minor_digits(currency);
            add("journal_not_ledger", customer_id,
                std::string(name_of(role)) + " on " + on.text() + " is " +
                    Money::text_of(amount, digits) + " " + currency + " in the journal and " +
                    Money::text_of(there, digits) + " in the ledger");
        }
    }

    void check(const Closed& closed) {
        const auto entries = of_period(books_.booked, closed.period);
        if (sha256_of(csv_of(entries, books_.booked)) == closed.digest) return;
        add("closed_period_changed", 0,
            closed.period.name() + " is not what was exported on " + closed.closed_on.text());
    }

    Call& call_;
    JournalStore store_;
    Books books_;
    Json findings_ = Json::array();
};

Json verify_journal(const Services&, Call& call) {
    return Audit(call).run();
}

}  // namespace

Door journal_door(std::string_view command) {
    static const std::map<std::string_view, Door> doors{
        {"receivables.set_accounts", &set_accounts},
        {"receivables.accounts", &show_accounts},
        {"receivables.journal", &show_journal},
        {"receivables.export_journal", &export_journal},
        {"receivables.verify_journal", &verify_journal}};
    const auto door = doors.find(command);
    return door == doors.end() ? nullptr : door->second;
}

}  // namespace dunlin::receivables::journal
