// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/sink.hpp>

#include <array>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "record.hpp"
#include "store.hpp"

namespace dunlin::receivables {

/// A column of a canonical record; required: a batch without it is refused.
struct Column {
    std::string_view name;
    Type type;
    bool is_required = false;
};

/// A canonical record. Every one also has external_id, updated_at and deleted.
struct Entity {
    std::string_view name;
    std::vector<Column> columns;
};
const std::vector<Entity>& entities();
Json describe_entities();
/// The content hash under which a deleted row is bound.
int64_t tombstone_hash();

/// A row of a batch that is new or differs from what we hold.
struct Incoming {
    int64_t at = 0;
    std::string_view external_id;
    Known old;
    Known now;
    bool is_deleted = false;
    bool is_rejected = false;  // Out: refused, or only taken note of.
    bool is_new() const { return old.id == 0; }
};

/// One batch on its way in: finds what differs, resolves references, collects rejects, and at the
/// end writes bindings and events and counts.
class Intake {
public:
    Intake(Store& store, const Record& record, std::string_view source, const Entity& entity,
           const BatchView& batch);

    Store& store() { return store_; }
    std::string_view source() const { return source_; }
    std::string_view entity() const { return entity_.name; }
    std::vector<Incoming>& rows() { return rows_; }
    ColumnView column(std::string_view name) const { return batch_.optional(name); }
    int64_t now_us() const { return now_us_; }
    const Record& record() const { return record_; }
    /// Whether a row may be, or speak of, what another source has brought.
    bool may_link() const { return may_link_; }

    /// What the references in a column stand for, one for each row in rows(); nothing for an empty
    /// reference, id 0 for one nobody has seen.
    std::vector<Known> resolve(std::string_view entity, const ColumnView& column);
    /// The same for references to several entities.
    std::vector<Known> resolve(const std::vector<std::string_view>& entities,
                               const ColumnView& column);

    void reject(Incoming& row, std::string_view code, std::string reason, bool can_retry = false);
    /// Takes a row out that changes nothing in the ledger, and binds it if it is kept as evidence.
    void note(Incoming& row, std::optional<Known> evidence = std::nullopt);
    /// Rejects a row whose reference was given but is unknown. True when it was.
    bool reject_unknown(Incoming& row, const Known& found, const ColumnView& column,
                        std::string_view noun, bool is_needed);
    /// Gives every new row that is not rejected an id.
    void assign_ids();
    /// The day a change took effect when the source names none.
    Date change_day(const Incoming& row) const;
    /// Another customer whose account this batch changed.
    void touch(int64_t customer_id) { touched_[customer_id][1]++; }
    Applied finish();

private:
    int64_t hash_of(int64_t row, bool is_deleted);
    void select_rows();
    void emit_changes();
    std::vector<Known> known(std::string_view entity, const std::vector<std::string_view>& ids);

    Store& store_;
    const Record& record_;
    std::string_view source_;
    const Entity& entity_;
    BatchView batch_;
    int64_t now_us_;
    ColumnView external_id_, updated_at_, deleted_;
    std::vector<ColumnView> columns_;
    std::vector<Incoming> rows_;
    std::unordered_map<int64_t, std::array<int64_t, 3>> touched_;  // Inserted, updated, deleted.
    std::string buffer_;
    Applied applied_;
    bool may_link_;
    std::vector<BindingRow> noted_;
};

/// How much of items is in use, so that no allocation takes more than there is.
class Room {
public:
    Room(Store& store, const std::vector<ItemKey>& keys);

    /// The item, or null when it is not kept under that customer.
    const StoredItem* item(const ItemKey& key) const;
    const AllocationRow* allocation(int64_t id) const;
    /// What people here allocated alike, that is not reversed and not taken yet; or null. Taken, it
    /// is not found again.
    const AllocationRow* take_made_here(const AllocationRow& like);
    /// Forgets an allocation that is about to be replaced.
    void free(int64_t allocation_id);
    /// Takes again what a freed allocation had, at most until a day.
    void keep(int64_t allocation_id, Date until);
    /// Why an amount does not fit into an item on these days; empty when it does.
    std::string refusal(const ItemKey& key, const Use& use) const;
    void fit(const ItemKey& key, const Use& use) { fitted_[key].push_back(use); }
    /// Takes back everything fitted so far.
    void clear_fitted() { fitted_.clear(); }

private:
    struct Taken {
        int64_t allocation_id;
        Use use;
    };
    std::map<ItemKey, StoredItem> items_;
    void take(const AllocationRow& row, Date until);
    std::map<int64_t, AllocationRow> allocations_;
    std::set<int64_t> returned_;
    std::map<ItemKey, std::vector<Taken>> taken_;
    std::map<ItemKey, std::vector<Use>> fitted_;
};

/// Fits the rows of a batch that are neither deleted nor rejected; `fit` takes room for a row or
/// says why there is none. What is replaced makes room first, but a deleted row keeps its own until
/// its last day and a rejected one for good, so after rejecting one all the others are fitted anew.
void fit_together(Intake& in, Room& room, const std::function<std::string(std::size_t)>& fit);

void apply_companies(Intake& in);
void apply_customers(Intake& in);
void apply_contact_points(Intake& in);
void apply_exchange_rates(Intake& in);
void apply_invoices(Intake& in);
void apply_payments(Intake& in);
void apply_adjustments(Intake& in);
void apply_invoice_lines(Intake& in);
void apply_instalments(Intake& in);
void apply_allocations(Intake& in);

/// 1 for a kind of document that is owed to us, -1 for one that reduces what is owed, else 0.
int document_sign(std::string_view kind);

/// The account of money of this source that names no customer; made when there is none yet.
Known unassigned_account(Intake& in);

/// Takes out documents or money of which another source is of record: they are linked to what that
/// source brought, or wait for it.
void link_to_record(Intake& in, Book book);
/// Takes out adjustments that name no invoice, where another source is of record.
void leave_to_record(Intake& in, const ColumnView& invoice);
/// Takes out rows that belong to an item which another source brought.
void leave_parts(Intake& in, const std::vector<Known>& items);

/// Brings a batch of any entity in.
Applied apply_batch(const Services& services, Transaction& tx, std::string_view source,
                    std::string_view entity, const BatchView& batch);

inline std::optional<Date> optional_date(const ColumnView& column, int64_t row) {
    return column.is_null(row) ? std::nullopt : std::optional(column.date(row));
}
inline std::optional<int64_t> optional_i64(const ColumnView& column, int64_t row) {
    return column.is_null(row) ? std::nullopt : std::optional(column.i64(row));
}
inline std::optional<double> optional_f64(const ColumnView& column, int64_t row) {
    return column.is_null(row) ? std::nullopt : std::optional(column.f64(row));
}

}  // namespace dunlin::receivables
