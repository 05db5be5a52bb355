// SPDX-License-Identifier: Apache-2.0
#include "cash/thinking.hpp"

#include <algorithm>

namespace dunlin::receivables::cash {

Places Thinking::payable(bool of_family, bool with_charges) const {
    Places out;
    if (reading_.customer_id == 0) return out;
    for (const auto customer_id : reading_.family) {
        for (const auto at : book_.of_customer(customer_id)) {
            const auto& one = charge(at);
            const bool is_meant = one.currency == receipt_.currency && one.free() > 0 &&
                                  one.issued_on <= receipt_.paid_on &&
                                  (with_charges || one.about_id == 0);
            if (is_meant) out.push_back(at);
        }
        if (!of_family) break;
    }
    return out;
}

void Thinking::add_contradiction(Proposal& out) const {
    const auto others = reading_.unknown_numbers + reading_.paid.size() + own_.size() +
                        strangers_.size() + reading_.slips.size();
    if (others > 0) out.reasons.push_back({"text_names_something_else", -200});
    if (reading_.says_part) out.reasons.push_back({"text_says_part", -100});
}

void Thinking::by_amount() {
    for (const bool of_family : {false, true}) {
        const auto places = payable(of_family);
        std::vector<int64_t> amounts;
        Places fits;
        for (const auto at : places) {
            const auto& one = charge(at);
            amounts.push_back(one.free());
            const bool is_exact = one.free() == receipt_.amount;
            const bool is_less = one.disputed == 0 && discount_of(one) > 0 &&
                                 one.open - discount_of(one) == receipt_.amount;
            if (is_exact || is_less) fits.push_back(at);
        }
        if (fits.empty()) continue;
        const auto combined = places.size() > searched_most ? Combinations{{}, 2, false}
                                                            : combinations_of_few(amounts);
        const bool is_sure = fits.size() == 1 && combined.found == 0 && combined.is_complete &&
                             (places.size() == 1 || chance_ppm(amounts, 1) <= chance_small_ppm);
        for (const auto at : fits) {
            auto out = begin("amount", {{"amount_exact", 350}});
            if (is_sure)
                out.reasons.push_back({"nothing_else_fits", 500});
            else
                out.reasons.push_back({"others_fit_as_well", 300});
            if (of_family) out.reasons.push_back({"of_the_family", -20});
            add_contradiction(out);
            if (charge(at).free() == receipt_.amount) {
                out.lines.push_back({charge(at).customer_id, charge(at).item_id, receipt_.amount});
            } else {
                add_discounted(out, {at});
            }
            put(std::move(out));
            if (out_.size() > 3 * proposals_most) break;
        }
        return;
    }
}

Combinations Thinking::combinations_of_few(const std::vector<int64_t>& amounts) const {
    return find_combinations(amounts, receipt_.amount, 2, policy_.work / 4);
}

void Thinking::by_due_date(bool with_charges) {
    auto places = payable(/*of_family=*/false, with_charges);
    const bool has_charges = std::any_of(places.begin(), places.end(),
                                         [&](std::size_t at) { return charge(at).about_id != 0; });
    if (places.size() < 2 || has_charges != with_charges) return;
    std::sort(places.begin(), places.end(), [&](std::size_t a, std::size_t b) {
        return std::tie(charge(a).due_on, charge(a).item_id) <
               std::tie(charge(b).due_on, charge(b).item_id);
    });
    int64_t sum = 0;
    for (std::size_t n = 0; n < places.size(); ++n) {
        sum += charge(places[n]).free();
        if (sum > receipt_.amount) return;
        if (sum != receipt_.amount || n == 0) continue;
        const bool ends_here =
            n + 1 == places.size() || charge(places[n + 1]).due_on > charge(places[n]).due_on;
        const bool is_all = n + 1 == places.size();
        const bool is_due = ends_here && charge(places[n]).due_on <= receipt_.paid_on &&
                            (is_all || charge(places[n + 1]).due_on > receipt_.paid_on);
        auto out = begin("all_due", {{"amount_exact", 350}});
        if (is_all || is_due)
            out.reasons.push_back({is_due ? "all_that_is_due" : "all_that_is_open", 500});
        else if (ends_here)
            out.reasons.push_back({"the_oldest", 450});
        else
            out.reasons.push_back({"some_of_the_oldest", 350});
        add_contradiction(out);
        for (std::size_t i = 0; i <= n; ++i) {
            const auto& one = charge(places[i]);
            out.lines.push_back({one.customer_id, one.item_id, one.free()});
        }
        put(std::move(out));
    }
}

void Thinking::by_combination() {
    if (!own_.empty()) return;
    const auto places = payable(/*of_family=*/false);
    if (places.size() < 2 || places.size() > searched_most) return;
    std::vector<int64_t> amounts;
    for (const auto at : places) amounts.push_back(charge(at).free());
    const auto found = find_combinations(amounts, receipt_.amount, 2, policy_.work);
    if (found.found == 0) return;
    const bool fits_one =
        std::find(amounts.begin(), amounts.end(), receipt_.amount) != amounts.end();
    const bool is_sure = found.found == 1 && found.is_complete && !fits_one &&
                         found.by_chance_ppm <= chance_small_ppm;
    auto out = begin("combination", {{"amount_exact", 350}});
    if (is_sure)
        out.reasons.push_back({"nothing_else_fits", 500});
    else
        out.reasons.push_back({"others_fit_as_well", 200});
    add_contradiction(out);
    for (const auto at : found.first) {
        const auto& one = charge(places[at]);
        out.lines.push_back({one.customer_id, one.item_id, one.free()});
    }
    put(std::move(out));
}

void Thinking::on_account() {
    if (!out_.empty()) return;
    std::vector<Owed> owed;
    for (const auto at : payable(/*of_family=*/false, /*with_charges=*/true)) {
        const auto& one = charge(at);
        owed.push_back({one.item_id, one.debt, one.due_on, one.open, one.disputed});
    }
    auto out = begin("on_account", {{"in_the_order_of_the_policy", 200}});
    add_contradiction(out);
    add_filled(out, fill(receipt_.amount, owed, order_named(policy_.order)));
    put(std::move(out));
}

}  // namespace dunlin::receivables::cash
