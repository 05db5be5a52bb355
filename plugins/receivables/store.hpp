// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/services.hpp>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "document.hpp"
#include "ledger.hpp"
#include "rows.hpp"

namespace dunlin::receivables {

/// Item by customer and id, the way every table is keyed.
using ItemKey = std::pair<int64_t, int64_t>;

/// The tables as the sink and the audit use them: unlimited by scopes.
class Store {
public:
    Store(const Services& services, Transaction& tx) : services_(services), tx_(tx) {}
    Transaction& tx() { return tx_; }
    const Services& services() const { return services_; }

    /// What we know under these external ids, one for each, in order; id 0 where nothing.
    std::vector<Known> known(std::string_view source, std::string_view entity,
                             const std::vector<std::string_view>& external_ids);
    void bind(std::string_view source, std::string_view entity, std::vector<BindingRow> rows);

    void write(const std::vector<CompanyRow>& rows);
    void write(const std::vector<RateRow>& rows);
    void write(const std::vector<CustomerRow>& rows);
    void write(const std::vector<ContactPointRow>& rows);
    void write(const std::vector<const ItemRow*>& rows);
    void write(const std::vector<LineRow>& rows);
    void write(const std::vector<InstalmentRow>& rows);
    void write(const std::vector<AllocationRow>& rows);
    void write(const std::vector<EvidenceRow>& rows);

    /// Salesperson and portfolio of customers, one for each, in order.
    std::vector<CustomerDefaults> customer_defaults(const std::vector<int64_t>& customer_ids);
    /// Lets items that name no salesperson follow their customer's.
    void follow_salesperson(int64_t customer_id, std::string_view salesperson);
    void mark_deleted(std::string_view table, std::string_view id_column, const Known& row);
    void erase(std::string_view table, std::string_view id_column, const Known& row);

    /// The items as stored, one for each, in order; id 0 where there is none.
    std::vector<StoredItem> items(const std::vector<ItemKey>& keys);
    void void_item(const ItemKey& key, Date on, int64_t known_at);
    void reverse_allocation(const Known& row, Date on, int64_t known_at);
    std::vector<AllocationRow> allocations_of(const std::vector<ItemKey>& keys);
    /// Recomputes on which days the allocations of these items count.
    void refresh_allocations(const std::vector<ItemKey>& keys);
    /// The item an instalment belongs to; 0 when it is not there.
    int64_t item_of_instalment(const Known& row);
    /// Counts the instalments of these items anew.
    void refresh_schedules(const std::set<ItemKey>& keys);
    /// Takes an item's lines, instalments, claims, allocations and documents to another customer
    /// and removes the item itself there, to be inserted anew.
    void move_item(const ItemKey& from, int64_t to_customer_id);

    /// Whether anything is kept as evidence at all.
    bool has_evidence();
    /// The items that these pieces of evidence stand beside, one for each, in order; 0 where there
    /// is none.
    std::vector<int64_t> items_of_evidence(const std::vector<ItemKey>& keys);
    /// Documents or payments of a source in these amounts that are not linked yet to anything of
    /// another source.
    std::vector<Candidate> candidates(std::string_view of_source, bool is_money,
                                      const std::set<int64_t>& amounts,
                                      std::string_view for_source);
    std::map<int64_t, std::string> company_names();
    /// Whether anything ever came from a source.
    bool has_bindings(std::string_view source);
    /// How many rows of each entity a source has brought.
    std::map<std::string, int64_t> rows_of(std::string_view source);
    /// Erases customers of a source with all that is theirs, at most so many, and after the last of
    /// them everything else of the source. Which customers went.
    std::vector<int64_t> forget(std::string_view source, int64_t limit);

    /// Whether these bytes are filed with that item.
    bool has_document(const ItemKey& item, std::string_view sha256);
    void insert(const Document& document);

    /// Items that are kept at more than one customer, with one of them.
    std::vector<ItemKey> items_kept_twice();
    /// Keeps others from changing these accounts until the transaction ends.
    void hold_customers(const std::set<int64_t>& ids);
    bool has_customers();
    /// External ids behind `after` that are bound, without those of the hash of a tombstone.
    std::vector<std::string> bound_keys(std::string_view source, std::string_view entity,
                                        std::string_view after, int64_t limit,
                                        int64_t tombstone_hash);
    /// Control totals of a source: per currency what it says is open and what we say.
    std::vector<ControlTotal> control_totals(std::string_view source, Date as_of);
    /// Every account in turn, complete, for the audit.
    template <class Visit>
    void each_account(Visit visit);

private:
    void move_documents(const ItemKey& from, int64_t to_customer_id);
    void forget_documents(const std::vector<int64_t>& customer_ids);
    void rebind(const std::vector<int64_t>& ids, int64_t customer_id);
    const Services& services_;
    Transaction& tx_;
};

/// Whether the store sums up many rows faster than they are read: see schema/002_store.*.sql.
bool groups_fast(Transaction& tx);

/// Parameters of a list: "?, ?, ?".
inline std::string marks(std::size_t n, std::string_view mark = "?") {
    std::string out;
    for (std::size_t i = 0; i < n; ++i) out.append(i ? ", " : "").append(mark);
    return out;
}

/// The stream behind the audit: three ordered queries read side by side.
class AccountStream {
public:
    explicit AccountStream(Transaction& tx);
    bool next(Account& account);

private:
    Statement items_, allocations_, instalments_;
    bool has_item_, has_allocation_, has_instalment_;
};

template <class Visit>
void Store::each_account(Visit visit) {
    AccountStream stream(tx_);
    Account account;
    while (stream.next(account)) visit(account);
}

}  // namespace dunlin::receivables
