// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/db.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "document.hpp"
#include "ledger.hpp"

namespace dunlin::receivables {

/// Which part of the ledger a question is about. Empty members do not limit.
struct Filter {
    std::vector<int64_t> customers;
    std::optional<int64_t> company_id;
    std::string currency;
    std::string salesperson;
};

enum class Group { none, customer, company, salesperson };

/// Where a credit stands in place of a bucket.
enum CreditColumn : int64_t { payments = -1, credit_notes = -2, adjustments = -3 };

/// A sum of open amounts: of one group and currency in one bucket, or of unapplied credits.
struct AgedSum {
    int64_t key_id = 0;
    std::string key_text;
    std::string currency;
    int64_t bucket = 0;
    int64_t amount = 0;
};

/// A row of an item list.
struct ListedItem {
    int64_t customer_id = 0, id = 0, company_id = 0;
    std::string kind, number, reference, currency, status, salesperson, po_number;
    Date issued_on, posted_on, due_on, void_on;
    bool has_due = false;
    int64_t amount = 0, open = 0, instalments = 0;
    std::optional<int64_t> source_open;
    // What became of the rest; with what is open they are the amount. Only where asked for.
    int64_t paid = 0, credited = 0, adjusted = 0, cancelled = 0;
};

/// What a source calls something of ours.
struct Origin {
    std::string source, entity, external_id;
};

/// An open part of an item that is paid by instalments.
struct OpenPart {
    int64_t customer_id = 0, item_id = 0, company_id = 0;
    std::string salesperson, currency;
    Part part;
};

struct CustomerInfo {
    int64_t id = 0, parent_id = 0;
    std::string number, name, kind, status, currency, salesperson, portfolio, collector, language,
        time_zone, payment_terms, segment, represented_by, tax_id, notes, salesperson_email;
    std::optional<int64_t> credit_limit;
};

struct ContactPoint {
    int64_t id = 0;
    std::string person, role, kind, value, street, city, postcode, region, country;
    std::string source, external_id;
    bool preferred = false;
};

/// What is overdue with one customer in one currency, from items without instalments. Money sent
/// back to the customer is open, but never overdue.
struct OverdueFacts {
    int64_t customer_id = 0;
    std::string currency;
    int64_t open = 0, overdue = 0, overdue_over_90 = 0, overdue_items = 0;
    Date oldest_due = never;
};

/// How a customer pays.
struct PaymentHabit {
    struct Late {
        int64_t weight = 0;  // Sum of amount × days late, in the unit of settled.
        int64_t settled = 0;
        int64_t count = 0;
    };
    std::optional<Date> last_payment_on;
    std::vector<Late> by_currency;
    /// Weighted by amount within a currency and by number of settlements between currencies.
    std::optional<int64_t> average_days_late() const;
};

/// One line of a statement.
struct Movement {
    Date on;
    int64_t item_id = 0;
    std::string kind, number, reference, currency;
    int64_t amount = 0;
    bool is_cancellation = false;
};

struct Backdated {
    std::string what;
    int64_t customer_id = 0, id = 0;
    std::string kind, number, currency;
    int64_t amount = 0;
    Date effective_on;
    int64_t known_at = 0;
};

/// What another source than the one of record says of an item.
struct Evidence {
    int64_t customer_id = 0, item_id = 0;
    std::string source, external_id, number, currency;
    int64_t amount = 0;
    std::optional<int64_t> source_open;
    // What it stands beside.
    std::string item_source, item_number, item_kind, item_currency;
    int64_t item_amount = 0, open = 0;
};

/// Which documents are asked for; 0 or empty: any.
struct DocumentQuery {
    int64_t customer_id = 0, item_id = 0, id = 0;
    std::string number{};  // Of the item.
    int64_t limit = 1;
};

struct StoredAllocation {
    Allocation allocation;
    std::string currency, source;
};

/// What the caller of a command may see of the tables: reads the scoped views and nothing else.
class Views {
public:
    explicit Views(Transaction& tx) : tx_(tx) {}

    std::vector<AgedSum> aged_sums(Date as_of, bool by_issue, const Buckets& buckets, Group group,
                                   const Filter& filter, bool only_credits = false);
    std::vector<OpenPart> open_parts(Date as_of, const Filter& filter);
    std::vector<OverdueFacts> overdue(Date as_of, const Filter& filter);

