// SPDX-License-Identifier: Apache-2.0
#include "cash/refund.hpp"

#include <algorithm>

#include "cash/cashier.hpp"

namespace dunlin::receivables::cash {
namespace {

Refund refund_of(const Statement& row) {
    Refund out;
    out.item = {row.i64(0), row.i64(2)};
    out.id = row.i64(1);
    out.amount = row.i64(3);
    out.currency = row.string(4);
    out.reason = row.string(5);
    out.state = row.string(6);
    out.asked_on = row.date(7);
    out.asked_by = row.string(8);
    out.decided_by = row.string(9);
    out.decide_reason = row.string(10);
    out.outcome = row.string(11);
    out.write_back_id = row.i64(12);
    out.policy_version = row.i64(13);
    return out;
}

constexpr const char* columns =
    "SELECT customer_id, refund_id, item_id, amount, currency, reason, state, asked_on, asked_by, "
    "decided_by, decide_reason, outcome, write_back_id, policy_version FROM receivables_refund";

std::string who(const Call& call) {
    return call.principal().value("name", "");
}

Json refund_json(const Refund& one) {
    return {{"customer_id", std::to_string(one.item.first)},
            {"refund_id", std::to_string(one.id)},
            {"item_id", std::to_string(one.item.second)},
            {"amount", money(one.amount, one.currency)},
            {"reason", one.reason},
            {"state", one.state},
            {"asked_on", one.asked_on.text()},
            {"asked_by", one.asked_by},
            {"decided_by", one.decided_by},
            {"decide_reason", one.decide_reason},
            {"outcome", one.outcome},
            {"write_back_id", std::to_string(one.write_back_id)}};
}

/// Asks the system that the credit came from.
void send(Transaction& tx, Refund& one) {
    auto rows = tx.query(
        "SELECT source, external_id, kind FROM receivables_item WHERE customer_id = ? AND item_id "
        "= ?",
        one.item.first, one.item.second);
    if (!rows.step() || rows.text(0).empty()) {
        throw Error(DUNLIN_E_CONFLICT,
                    "the credit was made here and is not known in any other system, so none can "
                    "pay it out");
    }
    const auto source = rows.string(0), external_id = rows.string(1);
    const std::string entity = rows.text(2) == "payment"       ? "payment"
                               : rows.text(2) == "credit_note" ? "invoice"
                                                               : "adjustment";
    Json body{{"amount", Money::text_of(one.amount, minor_digits(one.currency))},
              {"currency", one.currency},
              {"reason", one.reason},
              {"reference", std::to_string(one.id)}};
    one.write_back_id = tx.write_back({source,
                                       "refund",
                                       entity + ":" + external_id,
                                       entity,
                                       external_id,
                                       std::move(body),
                                       {},
                                       "receivables.write_back_settled"});
    one.state = "asked";
}

/// Keeps the rules away from a payment that goes back.
void hold(Transaction& tx, const Refund& one) {
    Waiting waiting;
    waiting.payment = one.item;
    waiting.state = "held";
    waiting.kind = "refund";
    waiting.amount = one.amount;
    waiting.currency = one.currency;
    waiting.policy_version = one.policy_version;
    waiting.found_on = tx.today();
    waiting.known_at = tx.now_us();
    CashStore(tx).put(waiting);
}

Json request_refund(const Services& services, Call& call) {
    Refund one;
    one.item = {call.id("customer"), call.id("item")};
    Store store(services, call.tx());
    store.hold_customers({one.item.first});
    const auto item = store.items({one.item}).front();
    const bool is_credit = item.kind == "payment" || item.kind == "credit_note";
    if (item.id == 0 || item.amount >= 0 || !is_credit || item.void_on <= call.today()) {
        throw Error(DUNLIN_E_NOT_FOUND,
                    "there is no such payment or credit note that counts today; "
                    "receivables.customer lists what is unapplied");
    }
    const auto amount = call.money("amount", item.currency);
    const auto digits = minor_digits(item.currency);
    const auto free = RefundStore(call.tx()).free_of(one.item, call.today());
    if (!amount || amount->units() <= 0 || amount->units() > free) {
        throw Error(DUNLIN_E_CONFLICT, "the amount must be above zero and at most the " +
                                           Money::text_of(free, digits) + " " + item.currency +
                                           " of " + item.kind + " " + item.number +
                                           " that are neither applied nor asked for");
    }
    const auto in_force = policy_in_force(call.tx(), call.today());
    one.id = services.next_id();
    one.amount = amount->units();
    one.currency = item.currency;
    one.reason = call.value<std::string>("reason", "");
    one.asked_on = call.today();
    one.asked_by = who(call);
    one.policy_version = in_force.version;
    const auto limit = in_force.policy.refund_alone_up_to.find(item.currency);
    const bool needs_two =
        limit != in_force.policy.refund_alone_up_to.end() && one.amount > limit->second;
    if (needs_two) {
        one.state = "waits";
    } else {
        send(call.tx(), one);
    }
    RefundStore(call.tx()).insert(one);
    if (item.kind == "payment") hold(call.tx(), one);
    return refund_json(one);
}

Json decide_refund(const Services& services, Call& call) {
    RefundStore refunds(call.tx());
    Store(services, call.tx()).hold_customers({call.id("customer")});
    const auto all = refunds.list(call.id("customer"), "", 1000000);
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const Refund& one) { return one.id == call.id("refund"); });
    if (found == all.end()) {
        throw Error(DUNLIN_E_NOT_FOUND, "the customer has no refund " +
                                            std::to_string(call.id("refund")) +
                                            "; list them with receivables.refunds");
    }
    auto one = *found;
    if (one.state != "waits") {
        throw Error(DUNLIN_E_CONFLICT, "the refund waits for nobody; it is " + one.state);
    }
    one.decided_by = who(call);
    one.decide_reason = call.value<std::string>("reason", "");
    if (one.decided_by == one.asked_by) {
        throw Error(DUNLIN_E_CONFLICT, one.asked_by + " asked for it; somebody else must decide");
    }
    if (call.value("approve", false)) {
        send(call.tx(), one);
    } else {
        one.state = "refused";
        CashStore(call.tx()).remove_waiting(one.item);
    }
    refunds.update(one);
    return refund_json(one);
}

