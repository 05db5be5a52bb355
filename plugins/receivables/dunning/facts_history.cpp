// SPDX-License-Identifier: Apache-2.0
// What was written, imported, blocked, claimed and charged before.
#include <algorithm>

#include "dunning/facts.hpp"

namespace dunlin::receivables::dunning {
namespace {

/// The kind of a claim that lies on a charge; what is said first of several.
std::string kind_of_claim(const OpenCharge& charge, const std::vector<const Claim*>& claims) {
    static constexpr std::string_view order[] = {"dispute", "promise",    "plan", "block",
                                                 "legal",   "insolvency", "other"};
    for (const auto kind : order) {
        for (const auto* claim : claims) {
            const bool is_meant =
                claim->item_id == 0 ? claim->currency.empty() || claim->currency == charge.currency
                                    : claim->item_id == charge.item_id;
            if (is_meant && claim->kind == kind) return std::string(kind);
        }
    }
    return "other";
}

void lay(CustomerFacts& customer, const std::vector<const Claim*>& live) {
    std::vector<Claim> claims;
    for (const auto* claim : live) claims.push_back(*claim);
    std::vector<OpenAmount> amounts;
    auto& charges = customer.charges;
    std::sort(charges.begin(), charges.end(), [](const OpenCharge& a, const OpenCharge& b) {
        return std::tie(a.due_on, a.item_id, a.part) < std::tie(b.due_on, b.item_id, b.part);
    });
    for (const auto& one : charges) {
        amounts.push_back({one.item_id, one.currency, one.due_on, one.open, 0, 0});
    }
    lay_claims(amounts, claims);  // Keeps them in that order.
    for (std::size_t i = 0; i < charges.size(); ++i) {
        charges[i].claimed = amounts[i].claimed;
        if (charges[i].claimed > 0) charges[i].claim_kind = kind_of_claim(charges[i], live);
    }
}

}  // namespace

void FactReader::remind(Account& account, OpenCharge* charge, std::string_view procedure,
                        int64_t level, Date on) {
    const auto later = [&](std::optional<Date>& last) { last = last ? std::max(*last, on) : on; };
    later(account.facts.reminded_on);
    if (charge == nullptr) return;
    later(charge->reminded_on);
    if (charge->procedure != procedure) return;
    charge->level = std::max(charge->level, level);
    later(charge->level_on);
}

void FactReader::read_letters(const Batch& batch) {
    auto rows = in_batch(
        "SELECT x.customer_id, x.letter_id, x.item_id, x.part, x.procedure, x.level, d.state, "
        "d.released_on, d.company_id, d.currency FROM " +
            table("dunning_letter_line") + " x JOIN " + table("dunning_letter") +
            " d ON d.customer_id = x.customer_id AND d.letter_id = x.letter_id",
        " AND x.is_live = 1 AND x.is_raised = 1", batch);
    for (const auto& row : rows) {
        auto* of = account(row.i64(0));
        if (of == nullptr) continue;
        const Drafted line{row.i64(0), row.i64(1),    row.i64(2),   row.i64(3),
                           row.i64(5), row.string(4), row.string(9)};
        auto* one = charge(line.customer_id, line.item_id, line.part);
        if (row.text(6) == "released") {
            remind(*of, one, line.procedure, line.level, row.date(7));
            continue;
        }
        if (row.text(6) == "held") {
            if (one != nullptr) one->is_waiting = true;
            continue;
        }
        if (!batch.procedure.empty() && line.procedure != batch.procedure) continue;
        if (one != nullptr && one->procedure == line.procedure) one->drafted_level = line.level;
        book_.drafts[{line.customer_id, row.i64(8), line.currency, line.procedure}] =
            line.letter_id;
        book_.drafted.push_back(line);
    }
    if (batch.run_id == 0 || is_scoped_) return;
    auto removed =
        in_batch("SELECT x.customer_id, x.item_id, x.part FROM receivables_dunning_held x",
                 " AND x.run_id = ? AND x.reason = 'removed'", batch, {batch.run_id});
    for (const auto& row : removed) {
        auto* one = charge(row.i64(0), row.i64(1), row.i64(2));
        if (one != nullptr) one->is_removed = true;
    }
}

void FactReader::read_state(const Batch& batch) {
    auto rows = in_batch(
        "SELECT x.customer_id, x.item_id, x.part, x.procedure, x.level, "
        "x.reminded_on FROM " +
            table("dunning_state") + " x",
        "", batch);
    for (const auto& row : rows) {
        auto* of = account(row.i64(0));
        if (of == nullptr) continue;
        // What is imported of an item holds for all its instalments.
        bool is_found = false;
        for (auto& one : of->facts.charges) {
            if (one.item_id != row.i64(1)) continue;
            is_found = true;
            remind(*of, &one, row.text(3), row.i64(4), row.date(5));
        }
        if (!is_found) remind(*of, nullptr, row.text(3), row.i64(4), row.date(5));
    }
}

void FactReader::read_blocks(const Batch& batch) {
    const int64_t on = batch.as_of.days();
    auto rows =
        in_batch("SELECT x.customer_id, x.item_id FROM " + table("dunning_block") + " x",
                 " AND x.from_on <= ? AND x.until_on > ? AND x.lifted_on > ?", batch, {on, on, on});
    for (const auto& row : rows) {
        auto* of = account(row.i64(0));
        if (of == nullptr) continue;
        if (row.i64(1) == 0) of->facts.is_blocked = true;
        for (auto& one : of->facts.charges) one.is_blocked |= one.item_id == row.i64(1);
    }
}

void FactReader::read_claims(const Batch& batch) {
    auto rows = in_batch(
        "SELECT DISTINCT x.customer_id, x.claim_id, x.item_id, x.kind, x.amount, x.currency, "
        "x.from_on, x.until_on, x.lifted_on FROM " +
            table("claim") + " x",
        " AND x.from_on <= ? ORDER BY x.customer_id, x.claim_id", batch, {batch.as_of.days()});
    std::map<int64_t, std::vector<Claim>> of_customers;
    for (const auto& row : rows) {
        Claim claim;
        claim.customer_id = row.i64(0);
        claim.id = row.i64(1);
        claim.item_id = row.i64(2);
        claim.kind = row.text(3);
        if (!row.is_null(4)) claim.amount = row.i64(4);
        claim.currency = row.text(5);
        claim.from_on = row.date(6);
        claim.until_on = std::min(row.date(7), row.date(8));
        of_customers[claim.customer_id].push_back(std::move(claim));
    }
    for (auto& [customer_id, claims] : of_customers) {
        auto* of = account(customer_id);
        if (of == nullptr) continue;
        std::vector<const Claim*> live;
        for (const auto& claim : claims) {
            const Days days{claim.from_on, claim.until_on};
            if (days.hold(batch.as_of)) live.push_back(&claim);
            for (auto& [item_id, history] : of->histories) {
                if (claim.item_id == 0 || claim.item_id == item_id) {
                    history.claims.push_back({claim.amount, days});
                }
            }
        }
        if (!live.empty()) lay(of->facts, live);
    }
}

void FactReader::read_charged(const Batch& batch) {
    auto rows = in_batch(
        "SELECT x.customer_id, x.item_id, x.part, x.kind, x.amount, x.currency, x.company_id, "
        "x.until_on, x.state, COALESCE((SELECT CAST(sum(p.amount) AS bigint) FROM " +
            std::string(is_scoped_ ? "receivables_v1_charge_payment_scoped"
                                   : "receivables_v1_charge_payment") +
            " p WHERE p.customer_id = x.customer_id AND p.charge_id = x.charge_id AND p.void_on = "
            "2932896), 0) FROM " +
            table("charge") + " x",
        " AND x.state <> 'voided'", batch);
    for (const auto& row : rows) {
        auto* of = account(row.i64(0));
        if (of == nullptr) continue;
        const auto item_id = row.i64(1), part = row.i64(2);
        auto& was = of->charged.items[item_id];
        was.has_fixed_sum |= row.text(3) == "fixed_sum";
        if (row.text(3) == "interest") {
            auto& until = was.interest_until[part];
            until = std::max(until, row.date(7));
        }
        const auto& charges = of->facts.charges;
        const bool is_suspended = std::any_of(
            charges.begin(), charges.end(),
            [&](const OpenCharge& one) { return one.item_id == item_id && one.claimed > 0; });
        if (row.text(8) != "claimable" || is_suspended) continue;
        of->charged.claimable[{row.i64(6), row.string(5)}] += row.i64(4) - row.i64(9);
    }
}

}  // namespace dunlin::receivables::dunning