    struct Page {
        int64_t after_customer = 0, after_item = 0;
        int64_t limit = 1000000000;
        bool only_open = true;
        bool by_due = false;          // The oldest due first, which has no next page.
        bool with_parts = false;      // Also what was paid, credited, adjusted and cancelled.
        bool only_differing = false;  // Ours is not what the source says is open.
    };
    std::vector<ListedItem> items(Date as_of, const Filter& filter, const Page& page);
    std::optional<ListedItem> item(int64_t customer_id, int64_t item_id, Date as_of);
    std::vector<Claim> claims(Date as_of, const Filter& filter);
    std::optional<Claim> claim(int64_t customer_id, int64_t claim_id);
    enum class End { target, source };
    /// A customer's allocations as far as the item at that end of them is visible.
    std::vector<StoredAllocation> allocations(int64_t customer_id, End end = End::target);
    bool has_instalment(int64_t customer_id, int64_t item_id, int64_t instalment_id);
    /// By currency: how many items the source reports as open or closed, and how much.
    std::map<std::string, std::pair<int64_t, int64_t>> reported(Date as_of, const Filter& filter);

    /// Evidence that says otherwise than the items it stands beside.
    std::vector<Evidence> differing_evidence(Date as_of, const Filter& filter);
    /// Where else items of these customers were seen: source and external id.
    using Seen =
        std::map<std::pair<int64_t, int64_t>, std::vector<std::pair<std::string, std::string>>>;
    Seen seen_in(const std::vector<ListedItem>& items);

    std::vector<CustomerInfo> customers(const std::vector<int64_t>& ids);
    std::optional<CustomerInfo> customer(int64_t id);
    /// Customers whose name or number contains what name_key() made of a text, best match first.
    std::vector<CustomerInfo> find(std::string_view key, int64_t limit);
    /// Where a customer or one of its items comes from; without a source when it was made here.
    Origin origin_of_customer(int64_t customer_id);
    Origin origin_of_item(int64_t customer_id, int64_t item_id);
    /// Documents, the last one filed first.
    std::vector<Document> documents(const DocumentQuery& query);
    std::vector<ContactPoint> contact_points(int64_t customer_id, Date as_of);
    std::map<int64_t, std::string> companies();
    std::map<int64_t, PaymentHabit> habits(Date as_of, const Filter& filter);
    std::map<std::string, int64_t> balances(int64_t customer_id, Date on, const Filter& filter);
    std::vector<Movement> movements(int64_t customer_id, Date from, Date to, const Filter& filter);
    std::vector<Movement> recent_payments(int64_t customer_id, Date as_of, int64_t limit);
    std::vector<Backdated> backdated(int64_t known_after_us, Date before, int64_t limit);
    /// Units of 10^-12 of `to` for one `from`, the latest on or before a day.
    std::optional<int64_t> rate_pico(std::string_view from, std::string_view to, Date on);

private:
    Transaction& tx_;
};

/// What people and other plugins decide here, written into the tables. Who may see the thing was
/// checked through Views before.
class Desk {
public:
    explicit Desk(Transaction& tx) : tx_(tx) {}

    /// Keeps others from changing this account until the transaction ends. What was read before
    /// may have changed meanwhile.
    void hold_account(int64_t customer_id);
    void insert(const Allocation& allocation, int64_t known_at);
    void reverse(const Allocation& allocation, Date on, int64_t known_at);
    void insert(const Claim& claim, int64_t known_at);
    void lift(const Claim& claim, Date on);
    void assign(int64_t customer_id, const std::optional<std::string>& collector,
                const std::optional<std::string>& portfolio);

private:
    Transaction& tx_;
};

/// Statement text with its parameters, put together piece by piece.
class Sql {
public:
    Sql& add(std::string_view text) {
        text_.append(text);
        return *this;
    }
    template <class... Values>
    Sql& add(std::string_view text, const Values&... values) {
        text_.append(text);
        (put(values), ...);
        return *this;
    }
    /// Adds a condition for each thing a filter limits; the alias of the view ends in a dot.
    Sql& limit(const Filter& filter, std::string_view alias);
    Statement run(Transaction& tx) const;

private:
    void put(Date day) { values_.emplace_back(int64_t{day.days()}); }
    void put(int64_t value) { values_.emplace_back(value); }
    void put(std::string_view value) { values_.emplace_back(std::string(value)); }
    std::string text_;
    std::vector<std::variant<int64_t, std::string>> values_;
};

}  // namespace dunlin::receivables