Json show_refunds(const Services&, Call& call) {
    auto rows = Json::array();
    for (const auto& one :
         RefundStore(call.tx()).list(call.id("customer"), call.value<std::string>("state", ""),
                                     call.value<int64_t>("limit", 100))) {
        rows.push_back(refund_json(one));
    }
    return {{"rows", rows}};
}

}  // namespace

void RefundStore::insert(const Refund& one) {
    tx_.exec(
        "INSERT INTO receivables_refund (customer_id, refund_id, item_id, amount, currency, "
        "reason, state, asked_on, asked_by, decided_by, decide_reason, outcome, write_back_id, "
        "policy_version, known_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        one.item.first, one.id, one.item.second, one.amount, one.currency, one.reason, one.state,
        one.asked_on, one.asked_by, one.decided_by, one.decide_reason, one.outcome,
        one.write_back_id, one.policy_version, tx_.now_us());
}

void RefundStore::update(const Refund& one) {
    tx_.exec(
        "UPDATE receivables_refund SET state = ?, decided_by = ?, decide_reason = ?, outcome = ?, "
        "write_back_id = ? WHERE customer_id = ? AND refund_id = ?",
        one.state, one.decided_by, one.decide_reason, one.outcome, one.write_back_id,
        one.item.first, one.id);
}

std::vector<Refund> RefundStore::list(int64_t customer_id, const std::string& state,
                                      int64_t limit) {
    std::vector<Refund> out;
    Sql sql;
    sql.add(columns).add(" WHERE 1 = 1");
    if (customer_id != 0) sql.add(" AND customer_id = ?", customer_id);
    if (!state.empty()) sql.add(" AND state = ?", std::string_view(state));
    sql.add(" ORDER BY customer_id, refund_id LIMIT ?", limit);
    auto rows = sql.run(tx_);
    for (const auto& row : rows) out.push_back(refund_of(row));
    return out;
}

int64_t RefundStore::reserved_of(const ItemKey& item, Date today) {
    int64_t asked = 0;
    for (const auto& one : list(item.first, "", 1000000)) {
        if (one.item == item && one.state != "refused") asked += one.amount;
    }
    if (asked == 0) return 0;
    auto row = tx_.query(
        "SELECT COALESCE(CAST(sum(a.amount) AS bigint), 0) FROM receivables_allocation a JOIN "
        "receivables_item t ON t.customer_id = a.customer_id AND t.item_id = a.target_id WHERE "
        "a.customer_id = ? AND a.source_id = ? AND a.until_on > ? AND t.kind = 'payment' AND "
        "t.source <> ''",
        item.first, item.second, today);
    const auto paid_out = row.step() ? row.i64(0) : 0;
    return std::max<int64_t>(0, asked - paid_out);
}

int64_t RefundStore::free_of(const ItemKey& item, Date today) {
    auto row = tx_.query(
        "SELECT -i.amount - COALESCE((SELECT CAST(sum(a.amount) AS bigint) FROM "
        "receivables_allocation a WHERE a.customer_id = i.customer_id AND a.source_id = i.item_id "
        "AND a.until_on > ?), 0) FROM receivables_item i WHERE i.customer_id = ? AND i.item_id = ?",
        today, item.first, item.second);
    const auto unused = row.step() ? row.i64(0) : 0;
    return std::max<int64_t>(0, unused - reserved_of(item, today));
}

void RefundStore::settle(int64_t write_back_id, const Json& told) {
    std::optional<Refund> found;
    for (const auto& row :
         tx_.query(std::string(columns) + " WHERE write_back_id = ?", write_back_id)) {
        found = refund_of(row);
    }
    if (!found) return;
    auto& one = *found;
    const auto state = told.value("state", "");
    one.state = state == "confirmed" ? "done" : "refused";
    one.outcome = state == "confirmed" ? told.value("remote_id", "") : told.value("reason", "");
    update(one);
    if (one.state == "refused") CashStore(tx_).remove_waiting(one.item);
}

Door refund_door(std::string_view command) {
    static const std::map<std::string_view, Door> doors{
        {"receivables.request_refund", &request_refund},
        {"receivables.decide_refund", &decide_refund},
        {"receivables.refunds", &show_refunds}};
    const auto door = doors.find(command);
    return door == doors.end() ? nullptr : door->second;
}

}  // namespace dunlin::receivables::cash
