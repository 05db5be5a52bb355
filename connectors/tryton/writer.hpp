// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "source.hpp"

#include <dunlin/field_change.hpp>

namespace dunlin::tryton {

/// A record that is to be made.
struct NewRecord {
    std::string model;
    std::string key_field;  // The text of it that holds the key.
    Json scope;             // Conditions that leave few records to look for the key in.
    Json values;
    int64_t company = 0;  // From which it is seen.
};

/// Carries out write-backs. Tryton keeps nothing unique for us: the key stands as "[key]" in a text
/// of what is made, it is looked for before and after, and of two the later one is deleted.
/// Contacts and fields are written only while their record is the one that was read, which Tryton
/// checks.
class Writer {
public:
    Writer(Client& client, std::vector<Company> companies, const Cancel& cancel)
        : client_(client), companies_(std::move(companies)), cancel_(cancel) {}

    /// Of the connector's description: the kinds with their homes.
    static Json describe();

    Receipt push(const WriteBack& write);
    Receipt find(const WriteBack& write);

private:
    /// Fields of one record, as they are.
    struct Change {
        std::string model;
        int64_t id = 0;
        std::string timestamp;  // Tryton's mark of the record's state.
        std::vector<FieldChange> fields;
        Json values = Json::object();  // As Tryton takes them.
    };
    /// What a note about a block remembers, to take it back.
    struct Block {
        Json procedures = Json::array();  // [[company, procedure], …]
        Json reminders = Json::array();
    };

    Receipt carry_out(const WriteBack& write);
    Receipt carry_out_change(const WriteBack& write);
    Receipt add_contact(const WriteBack& write);
    Receipt receipt(const WriteBack& write, const std::string& model, int64_t id) const;
    Receipt receipt(const WriteBack& write, const Change& change, Receipt compared) const;

    // new_record.cpp: what is made, and finding it again.
    /// Where the key is looked for; without values where those take more than the write-back.
    NewRecord place(const WriteBack& write);
    NewRecord new_record(const WriteBack& write);
    NewRecord on_resource(const WriteBack& write, const std::string& model);
    NewRecord credit_note_place(const WriteBack& write);
    NewRecord credit_note(const WriteBack& write);
    NewRecord contact(const WriteBack& write);
    Json country(const std::string& code);
    /// Ids of the records that carry the key, in ascending order.
    std::vector<int64_t> made(const NewRecord& record, const std::string& key);
    int64_t make(const NewRecord& record, const std::string& key);
    /// The record a write-back is about. Throws Rejected when it is not there.
    Json target(const WriteBack& write, const std::vector<std::string>& fields);

    Change read_change(const WriteBack& write);
    Change read_contact(const WriteBack& write);
    Change read_credit_limit(const WriteBack& write);

    // dunning_block.cpp
    Receipt block(const WriteBack& write);
    Receipt unblock(const WriteBack& write);
    bool is_blocked(int64_t party);
    Block read_block(int64_t party);
    Block remembered(int64_t party);
    NewRecord block_note(const WriteBack& write, const std::string& memory);

    Json context(int64_t company) const;
    int64_t company() const { return companies_.front().id; }

    Client& client_;
    std::vector<Company> companies_;
    const Cancel& cancel_;
};

}  // namespace dunlin::tryton
