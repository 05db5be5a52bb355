// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <tuple>
#include <unordered_map>

#include "dunning/charge.hpp"
#include "views.hpp"

namespace dunlin::receivables::dunning {

/// Customers by id, behind one and up to another, on a day.
struct Batch {
    int64_t after = 0, upto = std::numeric_limits<int64_t>::max();
    Date as_of;
    std::string procedure;  // Only what is under it; empty: everything.
    int64_t run_id = 0;     // What a person took out of its drafts stays out; 0: no run.
};

/// Company, currency and procedure: of a customer one draft at a time.
using DraftKey = std::tuple<int64_t, int64_t, std::string, std::string>;

/// An item that a draft is about.
struct Drafted {
    int64_t customer_id = 0, letter_id = 0, item_id = 0, part = 0, level = 0;
    std::string procedure, currency;
};

struct Account {
    CustomerFacts facts;
    Histories histories;
    Charged charged;
};

/// Everything a decision about some customers needs.
struct Book {
    std::vector<Account> accounts;  // By customer.
    std::map<DraftKey, int64_t> drafts;
    std::vector<Drafted> drafted;
};

/// Procedures and charges in force, each read once.
class Policies {
public:
    Policies(Transaction& tx, Date on) : tx_(tx), on_(on) {}
    /// Nothing when there is none of that name.
    const Procedure* procedure(const std::string& name);
    const ChargePolicy& charges(const std::string& name);
    /// What holds for a company, a segment, or everything.
    std::string assigned(int64_t company_id, const std::string& segment);
    const Procedures& procedures() const { return procedures_; }

private:
    std::optional<std::string> assignment(const std::string& scope);
    Transaction& tx_;
    Date on_;
    Procedures procedures_;
    std::map<std::string, ChargePolicy> charges_;
    std::map<std::string, std::optional<std::string>> assignments_;
};

/// Where a company's or a segment's procedure is kept among the policies.
std::string scope_of_company(int64_t company_id);
std::string scope_of_segment(const std::string& segment);

/// Reads facts in bulk: as the caller may see them, or all of them.
class FactReader {
public:
    FactReader(Transaction& tx, Policies& policies, bool is_scoped)
        : tx_(tx), policies_(policies), is_scoped_(is_scoped) {}

    /// The last of the next so many customers; nothing when there are none.
    std::optional<int64_t> next_customers(int64_t after, int64_t limit);
    Book read(const Batch& batch);

private:
    std::string table(const char* name) const;
    std::string used(const char* allocations, const std::string& end) const;
    Statement in_batch(std::string_view select, std::string_view where, const Batch& batch,
                       const std::vector<int64_t>& further = {});
    void read_customers(const Batch& batch);
    void read_charges(const Batch& batch);
    void read_schedules(const Batch& batch);
    void read_settled(const Batch& batch);
    void read_credits(const Batch& batch);
    void read_letters(const Batch& batch);
    void read_state(const Batch& batch);
    void read_blocks(const Batch& batch);
    void read_assignments(const Batch& batch);
    void read_claims(const Batch& batch);
    void read_charged(const Batch& batch);
    void part_items(Date as_of);
    Account* account(int64_t customer_id);
    OpenCharge* charge(int64_t customer_id, int64_t item_id, int64_t part);
    static void remind(Account& account, OpenCharge* charge, std::string_view procedure,
                       int64_t level, Date on);

    Transaction& tx_;
    Policies& policies_;
    bool is_scoped_;
    Book book_;
    std::unordered_map<int64_t, std::size_t> place_;
    bool has_instalments_ = false, has_interest_ = false;
};

}  // namespace dunlin::receivables::dunning
