// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>

#include "cash/cashier.hpp"
#include "sink.hpp"

namespace dunlin::receivables::cash {

/// Allocations, transfers and paid charges of one transaction, written at its end in a few
/// statements.
class Plan {
public:
    /// Behind the locks of the room; `keys` are what the decisions name.
    Plan(const Services& services, Transaction& tx, CashStore& cash, Room& room,
         const std::vector<ItemKey>& keys);

    struct Part {
        Line line;
        Days days;
    };
    /// The parts of a decision with their days, or why there is no room.
    std::string fit(const Decision& decision, std::vector<Part>& parts);
    void add(const ItemKey& payment, const Part& part, Application& out);
    void write(Store& store);

private:
    /// An item that is made here.
    struct Made {
        std::string text, currency;
        Place place;
        ItemRow row;
    };
    /// What is owed, as a transfer names it; `like` is an item that lies where it does.
    struct Owed {
        ItemKey like;
        std::string number;
        int64_t company_id = 0;
    };

    std::string fit_item(const StoredItem& payment, const ItemKey& key, int64_t amount,
                         Days& days) const;
    std::string fit_charge(const StoredItem& payment, const ClaimedCharge& charge, int64_t amount,
                           Days& days) const;
    /// Since both documents count, or from today on where the past has no room.
    std::string days_of(const StoredItem& payment, const StoredItem& charge, const ItemKey& key,
                        int64_t amount, Days& days) const;
    void add_allocation(int64_t customer_id, int64_t id, int64_t source_id, int64_t target_id,
                        const Part& part);
    ItemRow& make(const ItemKey& key, int64_t amount, const Days& days, std::string text,
                  const std::string& currency, const ItemKey& like);
    void add_transfer(const ItemKey& payment, const Owed& owed, const Application& out,
                      const Part& part);
    /// The charge as far as it is paid by this part, as an item of the ledger.
    ItemKey add_charge_item(ClaimedCharge& charge, const Part& part);

    const Services& services_;
    Date today_;
    int64_t now_us_;
    CashStore& cash_;
    Room& room_;
    std::map<ItemKey, ClaimedCharge> claimed_;
    std::vector<AllocationRow> allocations_;
    std::deque<Made> made_;  // Rows borrow from their texts.
};

}  // namespace dunlin::receivables::cash
