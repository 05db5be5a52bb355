// SPDX-License-Identifier: Apache-2.0
#include "dunning/facts.hpp"

#include <algorithm>

namespace dunlin::receivables::dunning {

std::string FactReader::table(const char* name) const {
    return is_scoped_ ? "receivables_v1_" + std::string(name) + "_scoped"
                      : "receivables_" + std::string(name);
}

Statement FactReader::in_batch(std::string_view select, std::string_view where, const Batch& batch,
                               const std::vector<int64_t>& further) {
    auto out = tx_.prepare(std::string(select) + " WHERE x.customer_id > ? AND x.customer_id <= ?" +
                           std::string(where));
    out.bind_at(0, batch.after);
    out.bind_at(1, batch.upto);
    for (std::size_t i = 0; i < further.size(); ++i) {
        out.bind_at(static_cast<uint32_t>(i + 2), further[i]);
    }
    return out;
}

/// What was used of items, by allocations in force; its parameters are the day twice and the batch.
std::string FactReader::used(const char* allocations, const std::string& end) const {
    return "(SELECT customer_id AS of_customer, " + end +
           ", CAST(sum(amount) AS bigint) AS used FROM " + table(allocations) +
           " WHERE effective_on <= ? AND until_on > ? AND customer_id > ? AND customer_id <= ? "
           "GROUP BY customer_id, " +
           end + ") a ON a.of_customer = x.customer_id AND a." + end + " = x.item_id";
}

Account* FactReader::account(int64_t customer_id) {
    const auto found = place_.find(customer_id);
    return found == place_.end() ? nullptr : &book_.accounts[found->second];
}

OpenCharge* FactReader::charge(int64_t customer_id, int64_t item_id, int64_t part) {
    auto* of = account(customer_id);
    if (of == nullptr) return nullptr;
    for (auto& one : of->facts.charges) {
        if (one.item_id == item_id && one.part == part) return &one;
    }
    return nullptr;
}

std::optional<int64_t> FactReader::next_customers(int64_t after, int64_t limit) {
    auto rows =
        tx_.query("SELECT max(customer_id), count(*) FROM (SELECT customer_id FROM " +
                      table("customer") + " WHERE customer_id > ? ORDER BY customer_id LIMIT ?) x",
                  after, limit);
    if (!rows.step() || rows.i64(1) == 0) return std::nullopt;
    return rows.i64(0);
}

void FactReader::read_customers(const Batch& batch) {
    auto rows = in_batch("SELECT x.customer_id, x.kind, x.status, x.segment, x.language FROM " +
                             table("customer") + " x",
                         " ORDER BY x.customer_id", batch);
    for (const auto& row : rows) {
        place_[row.i64(0)] = book_.accounts.size();
        auto& facts = book_.accounts.emplace_back().facts;
        facts.id = row.i64(0);
        facts.is_company = row.text(1) != "person";
        facts.status = row.text(2);
        facts.segment = row.text(3);
        facts.language = row.text(4);
    }
}

void FactReader::read_charges(const Batch& batch) {
    const auto on = batch.as_of;
    auto rows = tx_.query(
        "SELECT x.customer_id, x.item_id, x.company_id, x.currency, x.kind, x.number, x.due_on, "
        "x.amount, x.amount - COALESCE(a.used, 0), x.instalments, x.status FROM " +
            table("item") + " x LEFT JOIN " + used("allocation", "target_id") +
            " WHERE x.customer_id > ? AND x.customer_id <= ? AND x.amount > 0 AND x.void_on > ? "
            "AND (x.posted_on <= ? OR x.status = 'draft') AND x.amount > COALESCE(a.used, 0) "
            "ORDER BY x.customer_id, x.item_id",
        on, on, batch.after, batch.upto, batch.after, batch.upto, on, on);
    for (const auto& row : rows) {
        auto* of = account(row.i64(0));
        if (of == nullptr) continue;
        auto& one = of->facts.charges.emplace_back();
        one.item_id = row.i64(1);
        one.company_id = row.i64(2);
        one.currency = row.text(3);
        one.kind = row.text(4);
        one.number = row.text(5);
        one.due_on = row.date(6);
        one.original = row.i64(7);
        one.open = row.i64(8);
        one.is_draft = row.text(10) == "draft";
        one.procedure = policies_.assigned(one.company_id, of->facts.segment);
        if (row.i64(9) == 0) continue;
        has_instalments_ = true;
        of->histories[one.item_id] = {one.original, one.due_on, {}, {}, {}};
    }
}

void FactReader::read_assignments(const Batch& batch) {
    auto rows = in_batch(
        "SELECT x.customer_id, x.item_id, x.procedure FROM " + table("dunning_assignment") + " x",
        " ORDER BY x.customer_id, x.item_id", batch);
    for (const auto& row : rows) {  // The whole customer's, item 0, comes first.
        auto* of = account(row.i64(0));
        if (of == nullptr) continue;
        for (auto& one : of->facts.charges) {
            if (row.i64(1) == 0 || row.i64(1) == one.item_id) one.procedure = row.text(2);
        }
    }
    for (auto& of : book_.accounts) {
        auto& charges = of.facts.charges;
        for (const auto& one : charges) {
            const auto* procedure = policies_.procedure(one.procedure);
            if (procedure == nullptr) continue;
            for (const auto& level : procedure->levels) has_interest_ |= level.has_interest;
        }
        const auto is_other = [&](const OpenCharge& one) {
            return !batch.procedure.empty() && one.procedure != batch.procedure;
        };
        charges.erase(std::remove_if(charges.begin(), charges.end(), is_other), charges.end());
    }
}

void FactReader::read_schedules(const Batch& batch) {
    if (has_interest_) {
        for (auto& of : book_.accounts) {
            for (const auto& one : of.facts.charges) {
                of.histories.try_emplace(one.item_id,
                                         ItemHistory{one.original, one.due_on, {}, {}, {}});
            }
        }
    }
    if (!has_instalments_) return;
    auto rows = in_batch(
        "SELECT x.customer_id, x.item_id, x.instalment_id, x.sequence, x.due_on, x.amount FROM " +
            table("instalment") + " x",
        "", batch);
    for (const auto& row : rows) {
        auto* of = account(row.i64(0));
        if (of == nullptr) continue;
        const auto item = of->histories.find(row.i64(1));
        if (item == of->histories.end()) continue;
        item->second.schedule.push_back({row.i64(2), row.i64(3), row.date(4), row.i64(5)});
    }
}

void FactReader::read_settled(const Batch& batch) {
    if (!has_instalments_ && !has_interest_) return;
    auto rows = in_batch(
        "SELECT x.customer_id, x.target_id, x.instalment_id, x.amount, x.effective_on, x.until_on "
        "FROM " +
            table("allocation") + " x",
        " AND x.effective_on <= ? AND x.until_on > x.effective_on ORDER BY x.effective_on, "
        "x.allocation_id",
        batch, {batch.as_of.days()});
    for (const auto& row : rows) {
        auto* of = account(row.i64(0));
        if (of == nullptr) continue;
        const auto item = of->histories.find(row.i64(1));
        if (item == of->histories.end()) continue;
        item->second.settled.push_back({row.i64(2), row.i64(3), {row.date(4), row.date(5)}});
    }
}

void FactReader::part_items(Date as_of) {
    if (!has_instalments_) return;
    for (auto& of : book_.accounts) {
        std::vector<OpenCharge> charges;
        for (const auto& one : of.facts.charges) {
            const auto found = of.histories.find(one.item_id);
            if (found == of.histories.end() || found->second.schedule.empty()) {
                charges.push_back(one);
                continue;
            }
            const auto& item = found->second;
            std::vector<Settlement> settled;
            for (const auto& use : item.settled) {
                if (use.days.hold(as_of)) settled.push_back({use.instalment_id, use.amount, true});
            }
            int64_t number = 0;
            for (const auto& part : spread(item.amount, item.due_on, item.schedule, settled)) {
                ++number;
                if (part.open() <= 0) continue;
                auto& piece = charges.emplace_back(one);
                piece.part = number;
                piece.due_on = part.due_on;
                piece.original = part.amount;
                piece.open = part.open();
            }
        }
        of.facts.charges = std::move(charges);
    }
}

void FactReader::read_credits(const Batch& batch) {
    const auto on = batch.as_of;
    auto rows = tx_.query(
        "SELECT x.customer_id, x.item_id, x.company_id, x.currency, x.kind, x.posted_on, x.amount "
        "+ COALESCE(a.used, 0) FROM " +
            table("item") + " x LEFT JOIN " +
            used(is_scoped_ ? "allocation_source" : "allocation", "source_id") +
            " WHERE x.customer_id > ? AND x.customer_id <= ? AND x.amount < 0 AND x.void_on > ? "
            "AND x.posted_on <= ? AND x.amount + COALESCE(a.used, 0) < 0 ORDER BY x.customer_id, "
            "x.item_id",
        on, on, batch.after, batch.upto, batch.after, batch.upto, on, on);
    for (const auto& row : rows) {
        auto* of = account(row.i64(0));
        if (of == nullptr) continue;
        of->facts.credits.push_back(
            {row.i64(1), row.i64(2), row.string(3), row.string(4), row.date(5), row.i64(6)});
    }
}

Book FactReader::read(const Batch& batch) {
    book_ = {};
    place_.clear();
    has_instalments_ = has_interest_ = false;
    read_customers(batch);
    read_charges(batch);
    read_assignments(batch);
    read_schedules(batch);
    read_settled(batch);
    part_items(batch.as_of);
    read_credits(batch);
    read_letters(batch);
    read_state(batch);
    read_blocks(batch);
    read_claims(batch);
    read_charged(batch);
    return std::move(book_);
}

}  // namespace dunlin::receivables::dunning
