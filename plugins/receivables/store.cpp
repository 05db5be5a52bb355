// SPDX-License-Identifier: Apache-2.0
#include "store.hpp"

#include <algorithm>
#include <unordered_map>

#include "promises/desk.hpp"

namespace dunlin::receivables {
namespace {

constexpr std::size_t chunk = 200;  // Keys a statement names at once.

/// Visits the keys in groups; the last one is filled up by repeating its last key, so that one
/// prepared statement serves all.
template <class Key, class Visit>
void in_chunks(const std::vector<Key>& keys, Visit visit) {
    for (std::size_t at = 0; at < keys.size(); at += chunk) {
        std::vector<Key> part(
            keys.begin() + static_cast<std::ptrdiff_t>(at),
            keys.begin() + static_cast<std::ptrdiff_t>(std::min(at + chunk, keys.size())));
        part.resize(chunk, part.back());
        visit(part);
    }
}

AllocationRow allocation_of(const Statement& row) {
    AllocationRow out;
    out.is_new = false;
    out.customer_id = row.i64(0);
    out.id = row.i64(1);
    out.source_id = row.i64(2);
    out.target_id = row.i64(3);
    out.instalment_id = row.i64(4);
    out.amount = row.i64(5);
    out.effective_on = row.date(6);
    out.until_on = row.date(7);
    out.given_on = row.date(8);
    out.reversed_on = row.date(9);
    out.source = row.text(10);
    out.known_at = row.i64(11);
    out.reversal_known_at = row.i64(12);
    return out;
}

const std::string allocation_columns =
    "customer_id, allocation_id, source_id, target_id, instalment_id, amount, effective_on, "
    "until_on, given_on, reversed_on, source, known_at, reversal_known_at";

}  // namespace

bool groups_fast(Transaction& tx) {
    auto row = tx.query("SELECT groups_fast FROM receivables_store");
    return row.step() && row.i64(0) != 0;
}

void Store::follow_salesperson(int64_t customer_id, std::string_view salesperson) {
    tx_.exec(
        "UPDATE receivables_item SET salesperson = ? WHERE customer_id = ? AND salesperson_own = 0",
        salesperson, customer_id);
}

void Store::mark_deleted(std::string_view table, std::string_view id_column, const Known& row) {
    const auto sql = "UPDATE " + std::string(table) + " SET is_deleted = 1 WHERE " +
                     std::string(id_column) + " = ?";
    if (row.customer_id == 0) {
        tx_.exec(sql, row.id);
    } else {
        tx_.exec(sql + " AND customer_id = ?", row.id, row.customer_id);
    }
}

void Store::erase(std::string_view table, std::string_view id_column, const Known& row) {
    tx_.exec("DELETE FROM " + std::string(table) + " WHERE customer_id = ? AND " +
                 std::string(id_column) + " = ?",
             row.customer_id, row.id);
}

void Store::void_item(const ItemKey& key, Date on, int64_t known_at) {
    // What was cancelled before stays cancelled on that day.
    tx_.exec(
        "UPDATE receivables_item SET status = 'deleted', "
        "void_known_at = CASE WHEN void_on = ? THEN CAST(? AS bigint) ELSE void_known_at END, "
        "void_on = CASE WHEN void_on = ? THEN CAST(? AS integer) ELSE void_on END "
        "WHERE customer_id = ? AND item_id = ?",
        never, known_at, never, on, key.first, key.second);
}

void Store::reverse_allocation(const Known& row, Date on, int64_t known_at) {
    tx_.exec(
        "UPDATE receivables_allocation SET reversed_on = ?, reversal_known_at = ?, "
        "until_on = CASE WHEN until_on > ? THEN CAST(? AS integer) ELSE until_on END "
        "WHERE customer_id = ? AND allocation_id = ? AND reversed_on = ?",
        on, known_at, on, on, row.customer_id, row.id, never);
}

std::vector<AllocationRow> Store::allocations_of(const std::vector<ItemKey>& keys) {
    std::map<ItemKey, AllocationRow> found;
    for (const char* end : {"target_id", "source_id"}) {
        const auto sql = "WITH wanted(in_customer, in_item) AS (VALUES " +
                         marks(chunk, "(CAST(? AS bigint), CAST(? AS bigint))") + ") SELECT " +
                         allocation_columns +
                         " FROM wanted JOIN receivables_allocation ON customer_id = in_customer "
                         "AND " +
                         end + " = in_item";
        in_chunks(keys, [&](const std::vector<ItemKey>& part) {
            auto rows = tx_.prepare(sql);
            uint32_t at = 0;
            for (const auto& [customer_id, id] : part) {
                rows.bind_at(at++, customer_id);
                rows.bind_at(at++, id);
            }
            for (const auto& row : rows) {
                auto allocation = allocation_of(row);
                const ItemKey key{allocation.customer_id, allocation.id};
                found.emplace(key, std::move(allocation));
            }
        });
    }
    std::vector<AllocationRow> out;
    out.reserve(found.size());
    for (auto& [key, row] : found) out.push_back(std::move(row));
    return out;
}

void Store::refresh_allocations(const std::vector<ItemKey>& keys) {
    if (keys.empty()) return;
    auto rows = allocations_of(keys);
    std::vector<ItemKey> ends;
    for (const auto& row : rows) {
        ends.emplace_back(row.customer_id, row.source_id);
        ends.emplace_back(row.customer_id, row.target_id);
    }
    const auto found = items(ends);
    std::vector<AllocationRow> changed;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        auto& row = rows[i];
        const auto& source = found[2 * i];
        const auto& target = found[2 * i + 1];
        // With one end still at another customer the allocation waits and counts nowhere.
        Days days{never, never};
        if (source.id != 0 && target.id != 0) {
            Allocation allocation;
            allocation.given_on = row.given_on;
            allocation.reversed_on = row.reversed_on;
            days = live_days(allocation, {source.posted_on, source.void_on},
                             {target.posted_on, target.void_on});
        }
        if (days.from == row.effective_on && days.until == row.until_on) continue;
        row.effective_on = days.from;
        row.until_on = days.until;
        changed.push_back(std::move(row));
    }
    write(changed);
}

