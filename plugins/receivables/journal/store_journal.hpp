// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/plugin.hpp>

#include "journal/journal.hpp"

namespace dunlin::receivables::journal {

/// A period that was exported.
struct Closed {
    Period period;
    int64_t entries = 0;
    std::string digest;  // SHA-256 of its CSV.
    Date closed_on;
    std::string closed_by;
};

/// The tables of bookkeeping and those it is computed from, unlimited by scopes.
class JournalStore {
public:
    explicit JournalStore(Transaction& tx) : tx_(tx) {}

    /// What Dunlin decided about money, from the tables that hold it.
    std::vector<Standing> standings();
    /// What is in the books, by number.
    std::vector<Entry> booked();
    /// By period, the last one first.
    std::vector<Closed> closed();
    void insert(const Closed& period);
    void insert(const Entry& entry);
    /// Fills in what customers and companies are called.
    void name(std::vector<Entry>& entries);
    /// What the ledger says of Dunlin's own effects on a day, summed by the store.
    Balance ledger(Date on);

private:
    void add_charges(std::vector<Standing>& out);
    void add_items(std::vector<Standing>& out);
    void add_write_offs(std::vector<Standing>& out);
    void add_allowances(std::vector<Standing>& out);
    Transaction& tx_;
};

}  // namespace dunlin::receivables::journal
