// SPDX-License-Identifier: Apache-2.0
// Credit holds: told to sales before, placed, proposed to be lifted once nothing is overdue, and
// lifted. They stand here whether or not the customer's own system takes them.
#include "sales/hold.hpp"

#include <algorithm>

#include "sales/sales.hpp"

namespace dunlin::receivables {

bool CreditHold::is_open_on(Date on) const {
    return ended_on > on && (announced_on <= on || placed_on <= on);
}

const char* CreditHold::state_on(Date on) const {
    if (ended_on <= on) return placed_on == never ? "withdrawn" : "lifted";
    return placed_on <= on ? "placed" : "announced";
}

Json hold_json(const CreditHold& hold, Date on) {
    Json out{{"customer_id", std::to_string(hold.customer_id)},
             {"hold_id", std::to_string(hold.id)},
             {"state", hold.state_on(on)},
             {"reason", hold.reason},
             {"from_on", hold.from_on.text()}};
    if (hold.announced_on != never) {
        out["announced_on"] = hold.announced_on.text();
        out["announced_by"] = hold.announced_by;
    }
    if (hold.placed_on <= on) {
        out["placed_on"] = hold.placed_on.text();
        out["placed_by"] = hold.placed_by;
        out["written_back"] = written_json(hold.written);
    }
    if (!hold.override_reason.empty()) out["override_reason"] = hold.override_reason;
    if (hold.lift_proposed_on <= on) out["lift_proposed_on"] = hold.lift_proposed_on.text();
    if (hold.ended_on <= on) {
        out["ended_on"] = hold.ended_on.text();
        out["ended_by"] = hold.ended_by;
        out["end_reason"] = hold.end_reason;
    }
    return out;
}

namespace {

std::string name_of(const Call& call) {
    return call.principal().value("name", "");
}

/// One command about the hold of one customer, whose account nobody else changes meanwhile.
struct HoldCall {
    HoldCall(const Services& s, Call& c)
        : services(s),
          call(c),
          tx(c.tx()),
          views(tx),
          customer(need_customer(views, c.id("customer"))),
          rules(sales_rules(tx, c.today())),
          desk(tx) {
        Desk(tx).hold_account(customer.id);
        const auto open = desk.open_on(c.today(), customer.id);
        if (!open.empty()) hold = open.begin()->second;
    }
    bool is_placed() const { return hold.placed_on != never; }
    bool is_too_old() const {
        return !is_placed() && call.today() - hold.from_on > rules.announced_days_max;
    }
    [[noreturn]] void refuse(const std::string& why) const { throw Error(DUNLIN_E_CONFLICT, why); }
    void refuse_placed() const {
        if (hold.id == 0 || !is_placed()) return;
        refuse("customer " + customer.number + " is on credit hold since " + hold.placed_on.text() +
               ", by " + hold.placed_by);
    }