int64_t Store::item_of_instalment(const Known& row) {
    auto found = tx_.query(
        "SELECT item_id FROM receivables_instalment WHERE customer_id = ? AND instalment_id = ?",
        row.customer_id, row.id);
    return found.step() ? found.i64(0) : 0;
}

void Store::refresh_schedules(const std::set<ItemKey>& keys) {
    auto update = tx_.prepare(
        "UPDATE receivables_item SET instalments = (SELECT CAST(count(*) AS integer) FROM "
        "receivables_instalment n WHERE n.customer_id = receivables_item.customer_id AND n.item_id "
        "= receivables_item.item_id) WHERE customer_id = ? AND item_id = ?");
    for (const auto& [customer_id, id] : keys) update.run(customer_id, id);
}

void Store::rebind(const std::vector<int64_t>& ids, int64_t customer_id) {
    // Moves are rare, so the bindings have no index by id: one scan for a group of ids.
    const auto sql =
        "UPDATE receivables_binding SET customer_id = ? WHERE id IN (" + marks(chunk) + ")";
    in_chunks(ids, [&](const std::vector<int64_t>& part) {
        auto update = tx_.prepare(sql);
        update.bind_at(0, customer_id);
        for (uint32_t i = 0; i < part.size(); ++i) update.bind_at(i + 1, part[i]);
        while (update.step()) {
        }
    });
}

void Store::move_item(const ItemKey& from, int64_t to_customer_id) {
    struct Owned {
        std::string table, id, columns, item;
    };
    const std::vector<Owned> parts{
        {"receivables_invoice_line", "line_id",
         "line_id, item_id, sequence, product, description, quantity, amount, plant", "item_id"},
        {"receivables_instalment", "instalment_id",
         "instalment_id, item_id, sequence, due_on, amount, discount_on, discount_amount",
         "item_id"},
        {"receivables_claim", "claim_id",
         "claim_id, item_id, kind, amount, currency, from_on, until_on, lifted_on, owner, "
         "reference, known_at",
         "item_id"},
        {"receivables_task", "task_id",
         "task_id, item_id, contact_id, kind, title, note, due_on, assignee, state, answer, "
         "made_by, made_on, closed_by, closed_on, moves, known_at",
         "item_id"},
        {"receivables_promise", "promise_id", std::string(PromiseDesk::moved_columns), "item_id"},
        {"receivables_allocation", "allocation_id",
         allocation_columns.substr(std::string_view("customer_id, ").size()), "target_id"},
        {"receivables_evidence", "evidence_id",
         "evidence_id, item_id, source, entity, external_id, number, issued_on, currency, amount, "
         "source_open, known_at",
         "item_id"},
        {"receivables_cash_exception", "item_id",
         "item_id, state, kind, confidence, amount, currency, proposals, policy_version, found_on, "
         "known_at",
         "item_id"},
        {"receivables_cash_short", "short_id",
         "short_id, item_id, payer_id, payment_id, application_id, amount, currency, shortfall, "
         "state, reason, note, claim_id, decided_by, policy_version, found_on, known_at",
         "item_id"},
        {"receivables_cash_application", "application_id",
         "application_id, payment_id, debtor_id, item_id, allocation_id, given_id, received_id, "
         "amount, currency, kind, confidence, reasons, decided_by, policy_version, applied_on, "
         "undone_on, known_at",
         "payment_id"}};
    std::vector<int64_t> ids;
    for (const auto& part : parts) {
        const auto of_item =
            " FROM " + part.table + " WHERE customer_id = ? AND " + part.item + " = ?";
        // The binding under the id of a settlement is its adjustment's, which stays where it is.
        const auto bound = part.item == "target_id" ? " AND allocation_id <> source_id" : "";
        for (const auto& row :
             tx_.query("SELECT " + part.id + of_item + bound, from.first, from.second)) {
            ids.push_back(row.i64(0));
        }
        tx_.exec("INSERT INTO " + part.table + " (customer_id, " + part.columns +
                     ") SELECT CAST(? AS bigint), " + part.columns + of_item,
                 to_customer_id, from.first, from.second);
        tx_.exec("DELETE" + of_item, from.first, from.second);
    }
    move_documents(from, to_customer_id);
    tx_.exec("DELETE FROM receivables_item WHERE customer_id = ? AND item_id = ?", from.first,
             from.second);
    rebind(ids, to_customer_id);
}

