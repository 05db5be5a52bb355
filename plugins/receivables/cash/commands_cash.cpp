// SPDX-License-Identifier: Apache-2.0
#include "cash/commands_cash.hpp"

#include <algorithm>

#include "cash/cashier.hpp"
#include "cash/matching.hpp"
#include "cash/refund.hpp"

namespace dunlin::receivables::cash {
namespace {

constexpr const char* policy_kind = "cash_application";

std::string who(const Call& call) {
    return call.principal().value("name", "");
}

std::string text_of(int64_t units, const std::string& currency) {
    return Money::text_of(units, minor_digits(currency));
}

Json match_cash(const Services& services, Call& call) {
    return match(services, call.tx(), call.value("preview", false));
}

Json cash_exceptions(const Services&, Call& call) {
    CashStore cash(call.tx());
    const auto limit = call.value<int64_t>("limit", 100);
    auto payments = Json::array(), shorts = Json::array();
    for (const auto& one : cash.waiting(limit)) {
        payments.push_back({{"customer_id", std::to_string(one.payment.first)},
                            {"payment_id", std::to_string(one.payment.second)},
                            {"state", one.state},
                            {"kind", one.kind},
                            {"confidence", one.confidence},
                            {"amount", money(one.amount, one.currency)},
                            {"posted_on", one.posted_on.text()},
                            {"found_on", one.found_on.text()},
                            {"reference", one.reference},
                            {"payer_name", one.payer_name},
                            {"proposals", one.proposals},
                            {"policy_version", one.policy_version}});
    }
    for (const auto& one : cash.unexplained(limit, call.today())) {
        shorts.push_back({{"customer_id", std::to_string(one.charge.first)},
                          {"short_id", std::to_string(one.id)},
                          {"item_id", std::to_string(one.charge.second)},
                          {"number", one.number},
                          {"payer_id", std::to_string(one.payment.first)},
                          {"payment_id", std::to_string(one.payment.second)},
                          {"short_by", money(one.amount, one.currency)},
                          {"found_on", one.found_on.text()}});
    }
    return {{"payments", payments}, {"shorts", shorts}};
}

/// The payment with what is left of it, or a refusal.
Receipt need_receipt(CashStore& cash, const ItemKey& payment, Date today) {
    auto receipt = cash.receipt(payment, today);
    if (!receipt) {
        throw Error(DUNLIN_E_NOT_FOUND,
                    "customer " + std::to_string(payment.first) + " has no payment " +
                        std::to_string(payment.second) +
                        " that counts today; receivables.cash_exceptions lists those that wait");
    }
    return *receipt;
}

Proposal chosen(CashStore& cash, const ItemKey& payment, int64_t place) {
    const auto waiting = cash.waiting(1, payment);
    const auto count = waiting.empty() ? std::size_t{0} : waiting[0].proposals.size();
    if (place < 1 || static_cast<std::size_t>(place) > count) {
        throw Error(DUNLIN_E_NOT_FOUND, "there is no proposal " + std::to_string(place) +
                                            " for this payment, but " + std::to_string(count) +
                                            "; run receivables.match_cash, or name lines");
    }
    return proposal_of(waiting[0].proposals[static_cast<std::size_t>(place - 1)]);
}

Proposal by_hand(CashStore& cash, Call& call, const Receipt& receipt) {
    Proposal out;
    out.kind = "by_hand";
    out.confidence = 1000;
    int64_t sum = 0;
    for (const auto& given : call.request().at("lines")) {
        Line line;
        line.item_id = Id<Call>::parse(given.at("item").get<std::string>()).value();
        line.customer_id = given.contains("customer")
                               ? Id<Call>::parse(given.at("customer").get<std::string>()).value()
                               : receipt.account_id;
        line.amount = Money::parse_units(given.at("amount").get<std::string>());
        if (line.amount <= 0) throw Error(DUNLIN_E_INVALID, "each line needs an amount above zero");
        const bool is_twice = std::any_of(out.lines.begin(), out.lines.end(), [&](const Line& one) {
            return one.item_id == line.item_id;
        });
        if (is_twice) throw Error(DUNLIN_E_INVALID, "each item may be named in one line only");
        const auto open = cash.open_of({line.customer_id, line.item_id}, call.today());
        if (open && *open > line.amount) {
            line.short_by = *open - line.amount;
            line.shortfall = Shortfall::unexplained;
        }
        sum += line.amount;
        out.lines.push_back(line);
    }
    if (out.lines.empty()) throw Error(DUNLIN_E_INVALID, "name at least one line");
    if (sum > receipt.amount) {
        throw Error(DUNLIN_E_CONFLICT, "the lines come to " + text_of(sum, receipt.currency) +
                                           ", but only " +
                                           text_of(receipt.amount, receipt.currency) + " " +
                                           receipt.currency + " of the payment are left");
    }
    return out;
}

/// What stays open needs a reason once a person decides.
void check_reason(const Decision& decision, const InForce& in_force) {
    const bool is_short =
        std::any_of(decision.proposal.lines.begin(), decision.proposal.lines.end(),
                    [](const Line& line) { return line.shortfall == Shortfall::unexplained; });
    if (!decision.reason.empty()) {
        static_cast<void>(in_force.reason(decision.reason));
    } else if (is_short) {
        std::string list;
        for (const auto& reason : in_force.reasons) list += (list.empty() ? "" : ", ") + reason.id;
        throw Error(DUNLIN_E_INVALID,
                    "the payment leaves a part open: give a \"reason\", one of " + list);
    }
}

/// What goes back to the customer settles nothing.
void check_refunds(Call& call, const Decision& decision, const Receipt& receipt) {
    const auto reserved = RefundStore(call.tx()).reserved_of(decision.payment, call.today());
    int64_t sum = reserved;
    for (const auto& line : decision.proposal.lines) sum += line.amount;
    if (reserved == 0 || sum <= receipt.amount) return;
    throw Error(DUNLIN_E_CONFLICT, "of the payment " + text_of(reserved, receipt.currency) + " " +
                                       receipt.currency +
                                       " are to be refunded; receivables.refunds lists that");
}

Json apply_cash(const Services& services, Call& call) {
    CashStore cash(call.tx());
    const auto in_force = policy_in_force(call.tx(), call.today());
    const ItemKey payment{call.id("customer"), call.id("payment")};
    Store(services, call.tx()).hold_customers({payment.first});
    const auto receipt = need_receipt(cash, payment, call.today());
    const bool has_lines = call.request().contains("lines");
    if (has_lines == call.request().contains("proposal")) {
        throw Error(DUNLIN_E_INVALID, "give either the number of a \"proposal\" or \"lines\"");
    }
    Decision decision{payment,
                      has_lines ? by_hand(cash, call, receipt)
                                : chosen(cash, payment, call.value<int64_t>("proposal", 0)),
                      who(call), call.value<std::string>("reason", ""),
                      call.value<std::string>("note", "")};
    check_reason(decision, in_force);
    check_refunds(call, decision, receipt);
    Cashier cashier(services, call.tx(), in_force);
    const auto refusal = cashier.apply({decision}).front();
    if (!refusal.empty()) throw Error(DUNLIN_E_CONFLICT, refusal);
    cashier.announce();
    const auto left = need_receipt(cash, payment, call.today()).amount;
    return {{"applied", decision.proposal.lines.size()}, {"left", money(left, receipt.currency)}};
}

Json unapply_cash(const Services& services, Call& call) {
    CashStore cash(call.tx());
    const auto in_force = policy_in_force(call.tx(), call.today());
    const ItemKey payment{call.id("customer"), call.id("payment")};
    Cashier cashier(services, call.tx(), in_force);
    const auto on = call.date("date", call.today());
    const auto undone = cashier.undo(payment, on);
    if (undone == 0) {
        throw Error(DUNLIN_E_CONFLICT,
                    "nothing was applied of this payment here; what was allocated otherwise is "
                    "taken back with receivables.reverse_allocation");
    }
    const auto receipt = need_receipt(cash, payment, call.today());
    Waiting waiting;
    waiting.payment = payment;
    waiting.state = "held";
    waiting.kind = "taken_back";
    waiting.amount = receipt.amount;
    waiting.currency = receipt.currency;
    waiting.policy_version = in_force.version;
    waiting.found_on = call.today();
    waiting.known_at = call.now_us();
    cash.put(waiting);
    cashier.announce();
    return {{"undone", undone}, {"left", money(receipt.amount, receipt.currency)}};
}

Json bounce_payment(const Services& services, Call& call) {
    CashStore cash(call.tx());
    const auto in_force = policy_in_force(call.tx(), call.today());
    const ItemKey payment{call.id("customer"), call.id("payment")};
    const auto on = call.date("date", call.today());
    Cashier cashier(services, call.tx(), in_force);
    const auto item = Store(services, call.tx()).items({payment}).front();
    auto reopened = Json::array();
    for (const auto& one : cashier.bounce(payment, on)) {
        reopened.push_back({{"customer_id", std::to_string(one.charge.first)},
                            {"item_id", std::to_string(one.charge.second)},
                            {"amount", text_of(one.amount, item.currency)}});
    }
    cashier.announce();
    const auto key = std::to_string(payment.first);
    Json out{{"customer_id", key},        {"payment_id", std::to_string(payment.second)},
             {"bounced_on", on.text()},   {"amount", text_of(-item.amount, item.currency)},
             {"currency", item.currency}, {"reason", call.value<std::string>("reason", "")},
             {"reopened", reopened}};
    call.tx().emit("receivables.payment_bounced", key, out);
    return out;
}

Json explain_short(const Services& services, Call& call) {
    CashStore cash(call.tx());
    const auto in_force = policy_in_force(call.tx(), call.today());
    Store(services, call.tx()).hold_customers({call.id("customer")});
    const auto found = cash.find_short(call.id("customer"), call.id("short"));
    if (!found) {
        throw Error(DUNLIN_E_NOT_FOUND,
                    "there is no such short payment; receivables.cash_exceptions lists them");
    }
    if (found->state == "gone") {
        throw Error(DUNLIN_E_CONFLICT, "the payment was taken back meanwhile; nothing is short");
    }
    const auto& reason = in_force.reason(call.value<std::string>("reason", ""));
    Cashier cashier(services, call.tx(), in_force);
    cashier.explain(*found, reason, call.value<std::string>("note", ""), who(call));
    cashier.announce();
    return {{"short_id", std::to_string(found->id)},
            {"reason", reason.id},
            {"disputed", reason.disputes}};
}

Json cash_policy(const Services&, Call& call) {
    const auto policy = call.tx().policy(policy_kind, "", call.date("on", call.today()));
    return {{"version", policy ? policy->at("version") : Json(0)},
            {"policy", policy ? policy->at("body") : default_policy()}};
}

Json set_cash_policy(const Services&, Call& call) {
    const auto& body = call.request().at("policy");
    const auto policy = parse_policy(body);
    const auto valid_from = call.date("valid_from", call.today());
    const auto version = call.tx().put_policy(policy_kind, "", valid_from, body);
    return {{"name", policy.name}, {"version", version}, {"valid_from", valid_from.text()}};
}

}  // namespace

InForce policy_in_force(Transaction& tx, Date on) {
    const auto stored = tx.policy(policy_kind, "", on);
    const auto& body = stored ? stored->at("body") : default_policy();
    return {parse_policy(body), parse_reasons(body),
            stored ? stored->at("version").get<int64_t>() : 0};
}

const ShortReason& InForce::reason(const std::string& id) const {
    std::string list;
    for (const auto& one : reasons) {
        if (one.id == id) return one;
        list += (list.empty() ? "" : ", ") + one.id;
    }
    throw Error(DUNLIN_E_INVALID, "there is no reason \"" + id + "\"; use one of " + list);
}

Door cash_door(std::string_view command) {
    static const std::map<std::string_view, Door> doors{
        {"receivables.match_cash", &match_cash},
        {"receivables.cash_exceptions", &cash_exceptions},
        {"receivables.apply_cash", &apply_cash},
        {"receivables.unapply_cash", &unapply_cash},
        {"receivables.bounce_payment", &bounce_payment},
        {"receivables.explain_short", &explain_short},
        {"receivables.cash_policy", &cash_policy},
        {"receivables.set_cash_policy", &set_cash_policy}};
    const auto door = doors.find(command);
    return door == doors.end() ? nullptr : door->second;
}

void match_by_itself(const Services& services, const Job&) {
    const auto config = services.config();
    if (!config.contains("cash") || !config.at("cash").value("matches_by_itself", false)) return;
    auto tx = services.begin(DUNLIN_TX_WRITE);
    match(services, tx, /*is_preview=*/false);
    tx.commit();
}

}  // namespace dunlin::receivables::cash
