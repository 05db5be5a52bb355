// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/plugin.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "commands.hpp"

namespace dunlin::receivables {

/// An entry of a maintained list: how a contact went, or why a customer pays late.
struct ContactWord {
    std::string code, title;
    bool is_reached = false;  // Of an outcome: somebody was spoken to.
    // Of a reason: what is to be done about it; empty: nothing.
    std::string remedy_kind, remedy;
    int32_t remedy_days = 0;
};

/// The lists that contacts choose from. Data, kept as a policy.
struct ContactLists {
    int64_t version = 0;  // Of the policy; 0 for those that come along.
    std::vector<ContactWord> outcomes, reasons;
    /// The entry, or a refusal that names those there are.
    const ContactWord& outcome(std::string_view code) const;
    const ContactWord& reason(std::string_view code) const;
};
const Json& default_contact_lists();
ContactLists parse_contact_lists(const Json& body);
ContactLists contact_lists(Transaction& tx, Date on);

struct Contact {
    int64_t customer_id = 0, id = 0, item_id = 0;
    Date on;
    std::string channel, direction;
    int64_t contact_point_id = 0;
    std::string person, outcome;
    bool is_reached = false;
    std::string reason, note, next_step;
    Date next_on = never;
    int64_t lists_version = 0;
    std::string made_by;
    int64_t known_at = 0;
};

struct Task {
    int64_t customer_id = 0, id = 0, item_id = 0, contact_id = 0;
    std::string kind, title, note;
    Date due_on;
    std::string assignee, state = "open", answer, made_by;
    Date made_on;
    std::string closed_by;
    Date closed_on = never;
    int64_t moves = 0, known_at = 0;
};

/// The tables of contacts and tasks; read as far as the caller may see.
class ContactDesk {
public:
    explicit ContactDesk(Transaction& tx) : tx_(tx) {}

    struct Query {
        int64_t customer_id = 0, id = 0, item_id = 0;
        std::string channel, state, assignee, kind;
        Date from, until = never;
        int64_t limit = 100;
    };
    /// The last one first.
    std::vector<Contact> contacts(const Query& query);
    /// The first due first.
    std::vector<Task> tasks(const Query& query);
    void insert(const Contact& contact);
    void insert(const Task& task);
    void update(const Task& task);

private:
    Transaction& tx_;
};

Json contact_json(const Contact& contact);
Json task_json(const Task& task, Date today);

/// Adds a task and tells of it.
Task add_task_row(const Services& services, Call& call, Task task);
Task add_task_row(const Services& services, Transaction& tx, const std::string& made_by, Task task);
/// Closes a task and tells of it.
Task close_task_row(Transaction& tx, Task task, const std::string& closed_by);

Json call_scripts(const Services& services, Call& call);
Json set_call_scripts(const Services& services, Call& call);

/// The handler of a command about contacts and tasks; null when it is about something else.
Door contact_door(std::string_view command);

}  // namespace dunlin::receivables