std::vector<ItemKey> Store::items_kept_twice() {
    std::vector<ItemKey> out;
    auto rows = tx_.query(
        "SELECT min(customer_id), item_id FROM receivables_item GROUP BY item_id "
        "HAVING count(*) > 1 ORDER BY item_id");
    for (const auto& row : rows) out.emplace_back(row.i64(0), row.i64(1));
    return out;
}

void Store::hold_customers(const std::set<int64_t>& ids) {
    // An update that changes nothing locks the row; in one order, so that two never wait for each
    // other.
    auto hold = tx_.prepare(
        "UPDATE receivables_customer SET is_deleted = is_deleted WHERE customer_id = ?");
    for (const auto id : ids) hold.run(id);
}

bool Store::has_customers() {
    return tx_.query("SELECT 1 FROM receivables_customer LIMIT 1").step();
}

std::vector<ControlTotal> Store::control_totals(std::string_view source, Date as_of) {
    std::map<std::string, ControlTotal, std::less<>> totals;
    const bool is_grouped = groups_fast(tx_);
    auto items =
        tx_.query(std::string("SELECT currency, ") +
                      (is_grouped ? "CAST(sum(amount) AS bigint), CAST(sum(source_open) AS bigint)"
                                  : "amount, source_open") +
                      " FROM receivables_item WHERE source = ? AND source_open IS NOT NULL AND "
                      "posted_on <= ? AND void_on > ?" +
                      (is_grouped ? " GROUP BY currency" : ""),
                  source, as_of, as_of);
    for (const auto& row : items) {
        auto it = totals.find(row.text(0));
        if (it == totals.end()) it = totals.emplace(row.string(0), ControlTotal{}).first;
        it->second.ours += row.i64(1);
        it->second.source += row.i64(2);
    }
    for (const char* end : {"target", "source"}) {
        const bool is_target = end == std::string_view("target");
        auto used = tx_.query(
            "SELECT i.currency, CAST(sum(a.amount) AS bigint) FROM receivables_allocation a "
            "JOIN receivables_item i ON i.customer_id = a.customer_id AND i.item_id = a." +
                std::string(end) +
                "_id WHERE i.source = ? AND i.source_open IS NOT NULL AND a.effective_on <= ? "
                "AND a.until_on > ? GROUP BY i.currency",
            source, as_of, as_of);
        for (const auto& row : used) {
            totals[row.string(0)].ours += is_target ? -row.i64(1) : row.i64(1);
        }
    }
    std::vector<ControlTotal> out;
    for (auto& [currency, total] : totals) {
        total.currency = currency;
        out.push_back(total);
    }
    return out;
}

AccountStream::AccountStream(Transaction& tx)
    : items_(
          tx.prepare("SELECT customer_id, item_id, amount, currency, posted_on, void_on, due_on, "
                     "issued_on, kind FROM receivables_item ORDER BY customer_id, item_id")),
      allocations_(tx.prepare("SELECT " + allocation_columns +
                              " FROM receivables_allocation ORDER BY customer_id, allocation_id")),
      instalments_(
          tx.prepare("SELECT customer_id, instalment_id, item_id, sequence, due_on, amount "
                     "FROM receivables_instalment ORDER BY customer_id, instalment_id")),
      has_item_(items_.step()),
      has_allocation_(allocations_.step()),
      has_instalment_(instalments_.step()) {}

bool AccountStream::next(Account& account) {
    account = {};
    if (!has_item_ && !has_allocation_) return false;
    auto customer_id = has_item_ ? items_.i64(0) : allocations_.i64(0);
    if (has_allocation_) customer_id = std::min(customer_id, allocations_.i64(0));
    account.customer_id = customer_id;
    for (; has_item_ && items_.i64(0) == customer_id; has_item_ = items_.step()) {
        Item item{customer_id,     items_.i64(1),  items_.i64(2),  Currency(items_.text(3)),
                  items_.date(4),  items_.date(5), items_.date(6), items_.date(7),
                  items_.string(8)};
        account.items.push_back(std::move(item));
    }
    for (; has_allocation_ && allocations_.i64(0) == customer_id;
         has_allocation_ = allocations_.step()) {
        const auto row = allocation_of(allocations_);
        account.allocations.push_back({row.customer_id, row.id, row.source_id, row.target_id,
                                       row.instalment_id, row.amount, row.given_on, row.reversed_on,
                                       row.effective_on, row.until_on});
    }
    for (; has_instalment_ && instalments_.i64(0) <= customer_id;
         has_instalment_ = instalments_.step()) {
        if (instalments_.i64(0) < customer_id) continue;
        account.schedule.emplace(instalments_.i64(2),
                                 Instalment{instalments_.i64(1), instalments_.i64(3),
                                            instalments_.date(4), instalments_.i64(5)});
    }
    return true;
}

}  // namespace dunlin::receivables
