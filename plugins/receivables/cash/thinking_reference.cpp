// SPDX-License-Identifier: Apache-2.0
#include "cash/thinking.hpp"

#include <algorithm>

namespace dunlin::receivables::cash {

/// What each way of writing a number is worth.
Reason worth(Written how) {
    switch (how) {
        case Written::plain: return {"reference_exact", 600};
        case Written::look_alike: return {"reference_looks_alike", 590};
        case Written::digits: return {"reference_digits", 590};
        case Written::tail: return {"reference_short", 450};
        case Written::slip: return {"reference_slip", 450};
        case Written::cut: return {"reference_cut_off", 450};
    }
    return {};
}

void Thinking::add_only(Proposal& out, const std::vector<Named>& group) const {
    if (worth(weakest(group)).points >= 590) return;
    for (const auto& named : group) {
        if (!named.is_only) return;
    }
    out.reasons.push_back({"nothing_else_fits", 60});
}

bool Thinking::pays_all(const std::vector<Named>& group, const char* kind) {
    const auto places = places_of(group);
    const auto sum = open_of(places);
    if (sum == receipt_.amount) {
        auto out = begin(kind, {worth(weakest(group)), {"amount_exact", 350}});
        add_only(out, group);
        add_lines(out, places, 0, Shortfall::none);
        put(std::move(out));
        return true;
    }
    int64_t off = 0;
    for (const auto at : places) off += discount_of(charge(at));
    if (off == 0 || sum - off != receipt_.amount) return false;
    auto out = begin("discount", {worth(weakest(group)), {"amount_less_discount", 350}});
    add_only(out, group);
    add_discounted(out, places);
    put(std::move(out));
    return true;
}

void Thinking::by_reference() {
    const char* kind = own_.size() == 1 ? "reference" : "references";
    if (own_.empty() ? by_slips() : pays_all(own_, kind) || by_slips()) return;
    if (own_.empty()) return;
    const auto places = places_of(own_);
    const auto sum = open_of(places);
    const bool is_near = receipt_.amount < sum && sum - receipt_.amount <= tolerance_of(sum);
    if (!is_near && pays_with_charges(places)) return;
    if (receipt_.amount < sum) return pays_less(places, sum);
    pays_more(places, receipt_.amount - sum);
}

bool Thinking::by_slips() {
    if (reading_.slips.empty()) return false;
    auto all = own_;
    all.insert(all.end(), reading_.slips.begin(), reading_.slips.end());
    if (pays_all(all, "reference_slip")) return true;
    const auto rest = receipt_.amount - open_of(places_of(own_));
    const auto count = std::min<std::size_t>(reading_.slips.size(), 20);
    std::vector<int64_t> amounts, less;
    for (std::size_t i = 0; i < count; ++i) {
        const auto& one = charge(reading_.slips[i].charge);
        amounts.push_back(one.open);
        less.push_back(one.open - discount_of(one));
    }
    if (rest > 0) {
        for (const auto* list : {&amounts, &less}) {
            const auto found = find_combinations(*list, rest, 1, policy_.work / 10);
            if (found.found != 1 || !found.is_complete ||
                (count > 1 && found.by_chance_ppm > chance_small_ppm)) {
                continue;
            }
            auto group = own_;
            for (const auto at : found.first) group.push_back(reading_.slips[at]);
            // The amount has told which of them is meant.
            for (auto& named : group) named.is_only = true;
            return pays_all(group, "reference_slip");
        }
    }
    if (own_.empty() && reading_.slips.size() == 1) pays_less_by_slip();
    return false;
}

void Thinking::pays_less_by_slip() {
    const auto& one = charge(reading_.slips[0].charge);
    auto out = begin("reference_slip", {worth(reading_.slips[0].how), {"amount_differs", 200}});
    const auto missing = std::max<int64_t>(0, one.open - receipt_.amount);
    add_lines(out, {reading_.slips[0].charge}, missing, Shortfall::unexplained);
    put(std::move(out));
}

void Thinking::pays_less(const Places& places, int64_t sum) {
    const auto missing = sum - receipt_.amount;
    const auto reference = worth(weakest(own_));
    if (missing <= tolerance_of(sum)) {
        auto out = begin("tolerance", {reference, {"amount_within_tolerance", 320}});
        add_lines(out, places, missing, Shortfall::tolerance);
        return put(std::move(out));
    }
    if (places.size() == 1) {
        auto out = begin(reading_.says_part ? "part" : "short",
                         {reference, {"pays_less_than_named", 300}});
        // Just what another one comes to: then the number may be the wrong one.
        if (!reading_.says_part && fits_another(places[0])) {
            out.reasons.push_back({"amount_fits_another", -100});
        }
        add_lines(out, places, missing,
                  reading_.says_part ? Shortfall::part : Shortfall::unexplained);
        return put(std::move(out));
    }
    // Which of them is paid less nobody can tell.
    std::vector<Owed> owed;
    for (const auto at : places) {
        const auto& one = charge(at);
        owed.push_back({one.item_id, Debt::principal, one.due_on, one.open, 0});
    }
    auto out = begin("short", {reference, {"pays_less_than_named", 100}});
    add_filled(out, fill(receipt_.amount, owed, Order::oldest_first));
    put(std::move(out));
}

bool Thinking::fits_another(std::size_t but) const {
    const auto& list = book_.of_customer(charge(but).customer_id);
    return std::any_of(list.begin(), list.end(), [&](std::size_t at) {
        return at != but && charge(at).open == receipt_.amount;
    });
}

Places Thinking::charges_about(const Places& places) const {
    Places out;
    for (const auto named : places) {
        for (const auto at : book_.of_customer(charge(named).customer_id)) {
            const auto& one = charge(at);
            const bool is_meant = one.about_id == charge(named).item_id && one.free() > 0 &&
                                  one.currency == receipt_.currency &&
                                  one.issued_on <= receipt_.paid_on;
            if (is_meant) out.push_back(at);
        }
    }
    return out;
}

// Who names an invoice says which debt the money is for, its costs and interest with it; within
// that debt the policy's order holds, as BGB 367 (1) has it. An amount that is just what was
// invoiced is for that alone, and has been dealt with before.
bool Thinking::pays_with_charges(const Places& places) {
    const auto charges = charges_about(places);
    const auto order = order_named(policy_.order);
    const auto sum = open_of(places);
    const auto all = sum + open_of(charges);
    const bool in_question =
        !charges.empty() && receipt_.amount <= all &&
        (receipt_.amount > sum || (order != Order::oldest_first && places.size() == 1));
    if (!in_question) return false;
    std::vector<Owed> owed;
    for (const auto& list : {places, charges}) {
        for (const auto at : list) {
            const auto& one = charge(at);
            owed.push_back({one.item_id, one.debt, one.due_on, one.open, 0});
        }
    }
    const bool is_exact = receipt_.amount == all;
    auto out = begin("with_charges",
                     {worth(weakest(own_)), is_exact ? Reason{"amount_exact", 350}
                                                     : Reason{"pays_part_of_all_of_it", 300}});
    add_filled(out, fill(receipt_.amount, owed, order));
    put(std::move(out));
    return true;
}

void Thinking::pays_more(const Places& places, int64_t rest) {
    const auto reference = worth(weakest(own_));
    auto others = payable(/*of_family=*/false);
    std::erase_if(others, [&](std::size_t at) {
        return std::find(places.begin(), places.end(), at) != places.end();
    });
    std::vector<int64_t> amounts;
    for (const auto at : others) amounts.push_back(charge(at).free());
    bool is_made_up = false;
    const auto ones = std::count(amounts.begin(), amounts.end(), rest);
    if (ones > 0) {
        const auto at = static_cast<std::size_t>(std::find(amounts.begin(), amounts.end(), rest) -
                                                 amounts.begin());
        const bool is_sure =
            ones == 1 && chance_ppm(amounts, 1) <= chance_small_ppm && rest != open_of(places);
        auto out = begin(
            "references",
            {reference, {"amount_exact", 350}, {"one_by_amount_alone", is_sure ? -90 : -200}});
        auto all = places;
        all.push_back(others[at]);
        add_lines(out, all, 0, Shortfall::none);
        put(std::move(out));
        is_made_up = true;
    } else if (amounts.size() > 1) {
        const auto found = find_combinations(amounts, rest, 2, policy_.work / 10);
        // Where not all was looked at, it may be.
        is_made_up = found.found > 0 || !found.is_complete;
        if (found.found > 0) {
            auto out = begin("references",
                             {reference, {"amount_exact", 350}, {"several_by_amount_alone", -200}});
            auto all = places;
            for (const auto at : found.first) all.push_back(others[at]);
            add_lines(out, all, 0, Shortfall::none);
            put(std::move(out));
        }
    }
    auto out = begin("over", {reference, {"pays_more_than_named", 300}});
    if (is_made_up) out.reasons.push_back({"rest_fits_others", -100});
    if (rest >= open_of(places) && !others.empty()) {
        out.reasons.push_back({"pays_twice_or_more", -100});
    }
    if (reading_.unknown_numbers > 0 || !reading_.paid.empty() || !reading_.slips.empty() ||
        reading_.says_more) {
        out.reasons.push_back({"names_more_than_found", -150});
    }
    add_lines(out, places, 0, Shortfall::none);
    put(std::move(out));
}

void Thinking::by_stranger() {
    if (strangers_.empty() || !own_.empty()) return by_strangers_amount();
    const auto places = places_of(strangers_);
    const bool is_one_customer = std::all_of(places.begin(), places.end(), [&](std::size_t at) {
        return charge(at).customer_id == charge(places[0]).customer_id;
    });
    const auto sum = open_of(places);
    Reason amount{"amount_exact", 350};
    if (sum != receipt_.amount) amount = {"amount_differs", 150};
    if (sum < receipt_.amount) return;
    auto out = begin("third_party", {worth(weakest(strangers_)), amount});
    if (!reading_.payer.rule.empty()) out.reasons.back() = {"payer_is_another", 0};
    if (places.size() > 1 && is_one_customer) out.reasons.push_back({"one_customer", 50});
    add_lines(out, places, sum - receipt_.amount, Shortfall::unexplained);
    put(std::move(out));
}

void Thinking::by_strangers_amount() {
    if (reading_.customer_id != 0 || !own_.empty()) return;
    const auto tokens = tokens_of(receipt_.text);
    Places near;
    for (const auto at : book_.of_amount(receipt_.amount)) {
        if (charge(at).open != receipt_.amount) continue;
        const auto& keys = book_.keys(at);
        const bool is_near = std::any_of(tokens.begin(), tokens.end(), [&](const Token& token) {
            return (!token.digits.empty() && token.digits == keys.tail) ||
                   (token.text.size() > 5 && is_one_slip_apart(look_alike(token.text), keys.full));
        });
        if (is_near) near.push_back(at);
    }
    for (const auto at : near) {
        auto out = begin("third_party", {{"reference_slip", 450}, {"amount_exact", 350}});
        if (near.size() == 1) out.reasons.push_back({"nothing_else_fits", 60});
        const auto* debtor = book_.payer(charge(at).customer_id);
        if (debtor != nullptr && resembles(receipt_.payer_name, debtor->name)) {
            out.reasons.push_back({"payer_resembles_debtor", 90});
        }
        add_lines(out, {at}, 0, Shortfall::none);
        put(std::move(out));
    }
}

}  // namespace dunlin::receivables::cash
