// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "commands.hpp"
#include "dunning/answers.hpp"
#include "dunning/claimed.hpp"
#include "dunning/door.hpp"
#include "promises/promises.hpp"

namespace dunlin::receivables {
ListedItem need_item(Views& views, int64_t customer_id, int64_t item_id, Date today) {
    auto found = views.item(customer_id, item_id, today);
    if (!found) {
        throw Error(DUNLIN_E_NOT_FOUND, "customer " + std::to_string(customer_id) +
                                            " has no item " + std::to_string(item_id) +
                                            " that you may see; list them with receivables.items");
    }
    return *found;
}

void announce_change(Transaction& tx, int64_t customer_id, const char* entity) {
    const auto key = std::to_string(customer_id);
    tx.emit("receivables.account_changed", key,
            {{"customer_id", key},
             {"source", "desk"},
             {"entity", entity},
             {"inserted", 0},
             {"updated", 1},
             {"deleted", 0}});
}

int64_t lay_claim(const Services& services, Transaction& tx, Claim claim) {
    if (claim.until_on <= claim.from_on) {
        throw Error(DUNLIN_E_INVALID, "\"until\" must be after \"from\"");
    }
    claim.id = services.next_id();
    Desk(tx).insert(claim, tx.now_us());
    announce_change(tx, claim.customer_id, "claim");
    return claim.id;
}

namespace {

/// The amount of a request, in a currency.
int64_t positive_amount(const Call& call, std::string_view currency) {
    const auto amount = call.money("amount", currency);
    if (!amount || amount->units() <= 0) {
        throw Error(DUNLIN_E_INVALID, "the amount must be above zero");
    }
    return amount->units();
}

void announce(Call& call, int64_t customer_id, const char* entity) {
    announce_change(call.tx(), customer_id, entity);
}

/// Refuses what an item has no room for, and says how much it has.
void check_room(const ListedItem& item, int64_t Allocation::*end, const Use& use,
                const std::vector<StoredAllocation>& allocations) {
    std::vector<Use> uses{use};
    for (const auto& other : allocations) {
        if (other.allocation.*end != item.id) continue;
        uses.push_back({other.allocation.live(), other.allocation.amount});
    }
    const auto size = item.amount < 0 ? -item.amount : item.amount;
    const auto most = peak(uses);
    if (most <= size) return;
    const auto digits = minor_digits(item.currency);
    const auto free = std::max<int64_t>(0, size - (most - use.amount));
    throw Error(DUNLIN_E_CONFLICT,
                item.kind + " " + item.number + " has " + Money::text_of(free, digits) + " of " +
                    Money::text_of(size, digits) + " " + item.currency + " left, not " +
                    Money::text_of(use.amount, digits) + "; allocate at most what is left");
}

}  // namespace

Json allocate(const Services& services, Call& call) {
    Views views(call.tx());
    Desk desk(call.tx());
    const auto customer_id = call.id("customer");
    desk.hold_account(customer_id);
    const auto source = need_item(views, customer_id, call.id("source"), call.today());
    const auto target = need_item(views, customer_id, call.id("target"), call.today());
    if (source.amount >= 0 || target.amount <= 0) {
        throw Error(DUNLIN_E_INVALID,
                    "an allocation leads from a payment or credit to something owed; swap "
                    "\"source\" and \"target\"");
    }
    if (source.currency != target.currency) {
        throw Error(DUNLIN_E_INVALID, "the source is in " + source.currency + ", the target in " +
                                          target.currency +
                                          "; amounts are never joined without a rate");
    }
    Allocation allocation;
    allocation.customer_id = customer_id;
    allocation.id = services.next_id();
    allocation.source_id = source.id;
    allocation.target_id = target.id;
    allocation.instalment_id = call.id("instalment");
    if (allocation.instalment_id != 0 &&
        !views.has_instalment(customer_id, target.id, allocation.instalment_id)) {
        throw Error(DUNLIN_E_INVALID, "instalment " + std::to_string(allocation.instalment_id) +
                                          " does not belong to " + target.kind + " " +
                                          target.number + "; name one of its own or none");
    }
    allocation.amount = positive_amount(call, target.currency);
    allocation.given_on = call.date("date", never);
    const auto days = live_days(allocation, {source.posted_on, source.void_on},
                                {target.posted_on, target.void_on});
    if (days.from >= days.until) {
        throw Error(DUNLIN_E_CONFLICT,
                    "the allocation would never count: one of the items is a draft or was "
                    "cancelled before");
    }
    allocation.effective_on = days.from;
    allocation.until_on = days.until;
    const Use use{days, allocation.amount};
    check_room(source, &Allocation::source_id, use,
               views.allocations(customer_id, Views::End::source));
    check_room(target, &Allocation::target_id, use, views.allocations(customer_id));
    desk.insert(allocation, call.now_us());
    announce(call, customer_id, "allocation");
    judge_again(call.tx(), {customer_id});
    dunning::void_gone(services, call.tx(), {customer_id}, /*is_scoped=*/true);
    const auto& currency = target.currency;
    const auto after_source = need_item(views, customer_id, source.id, call.today());
    const auto after_target = need_item(views, customer_id, target.id, call.today());
    return {{"allocation_id", std::to_string(allocation.id)},
            {"effective_on", days.from.text()},
            {"source_open", money(after_source.open, currency)},
            {"target_open", money(after_target.open, currency)}};
}

namespace {

/// Whether an item is a fee or interest as far as it was paid.
bool pays_charge(Transaction& tx, int64_t customer_id, int64_t item_id) {
    return tx
        .query(
            "SELECT 1 FROM receivables_v1_charge_payment_scoped WHERE customer_id = ? AND item_id "
            "= ?",
            customer_id, item_id)
        .step();
}

}  // namespace

Json reverse_allocation(Call& call) {
    Views views(call.tx());
    const auto customer_id = call.id("customer");
    const auto id = call.id("allocation");
    const auto on = call.date("date", call.today());
    const auto all = views.allocations(customer_id);
    const auto it = std::find_if(all.begin(), all.end(), [&](const StoredAllocation& stored) {
        return stored.allocation.id == id;
    });
    if (it == all.end()) {
        throw Error(DUNLIN_E_NOT_FOUND, "there is no allocation " + std::to_string(id) +
                                            " of this customer that you may see");
    }
    const auto& allocation = it->allocation;
    if (allocation.reversed_on != never) {
        throw Error(DUNLIN_E_CONFLICT,
                    "the allocation was already reversed on " + allocation.reversed_on.text());
    }
    if (pays_charge(call.tx(), customer_id, allocation.target_id)) {
        throw Error(DUNLIN_E_CONFLICT,
                    "the allocation pays a fee or interest; take it back with "
                    "receivables.unapply_cash, so that it is claimed again");
    }
    Desk(call.tx()).reverse(allocation, on, call.now_us());
    announce(call, customer_id, "allocation");
    judge_again(call.tx(), {customer_id});
    return {{"allocation_id", std::to_string(id)}, {"reversed_on", on.text()}};
}

Json place_claim(const Services& services, Call& call) {
    Views views(call.tx());
    const auto customer = need_customer(views, call.id("customer"));
    Claim claim;
    claim.customer_id = customer.id;
    claim.item_id = call.id("item");
    claim.kind = call.value<std::string>("kind", "");
    claim.owner = call.value<std::string>("owner", "");
    claim.reference = call.value<std::string>("reference", "");
    claim.currency = call.value<std::string>("currency", "");
    claim.from_on = call.date("from", call.today());
    claim.until_on = call.date("until", never);
    if (claim.item_id != 0) {
        const auto item = need_item(views, customer.id, claim.item_id, call.today());
        if (item.amount <= 0) {
            throw Error(DUNLIN_E_INVALID,
                        "a claim is laid on something owed, not on a " + item.kind);
        }
        claim.currency = item.currency;
    }
    if (call.request().contains("amount")) {
        if (claim.currency.empty()) {
            throw Error(DUNLIN_E_INVALID, "an amount on the whole account needs its currency");
        }
        claim.amount = positive_amount(call, claim.currency);
    }
    if (!claim.currency.empty()) static_cast<void>(Currency(claim.currency));
    const auto id = lay_claim(services, call.tx(), claim);
    return {{"claim_id", std::to_string(id)}, {"customer_id", std::to_string(customer.id)}};
}

Json lift_claim(const Services& services, Call& call) {
    Views views(call.tx());
    const auto customer_id = call.id("customer");
    const auto claim = views.claim(customer_id, call.id("claim"));
    if (!claim) {
        throw Error(DUNLIN_E_NOT_FOUND,
                    "there is no such claim that you may see; "
                    "receivables.customer lists those in force");
    }
    if (claim->lifted_on != never) {
        throw Error(DUNLIN_E_CONFLICT,
                    "the claim was already lifted on " + claim->lifted_on.text());
    }
    const auto outcome = call.value<std::string>("outcome", "");
    if (!outcome.empty() && claim->kind != "dispute") {
        throw Error(DUNLIN_E_INVALID,
                    "\"outcome\" says how a dispute ended; the claim is a " + claim->kind);
    }
    const auto on = call.date("on", call.today());
    int64_t waived = 0;
    if (!outcome.empty()) {
        waived =
            dunning::settle_charges(services, call.tx(), *claim, outcome, dunning::name_of(call));
    }
    Desk(call.tx()).lift(*claim, on);
    announce(call, customer_id, "claim");
    return {{"claim_id", std::to_string(claim->id)},
            {"lifted_on", on.text()},
            {"charges_waived", waived}};
}

Json assign(Call& call) {
    Views views(call.tx());
    Desk desk(call.tx());
    const auto member = [&](const char* key) {
        return call.request().contains(key) ? std::optional(call.value<std::string>(key, ""))
                                            : std::nullopt;
    };
    const auto collector = member("collector");
    const auto portfolio = member("portfolio");
    if (!collector && !portfolio) {
        throw Error(DUNLIN_E_INVALID, "name a collector, a portfolio or both");
    }
    int64_t assigned = 0;
    for (const auto id : call.ids("customers")) {
        const auto customer = need_customer(views, id);
        desk.assign(customer.id, collector, portfolio);
        announce(call, customer.id, "customer");
        ++assigned;
    }
    return {{"assigned", assigned}};
}

}  // namespace dunlin::receivables
