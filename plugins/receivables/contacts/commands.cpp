// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "contacts/contacts.hpp"
#include "promises/promises.hpp"
#include "visits/visits.hpp"

namespace dunlin::receivables {

Json contact_json(const Contact& contact) {
    Json out{{"customer_id", std::to_string(contact.customer_id)},
             {"contact_id", std::to_string(contact.id)},
             {"on", contact.on.text()},
             {"channel", contact.channel},
             {"direction", contact.direction},
             {"person", contact.person},
             {"outcome", contact.outcome},
             {"reached", contact.is_reached},
             {"reason", contact.reason},
             {"note", contact.note},
             {"next_step", contact.next_step},
             {"next_on", day(contact.next_on)},
             {"made_by", contact.made_by}};
    if (contact.item_id != 0) out["item_id"] = std::to_string(contact.item_id);
    if (contact.contact_point_id != 0) {
        out["contact_point_id"] = std::to_string(contact.contact_point_id);
    }
    return out;
}

Json task_json(const Task& task, Date today) {
    Json out{{"customer_id", std::to_string(task.customer_id)},
             {"task_id", std::to_string(task.id)},
             {"kind", task.kind},
             {"title", task.title},
             {"note", task.note},
             {"due_on", task.due_on.text()},
             {"days_late", task.state == "open" ? std::max(0, today - task.due_on) : 0},
             {"assignee", task.assignee},
             {"state", task.state},
             {"made_by", task.made_by},
             {"made_on", task.made_on.text()},
             {"moves", task.moves}};
    if (task.item_id != 0) out["item_id"] = std::to_string(task.item_id);
    if (task.contact_id != 0) out["contact_id"] = std::to_string(task.contact_id);
    if (task.closed_on != never) {
        out["closed_on"] = task.closed_on.text();
        out["closed_by"] = task.closed_by;
        out["answer"] = task.answer;
    }
    return out;
}

Task add_task_row(const Services& services, Transaction& tx, const std::string& made_by,
                  Task task) {
    if (task.due_on < tx.today()) {
        throw Error(DUNLIN_E_INVALID, "the task would be due on " + task.due_on.text() +
                                          ", which is in the past; give a day from " +
                                          tx.today().text() + " on");
    }
    task.id = services.next_id();
    task.made_by = made_by;
    task.made_on = tx.today();
    task.known_at = tx.now_us();
    ContactDesk(tx).insert(task);
    const auto key = std::to_string(task.customer_id);
    tx.emit("receivables.task_added", key,
            {{"customer_id", key},
             {"task_id", std::to_string(task.id)},
             {"kind", task.kind},
             {"title", task.title},
             {"assignee", task.assignee},
             {"due_on", task.due_on.text()}});
    return task;
}

Task add_task_row(const Services& services, Call& call, Task task) {
    return add_task_row(services, call.tx(), call.principal().value("name", ""), std::move(task));
}

Task close_task_row(Transaction& tx, Task task, const std::string& closed_by) {
    task.closed_by = closed_by;
    task.closed_on = tx.today();
    ContactDesk(tx).update(task);
    const auto key = std::to_string(task.customer_id);
    tx.emit("receivables.task_closed", key,
            {{"customer_id", key},
             {"task_id", std::to_string(task.id)},
             {"kind", task.kind},
             {"state", task.state},
             {"answer", task.answer}});
    return task;
}

namespace {

/// The item a contact or task is about; 0 for none.
int64_t item_of(Call& call, Views& views, int64_t customer_id) {
    const auto item_id = call.id("item");
    if (item_id != 0) need_item(views, customer_id, item_id, call.today());
    return item_id;
}

Contact contact_of(Call& call, Views& views, const CustomerInfo& customer) {
    const auto lists = contact_lists(call.tx(), call.today());
    Contact out;
    out.customer_id = customer.id;
    out.item_id = item_of(call, views, customer.id);
    out.on = call.date("on", call.today());
    if (out.on > call.today()) {
        throw Error(DUNLIN_E_INVALID, "a contact on " + out.on.text() +
                                          " is still to come; add a task for it with "
                                          "receivables.add_task");
    }
    out.channel = call.value<std::string>("channel", "");
    out.direction = call.value<std::string>("direction", "out");
    out.person = call.value<std::string>("person", "");
    out.contact_point_id = call.id("contact_point");
    if (out.contact_point_id != 0) {
        const auto points = views.contact_points(customer.id, call.today());
        const auto it = std::find_if(points.begin(), points.end(), [&](const ContactPoint& point) {
            return point.id == out.contact_point_id;
        });
        if (it == points.end()) {
            throw Error(DUNLIN_E_NOT_FOUND,
                        "customer " + std::to_string(customer.id) + " has no contact " +
                            std::to_string(out.contact_point_id) +
                            " in force; receivables.customer lists those there are");
        }
        if (out.person.empty()) out.person = it->person;
    }
    const auto& outcome = lists.outcome(call.value<std::string>("outcome", ""));
    out.outcome = outcome.code;
    out.is_reached = outcome.is_reached;
    out.reason = call.value<std::string>("reason", "");
    if (!out.reason.empty()) lists.reason(out.reason);
    out.note = call.value<std::string>("note", "");
    out.next_step = call.value<std::string>("next_step", "");
    out.next_on = call.date("next_on", never);
    if (out.next_step.empty() != (out.next_on == never)) {
        throw Error(DUNLIN_E_INVALID, "a next step needs \"next_step\" and \"next_on\", both");
    }
    out.lists_version = lists.version;
    out.made_by = call.principal().value("name", "");
    out.known_at = call.now_us();
    return out;
}

/// The next step of a contact, and what is to be done about the reason for paying late.
std::vector<Task> tasks_of(Call& call, const CustomerInfo& customer, const Contact& contact) {
    std::vector<Task> out;
    Task task;
    task.customer_id = customer.id;
    task.item_id = contact.item_id;
    task.contact_id = contact.id;
    task.assignee = call.value<std::string>(
        "assignee", customer.collector.empty() ? contact.made_by : customer.collector);
    if (!contact.next_step.empty()) {
        task.kind = call.value<std::string>("next_kind", "call");
        task.title = contact.next_step;
        task.due_on = contact.next_on;
        out.push_back(task);
    }
    if (contact.reason.empty()) return out;
    const auto lists = contact_lists(call.tx(), call.today());
    const auto& reason = lists.reason(contact.reason);
    if (reason.remedy_kind.empty()) return out;
    task.kind = reason.remedy_kind;
    task.title = reason.remedy;
    task.due_on = call.today() + reason.remedy_days;
    const bool is_for_sales = task.kind == "question_sales" && !customer.salesperson.empty();
    if (is_for_sales) task.assignee = customer.salesperson;
    out.push_back(task);
    return out;
}

/// The open task of a request, or a refusal that does not tell whether it exists.
Task need_open_task(Call& call) {
    ContactDesk::Query query;
    query.customer_id = call.id("customer");
    query.id = call.id("task");
    const auto found = ContactDesk(call.tx()).tasks(query);
    if (query.id == 0 || found.empty()) {
        throw Error(DUNLIN_E_NOT_FOUND, "there is no task " + std::to_string(query.id) +
                                            " of this customer that you may see; list them with "
                                            "receivables.tasks");
    }
    if (found.front().state != "open") {
        throw Error(DUNLIN_E_CONFLICT, "the task was already closed on " +
                                           found.front().closed_on.text() + " by " +
                                           found.front().closed_by);
    }
    return found.front();
}

Json close(Call& call, Task task, std::string state, std::string answer) {
    task.state = std::move(state);
    task.answer = std::move(answer);
    task = close_task_row(call.tx(), std::move(task), call.principal().value("name", ""));
    return task_json(task, call.today());
}

Json log_contact(const Services& services, Call& call) {
    Views views(call.tx());
    const auto customer = need_customer(views, call.id("customer"));
    auto contact = contact_of(call, views, customer);
    contact.id = services.next_id();
    ContactDesk(call.tx()).insert(contact);
    auto out = contact_json(contact);
    if (call.request().contains("receipt")) {
        if (contact.channel != "visit") {
            throw Error(DUNLIN_E_INVALID,
                        "cash is taken only on a visit; a payment comes from "
                        "the system that books it");
        }
        out["receipt"] = take_cash(services, call, contact, call.request().at("receipt"));
    }
    if (call.id("task") != 0) close(call, need_open_task(call), "done", contact.note);
    auto& promised = out["promises"] = Json::array();
    if (call.request().contains("promise")) {
        auto wish = call.request().at("promise");
        if (!wish.contains("person")) wish["person"] = contact.person;
        if (contact.item_id != 0 && !wish.contains("item") && !wish.contains("parts")) {
            wish["item"] = std::to_string(contact.item_id);
        }
        const auto made = make_promises(services, call, customer, wish, contact.id);
        const auto account = PromiseDesk(call.tx()).judged(customer.id, call.today());
        for (const auto& one : made) {
            const auto& stored = *account.find(one.promise.id);
            promised.push_back(promise_json(stored, account.verdict_of(stored)));
        }
    }
    auto& tasks = out["tasks"] = Json::array();
    for (const auto& task : tasks_of(call, customer, contact)) {
        tasks.push_back(task_json(add_task_row(services, call, task), call.today()));
    }
    const auto key = std::to_string(customer.id);
    call.tx().emit("receivables.contact_logged", key,
                   {{"customer_id", key},
                    {"contact_id", std::to_string(contact.id)},
                    {"channel", contact.channel},
                    {"direction", contact.direction},
                    {"outcome", contact.outcome}});
    return out;
}

Json contacts(const Services&, Call& call) {
    ContactDesk::Query query;
    query.customer_id = call.id("customer");
    query.item_id = call.id("item");
    query.channel = call.value<std::string>("channel", "");
    query.from = call.date("from", Date(-1000000));
    query.until = call.date("until", never);
    query.limit = call.value<int64_t>("limit", 100);
    auto rows = Json::array();
    for (const auto& one : ContactDesk(call.tx()).contacts(query)) {
        rows.push_back(contact_json(one));
    }
    return {{"rows", rows}};
}

Json add_task(const Services& services, Call& call) {
    Views views(call.tx());
    const auto customer = need_customer(views, call.id("customer"));
    Task task;
    task.customer_id = customer.id;
    task.item_id = item_of(call, views, customer.id);
    task.kind = call.value<std::string>("kind", "");
    task.title = call.value<std::string>("title", "");
    task.note = call.value<std::string>("note", "");
    task.due_on = call.date("due", call.today());
    const bool is_for_sales = task.kind == "question_sales" && !customer.salesperson.empty();
    const auto usual = is_for_sales                 ? customer.salesperson
                       : customer.collector.empty() ? call.principal().value("name", "")
                                                    : customer.collector;
    task.assignee = call.value<std::string>("assignee", usual);
    return task_json(add_task_row(services, call, task), call.today());
}

Json tasks(const Services&, Call& call) {
    ContactDesk::Query query;
    query.customer_id = call.id("customer");
    query.state = call.value<std::string>("state", "open");
    if (query.state == "all") query.state.clear();
    query.assignee = call.value<std::string>("assignee", "");
    query.kind = call.value<std::string>("kind", "");
    query.until = call.date("due_until", never);
    query.limit = call.value<int64_t>("limit", 100);
    auto rows = Json::array();
    for (const auto& one : ContactDesk(call.tx()).tasks(query)) {
        rows.push_back(task_json(one, call.today()));
    }
    return {{"rows", rows}};
}

Json close_task(const Services&, Call& call) {
    return close(call, need_open_task(call), call.value<std::string>("state", "done"),
                 call.value<std::string>("answer", ""));
}

Json move_task(const Services&, Call& call) {
    auto task = need_open_task(call);
    const auto before = task;
    task.due_on = call.date("due", task.due_on);
    task.assignee = call.value<std::string>("assignee", task.assignee);
    task.kind = call.value<std::string>("kind", task.kind);
    if (task.due_on != before.due_on && task.due_on < call.today()) {
        throw Error(DUNLIN_E_INVALID,
                    "the task cannot be moved to " + task.due_on.text() + ", which is in the past");
    }
    if (task.due_on == before.due_on && task.assignee == before.assignee &&
        task.kind == before.kind) {
        throw Error(DUNLIN_E_INVALID, "name a new due date, assignee or kind");
    }
    ++task.moves;
    ContactDesk(call.tx()).update(task);
    return task_json(task, call.today());
}

Json show_lists(const Services&, Call& call) {
    const auto policy = call.tx().policy("contact", "", call.date("on", call.today()));
    return {{"version", policy ? policy->at("version") : Json(0)},
            {"lists", policy ? policy->at("body") : default_contact_lists()}};
}

Json set_lists(const Services&, Call& call) {
    const auto& body = call.request().at("lists");
    parse_contact_lists(body);
    const auto valid_from = call.date("valid_from", call.today());
    const auto version = call.tx().put_policy("contact", "", valid_from, body);
    return {{"version", version}, {"valid_from", valid_from.text()}};
}

}  // namespace

Door contact_door(std::string_view command) {
    static const std::map<std::string_view, Door> doors{
        {"receivables.log_contact", &log_contact},
        {"receivables.contacts", &contacts},
        {"receivables.add_task", &add_task},
        {"receivables.tasks", &tasks},
        {"receivables.close_task", &close_task},
        {"receivables.move_task", &move_task},
        {"receivables.call_scripts", &call_scripts},
        {"receivables.set_call_scripts", &set_call_scripts},
        {"receivables.contact_lists", &show_lists},
        {"receivables.set_contact_lists", &set_lists}};
    const auto it = doors.find(command);
    return it == doors.end() ? nullptr : it->second;
}

}  // namespace dunlin::receivables
