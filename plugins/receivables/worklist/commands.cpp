// SPDX-License-Identifier: Apache-2.0
// Whose work a customer is: snoozing, escalating, covering and assigning; and when it will pay.
#include <algorithm>
#include <tuple>

#include "contacts/contacts.hpp"
#include "promises/desk.hpp"
#include "worklist/expected.hpp"
#include "worklist/work.hpp"

namespace dunlin::receivables {
namespace {

std::string name_of(const Call& call) {
    return call.principal().value("name", "");
}

Json snooze(const Services& services, Call& call) {
    constexpr int32_t most = 90;
    Views views(call.tx());
    const auto customer = need_customer(views, call.id("customer"));
    const auto until = call.date("until", call.today());
    if (until <= call.today()) {
        throw Error(DUNLIN_E_INVALID,
                    "\"until\" is the first day the customer is shown again and "
                    "must be after " +
                        call.today().text());
    }
    if (until - call.today() > most) {
        throw Error(DUNLIN_E_INVALID, "a customer can be snoozed for " + std::to_string(most) +
                                          " days at most, until " + (call.today() + most).text());
    }
    // One is in force at a time: the last word counts.
    call.tx().exec(
        "UPDATE receivables_snooze SET ended_on = ? WHERE customer_id = ? AND ended_on > ?",
        call.today(), customer.id, call.today());
    const auto id = services.next_id();
    call.tx().exec(
        "INSERT INTO receivables_snooze (customer_id, snooze_id, from_on, until_on, wakes, reason, "
        "made_by, ended_on, known_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        customer.id, id, call.today(), until, int64_t{call.value("wakes", true)},
        call.value<std::string>("reason", ""), name_of(call), never, call.now_us());
    return {{"customer_id", std::to_string(customer.id)},
            {"snooze_id", std::to_string(id)},
            {"until", until.text()}};
}

Json wake(const Services&, Call& call) {
    Views views(call.tx());
    const auto customer = need_customer(views, call.id("customer"));
    const auto ended = call.tx().exec(
        "UPDATE receivables_snooze SET ended_on = ? WHERE customer_id = ? AND ended_on > ? AND "
        "until_on > ?",
        call.today(), customer.id, call.today(), call.today());
    return {{"customer_id", std::to_string(customer.id)}, {"ended", ended}};
}

Json escalate(const Services& services, Call& call) {
    Views views(call.tx());
    const auto customer = need_customer(views, call.id("customer"));
    Task task;
    task.customer_id = customer.id;
    task.kind = "escalation";
    task.title = call.value<std::string>("reason", "");
    task.note = call.value<std::string>("note", "");
    task.assignee = call.value<std::string>("to", "");
    task.due_on = call.date("due", call.today());
    ContactDesk::Query open;
    open.customer_id = customer.id;
    open.kind = "escalation";
    open.state = "open";
    if (const auto found = ContactDesk(call.tx()).tasks(open); !found.empty()) {
        throw Error(DUNLIN_E_CONFLICT, "the customer is already escalated to " +
                                           found.front().assignee +
                                           "; close or move that task first");
    }
    return task_json(add_task_row(services, call, task), call.today());
}

Json cover_json(const Statement& row) {
    return {{"cover_id", std::to_string(row.i64(0))},
            {"collector", row.string(1)},
            {"deputy", row.string(2)},
            {"from", row.date(3).text()},
            {"until", row.date(4).text()},
            {"made_by", row.string(5)}};
}

Json cover(const Services& services, Call& call) {
    const auto collector = call.value<std::string>("collector", ""),
               deputy = call.value<std::string>("deputy", "");
    const auto from = call.date("from", call.today()), until = call.date("until", never);
    if (collector == deputy) {
        throw Error(DUNLIN_E_INVALID, "nobody covers for itself; name another deputy");
    }
    if (until < from || until < call.today()) {
        throw Error(DUNLIN_E_INVALID, "the last day " + until.text() +
                                          " is over, or before the first; give a later one");
    }
    const auto id = services.next_id();
    call.tx().exec(
        "INSERT INTO receivables_cover (cover_id, collector, deputy, from_on, until_on, made_by, "
        "known_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        id, collector, deputy, from, until, name_of(call), call.now_us());
    return {{"cover_id", std::to_string(id)}};
}

Json end_cover(const Services&, Call& call) {
    const auto ended = call.tx().exec(
        "UPDATE receivables_cover SET until_on = ? WHERE cover_id = ? AND until_on "
        ">= ?",
        call.today() - 1, call.id("cover"), call.today());
    if (ended == 0) {
        throw Error(DUNLIN_E_NOT_FOUND,
                    "there is no such cover in force or to come; list them "
                    "with receivables.covers");
    }
    return {{"cover_id", std::to_string(call.id("cover"))}};
}

Json covers(const Services&, Call& call) {
    auto rows = Json::array();
    for (const auto& row :
         call.tx().query("SELECT cover_id, collector, deputy, from_on, until_on, made_by FROM "
                         "receivables_cover WHERE until_on >= ? ORDER BY from_on, cover_id",
                         call.date("on", call.today()))) {
        rows.push_back(cover_json(row));
    }
    return {{"rows", rows}};
}

/// What a customer weighs when work is shared out: its overdue items, at least one.
int64_t weight_of(const std::unordered_map<int64_t, Facts>& facts, int64_t customer_id) {
    const auto it = facts.find(customer_id);
    if (it == facts.end()) return 0;
    const auto general = it->second.find("");
    if (general == it->second.end()) return 1;
    const auto items = general->second.find("overdue_items");
    return items == general->second.end() ? 1 : std::max<int64_t>(1, items->second);
}

/// Who gets which customer; nobody where the rule has no answer.
class Sharing {
public:
    explicit Sharing(Call& call) : call_(call), by_(call.value<std::string>("by", "")) {
        for (const auto& rule : call.value("rules", Json::array())) {
            rules_[rule.at("value")] = rule.at("collector");
        }
        for (const auto& name : call.value("collectors", Json::array())) load_[name] = 0;
        const bool is_load = by_ == "load";
        if (is_load ? load_.empty() : rules_.empty()) {
            throw Error(DUNLIN_E_INVALID,
                        is_load ? "name the \"collectors\" among whom work is shared"
                                : "give \"rules\": which " + by_ + " goes to which collector");
        }
    }

    std::vector<std::pair<CustomerInfo, std::string>> run() {
        const bool is_everybody = call_.value("everybody", false);
        Views views(call_.tx());
        FactBook book(call_.tx(), call_.today(), no_filter_);
        std::vector<std::pair<int64_t, CustomerInfo>> open;
        for (auto& customer : views.customers({})) {
            const auto weight = weight_of(book.facts(), customer.id);
            if (!is_everybody && !customer.collector.empty()) {
                if (const auto it = load_.find(customer.collector); it != load_.end()) {
                    it->second += weight;
                }
                continue;
            }
            open.emplace_back(weight, std::move(customer));
        }
        // The heaviest first to whoever has least: nobody ends up with much more than the others.
        std::sort(open.begin(), open.end(), [](const auto& a, const auto& b) {
            return std::tuple(-a.first, a.second.id) < std::tuple(-b.first, b.second.id);
        });
        std::vector<std::pair<CustomerInfo, std::string>> out;
        for (auto& [weight, customer] : open) {
            const auto to = collector_for(customer, weight);
            if (to.empty() || to == customer.collector) continue;
            out.emplace_back(std::move(customer), to);
        }
        return out;
    }
    const std::map<std::string, int64_t>& load() const { return load_; }

private:
    std::string collector_for(const CustomerInfo& customer, int64_t weight) {
        if (by_ == "load") {
            auto least = load_.begin();
            for (auto it = load_.begin(); it != load_.end(); ++it) {
                if (it->second < least->second) least = it;
            }
            least->second += weight;
            return least->first;
        }
        const auto it = rules_.find(by_ == "portfolio" ? customer.portfolio : customer.segment);
        return it == rules_.end() ? std::string() : it->second;
    }

    Call& call_;
    std::string by_;
    const Filter no_filter_{};
    std::map<std::string, std::string> rules_;
    std::map<std::string, int64_t> load_;
};

Json assign_by(const Services&, Call& call) {
    const bool is_trial = call.value("trial", false);
    Sharing sharing(call);
    Desk desk(call.tx());
    std::map<std::string, int64_t> counts;
    for (const auto& [customer, collector] : sharing.run()) {
        ++counts[collector];
        if (is_trial) continue;
        desk.assign(customer.id, collector, std::nullopt);
        announce_change(call.tx(), customer.id, "customer");
    }
    auto rows = Json::array();
    int64_t assigned = 0;
    for (const auto& [collector, count] : counts) {
        assigned += count;
        rows.push_back({{"collector", collector}, {"customers", count}});
    }
    return {{"assigned", assigned}, {"trial", is_trial}, {"rows", rows}};
}

Json set_defaulter_rules(const Services&, Call& call) {
    const auto valid_from = call.date("valid_from", call.today());
    const auto version =
        call.tx().put_policy("defaulter", "", valid_from, call.request().at("rules"));
    return {{"version", version}, {"valid_from", valid_from.text()}};
}

constexpr const char* settled_sql =
    " FROM receivables_v1_allocation_scoped WHERE effective_on <= ? AND until_on > ? AND "
    "effective_on > ? AND source_kind = 'payment'";

std::optional<int32_t> median_of_all(Transaction& tx, Date as_of) {
    const auto from = std::string(settled_sql);
    auto count = tx.query("SELECT CAST(count(*) AS bigint)" + from, as_of, as_of, as_of - 365);
    if (!count.step() || count.i64(0) == 0) return std::nullopt;
    auto row = tx.query(
        "SELECT effective_on - item_due_on AS late" + from + " ORDER BY late LIMIT 1 OFFSET ?",
        as_of, as_of, as_of - 365, (count.i64(0) - 1) / 2);
    if (!row.step()) return std::nullopt;
    return static_cast<int32_t>(row.i64(0));
}

Json expected_payments(const Services&, Call& call) {
    Views views(call.tx());
    const auto customer = need_customer(views, call.id("customer"));
    const auto as_of = call.date("as_of", call.today());
    std::vector<int32_t> own;
    for (const auto& row : call.tx().query("SELECT effective_on - item_due_on" +
                                               std::string(settled_sql) + " AND customer_id = ?",
                                           as_of, as_of, as_of - 365, customer.id)) {
        own.push_back(static_cast<int32_t>(row.i64(0)));
    }
    const auto of_all =
        own.size() < settlements_min ? median_of_all(call.tx(), as_of) : std::nullopt;
    const auto usual = usual_lateness(own, of_all);
    std::map<int64_t, Date> promised;  // By item; 0: the account.
    const auto account = PromiseDesk(call.tx()).judged(customer.id, as_of);
    for (const auto& one : account.stored) {
        const auto& promise = one.promise;
        const bool is_open = account.verdict_of(one).state == PromiseState::open;
        if (!is_open || promise.made_on > as_of) continue;
        const auto it = promised.emplace(promise.item_id, promise.due_on).first;
        it->second = std::max(it->second, promise.due_on);
    }
    Filter filter;
    filter.customers = {customer.id};
    Views::Page page;
    page.by_due = true;
    auto rows = Json::array();
    for (const auto& item : views.items(as_of, filter, page)) {
        if (item.open <= 0 || item.kind == "payment") continue;
        auto on = item.due_on + usual.days_late;
        auto basis = usual.basis;
        auto promise = promised.find(item.id);
        if (promise == promised.end()) promise = promised.find(0);
        if (promise != promised.end()) {
            on = promise->second;
            basis = "promised for " + on.text();
        }
        rows.push_back({{"item_id", std::to_string(item.id)},
                        {"number", item.number},
                        {"due_date", item.due_on.text()},
                        {"open", money(item.open, item.currency)},
                        {"expected_on", on.text()},
                        {"days_past", std::max(0, as_of - on)},
                        {"basis", basis}});
    }
    return {{"customer_id", std::to_string(customer.id)},
            {"as_of", as_of.text()},
            {"usual_days_late", usual.days_late},
            {"basis", usual.basis},
            {"rows", rows}};
}

}  // namespace

Door work_door(std::string_view command) {
    static const std::map<std::string_view, Door> doors{
        {"receivables.snooze", &snooze},
        {"receivables.wake", &wake},
        {"receivables.escalate", &escalate},
        {"receivables.cover", &cover},
        {"receivables.end_cover", &end_cover},
        {"receivables.covers", &covers},
        {"receivables.assign_by", &assign_by},
        {"receivables.set_defaulter_rules", &set_defaulter_rules},
        {"receivables.expected_payments", &expected_payments},
        {"receivables.simulate_strategy",
         [](const Services&, Call& call) { return simulate_strategy(call); }},
        {"receivables.changes", [](const Services&, Call& call) { return changes(call); }}};
    const auto it = doors.find(command);
    return it == doors.end() ? nullptr : it->second;
}

}  // namespace dunlin::receivables
