// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cash/match.hpp"
#include "store.hpp"

namespace dunlin::receivables::cash {

/// A payment that waits for a person.
struct Waiting {
    ItemKey payment;
    std::string state = "open", kind;
    int32_t confidence = 0;
    int64_t amount = 0;
    std::string currency;
    Json proposals = Json::array();
    int64_t policy_version = 0;
    Date found_on;
    int64_t known_at = 0;
    // Of the payment.
    std::string reference{}, payer_name{};
    Date posted_on{};
};

/// A part of a payment that was applied.
struct Application {
    ItemKey payment;
    int64_t id = 0;
    ItemKey charge;
    int64_t allocation_id = 0, given_id = 0, received_id = 0;
    int64_t amount = 0;
    std::string currency, kind;
    int32_t confidence = 0;
    Json reasons = Json::array();
    std::string decided_by;
    int64_t policy_version = 0;
    Date applied_on, undone_on = never;
    int64_t known_at = 0;
};

/// What a payment left open of the charge it was meant for.
struct Short {
    ItemKey charge;
    int64_t id = 0;
    ItemKey payment;
    int64_t application_id = 0;
    int64_t amount = 0;
    std::string currency, shortfall, state, reason, note;
    int64_t claim_id = 0;
    std::string decided_by;
    int64_t policy_version = 0;
    Date found_on;
    int64_t known_at = 0;
    std::string number{};  // Of the charge.
};

/// A charge or payment as far as applying money needs it.
struct Place {
    int64_t company_id = 0;
    std::string salesperson, portfolio;
};

/// A fee, interest or fixed sum that is claimed here, and what is left of it.
struct ClaimedCharge {
    ItemKey key;
    int64_t about_id = 0;  // The item it is about,
    std::string number;    // and what that is called.
    std::string kind, currency;
    int64_t company_id = 0, open = 0;
    Date raised_on;
    bool is_suspended = false;  // By a claim on that item.
};

/// The tables of cash application, and what it reads of the ledger, unlimited by scopes.
class CashStore {
public:
    explicit CashStore(Transaction& tx) : tx_(tx) {}

    /// Payments with something left, and what is left.
    std::vector<Receipt> receipts(Date today);
    std::optional<Receipt> receipt(const ItemKey& payment, Date today);
    /// Everything owed, and settled charges of the last 400 days for their numbers.
    std::vector<Charge> charges(Date today);
    std::vector<Payer> payers();
    /// Accounts that paid before, for whom.
    std::vector<KnownAccount> accounts();

    std::vector<Waiting> waiting(int64_t limit, const ItemKey& only = {});
    void put(const Waiting& waiting);
    void remove_waiting(const ItemKey& payment);

    void insert(const Application& applied);
    std::vector<Application> applied(const ItemKey& payment);
    void undo(const Application& applied, Date on);

    /// Charges with something left, or the one of that id.
    std::vector<ClaimedCharge> claimed(Date today, const ItemKey& only = {});
    /// That a part of a charge is an item of the ledger now, because it was paid.
    void insert(const ClaimedCharge& charge, const Application& applied);
    bool is_of_charge(const ItemKey& item);

    void insert(const Short& one);
    /// Those whose charge is still open.
    std::vector<Short> unexplained(int64_t limit, Date today);
    std::optional<Short> find_short(int64_t customer_id, int64_t id);
    std::vector<Short> shorts_of(const Application& applied);
    void update(const Short& one);

    /// What is left of a charge; nothing when there is none.
    std::optional<int64_t> open_of(const ItemKey& charge, Date today);
    Place place_of(const ItemKey& item);
    /// Ends a payment on a day. False when it had ended.
    bool end_payment(const ItemKey& payment, Date on, int64_t known_at);
    void lift_claim(int64_t customer_id, int64_t claim_id, Date on);

private:
    void add_claimed(std::vector<Charge>& charges, Date today);
    void lay_disputes(std::vector<Charge>& charges, Date today);
    Transaction& tx_;
};

/// Gives back what payments gave to charges when they are not applied any more: their source
/// reversed or moved them.
void give_back_charges(Transaction& tx);

}  // namespace dunlin::receivables::cash
