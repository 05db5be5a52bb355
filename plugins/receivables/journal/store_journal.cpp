// SPDX-License-Identifier: Apache-2.0
#include "journal/store_journal.hpp"

#include <algorithm>

namespace dunlin::receivables::journal {
namespace {

std::string key_of(const char* what, int64_t id, const char* effect) {
    return std::string(what) + "/" + std::to_string(id) + "/" + effect;
}

Role income_of(std::string_view kind) {
    if (kind == "interest") return Role::interest_income;
    return kind == "fixed_sum" ? Role::fixed_sum_income : Role::fee_income;
}

/// Who applied the money, and by which rule.
Decided applied_by(const Statement& row, uint32_t by) {
    if (row.is_null(by)) return {};
    return {row.string(by), row.string(by + 1)};
}

}  // namespace

std::vector<Standing> JournalStore::standings() {
    std::vector<Standing> out;
    add_charges(out);
    add_items(out);
    add_write_offs(out);
    add_allowances(out);
    return out;
}

void JournalStore::add_charges(std::vector<Standing>& out) {
    auto rows = tx_.query(
        "SELECT h.customer_id, h.charge_id, h.kind, h.amount, h.currency, h.company_id, "
        "h.raised_on, h.state, h.ended_on, h.ended_by, h.end_reason, h.charges, h.charges_version, "
        "d.released_by, d.procedure, d.level, i.number FROM receivables_charge h LEFT JOIN "
        "receivables_dunning_letter d ON d.customer_id = h.customer_id AND d.letter_id = "
        "h.letter_id LEFT JOIN receivables_item i ON i.customer_id = h.customer_id AND i.item_id = "
        "h.item_id");
    for (const auto& row : rows) {
        Standing raised;
        raised.key = key_of("charge", row.i64(1), "raised");
        raised.begins = row.string(2) + "_claimed";
        raised.customer_id = row.i64(0);
        raised.company_id = row.i64(5);
        raised.currency = row.string(4);
        raised.amount = row.i64(3);
        raised.days.from = row.date(6);
        raised.debit = Role::charges;
        raised.credit = income_of(row.text(2));
        if (!row.is_null(16)) raised.document = row.string(16);
        if (!row.is_null(13)) {
            raised.begun = {row.string(13), "letter of level " + std::to_string(row.i64(15)) +
                                                " by " + row.string(14) + ", charges " +
                                                row.string(11) + " version " +
                                                std::to_string(row.i64(12))};
        }
        if (row.text(7) != "claimable") {
            const bool is_waived = row.text(7) == "waived";
            auto ended = raised;
            ended.key = key_of("charge", row.i64(1), is_waived ? "waived" : "voided");
            ended.begins = row.string(2) + (is_waived ? "_waived" : "_voided");
            ended.days.from = std::max(row.date(8), raised.days.from);
            ended.debit = is_waived ? Role::charges_waived : raised.credit;
            ended.credit = Role::charges;
            ended.begun = {row.string(9), row.string(10)};
            out.push_back(std::move(ended));
        }
        out.push_back(std::move(raised));
    }
}

void JournalStore::add_items(std::vector<Standing>& out) {
    // Who applied it is known where the money came from, which may be another customer's account.
    std::map<int64_t, Decided> decided;
    for (const auto& row :
         tx_.query("SELECT given_id, received_id, decided_by, kind, confidence FROM "
                   "receivables_cash_application WHERE given_id <> 0")) {
        const Decided by{row.string(2),
                         row.string(3) + ", confidence " + std::to_string(row.i64(4))};
        decided[row.i64(0)] = decided[row.i64(1)] = by;
    }
    for (const auto& row :
         tx_.query("SELECT p.item_id, a.decided_by, a.kind, a.confidence FROM "
                   "receivables_charge_payment p JOIN receivables_cash_application a ON "
                   "a.customer_id = p.payer_id AND a.application_id = p.application_id")) {
        decided[row.i64(0)] = {row.string(1),
                               row.string(2) + ", confidence " + std::to_string(row.i64(3))};
    }
    auto rows = tx_.query(
        "SELECT customer_id, item_id, amount, currency, company_id, posted_on, void_on, number, "
        "method FROM receivables_item WHERE source = '' AND method IN ('transfer', 'charge')");
    for (const auto& row : rows) {
        Standing one;
        one.customer_id = row.i64(0);
        one.key = key_of("item", row.i64(1), "made");
        const bool is_charge = row.text(8) == "charge";
        one.begins = is_charge ? "charge_paid" : "transfer";
        one.ends = is_charge ? "charge_payment_ended" : "transfer_ended";
        one.amount = row.i64(2);
        one.currency = row.string(3);
        one.company_id = row.i64(4);
        one.days = {row.date(5), row.date(6)};
        one.debit = Role::receivable;
        one.credit = is_charge ? Role::charges : Role::transfer;
        one.document = row.string(7);
        one.begun = decided[row.i64(1)];
        one.ended = {"", "the payment was taken back or came back"};
        out.push_back(std::move(one));
    }
}

void JournalStore::add_write_offs(std::vector<Standing>& out) {
    auto rows = tx_.query(
        "SELECT o.customer_id, o.outcome_id, x.item_id, x.amount, x.currency, i.company_id, "
        "o.decided_on, o.ended_on, i.number, o.decided_by, o.decide_reason, o.ended_by, "
        "o.end_reason FROM receivables_outcome o JOIN receivables_outcome_item x ON x.customer_id "
        "= o.customer_id AND x.outcome_id = o.outcome_id JOIN receivables_item i ON i.customer_id "
        "= x.customer_id AND i.item_id = x.item_id WHERE o.kind = 'write_off' AND o.state IN "
        "('approved', 'recalled')");
    for (const auto& row : rows) {
        Standing one;
        one.customer_id = row.i64(0);
        one.key = key_of("outcome", row.i64(1), "") + std::to_string(row.i64(2));
        one.begins = "write_off";
        one.ends = "write_off_recalled";
        one.amount = row.i64(3);
        one.currency = row.string(4);
        one.company_id = row.i64(5);
        one.days = {row.date(6), row.date(7)};
        one.debit = Role::write_off;
        one.credit = Role::written_off;
        one.document = row.string(8);
        one.begun = {row.string(9), row.string(10)};
        one.ended = {row.string(11), row.string(12)};
        out.push_back(std::move(one));
    }
}

void JournalStore::add_allowances(std::vector<Standing>& out) {
    auto rows = tx_.query(
        "SELECT c.customer_id, c.claim_id, c.amount, c.currency, i.company_id, c.from_on, "
        "c.until_on, c.lifted_on, i.number, s.shortfall, a.decided_by, a.kind FROM "
        "receivables_claim c JOIN receivables_item i ON i.customer_id = c.customer_id AND "
        "i.item_id = c.item_id LEFT JOIN receivables_cash_short s ON s.customer_id = c.customer_id "
        "AND CAST(s.short_id AS text) = c.reference LEFT JOIN receivables_cash_application a ON "
        "a.customer_id = s.payer_id AND a.application_id = s.application_id WHERE c.kind = "
        "'allowance' AND c.amount IS NOT NULL");
    for (const auto& row : rows) {
        Standing one;
        one.customer_id = row.i64(0);
        one.key = key_of("claim", row.i64(1), "allowed");
        one.begins = "allowance";
        one.ends = "allowance_ended";
        one.amount = row.i64(2);
        one.currency = row.string(3);
        one.company_id = row.i64(4);
        one.days = {row.date(5), std::min(row.date(6), row.date(7))};
        const bool is_discount = !row.is_null(9) && row.text(9) == "discount";
        one.debit = is_discount ? Role::discount : Role::small_differences;
        one.credit = Role::allowed;
        one.document = row.string(8);
        one.begun = applied_by(row, 10);
        one.ended = {"", "the payment was taken back, or a person gave another reason"};
        out.push_back(std::move(one));
    }
}

std::vector<Entry> JournalStore::booked() {
    std::vector<Entry> out;
    auto rows = tx_.query(
        "SELECT customer_id, entry_id, number, company_id, amount, reverses, booked_on, "
        "effective_on, period, effect, kind, company, customer, document, currency, debit, "
        "debit_account, credit, credit_account, decided_by, reason FROM receivables_journal_entry "
        "ORDER BY period, number");
    for (const auto& row : rows) {
        auto& entry = out.emplace_back();
        auto& effect = entry.effect;
        effect.customer_id = row.i64(0);
        entry.id = row.i64(1);
        entry.number = row.i64(2);
        effect.company_id = row.i64(3);
        effect.amount = row.i64(4);
        entry.reverses = row.i64(5);
        entry.booked_on = row.date(6);
        effect.on = row.date(7);
        effect.debit = role_named(row.text(15));
        effect.credit = role_named(row.text(17));
        std::string* const texts[] = {
            &entry.period,        &effect.key,      &effect.kind,          &entry.company,
            &entry.customer,      &effect.document, &effect.currency,      nullptr,
            &entry.debit_account, nullptr,          &entry.credit_account, &effect.decided.by,
            &effect.decided.why};
        uint32_t column = 8;
        for (auto* text : texts) {
            if (text != nullptr) *text = row.string(column);
            ++column;
        }
    }
    return out;
}

std::vector<Closed> JournalStore::closed() {
    std::vector<Closed> out;
    for (const auto& row :
         tx_.query("SELECT from_on, until_on, entries, digest, closed_on, closed_by FROM "
                   "receivables_journal_period ORDER BY period DESC")) {
        out.push_back(
            {{row.date(0), row.date(1)}, row.i64(2), row.string(3), row.date(4), row.string(5)});
    }
    return out;
}

void JournalStore::insert(const Closed& period) {
    tx_.exec(
        "INSERT INTO receivables_journal_period (period, from_on, until_on, entries, digest, "
        "closed_on, closed_by, known_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        period.period.name(), period.period.from, period.period.until, period.entries,
        period.digest, period.closed_on, period.closed_by, tx_.now_us());
}

void JournalStore::insert(const Entry& entry) {
    const auto& effect = entry.effect;
    tx_.exec(
        "INSERT INTO receivables_journal_entry (customer_id, entry_id, period, number, booked_on, "
        "effective_on, effect, kind, company_id, company, customer, document, amount, currency, "
        "debit, debit_account, credit, credit_account, decided_by, reason, reverses, known_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        effect.customer_id, entry.id, entry.period, entry.number, entry.booked_on, effect.on,
        effect.key, effect.kind, effect.company_id, entry.company, entry.customer, effect.document,
        effect.amount, effect.currency, std::string(name_of(effect.debit)), entry.debit_account,
        std::string(name_of(effect.credit)), entry.credit_account, effect.decided.by,
        effect.decided.why, entry.reverses, tx_.now_us());
}

void JournalStore::name(std::vector<Entry>& entries) {
    std::map<int64_t, std::string> companies, customers;
    for (const auto& row : tx_.query("SELECT company_id, name FROM receivables_company")) {
        companies.emplace(row.i64(0), row.string(1));
    }
    auto find = tx_.prepare("SELECT number FROM receivables_customer WHERE customer_id = ?");
    for (auto& entry : entries) {
        const auto id = entry.effect.customer_id;
        const auto [it, is_new] = customers.try_emplace(id);
        if (is_new) {
            find.reset();
            find.bind_at(0, id);
            if (find.step()) it->second = find.string(0);
        }
        // Of a customer that is gone the books keep the number that they knew.
        if (!it->second.empty()) entry.customer = it->second;
        const auto company = companies.find(entry.effect.company_id);
        if (company != companies.end()) entry.company = company->second;
    }
}

Balance JournalStore::ledger(Date on) {
    Balance out;
    const auto add = [&](Role role, int64_t sign, Statement rows) {
        while (rows.step()) {
            out[{role, rows.i64(0), rows.i64(1), rows.string(2)}] += sign * rows.i64(3);
        }
    };
    add(Role::receivable, 1,
        tx_.query("SELECT customer_id, company_id, currency, CAST(sum(amount) AS bigint) FROM "
                  "receivables_item WHERE source = '' AND method IN ('transfer', 'charge') AND "
                  "posted_on <= ? AND void_on > ? GROUP BY customer_id, company_id, currency",
                  on, on));
    add(Role::charges, -1,
        tx_.query("SELECT customer_id, company_id, currency, CAST(sum(amount) AS bigint) FROM "
                  "receivables_v1_charge_payment WHERE posted_on <= ? AND void_on > ? GROUP BY "
                  "customer_id, company_id, currency",
                  on, on));
    add(Role::charges, 1,
        tx_.query("SELECT customer_id, company_id, currency, CAST(sum(amount) AS bigint) FROM "
                  "receivables_charge WHERE raised_on <= ? AND (state = 'claimable' OR ended_on > "
                  "?) GROUP BY customer_id, company_id, currency",
                  on, on));
    add(Role::written_off, -1,
        tx_.query("SELECT i.customer_id, i.company_id, x.currency, CAST(sum(x.amount) AS bigint) "
                  "FROM receivables_outcome o JOIN receivables_outcome_item x ON x.customer_id = "
                  "o.customer_id AND x.outcome_id = o.outcome_id JOIN receivables_item i ON "
                  "i.customer_id = x.customer_id AND i.item_id = x.item_id WHERE o.kind = "
                  "'write_off' AND o.state IN ('approved', 'recalled') AND o.decided_on <= ? AND "
                  "o.ended_on > ? GROUP BY i.customer_id, i.company_id, x.currency",
                  on, on));
    add(Role::allowed, -1,
        tx_.query("SELECT c.customer_id, i.company_id, c.currency, CAST(sum(c.amount) AS bigint) "
                  "FROM receivables_claim c JOIN receivables_item i ON i.customer_id = "
                  "c.customer_id AND i.item_id = c.item_id WHERE c.kind = 'allowance' AND "
                  "c.from_on <= ? AND c.until_on > ? AND c.lifted_on > ? GROUP BY c.customer_id, "
                  "i.company_id, c.currency",
                  on, on, on));
    std::erase_if(out, [](const auto& one) { return one.second == 0; });
    return out;
}

}  // namespace dunlin::receivables::journal
