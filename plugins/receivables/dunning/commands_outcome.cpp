// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "dunning/answers.hpp"
#include "dunning/outcome.hpp"

namespace dunlin::receivables::dunning {
namespace {

Json finished_json(const Finished& one) {
    return {{"customer_id", std::to_string(one.customer_id)},
            {"item_id", std::to_string(one.item_id)},
            {"part", one.part},
            {"number", one.number},
            {"procedure", one.procedure},
            {"level", one.level},
            {"last_letter_on", one.last_letter_on.text()},
            {"collectable", money(one.collectable, one.currency)}};
}

Json outcome_json(const Outcome& outcome, const std::vector<OutcomeItem>& items) {
    auto rows = Json::array();
    for (const auto& item : items) {
        rows.push_back({{"item_id", std::to_string(item.item_id)},
                        {"number", item.number},
                        {"amount", money(item.amount, item.currency)},
                        {"collected", money(item.collected, item.currency)},
                        {"commission", money(item.earned(), item.currency)}});
    }
    return {{"customer_id", std::to_string(outcome.customer_id)},
            {"outcome_id", std::to_string(outcome.id)},
            {"kind", outcome.kind},
            {"state", outcome.state},
            {"agency", outcome.agency},
            {"commission_percent", Money::text_of(outcome.commission, 0)},
            {"reason", outcome.reason},
            {"proposed_on", outcome.proposed_on.text()},
            {"proposed_by", outcome.proposed_by},
            {"decided_on", day(outcome.decided_on)},
            {"decided_by", outcome.decided_by},
            {"decide_reason", outcome.decide_reason},
            {"ended_on", day(outcome.ended_on)},
            {"ended_by", outcome.ended_by},
            {"end_reason", outcome.end_reason},
            {"items", std::move(rows)}};
}

Outcome need_outcome(Outcomes& outcomes, const Call& call, const char* state) {
    const auto id = call.id("outcome");
    auto found = outcomes.list(call.id("customer"), id, "", 1);
    if (found.empty()) {
        throw Error(DUNLIN_E_NOT_FOUND, "there is no outcome " + std::to_string(id) +
                                            " of this customer that you may see; list them with "
                                            "receivables.outcomes");
    }
    if (found.front().state != state) {
        throw Error(DUNLIN_E_CONFLICT,
                    "the outcome is " + found.front().state + " since " +
                        std::min(found.front().decided_on, found.front().ended_on).text());
    }
    return std::move(found.front());
}

void announce(Call& call, const Outcome& outcome) {
    const auto key = std::to_string(outcome.customer_id);
    call.tx().emit("receivables.outcome_decided", key,
                   {{"customer_id", key},
                    {"outcome_id", std::to_string(outcome.id)},
                    {"kind", outcome.kind},
                    {"state", outcome.state},
                    {"agency", outcome.agency}});
}

/// What is still to be collected of some items of a customer, and not in another outcome.
std::vector<OutcomeItem> wanted_items(Call& call, Outcomes& outcomes, const Book& book,
                                      Policies& policies, int64_t customer_id) {
    auto wanted = call.ids("items");
    if (wanted.empty()) {
        for (const auto& one : finished(book, policies, call.today(), 0)) {
            wanted.push_back(one.item_id);
        }
    }
    std::set<int64_t> busy;
    for (const char* state : {"proposed", "approved"}) {
        for (const auto& other : outcomes.list(customer_id, 0, state, 100000)) {
            for (const auto& item : outcomes.items(customer_id, other.id)) {
                busy.insert(item.item_id);
            }
        }
    }
    std::map<int64_t, OutcomeItem> out;
    for (const auto& account : book.accounts) {
        for (const auto& charge : account.facts.charges) {
            if (std::count(wanted.begin(), wanted.end(), charge.item_id) == 0) continue;
            if (charge.collectable() == 0) continue;
            if (busy.count(charge.item_id) > 0) {
                throw Error(DUNLIN_E_CONFLICT, charge.kind + " " + charge.number +
                                                   " is in another outcome already; decide or "
                                                   "recall that first");
            }
            auto& item = out[charge.item_id];
            item.item_id = charge.item_id;
            item.currency = charge.currency;
            item.amount += charge.collectable();
        }
    }
    std::vector<OutcomeItem> list;
    for (auto& [id, item] : out) list.push_back(std::move(item));
    if (list.empty() || (!call.ids("items").empty() && list.size() != wanted.size())) {
        throw Error(DUNLIN_E_CONFLICT,
                    "there is nothing to collect of one of the items; "
                    "receivables.dunning_finished lists those at the last level");
    }
    return list;
}

Book book_on(Call& call, Policies& policies, int64_t customer_id) {
    FactReader reader(call.tx(), policies, /*is_scoped=*/true);
    Batch batch;
    batch.after = customer_id - 1;
    batch.upto = customer_id;
    batch.as_of = call.today();
    return reader.read(batch);
}

}  // namespace

Json dunning_finished(const Services&, Call& call) {
    const auto as_of = call.date("as_of", call.today());
    const auto days = static_cast<int32_t>(call.value<int64_t>("days", 0));
    const auto limit = static_cast<std::size_t>(call.value<int64_t>("limit", 100));
    Policies policies(call.tx(), as_of);
    FactReader reader(call.tx(), policies, /*is_scoped=*/true);
    Batch batch;
    batch.as_of = as_of;
    auto rows = Json::array();
    int64_t total = 0;
    while (const auto last = reader.next_customers(batch.after, 2000)) {
        batch.upto = *last;
        for (const auto& one : finished(reader.read(batch), policies, as_of, days)) {
            ++total;
            if (rows.size() < limit) rows.push_back(finished_json(one));
        }
        batch.after = batch.upto;
        call.cancel().throw_if_requested();
    }
    return {{"total", total}, {"rows", std::move(rows)}};
}

Json propose_outcome(const Services& services, Call& call) {
    Outcome outcome;
    outcome.customer_id = call.id("customer");
    outcome.kind = call.value<std::string>("kind", "");
    outcome.agency = call.value<std::string>("agency", "");
    outcome.commission = Money::parse_units(call.value<std::string>("commission_percent", "0"));
    outcome.reason = call.value<std::string>("reason", "");
    outcome.proposed_on = call.today();
    outcome.proposed_by = name_of(call);
    if ((outcome.kind == "agency") == outcome.agency.empty()) {
        throw Error(DUNLIN_E_INVALID, "name the agency for \"agency\", and only for that");
    }
    if (outcome.commission < 0 || outcome.commission > 100 * Money::scale) {
        throw Error(DUNLIN_E_INVALID, "the commission is a percentage from 0 to 100");
    }
    Views views(call.tx());
    need_customer(views, outcome.customer_id);
    Desk(call.tx()).hold_account(outcome.customer_id);
    Outcomes outcomes(call.tx());
    Policies policies(call.tx(), call.today());
    const auto book = book_on(call, policies, outcome.customer_id);
    const auto items = wanted_items(call, outcomes, book, policies, outcome.customer_id);
    outcome.id = services.next_id();
    outcomes.insert(outcome, items);
    return outcome_json(outcome, outcomes.items(outcome.customer_id, outcome.id));
}

Json decide_outcome(const Services& services, Call& call) {
    Outcomes outcomes(call.tx());
    auto outcome = need_outcome(outcomes, call, "proposed");
    if (outcome.proposed_by == name_of(call)) {
        throw Error(DUNLIN_E_CONFLICT, "whoever proposed it (" + outcome.proposed_by +
                                           ") does not decide it; somebody else must");
    }
    const bool is_approved = call.value("approve", false);
    outcome.state = is_approved ? "approved" : "refused";
    outcome.decided_on = call.today();
    outcome.decided_by = name_of(call);
    outcome.decide_reason = call.value<std::string>("reason", "");
    outcomes.save(outcome);
    for (const auto& item : outcomes.items(outcome.customer_id, outcome.id)) {
        if (!is_approved) break;
        // Nobody of us collects it meanwhile.
        Claim claim;
        claim.customer_id = outcome.customer_id;
        claim.id = services.next_id();
        claim.item_id = item.item_id;
        claim.kind = outcome.kind == "write_off" ? "other" : "legal";
        claim.currency = item.currency;
        claim.from_on = call.today();
        claim.owner = "dunning";
        claim.reference = outcome.agency.empty() ? outcome.kind : outcome.agency;
        Desk(call.tx()).insert(claim, call.now_us());
        outcomes.set_claim(item, claim.id);
    }
    announce(call, outcome);
    return outcome_json(outcome, outcomes.items(outcome.customer_id, outcome.id));
}

Json recall_outcome(const Services&, Call& call) {
    Outcomes outcomes(call.tx());
    auto outcome = need_outcome(outcomes, call, "approved");
    outcome.state = "recalled";
    outcome.ended_on = call.today();
    outcome.ended_by = name_of(call);
    outcome.end_reason = call.value<std::string>("reason", "");
    Views views(call.tx());
    for (const auto& item : outcomes.items(outcome.customer_id, outcome.id)) {
        const auto claim = views.claim(outcome.customer_id, item.claim_id);
        if (claim && claim->lifted_on == never) Desk(call.tx()).lift(*claim, call.today());
    }
    outcomes.save(outcome);
    announce(call, outcome);
    return outcome_json(outcome, outcomes.items(outcome.customer_id, outcome.id));
}

Json list_outcomes(const Services&, Call& call) {
    Outcomes outcomes(call.tx());
    auto rows = Json::array();
    for (const auto& one :
         outcomes.list(call.id("customer"), call.id("outcome"),
                       call.value<std::string>("state", ""), call.value<int64_t>("limit", 100))) {
        rows.push_back(outcome_json(one, outcomes.items(one.customer_id, one.id)));
    }
    struct Sum {
        int64_t items = 0, placed = 0, collected = 0, earned = 0;
    };
    std::map<std::pair<std::string, std::string>, Sum> agencies;
    for (const auto& item : outcomes.items(0, 0)) {
        auto& sum = agencies[{item.agency, item.currency}];
        ++sum.items;
        sum.placed += item.amount;
        sum.collected += item.collected;
        sum.earned += item.earned();
    }
    auto performance = Json::array();
    for (const auto& [key, sum] : agencies) {
        const auto& [agency, currency] = key;
        const auto share = multiply_divide(sum.collected, 100 * Money::scale, sum.placed);
        performance.push_back({{"agency", agency},
                               {"items", sum.items},
                               {"placed", money(sum.placed, currency)},
                               {"collected", money(sum.collected, currency)},
                               {"collected_percent", Money::text_of(share, 0)},
                               {"commission", money(sum.earned, currency)}});
    }
    return {{"rows", std::move(rows)}, {"agencies", std::move(performance)}};
}

}  // namespace dunlin::receivables::dunning