    const Services& services;
    Call& call;
    Transaction& tx;
    Views views;
    CustomerInfo customer;
    SalesRules rules;
    HoldDesk desk;
    CreditHold hold{};  // The one that is announced or in force; id 0: none.
};

CreditHold new_hold(const HoldCall& in) {
    CreditHold out;
    out.customer_id = in.customer.id;
    out.id = in.services.next_id();
    out.reason = in.call.value<std::string>("reason", "");
    out.known_at = in.call.now_us();
    return out;
}

/// A task for the salesperson, who is to hear of it from us.
Task tell_sales(const HoldCall& in, const std::string& title, Date due_on) {
    Task task;
    task.customer_id = in.customer.id;
    task.kind = "question_sales";
    task.title = title;
    task.assignee = in.customer.salesperson;
    task.due_on = due_on;
    return add_task_row(in.services, in.call, task);
}

Json announce_hold(const Services& services, Call& call) {
    HoldCall in(services, call);
    const auto first = call.today() + in.rules.notice_days;
    const auto on = call.date("on", first);
    if (on < first) {
        throw Error(DUNLIN_E_INVALID, "sales is told " + std::to_string(in.rules.notice_days) +
                                          " days before a credit hold: from " + first.text() +
                                          " on");
    }
    if (in.customer.salesperson.empty()) {
        in.refuse("customer " + in.customer.number +
                  " has no salesperson who could be told; give it one in its own system, or place "
                  "the hold with receivables.override_credit_hold");
    }
    in.refuse_placed();
    if (in.hold.id != 0 && !in.is_too_old()) {
        in.refuse("a credit hold from " + in.hold.from_on.text() +
                  " is announced already; receivables.lift_credit_hold takes that back");
    }
    if (in.hold.id != 0) {
        in.hold.ended_on = call.today();
        in.hold.ended_by = name_of(call);
        in.hold.end_reason = "announced again";
        in.desk.update(in.hold);
    }
    auto hold = new_hold(in);
    hold.announced_on = call.today();
    hold.announced_by = name_of(call);
    hold.from_on = on;
    in.desk.insert(hold);
    const auto task = tell_sales(in, "Credit hold from " + on.text() + ": " + hold.reason, on);
    const auto key = std::to_string(in.customer.id);
    call.tx().emit("receivables.credit_hold_announced", key,
                   {{"customer_id", key},
                    {"salesperson", in.customer.salesperson},
                    {"on", on.text()},
                    {"reason", hold.reason},
                    {"task_id", std::to_string(task.id)}});
    return task_json(task, call.today());
}

void write_back(HoldCall& in, CreditHold& hold, bool on, const std::string& reason) {
    const std::string what = on ? "Credit hold from " : "Credit hold lifted on ";
    hold.written = ask_back(in.tx, in.customer, "credit_hold", {{"on", on}, {"reason", reason}},
                            what + in.call.today().text() + ": " + reason);
}

void tell(HoldCall& in, const char* topic, Json more) {
    const auto key = std::to_string(in.customer.id);
    Json payload{{"customer_id", key}, {"salesperson", in.customer.salesperson}};
    payload.update(more);
    in.tx.emit(topic, key, payload);
    announce_change(in.tx, in.customer.id, "credit_hold");
}

Json place(HoldCall& in, CreditHold hold, bool is_new) {
    hold.placed_on = in.call.today();
    hold.placed_by = name_of(in.call);
    write_back(in, hold, true, hold.reason);
    if (is_new) {
        in.desk.insert(hold);
    } else {
        in.desk.update(hold);
    }
    tell(in, "receivables.credit_hold_placed",
         {{"hold_id", std::to_string(hold.id)},
          {"on", hold.placed_on.text()},
          {"reason", hold.reason},
          {"placed_by", hold.placed_by},
          {"override_reason", hold.override_reason}});
    return hold_json(hold, in.call.today());
}

/// Sales asked for time: until then the account is not collected, and nothing is held either.
void refuse_held_off(HoldCall& in) {
    Filter filter;
    filter.customers = {in.customer.id};
    for (const auto& claim : in.views.claims(in.call.today(), filter)) {
        if (claim.owner != hold_off_owner || claim.item_id != 0) continue;
        in.refuse("sales holds collecting off until " +
                  std::min(claim.until_on, claim.lifted_on).text() + " (" + claim.reference +
                  "); place the hold from then on");
    }
}

Json place_credit_hold(const Services& services, Call& call) {
    HoldCall in(services, call);
    in.refuse_placed();
    if (in.hold.id == 0) {
        in.refuse("sales was not told of a credit hold of customer " + in.customer.number +
                  "; announce it with receivables.announce_hold first");
    }
    if (call.today() < in.hold.from_on) {
        in.refuse("the credit hold is announced for " + in.hold.from_on.text() +
                  "; place it from that day on");
    }
    if (in.is_too_old()) {
        in.refuse("the credit hold was announced for " + in.hold.from_on.text() + ", more than " +
                  std::to_string(in.rules.announced_days_max) + " days ago; announce it again");
    }
    refuse_held_off(in);
    return place(in, in.hold, /*is_new=*/false);
}

Json override_credit_hold(const Services& services, Call& call) {
    HoldCall in(services, call);
    in.refuse_placed();
    const bool is_new = in.hold.id == 0;
    auto hold = is_new ? new_hold(in) : in.hold;
    if (is_new) hold.from_on = call.today();
    hold.reason = call.value<std::string>("reason", hold.reason);
    hold.override_reason = call.value<std::string>("override_reason", "");
    if (!in.customer.salesperson.empty()) {
        tell_sales(in,
                   "Credit hold without notice: " + hold.reason + " (" + hold.override_reason + ")",
                   call.today());
    }
    return place(in, std::move(hold), is_new);
}

void close_proposal(HoldCall& in) {
    if (in.hold.lift_task_id == 0) return;
    ContactDesk::Query query;
    query.customer_id = in.customer.id;
    query.id = in.hold.lift_task_id;
    for (auto& task : ContactDesk(in.tx).tasks(query)) {
        if (task.state != "open") continue;
        task.state = "done";
        task.answer = "lifted";
        close_task_row(in.tx, task, name_of(in.call));
    }
}

Json lift_credit_hold(const Services& services, Call& call) {
    HoldCall in(services, call);
    auto& hold = in.hold;
    if (hold.id == 0) {
        throw Error(DUNLIN_E_NOT_FOUND, "customer " + in.customer.number +
                                            " is not on credit hold, and none is announced");
    }
    hold.ended_on = call.today();
    hold.ended_by = name_of(call);
    hold.end_reason = call.value<std::string>("reason", "");
    if (in.is_placed()) write_back(in, hold, false, hold.end_reason);
    in.desk.update(hold);
    close_proposal(in);
    tell(in, "receivables.credit_hold_lifted",
         {{"hold_id", std::to_string(hold.id)},
          {"on", hold.ended_on.text()},
          {"reason", hold.end_reason},
          {"lifted_by", hold.ended_by},
          {"was_placed", in.is_placed()}});
    return hold_json(hold, call.today());
}

Json credit_holds(const Services&, Call& call) {
    const auto state = call.value<std::string>("state", "");
    auto rows = Json::array();
    for (const auto& hold :
         HoldDesk(call.tx()).list(call.id("customer"), state.empty() ? 1000 : 1000000)) {
        if (!state.empty() && state != hold.state_on(call.today())) continue;
        rows.push_back(hold_json(hold, call.today()));
        if (rows.size() == 1000) break;
    }
    return {{"rows", rows}};
}

bool has_overdue(Views& views, int64_t customer_id, Date on) {
    Filter filter;
    filter.customers = {customer_id};
    for (const auto& one : views.overdue(on, filter)) {
        if (one.overdue > 0) return true;
    }
    const auto parts = views.open_parts(on, filter);
    return std::any_of(parts.begin(), parts.end(), [&](const OpenPart& open) {
        return open.part.open() > 0 && days_late(open.part.due_on, on) > 0;
    });
}

void review(const Services& services, Transaction& tx, int64_t customer_id) {
    Desk(tx).hold_account(customer_id);
    HoldDesk desk(tx);
    const auto open = desk.open_on(tx.today(), customer_id);
    if (open.empty() || open.begin()->second.placed_on == never) return;
    auto hold = open.begin()->second;
    Views views(tx);
    const bool is_proposed = hold.lift_proposed_on != never;
    if (has_overdue(views, customer_id, tx.today()) != is_proposed) return;
    hold.lift_proposed_on = is_proposed ? never : tx.today();
    if (!is_proposed) {
        Task task;
        task.customer_id = customer_id;
        task.kind = "other";
        task.title = "Lift the credit hold: nothing is overdue any more";
        const auto customer = views.customer(customer_id);
        const bool has_collector = customer && !customer->collector.empty();
        task.assignee = has_collector ? customer->collector : hold.placed_by;
        task.due_on = tx.today();
        hold.lift_task_id = add_task_row(services, tx, "credit_hold", task).id;
    }
    desk.update(hold);
}

}  // namespace

void review_holds_again(Transaction& tx, const std::vector<int64_t>& customer_ids) {
    if (customer_ids.empty()) return;
    auto names = Json::array();
    for (const auto id : HoldDesk(tx).held(customer_ids, tx.today())) {
        names.push_back(std::to_string(id));
    }
    if (!names.empty()) tx.enqueue("receivables.review_credit_holds", "", {{"customers", names}});
}

void review_holds(const Services& services, const Job& job) {
    std::vector<int64_t> ids;
    for (const auto& id : job.args.value("customers", Json::array())) {
        ids.push_back(Id<CreditHold>::parse(id.get_ref<const std::string&>()).value());
    }
    if (ids.empty()) {
        auto tx = services.begin(DUNLIN_TX_READ);
        ids = HoldDesk(tx).held({}, job.today);
    }
    for (const auto id : ids) {
        auto tx = services.begin(DUNLIN_TX_WRITE);
        review(services, tx, id);
        tx.commit();
        job.cancel.throw_if_requested();
    }
}

Door hold_door(std::string_view command) {
    static const std::map<std::string_view, Door> doors{
        {"receivables.announce_hold", &announce_hold},
        {"receivables.place_credit_hold", &place_credit_hold},
        {"receivables.override_credit_hold", &override_credit_hold},
        {"receivables.lift_credit_hold", &lift_credit_hold},
        {"receivables.credit_holds", &credit_holds}};
    const auto it = doors.find(command);
    return it == doors.end() ? nullptr : it->second;
}

}  // namespace dunlin::receivables
