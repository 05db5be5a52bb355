// SPDX-License-Identifier: Apache-2.0
#include "cash/matching.hpp"

#include <algorithm>

#include "cash/matcher.hpp"

namespace dunlin::receivables::cash {
namespace {

Json json_of(const OpenBook& book, const Proposal& proposal, int digits) {
    auto lines = Json::array(), reasons = Json::array();
    for (const auto& line : proposal.lines) {
        const auto* charge = book.find(line.item_id);
        lines.push_back({{"customer_id", std::to_string(line.customer_id)},
                         {"item_id", std::to_string(line.item_id)},
                         {"number", charge ? charge->number : std::string()},
                         {"amount", Money::text_of(line.amount, digits)},
                         {"short_by", Money::text_of(line.short_by, digits)},
                         {"shortfall", to_text(line.shortfall)}});
    }
    for (const auto& reason : proposal.reasons) {
        reasons.push_back({{"rule", reason.rule}, {"points", reason.points}});
    }
    return {{"kind", proposal.kind},
            {"confidence", proposal.confidence},
            {"unapplied", Money::text_of(proposal.unapplied, digits)},
            {"lines", lines},
            {"reasons", reasons}};
}

class Matching {
public:
    Matching(const Services& services, Transaction& tx)
        : services_(services), tx_(tx), cash_(tx), in_force_(policy_in_force(tx, tx.today())) {}

    Json run(bool is_preview) {
        auto receipts = cash_.receipts(tx_.today());
        if (!is_preview && !receipts.empty()) {
            // One after the other: what the first applied is gone for the second.
            std::set<int64_t> payers;
            for (const auto& receipt : receipts) payers.insert(receipt.account_id);
            Store(services_, tx_).hold_customers(payers);
            receipts = cash_.receipts(tx_.today());
        }
        for (auto& waiting : cash_.waiting(1000000000)) {
            before_.emplace(waiting.payment, std::move(waiting));
        }
        for (auto& receipt : receipts) {
            const auto it = before_.find({receipt.account_id, receipt.item_id});
            const bool is_held = it != before_.end() && it->second.state == "held";
            (is_held ? held_ : free_).push_back(std::move(receipt));
        }
        auto book = free_.empty() && held_.empty()
                        ? OpenBook({}, {}, {})
                        : OpenBook(cash_.charges(tx_.today()), cash_.payers(), cash_.accounts());
        auto matched = match_all(book, in_force_.policy, free_);
        apply(matched, is_preview);
        for (std::size_t i = 0; i < matched.size(); ++i) {
            if (!matched[i].is_applied)
                wait(book, free_[i], matched[i].proposals, "open", is_preview);
        }
        for (const auto& receipt : held_) {
            wait(book, receipt, propose(book, in_force_.policy, receipt), "held", is_preview);
        }
        // What was used up otherwise waits no more.
        for (const auto& [key, waiting] : before_) {
            if (!is_preview) cash_.remove_waiting(key);
        }
        return {{"payments", free_.size() + held_.size()},
                {"applied", applied_},
                {"waiting", waiting_},
                {"by_kind", by_kind_},
                {"policy", {{"name", in_force_.policy.name}, {"version", in_force_.version}}}};
    }

private:
    void apply(std::vector<Matched>& matched, bool is_preview) {
        std::vector<Decision> decisions;
        std::vector<std::size_t> places;
        for (std::size_t i = 0; i < matched.size(); ++i) {
            if (!matched[i].is_applied) continue;
            decisions.push_back(
                {{free_[i].account_id, free_[i].item_id}, matched[i].proposals.front(), "rules"});
            places.push_back(i);
        }
        std::vector<std::string> refusals(decisions.size());
        if (!is_preview && !decisions.empty()) {
            Cashier cashier(services_, tx_, in_force_);
            refusals = cashier.apply(decisions);
            cashier.announce();
        }
        for (std::size_t n = 0; n < decisions.size(); ++n) {
            auto& one = matched[places[n]];
            one.is_applied = refusals[n].empty();
            // Somebody was faster, or the past has no room: a person looks.
            if (!one.is_applied) continue;
            before_.erase(decisions[n].payment);
            ++applied_;
            auto& count = by_kind_[decisions[n].proposal.kind];
            count = count.is_null() ? 1 : count.get<int64_t>() + 1;
        }
    }

    void wait(const OpenBook& book, const Receipt& receipt, const std::vector<Proposal>& proposals,
              const char* state, bool is_preview) {
        ++waiting_;
        Waiting one;
        one.payment = {receipt.account_id, receipt.item_id};
        one.state = state;
        one.kind = proposals.empty() ? "nothing_found" : proposals.front().kind;
        one.confidence = proposals.empty() ? 0 : proposals.front().confidence;
        one.amount = receipt.amount;
        one.currency = receipt.currency;
        for (const auto& proposal : proposals) {
            one.proposals.push_back(json_of(book, proposal, minor_digits(receipt.currency)));
        }
        one.policy_version = in_force_.version;
        one.found_on = tx_.today();
        one.known_at = tx_.now_us();
        const auto it = before_.find(one.payment);
        bool is_same = false;
        if (it != before_.end()) {
            one.found_on = it->second.found_on;
            is_same = it->second.proposals == one.proposals && it->second.amount == one.amount;
            before_.erase(it);
        }
        if (!is_same && !is_preview) cash_.put(one);
    }

    const Services& services_;
    Transaction& tx_;
    CashStore cash_;
    InForce in_force_;
    std::map<ItemKey, Waiting> before_;
    std::vector<Receipt> free_, held_;
    int64_t applied_ = 0, waiting_ = 0;
    Json by_kind_ = Json::object();
};

}  // namespace

Json match(const Services& services, Transaction& tx, bool is_preview) {
    return Matching(services, tx).run(is_preview);
}

Proposal proposal_of(const Json& stored) {
    Proposal out;
    out.kind = stored.at("kind");
    out.confidence = stored.at("confidence");
    for (const auto& one : stored.at("lines")) {
        Line line;
        line.customer_id = Id<Line>::parse(one.at("customer_id").get<std::string>()).value();
        line.item_id = Id<Line>::parse(one.at("item_id").get<std::string>()).value();
        line.amount = Money::parse_units(one.at("amount").get<std::string>());
        line.short_by = Money::parse_units(one.at("short_by").get<std::string>());
        for (const auto shortfall :
             {Shortfall::part, Shortfall::tolerance, Shortfall::discount, Shortfall::unexplained}) {
            if (to_text(shortfall) == one.at("shortfall")) line.shortfall = shortfall;
        }
        out.lines.push_back(line);
    }
    for (const auto& one : stored.at("reasons"))
        out.reasons.push_back({one["rule"], one["points"]});
    return out;
}

}  // namespace dunlin::receivables::cash
