// SPDX-License-Identifier: Apache-2.0
// Sales and collections together: holding off for a capped time, being told before a credit hold,
// and credit terms that both agree on.
#include "sales/sales.hpp"

#include "promises/desk.hpp"
#include "sales/hold.hpp"
#include "sales/risk.hpp"

namespace dunlin::receivables {

SalesRules sales_rules(Transaction& tx, Date on) {
    SalesRules out;
    const auto policy = tx.policy("sales", "", on);
    if (!policy) return out;
    const auto& body = policy->at("body");
    out.name = body.value("name", out.name);
    out.hold_off_days_max = body.value("hold_off_days_max", out.hold_off_days_max);
    out.hold_off_pause_days = body.value("hold_off_pause_days", out.hold_off_pause_days);
    out.notice_days = body.value("notice_days", out.notice_days);
    out.announced_days_max = body.value("announced_days_max", out.announced_days_max);
    return out;
}

namespace {

std::string name_of(const Call& call) {
    return call.principal().value("name", "");
}

/// The last day on which a hold-off of this item, or of the account, was or is in force.
Date last_hold_off(Transaction& tx, int64_t customer_id, int64_t item_id) {
    auto last = Date(-1000000);
    for (const auto& row : tx.query(
             "SELECT DISTINCT claim_id, until_on, lifted_on FROM "
             "receivables_v1_claim_scoped WHERE customer_id = ? AND owner = ? AND (item_id = ? "
             "OR item_id = 0)",
             customer_id, hold_off_owner, item_id)) {
        last = std::max(last, std::min(row.date(1), row.date(2)));
    }
    return last;
}

Json hold_off(const Services& services, Call& call) {
    Views views(call.tx());
    const auto customer = need_customer(views, call.id("customer"));
    const auto rules = sales_rules(call.tx(), call.today());
    Claim claim;
    claim.customer_id = customer.id;
    claim.item_id = call.id("item");
    claim.kind = "block";
    claim.owner = hold_off_owner;
    claim.reference = name_of(call) + ": " + call.value<std::string>("reason", "");
    claim.from_on = call.today();
    claim.until_on = call.date("until", call.today());
    if (claim.until_on - call.today() > rules.hold_off_days_max) {
        throw Error(DUNLIN_E_INVALID,
                    "sales can hold collecting off for " + std::to_string(rules.hold_off_days_max) +
                        " days, until " + (call.today() + rules.hold_off_days_max).text() +
                        "; for longer agree on a promise or a plan with the customer");
    }
    const auto last = last_hold_off(call.tx(), customer.id, claim.item_id);
    if (call.today() < last + rules.hold_off_pause_days) {
        throw Error(DUNLIN_E_CONFLICT, "collecting was held off until " + last.text() +
                                           "; the next time is from " +
                                           (last + rules.hold_off_pause_days).text() + " on");
    }
    if (claim.item_id != 0) {
        const auto item = need_item(views, customer.id, claim.item_id, call.today());
        if (item.open <= 0) {
            throw Error(DUNLIN_E_CONFLICT, item.kind + " " + item.number + " has nothing open");
        }
        claim.currency = item.currency;
    }
    const auto id = lay_claim(services, call.tx(), claim);
    return {{"customer_id", std::to_string(customer.id)},
            {"claim_id", std::to_string(id)},
            {"until", claim.until_on.text()}};
}

/// What of its behaviour speaks for or against a customer.
std::string behaviour_of(Call& call, Views& views, const CustomerInfo& customer) {
    Filter filter;
    filter.customers = {customer.id};
    const auto late = views.habits(call.today(), filter)[customer.id].average_days_late();
    int64_t failed = 0;
    const auto account = PromiseDesk(call.tx()).judged(customer.id, call.today());
    for (const auto& one : account.stored) {
        const bool is_recent = one.promise.due_on > call.today() - 365;
        failed += is_recent && has_failed(account.verdict_of(one).state) ? 1 : 0;
    }
    return (late ? "pays " + std::to_string(*late) + " days late on average"
                 : std::string("nothing settled within a year")) +
           ", " + std::to_string(failed) + " promises not kept within a year";
}

Json proposal_json(const TermsProposal& one) {
    Json out{{"customer_id", std::to_string(one.customer_id)},
             {"proposal_id", std::to_string(one.id)},
             {"payment_terms", one.payment_terms},
             {"reason", one.reason},
             {"basis", one.basis},
             {"state", one.state},
             {"proposed_by", one.proposed_by},
             {"proposed_on", one.proposed_on.text()},
             {"agreed_by_sales", one.sales_by},
             {"agreed_by_collections", one.collections_by}};
    if (one.credit_limit) out["credit_limit"] = money(*one.credit_limit, one.currency);
    if (one.ended_on != never) out["ended_on"] = one.ended_on.text();
    if (!one.end_reason.empty()) out["end_reason"] = one.end_reason;
    if (one.write_back_id != 0) out["write_back_id"] = std::to_string(one.write_back_id);
    return out;
}

std::vector<TermsProposal> proposals_of(Transaction& tx, int64_t customer_id, int64_t id,
                                        const std::string& state) {
    Sql sql;
    sql.add(
        "SELECT customer_id, proposal_id, credit_limit, currency, payment_terms, reason, basis, "
        "proposed_by, sales_by, collections_by, state, end_reason, proposed_on, ended_on, "
        "write_back_id FROM receivables_v1_terms_proposal_scoped WHERE 1 = 1");
    if (customer_id != 0) sql.add(" AND customer_id = ?", customer_id);
    if (id != 0) sql.add(" AND proposal_id = ?", id);
    if (!state.empty()) sql.add(" AND state = ?", std::string_view(state));
    std::vector<TermsProposal> out;
    for (const auto& row : sql.add(" ORDER BY proposal_id DESC LIMIT 1000").run(tx)) {
        TermsProposal one;
        one.customer_id = row.i64(0);
        one.id = row.i64(1);
        if (!row.is_null(2)) one.credit_limit = row.i64(2);
        std::string* const texts[] = {&one.currency,       &one.payment_terms, &one.reason,
                                      &one.basis,          &one.proposed_by,   &one.sales_by,
                                      &one.collections_by, &one.state,         &one.end_reason};
        uint32_t column = 3;
        for (auto* text : texts) *text = row.text(column++);
        one.proposed_on = row.date(12);
        one.ended_on = row.date(13);
        one.write_back_id = row.i64(14);
        out.push_back(std::move(one));
    }
    return out;
}

Json propose_terms(const Services& services, Call& call) {
    Views views(call.tx());
    const auto customer = need_customer(views, call.id("customer"));
    TermsProposal one;
    one.customer_id = customer.id;
    one.id = services.next_id();
    one.currency = customer.currency;
    one.payment_terms = call.value<std::string>("payment_terms", "");
    if (call.request().contains("credit_limit")) {
        if (customer.currency.empty()) {
            throw Error(DUNLIN_E_CONFLICT,
                        "the customer has no currency, so a limit says nothing; "
                        "give it one in its own system");
        }
        one.credit_limit = call.money("credit_limit", customer.currency)->units();
        if (*one.credit_limit < 0) {
            throw Error(DUNLIN_E_INVALID, "a credit limit is not below zero");
        }
    }
    if (!one.credit_limit && one.payment_terms.empty()) {
        throw Error(DUNLIN_E_INVALID, "propose a \"credit_limit\", \"payment_terms\" or both");
    }
    if (!proposals_of(call.tx(), customer.id, 0, "open").empty()) {
        throw Error(DUNLIN_E_CONFLICT,
                    "there is an open proposal for this customer; agree on it or decline it first");
    }
    one.reason = call.value<std::string>("reason", "");
    one.basis = behaviour_of(call, views, customer);
    one.proposed_by = name_of(call);
    one.proposed_on = call.today();
    call.tx().exec(
        "INSERT INTO receivables_terms_proposal (customer_id, proposal_id, credit_limit, currency, "
        "payment_terms, reason, basis, proposed_by, sales_by, collections_by, state, end_reason, "
        "proposed_on, ended_on, write_back_id, known_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', '', "
        "'open', '', ?, ?, 0, ?)",
        one.customer_id, one.id, one.credit_limit, one.currency, one.payment_terms, one.reason,
        one.basis, one.proposed_by, one.proposed_on, never, call.now_us());
    return proposal_json(one);
}

TermsProposal need_open_proposal(Call& call) {
    const auto found = proposals_of(call.tx(), call.id("customer"), call.id("proposal"), "");
    if (found.empty()) {
        throw Error(DUNLIN_E_NOT_FOUND,
                    "there is no such proposal that you may see; list them "
                    "with receivables.terms_proposals");
    }
    if (found.front().state != "open") {
        throw Error(DUNLIN_E_CONFLICT, "the proposal is already " + found.front().state);
    }
    return found.front();
}

void keep(Call& call, const TermsProposal& one) {
    call.tx().exec(
        "UPDATE receivables_terms_proposal SET sales_by = ?, collections_by = ?, state = ?, "
        "end_reason = ?, ended_on = ?, write_back_id = ? WHERE customer_id = ? AND proposal_id = ?",
        one.sales_by, one.collections_by, one.state, one.end_reason, one.ended_on,
        one.write_back_id, one.customer_id, one.id);
}

/// The class of risk goes with the terms, to a source that takes it.
Json write_risk_back(Call& call, int64_t customer_id) {
    Views views(call.tx());
    const auto policy = risk_policy(call.tx(), call.today());
    const auto risk = risks(call.tx(), policy, call.today(), {customer_id}).at(customer_id);
    const auto written = ask_back(call.tx(), need_customer(views, customer_id), "risk_class",
                                  {{"class", risk.in->name}, {"points", risk.score.points}}, "");
    return {{"class", risk.in->name}, {"written_back", written_json(written)}};
}

/// For one side. Each has a command of its own, as only a command has a permission.
Json agree_terms(Call& call, std::string TermsProposal::*side, std::string TermsProposal::*others) {
    Views views(call.tx());
    auto one = need_open_proposal(call);
    const auto who = name_of(call);
    auto& mine = one.*side;
    const auto& other = one.*others;
    if (!mine.empty()) {
        throw Error(DUNLIN_E_CONFLICT, mine + " has agreed for this side already");
    }
    if (other == who) {
        throw Error(DUNLIN_E_CONFLICT,
                    who + " has agreed for the other side; terms need two people");
    }
    mine = who;
    if (!other.empty()) {
        one.state = "agreed";
        one.ended_on = call.today();
        const auto customer = need_customer(views, one.customer_id);
        if (one.credit_limit) {
            one.write_back_id = order_credit_limit(call.tx(), customer, *one.credit_limit);
        }
    }
    keep(call, one);
    auto out = proposal_json(one);
    if (one.state == "agreed") out["risk"] = write_risk_back(call, one.customer_id);
    return out;
}

Json agree_for_sales(const Services&, Call& call) {
    return agree_terms(call, &TermsProposal::sales_by, &TermsProposal::collections_by);
}

Json agree_for_collections(const Services&, Call& call) {
    return agree_terms(call, &TermsProposal::collections_by, &TermsProposal::sales_by);
}

Json decline_terms(const Services&, Call& call) {
    auto one = need_open_proposal(call);
    one.state = "declined";
    one.end_reason = name_of(call) + ": " + call.value<std::string>("reason", "");
    one.ended_on = call.today();
    keep(call, one);
    return proposal_json(one);
}

Json terms_proposals(const Services&, Call& call) {
    auto rows = Json::array();
    for (const auto& one :
         proposals_of(call.tx(), call.id("customer"), 0, call.value<std::string>("state", ""))) {
        rows.push_back(proposal_json(one));
    }
    return {{"rows", rows}};
}

Json set_sales_rules(const Services&, Call& call) {
    const auto valid_from = call.date("valid_from", call.today());
    const auto version = call.tx().put_policy("sales", "", valid_from, call.request().at("rules"));
    return {{"version", version}, {"valid_from", valid_from.text()}};
}

}  // namespace

Door sales_door(std::string_view command) {
    if (const auto door = hold_door(command)) return door;
    if (const auto door = risk_door(command)) return door;
    static const std::map<std::string_view, Door> doors{
        {"receivables.hold_off", &hold_off},
        {"receivables.propose_terms", &propose_terms},
        {"receivables.agree_terms_for_sales", &agree_for_sales},
        {"receivables.agree_terms_for_collections", &agree_for_collections},
        {"receivables.decline_terms", &decline_terms},
        {"receivables.withdraw_terms", &decline_terms},
        {"receivables.terms_proposals", &terms_proposals},
        {"receivables.set_sales_rules", &set_sales_rules}};
    const auto it = doors.find(command);
    return it == doors.end() ? nullptr : it->second;
}

}  // namespace dunlin::receivables
