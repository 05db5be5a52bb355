// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/plugin.hpp>

#include <map>
#include <string>
#include <vector>

#include "commands.hpp"

namespace dunlin::receivables {

/// A stop of new business on credit, from its announcement to its end.
struct CreditHold {
    int64_t customer_id = 0, id = 0;
    std::string reason;
    Date announced_on = never;
    std::string announced_by;
    Date from_on = never;  // The first day on which it may be placed.
    Date placed_on = never;
    std::string placed_by, override_reason;
    Date lift_proposed_on = never;
    int64_t lift_task_id = 0;
    Date ended_on = never;
    std::string ended_by, end_reason;
    WrittenBack written{};
    int64_t known_at = 0;

    bool is_open_on(Date on) const;
    bool is_placed_on(Date on) const { return placed_on <= on && ended_on > on; }
    /// announced or placed; lifted, or withdrawn when it never was in force.
    const char* state_on(Date on) const;
};
Json hold_json(const CreditHold& hold, Date on);

/// The table of credit holds; read as far as the caller may see.
class HoldDesk {
public:
    explicit HoldDesk(Transaction& tx) : tx_(tx) {}
    void insert(const CreditHold& hold);
    void update(const CreditHold& hold);
    /// Of a customer, or of all when it is 0; the last one first.
    std::vector<CreditHold> list(int64_t customer_id, int64_t limit);
    /// Those announced or in force on a day, by customer.
    std::map<int64_t, CreditHold> open_on(Date on, int64_t customer_id = 0);
    /// Which of these customers have a hold in force, or all that have.
    std::vector<int64_t> held(const std::vector<int64_t>& customer_ids, Date on);
    /// A write-back has its outcome: if it was about a hold, that has it, too.
    void settle(int64_t write_back_id, const Json& told);

private:
    std::vector<CreditHold> read(const Sql& sql);
    Transaction& tx_;
};

/// Has the holds of these customers looked at once this transaction has committed: their money
/// changed.
void review_holds_again(Transaction& tx, const std::vector<int64_t>& customer_ids);
/// The job: where nothing is overdue any more, a task proposes to lift the hold.
void review_holds(const Services& services, const Job& job);

/// The handler of a command about credit holds; null when it is about something else.
Door hold_door(std::string_view command);

}  // namespace dunlin::receivables
