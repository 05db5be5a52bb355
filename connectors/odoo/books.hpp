// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client.hpp"
#include "value.hpp"

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace dunlin::odoo {

/// A journal item on a customers' account, as the open item it is part of.
struct Entry {
    std::string entity;       // "invoice", "payment" or "adjustment".
    std::string external_id;  // Of that item.
    int64_t customer = 0;     // 0: none, or not known.
    std::string currency;
    bool is_note = false;    // Of a credit note.
    std::string instalment;  // Of an invoice.
};

/// What a reconciliation took too much from a journal item and another one gave back.
struct Return {
    int64_t giving = 0;  // The reconciliation that runs the wrong way round.
    int64_t taking = 0;
    int64_t amount = 0;
};

/// What records refer to, read a page at a time and kept for a pull.
class Books {
public:
    explicit Books(Client& client) : client_(client) {}

    Client& client() { return client_; }
    const Client& client() const { return client_; }

    /// Reads those not yet known.
    void load(const std::string& model, const std::vector<int64_t>& ids);
    /// Those that a field of the records refers to.
    void load(const std::string& model, const Json& records, const char* field);
    /// nullptr when Odoo shows no such record; it must have been loaded.
    const Json* find(const std::string& model, int64_t id) const;
    /// A field of a referred record, empty when there is none.
    std::string text(const std::string& model, int64_t id, const char* field) const;

    /// Of journal items: also their moves and partners, and reconciliations of those with returns.
    void load_entries(const std::vector<int64_t>& ids);
    Entry entry(int64_t line_id) const;
    /// Where Odoo converted a payment and missed by a cent, it takes more from an item than there
    /// is, and an exchange difference with the sign of the item gives it back.
    std::vector<Return> returns(int64_t line_id) const;
    /// Above zero for what is owed.
    int64_t sign_of(int64_t line_id) const;
    /// Of journal items without a partner: what they are reconciled with.
    void load_counterparts(const std::vector<int64_t>& ids);
    /// Whose those are, 0 when they are nobody's or of more than one.
    int64_t customer_of_counterparts(int64_t line_id) const;
    /// Who owes what is booked on a partner: the company a contact belongs to.
    int64_t customer_of(int64_t partner_id) const;
    /// The ISO code; throws BadValue for none.
    std::string currency(int64_t id) const;

    /// Customers with journal items that changed since; without a time those that Odoo does not
    /// count as customers. Ascending.
    std::vector<int64_t> customers_of_entries(std::optional<int64_t> since_us);

    void forget_page();

private:
    void load_lines(const std::vector<int64_t>& ids);
    void load_partials(const std::vector<int64_t>& ids);
    /// Reconciliations that take from a journal item, or those that give back.
    std::vector<int64_t> partials_of(int64_t line_id, bool is_giving) const;
    Client& client_;
    std::map<std::string, std::unordered_map<int64_t, Json>> records_;
};

const std::vector<std::string>& partial_fields();

/// Entries of sales documents; everything else on a customers' account is a payment or a journal.
bool is_sale(const std::string& move_type);

}  // namespace dunlin::odoo
