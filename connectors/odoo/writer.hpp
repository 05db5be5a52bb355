// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/field_change.hpp>

#include "client.hpp"

namespace dunlin::odoo {

/// Carries out write-backs. What is made lies under the external id "__dunlin__.<key>", which Odoo
/// keeps unique, so that the same write has one effect however often and from where it comes.
/// Fields are compared with what was seen, written and read again.
class Writer {
public:
    explicit Writer(Client& client) : client_(client) {}

    /// Of the connector's description: the kinds with their homes.
    static Json describe();

    Receipt push(const WriteBack& write);
    Receipt find(const WriteBack& write);

private:
    /// Fields of a partner.
    struct Change {
        int64_t partner = 0;
        std::vector<FieldChange> fields;
        Json values = Json::object();  // As Odoo takes them.
    };
    Receipt carry_out(const WriteBack& write);
    Receipt carry_out_change(const WriteBack& write);
    Receipt receipt(const WriteBack& write, const MadeRecord& made) const;
    Receipt receipt(const WriteBack& write, const Change& change, Receipt compared) const;
    Change read_change(const WriteBack& write);
    Change read_contact(const WriteBack& write);
    Change read_credit_limit(const WriteBack& write);
    std::string country_code(int64_t id);
    void block(const WriteBack& write);

    Client& client_;
};

/// The record that a write-back asks for. Throws Rejected where Odoo has no place for it.
NewRecord new_record(Client& client, const WriteBack& write);

/// The id of Odoo's record that a write-back is about. Throws Rejected when it is not there.
int64_t target_id(Client& client, const WriteBack& write);

/// Odoo's id of a country, "0" for none. Throws Rejected for a code that is none.
std::string country_id(Client& client, const std::string& code);

}  // namespace dunlin::odoo
