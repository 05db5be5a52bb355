// SPDX-License-Identifier: Apache-2.0
#include "cash/matcher.hpp"

#include <algorithm>
#include <numeric>

#include "cash/thinking.hpp"

namespace dunlin::receivables::cash {

std::vector<Proposal> Thinking::run() {
    for (const auto& named : reading_.named) (named.is_own ? own_ : strangers_).push_back(named);
    by_reference();
    by_stranger();
    by_amount();
    by_due_date(/*with_charges=*/false);
    by_due_date(/*with_charges=*/true);
    by_combination();
    on_account();
    return ranked();
}

int64_t Thinking::open_of(const Places& places) const {
    return std::accumulate(places.begin(), places.end(), int64_t{0},
                           [&](int64_t sum, std::size_t at) { return sum + charge(at).open; });
}

Places Thinking::places_of(const std::vector<Named>& list) {
    Places out;
    for (const auto& named : list) out.push_back(named.charge);
    return out;
}

int64_t Thinking::discount_of(const Charge& one) const {
    const bool in_time =
        one.discount > 0 && receipt_.paid_on <= one.discount_on + policy_.discount_grace_days;
    return in_time && one.discount < one.open ? one.discount : 0;
}

int64_t Thinking::tolerance_of(int64_t sum) const {
    const auto share = sum / 1000 * policy_.tolerance_per_mille;
    return std::min(policy_.tolerance, std::max<int64_t>(share, 100));
}

Proposal Thinking::begin(const char* kind, std::vector<Reason> reasons) const {
    Proposal out;
    out.kind = kind;
    out.reasons = std::move(reasons);
    if (reading_.payer.points > 0) out.reasons.push_back(reading_.payer);
    return out;
}

void Thinking::add_lines(Proposal& out, const Places& places, int64_t missing,
                         Shortfall why) const {
    for (const auto at : places) {
        const auto& one = charge(at);
        out.lines.push_back({one.customer_id, one.item_id, one.open});
    }
    if (missing == 0) return;
    auto largest =
        std::max_element(out.lines.begin(), out.lines.end(),
                         [](const Line& a, const Line& b) { return a.amount < b.amount; });
    largest->amount -= missing;
    largest->short_by = missing;
    largest->shortfall = why;
}

void Thinking::add_discounted(Proposal& out, const Places& places) const {
    for (const auto at : places) {
        const auto& one = charge(at);
        const auto off = discount_of(one);
        out.lines.push_back({one.customer_id, one.item_id, one.open - off, off,
                             off > 0 ? Shortfall::discount : Shortfall::none});
    }
}

void Thinking::put(Proposal out) {
    int64_t used = 0;
    for (const auto& line : out.lines) used += line.amount;
    for (const auto& line : out.lines) {
        if (line.amount <= 0) return;
    }
    if (out.lines.empty() || used > receipt_.amount) return;
    out.unapplied = receipt_.amount - used;
    std::sort(out.lines.begin(), out.lines.end(),
              [](const Line& a, const Line& b) { return a.item_id < b.item_id; });
    int32_t points = 0;
    for (const auto& reason : out.reasons) points += reason.points;
    out.confidence = points;  // Cut to 0..1000 after ranking.
    out_.push_back(std::move(out));
}

Written Thinking::weakest(const std::vector<Named>& group) {
    Written out = Written::plain;
    for (const auto& named : group) out = std::max(out, named.how);
    return out;
}

void Thinking::add_filled(Proposal& out, const std::vector<Filled>& filled) const {
    for (const auto& one : filled) {
        const auto* of = book_.find(one.id);
        // Only of what was invoiced somebody must say why it is paid short.
        const auto missing = of->about_id == 0 ? of->open - one.amount : 0;
        out.lines.push_back({of->customer_id, one.id, one.amount, missing,
                             missing > 0 ? Shortfall::unexplained : Shortfall::none});
    }
}

std::vector<Proposal> Thinking::ranked() {
    std::stable_sort(out_.begin(), out_.end(), [](const Proposal& a, const Proposal& b) {
        return a.confidence > b.confidence;
    });
    // The same lines for another reason are the same proposal.
    std::vector<Proposal> out;
    for (auto& one : out_) {
        const bool is_there = std::any_of(out.begin(), out.end(), [&](const Proposal& other) {
            return other.lines == one.lines;
        });
        if (!is_there && out.size() < proposals_most) out.push_back(std::move(one));
    }
    constexpr int32_t near = 60;
    if (out.size() > 1 && out[0].confidence < out[1].confidence + near) {
        out[0].reasons.push_back({"another_is_as_likely", -200});
        out[0].confidence -= 200;
        out[1].reasons.push_back({"another_is_as_likely", -200});
        out[1].confidence -= 200;
        std::stable_sort(out.begin(), out.end(), [](const Proposal& a, const Proposal& b) {
            return a.confidence > b.confidence;
        });
        // What was third is no surer for it.
        for (std::size_t i = 2; i < out.size(); ++i) {
            out[i].confidence = std::min(out[i].confidence, policy_.auto_from - 1);
        }
        out[0].confidence = std::min(out[0].confidence, policy_.auto_from - 1);
    }
    for (auto& one : out) one.confidence = std::clamp(one.confidence, 0, 1000);
    return out;
}

namespace {

bool names_what_it_pays(const Proposal& proposal) {
    return proposal.reasons.front().rule.starts_with("reference");
}

}  // namespace

std::vector<Proposal> propose(const OpenBook& book, const Policy& policy, const Receipt& receipt) {
    if (receipt.amount <= 0) return {};
    return Thinking(book, policy, receipt).run();
}

std::vector<Matched> match_all(OpenBook& book, const Policy& policy,
                               const std::vector<Receipt>& receipts) {
    std::vector<Matched> out(receipts.size());
    std::vector<std::size_t> order(receipts.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return std::tie(receipts[a].paid_on, receipts[a].item_id) <
               std::tie(receipts[b].paid_on, receipts[b].item_id);
    });
    const auto pass = [&](bool only_named) {
        bool any = false;
        for (const auto at : order) {
            auto& matched = out[at];
            if (matched.is_applied) continue;
            matched.proposals = propose(book, policy, receipts[at]);
            if (matched.proposals.empty()) continue;
            const auto& best = matched.proposals.front();
            if (best.confidence < policy.auto_from) continue;
            if (only_named && !names_what_it_pays(best)) continue;
            for (const auto& line : best.lines) book.settle(line);
            matched.is_applied = any = true;
        }
        return any;
    };
    pass(/*only_named=*/true);
    // What is left may be clear once others are out of the way, and fewer proposals hold then.
    for (int i = 0; i < 3 && pass(/*only_named=*/false); ++i) {
    }
    return out;
}

}  // namespace dunlin::receivables::cash
