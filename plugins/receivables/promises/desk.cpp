// SPDX-License-Identifier: Apache-2.0
#include "promises/desk.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "views.hpp"

namespace dunlin::receivables {
namespace {

constexpr std::size_t chunk = 200;

constexpr std::string_view stored_columns =
    "customer_id, promise_id, item_id, currency, amount, made_on, due_on, level, grace_days, "
    "enough_per_mille, has_part, remind_days_before, rules_version, follows_id, followed_by_id, "
    "ended_on, is_superseded, ended_reason, claim_id, contact_id, person, note, made_by, source, "
    "reference, state, kept, judged_on, reminded_before_on, reminded_on, known_at";

StoredPromise stored_of(const Statement& row) {
    StoredPromise out;
    auto& one = out.promise;
    one.customer_id = row.i64(0);
    one.id = row.i64(1);
    one.item_id = row.i64(2);
    one.currency = row.text(3);
    one.amount = row.i64(4);
    one.made_on = row.date(5);
    one.due_on = row.date(6);
    one.level = row.i64(7);
    one.rules.grace_days = static_cast<int32_t>(row.i64(8));
    one.rules.enough_per_mille = row.i64(9);
    one.rules.has_part = row.i64(10) != 0;
    one.rules.remind_days_before = static_cast<int32_t>(row.i64(11));
    one.rules.version = row.i64(12);
    out.follows_id = row.i64(13);
    out.followed_by_id = row.i64(14);
    one.ended_on = row.date(15);
    one.is_superseded = row.i64(16) != 0;
    out.ended_reason = row.text(17);
    out.claim_id = row.i64(18);
    out.contact_id = row.i64(19);
    std::string* const texts[] = {&out.person, &out.note,      &out.made_by,
                                  &out.source, &out.reference, &out.state};
    uint32_t column = 20;
    for (auto* text : texts) *text = row.text(column++);
    out.kept = row.i64(26);
    out.judged_on = row.date(27);
    out.reminded_before_on = row.date(28);
    out.reminded_on = row.date(29);
    out.known_at = row.i64(30);
    return out;
}

/// Runs over customers in groups that one statement can name.
template <class Visit>
void in_groups(const std::vector<int64_t>& ids, Visit visit) {
    for (std::size_t at = 0; at < ids.size(); at += chunk) {
        Filter some;
        some.customers.assign(
            ids.begin() + static_cast<std::ptrdiff_t>(at),
            ids.begin() + static_cast<std::ptrdiff_t>(std::min(at + chunk, ids.size())));
        visit(some);
    }
}

void read_accounts(Transaction& tx, const Filter& some, std::map<int64_t, Account>& accounts) {
    Sql items;
    items.add(
        "SELECT customer_id, item_id, amount, currency, posted_on, void_on, due_on, issued_on, "
        "kind FROM receivables_judged_item WHERE 1 = 1");
    for (const auto& row : items.limit(some, "").run(tx)) {
        accounts[row.i64(0)].items.push_back({row.i64(0), row.i64(1), row.i64(2),
                                              Currency(row.text(3)), row.date(4), row.date(5),
                                              row.date(6), row.date(7), row.string(8)});
    }
    Sql allocations;
    allocations.add(
        "SELECT customer_id, allocation_id, source_id, target_id, instalment_id, amount, given_on, "
        "reversed_on, effective_on, until_on FROM receivables_judged_allocation WHERE 1 = 1");
    for (const auto& row : allocations.limit(some, "").run(tx)) {
        accounts[row.i64(0)].allocations.push_back({row.i64(0), row.i64(1), row.i64(2), row.i64(3),
                                                    row.i64(4), row.i64(5), row.date(6),
                                                    row.date(7), row.date(8), row.date(9)});
    }
}

}  // namespace

const std::string_view PromiseDesk::moved_columns =
    stored_columns.substr(std::string_view("customer_id, ").size());

std::vector<Promise> JudgedAccount::promises() const {
    std::vector<Promise> out;
    for (const auto& one : stored) out.push_back(one.promise);
    return out;
}

std::vector<int64_t> JudgedAccount::followed_ids() const {
    std::vector<int64_t> out;
    for (const auto& one : stored) {
        if (one.followed_by_id != 0) out.push_back(one.promise.id);
    }
    return out;
}

const StoredPromise* JudgedAccount::find(int64_t promise_id) const {
    for (const auto& one : stored) {
        if (one.promise.id == promise_id) return &one;
    }
    return nullptr;
}

int64_t JudgedAccount::open(int64_t item_id, std::string_view currency, Date on) const {
    Promise all;
    all.item_id = item_id;
    all.currency = currency;
    all.made_on = on;
    return left_to_pay(all, facts.owed, on);
}

std::string JudgedAccount::only_currency(Date on) const {
    std::set<std::string> found;
    for (const auto& owed : facts.owed) {
        if (open(owed.item_id, owed.currency, on) > 0) found.insert(owed.currency);
    }
    return found.size() == 1 ? *found.begin() : std::string();
}

int64_t JudgedAccount::expected(int64_t item_id, std::string_view currency,
                                int64_t without_id) const {
    int64_t sum = 0;
    for (std::size_t i = 0; i < stored.size(); ++i) {
        const auto& one = stored[i].promise;
        const bool is_meant = item_id == 0 ? one.currency == currency : one.item_id == item_id;
        if (!is_meant || one.id == without_id || verdicts[i].state != PromiseState::open) continue;
        sum += one.amount;
        // What was applied is not open any more; what waits to be applied is.
        for (const auto& used : verdicts[i].used) sum -= used.item_id == 0 ? 0 : used.amount;
    }
    return sum;
}

std::map<int64_t, JudgedAccount> PromiseDesk::judged(const std::vector<int64_t>& customer_ids,
                                                     Date as_of) {
    std::map<int64_t, JudgedAccount> out;
    in_groups(customer_ids, [&](const Filter& some) {
        Sql sql;
        sql.add("SELECT ").add(stored_columns).add(" FROM receivables_judged_promise WHERE 1 = 1");
        sql.limit(some, "").add(" ORDER BY customer_id, promise_id");
        std::set<int64_t> found;
        for (const auto& row : sql.run(tx_)) {
            out[row.i64(0)].stored.push_back(stored_of(row));
            found.insert(row.i64(0));
        }
        if (found.empty()) return;
        std::map<int64_t, Account> accounts;
        Filter those;
        those.customers.assign(found.begin(), found.end());
        read_accounts(tx_, those, accounts);
        for (const auto id : found) {
            auto& account = out[id];
            account.facts = promise_facts(accounts[id], as_of);
            account.verdicts = judge(account.promises(), account.facts, as_of);
        }
    });
    return out;
}

JudgedAccount PromiseDesk::judged(int64_t customer_id, Date as_of) {
    JudgedAccount out;
    auto found = judged(std::vector<int64_t>{customer_id}, as_of);
    if (const auto it = found.find(customer_id); it != found.end()) return std::move(it->second);
    std::map<int64_t, Account> accounts;
    Filter one;
    one.customers = {customer_id};
    read_accounts(tx_, one, accounts);
    out.facts = promise_facts(accounts[customer_id], as_of);
    return out;
}

std::vector<std::pair<int64_t, int64_t>> PromiseDesk::visible(const Query& query) {
    Sql sql;
    sql.add(
        "SELECT DISTINCT due_on, customer_id, promise_id FROM receivables_v1_promise_scoped WHERE "
        "due_on <= ?",
        query.due_until);
    if (query.customer_id != 0) sql.add(" AND customer_id = ?", query.customer_id);
    if (query.item_id != 0) sql.add(" AND item_id = ?", query.item_id);
    if (query.promise_id != 0) sql.add(" AND promise_id = ?", query.promise_id);
    sql.add(" ORDER BY due_on, customer_id, promise_id LIMIT ?", query.limit);
    std::vector<std::pair<int64_t, int64_t>> out;
    for (const auto& row : sql.run(tx_)) out.emplace_back(row.i64(1), row.i64(2));
    return out;
}

bool PromiseDesk::may_see(int64_t customer_id, int64_t promise_id) {
    Query query;
    query.customer_id = customer_id;
    query.promise_id = promise_id;
    return !visible(query).empty();
}

void PromiseDesk::insert(const StoredPromise& one) {
    const auto& p = one.promise;
    tx_.exec(
        "INSERT INTO receivables_promise (" + std::string(stored_columns) +
            ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
            "?, ?, ?, ?, ?, ?)",
        p.customer_id, p.id, p.item_id, p.currency, p.amount, p.made_on, p.due_on, p.level,
        p.rules.grace_days, p.rules.enough_per_mille, int64_t{p.rules.has_part},
        p.rules.remind_days_before, p.rules.version, one.follows_id, one.followed_by_id, p.ended_on,
        int64_t{p.is_superseded}, one.ended_reason, one.claim_id, one.contact_id, one.person,
        one.note, one.made_by, one.source, one.reference, one.state, one.kept, one.judged_on,
        one.reminded_before_on, one.reminded_on, one.known_at);
}

void PromiseDesk::update(const StoredPromise& one) {
    const auto& p = one.promise;
    tx_.exec(
        "UPDATE receivables_promise SET followed_by_id = ?, ended_on = ?, is_superseded = ?, "
        "ended_reason = ?, claim_id = ?, state = ?, kept = ?, judged_on = ?, reminded_before_on = "
        "?, reminded_on = ? WHERE customer_id = ? AND promise_id = ?",
        one.followed_by_id, p.ended_on, int64_t{p.is_superseded}, one.ended_reason, one.claim_id,
        one.state, one.kept, one.judged_on, one.reminded_before_on, one.reminded_on, p.customer_id,
        p.id);
}

void PromiseDesk::lift_claim(const StoredPromise& one, Date on) {
    tx_.exec(
        "UPDATE receivables_claim SET lifted_on = ? WHERE customer_id = ? AND claim_id = ? AND "
        "lifted_on > ? AND until_on > ?",
        on, one.promise.customer_id, one.claim_id, on, on);
}

std::vector<int64_t> PromiseDesk::customers(int64_t after, std::size_t limit) {
    std::vector<int64_t> out;
    for (const auto& row :
         tx_.query("SELECT DISTINCT customer_id FROM receivables_judged_promise WHERE customer_id "
                   "> ? AND (ended_on = ? OR state = 'open') ORDER BY customer_id LIMIT ?",
                   after, never, static_cast<int64_t>(limit))) {
        out.push_back(row.i64(0));
    }
    return out;
}

std::vector<int64_t> PromiseDesk::with_promises(const std::vector<int64_t>& customer_ids) {
    std::vector<int64_t> out;
    const std::set<int64_t> wanted(customer_ids.begin(), customer_ids.end());
    const bool is_one = wanted.size() == 1;
    Sql sql;
    sql.add("SELECT DISTINCT customer_id FROM receivables_judged_promise WHERE customer_id >= ?",
            is_one ? *wanted.begin() : int64_t{0});
    if (is_one) sql.add(" AND customer_id = ?", *wanted.begin());
    for (const auto& row : sql.add(" ORDER BY customer_id").run(tx_)) {
        if (wanted.count(row.i64(0))) out.push_back(row.i64(0));
    }
    return out;
}

Date PromiseDesk::last_judged() {
    auto row = tx_.query("SELECT max(judged_on) FROM receivables_judged_promise");
    return row.step() && !row.is_null(0) ? row.date(0) : Date();
}

}  // namespace dunlin::receivables
