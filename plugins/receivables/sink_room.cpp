// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "sink.hpp"

namespace dunlin::receivables {

Room::Room(Store& store, const std::vector<ItemKey>& keys) {
    const std::set<ItemKey> distinct(keys.begin(), keys.end());
    const std::vector<ItemKey> wanted(distinct.begin(), distinct.end());
    std::set<int64_t> customers;
    for (const auto& key : distinct) customers.insert(key.first);
    store.hold_customers(customers);
    auto found = store.items(wanted);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (found[i].id != 0) items_.emplace(wanted[i], std::move(found[i]));
    }
    for (auto& row : store.allocations_of(wanted)) {
        take(row, row.until_on);
        allocations_.emplace(row.id, std::move(row));
    }
}

const StoredItem* Room::item(const ItemKey& key) const {
    const auto it = items_.find(key);
    return it == items_.end() ? nullptr : &it->second;
}

const AllocationRow* Room::allocation(int64_t id) const {
    const auto it = allocations_.find(id);
    return it == allocations_.end() ? nullptr : &it->second;
}

const AllocationRow* Room::take_made_here(const AllocationRow& like) {
    const auto taken = taken_.find({like.customer_id, like.target_id});
    if (taken == taken_.end()) return nullptr;
    for (const auto& one : taken->second) {
        const auto* row = allocation(one.allocation_id);
        const bool is_alike = row->source == "desk" && row->source_id == like.source_id &&
                              row->target_id == like.target_id && row->amount == like.amount;
        if (!is_alike || row->reversed_on != never) continue;
        if (returned_.insert(row->id).second) return row;
    }
    return nullptr;
}

void Room::free(int64_t allocation_id) {
    const auto* row = allocation(allocation_id);
    if (row == nullptr) return;
    for (const auto item_id : {row->source_id, row->target_id}) {
        std::erase_if(taken_[{row->customer_id, item_id}],
                      [&](const Taken& taken) { return taken.allocation_id == allocation_id; });
    }
}

std::string Room::refusal(const ItemKey& key, const Use& use) const {
    const auto* item = this->item(key);
    const auto size = item->amount < 0 ? -item->amount : item->amount;
    std::vector<Use> uses{use};
    int64_t sum = use.amount;
    const auto taken = taken_.find(key);
    if (taken != taken_.end()) {
        for (const auto& other : taken->second) {
            uses.push_back(other.use);
            sum += other.use.amount;
        }
    }
    if (const auto fitted = fitted_.find(key); fitted != fitted_.end()) {
        for (const auto& other : fitted->second) {
            uses.push_back(other);
            sum += other.amount;
        }
    }
    if (sum <= size) return {};
    const auto most = peak(uses);
    if (most <= size) return {};
    const auto digits = minor_digits(item->currency);
    return "with this allocation " + Money::text_of(most, digits) + " of " + item->kind + " " +
           item->number + " would be allocated, but it is " + Money::text_of(size, digits) + " " +
           item->currency + "; allocate at most " +
           Money::text_of(std::max<int64_t>(0, size - (most - use.amount)), digits);
}

void Room::take(const AllocationRow& row, Date until) {
    const Use use{{row.effective_on, until}, row.amount};
    taken_[{row.customer_id, row.source_id}].push_back({row.id, use});
    taken_[{row.customer_id, row.target_id}].push_back({row.id, use});
}

void Room::keep(int64_t allocation_id, Date until) {
    const auto* row = allocation(allocation_id);
    if (row == nullptr) return;
    // What was reversed before ends on that day, whatever becomes of it now.
    take(*row, row->reversed_on == never ? std::min(row->until_on, until) : row->until_on);
}

void fit_together(Intake& in, Room& room, const std::function<std::string(std::size_t)>& fit) {
    auto& rows = in.rows();
    for (const auto& row : rows) room.free(row.old.id);
    for (const auto& row : rows) {
        if (row.is_deleted) {
            room.keep(row.old.id, in.change_day(row));
        } else if (row.is_rejected) {
            room.keep(row.old.id, never);
        }
    }
    for (bool is_settled = false; !is_settled;) {
        is_settled = true;
        room.clear_fitted();
        std::vector<std::pair<Incoming*, std::string>> refused;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (rows[i].is_deleted || rows[i].is_rejected) continue;
            auto refusal = fit(i);
            if (refusal.empty()) continue;
            is_settled = is_settled && rows[i].is_new();
            refused.emplace_back(&rows[i], std::move(refusal));
        }
        for (auto& [row, refusal] : refused) {
            // A new row may find room yet when the others are fitted anew.
            if (!is_settled && row->is_new()) continue;
            in.reject(*row, "over_allocated", std::move(refusal), /*can_retry=*/true);
            room.keep(row->old.id, never);
        }
    }
}

}  // namespace dunlin::receivables
