// SPDX-License-Identifier: Apache-2.0
#include "dunning/decide.hpp"

#include <algorithm>
#include <tuple>

namespace dunlin::receivables::dunning {
namespace {

bool is_met(const Criterion& criterion, const OpenCharge& charge, int64_t balance, Date as_of) {
    if (!criterion.currency.empty() && criterion.currency != charge.currency) return false;
    switch (criterion.fact) {
        case Fact::days_overdue: return as_of - charge.due_on >= criterion.at_least;
        case Fact::item_amount: return charge.open >= criterion.at_least;
        case Fact::customer_balance: break;
    }
    return balance >= criterion.at_least;
}

bool is_reached(const Level& level, const OpenCharge& charge, int64_t balance, Date as_of) {
    const auto from = first_day(level, charge.due_on, charge.level_on);
    if (!from || as_of < *from) return false;
    const auto meets = [&](const Criterion& one) { return is_met(one, charge, balance, as_of); };
    const auto& all = level.criteria;
    return level.needs_all ? std::all_of(all.begin(), all.end(), meets)
                           : all.empty() || std::any_of(all.begin(), all.end(), meets);
}

bool has_passed(const Level& level, const OpenCharge& charge, Date as_of) {
    return level.is_before_due() && as_of > charge.due_on;
}

/// Why nobody is written to about it, or "".
std::string_view obstacle(const CustomerFacts& customer, const OpenCharge& charge,
                          const Procedure& procedure, Date as_of) {
    static const std::map<std::string_view, std::string_view> of_claims{
        {"dispute", "disputed"}, {"promise", "promised"},     {"plan", "planned"},
        {"block", "blocked"},    {"insolvency", "insolvent"}, {"legal", "legal"}};
    const auto is_recent = [&](const std::optional<Date>& last, int32_t interval) {
        return last && as_of - *last < interval;
    };
    if (customer.status == "deceased") return "deceased";
    if (customer.status == "insolvent") return "insolvent";
    if (charge.is_draft) return "draft";
    if (charge.kind == "self_billed") return "self_billed";
    if (customer.is_blocked || charge.is_blocked) return "blocked";
    if (charge.is_removed) return "removed";
    if (charge.is_waiting) return "letter_waits";
    if (charge.collectable() == 0) {
        const auto found = of_claims.find(charge.claim_kind);
        return found == of_claims.end() ? "claimed" : found->second;
    }
    if (is_recent(charge.reminded_on, procedure.item_interval)) return "reminded_lately";
    if (is_recent(customer.reminded_on, procedure.customer_interval)) return "customer_reminded";
    return "";
}

bool is_shown(const CustomerFacts& customer, const OpenCharge& charge, Date as_of) {
    return charge.due_on < as_of && charge.collectable() > 0 && !charge.is_draft &&
           charge.kind != "self_billed" && !customer.is_blocked && !charge.is_blocked &&
           !charge.is_removed && !charge.is_waiting;
}

Line line_of(const OpenCharge& charge, int64_t level, bool is_raised, Date as_of) {
    Line out;
    out.item_id = charge.item_id;
    out.part = charge.part;
    out.level = level;
    out.is_raised = is_raised;
    out.due_on = charge.due_on;
    out.days_overdue = as_of - charge.due_on;
    out.original = charge.original;
    out.open = charge.open;
    out.collectable = charge.collectable();
    return out;
}

Line line_of(const OpenCredit& credit, int64_t used, Date as_of) {
    Line out;
    out.item_id = credit.item_id;
    out.is_credit = true;
    out.due_on = credit.posted_on;
    out.days_overdue = as_of - credit.posted_on;
    out.original = credit.open;
    out.open = credit.open;
    out.collectable = used;
    return out;
}

class Deciding {
public:
    Deciding(const CustomerFacts& customer, const Procedures& procedures, Date as_of, Decision& out)
        : customer_(customer), procedures_(procedures), as_of_(as_of), out_(out) {
        for (const auto& charge : customer.charges) {
            if (charge.due_on >= as_of || charge.is_draft || charge.kind == "self_billed") continue;
            overdue_[{charge.company_id, charge.currency}] += charge.open;
        }
        for (const auto& credit : customer.credits) left_.push_back(-credit.open);
    }

    void run() {
        for (const auto& charge : customer_.charges) sort_in(charge);
        for (auto& [key, group] : groups_) {
            if (!group.raised.empty()) write(key, group);
        }
    }

private:
    using Place = std::pair<int64_t, std::string_view>;                   // Company and currency.
    using Key = std::tuple<int64_t, std::string_view, std::string_view>;  // And the procedure.
    struct Raised {
        const OpenCharge* charge;
        const Level* level;
    };
    struct Group {
        const Procedure* procedure = nullptr;
        std::vector<Raised> raised;
        std::vector<const OpenCharge*> shown;
    };

    void sort_in(const OpenCharge& charge) {
        const auto found = procedures_.find(charge.procedure);
        if (found == procedures_.end()) return;
        const auto& procedure = found->second;
        auto& group = groups_[{charge.company_id, charge.currency, procedure.name}];
        group.procedure = &procedure;
        const auto* level =
            next_level(procedure, charge, overdue_[{charge.company_id, charge.currency}], as_of_);
        if (level == nullptr) {
            if (is_shown(customer_, charge, as_of_)) group.shown.push_back(&charge);
            return;
        }
        const auto reason = obstacle(customer_, charge, procedure, as_of_);
        if (reason.empty()) return group.raised.push_back({&charge, level});
        hold(charge, *level, procedure, reason);
        const bool is_recent = reason == "reminded_lately" || reason == "customer_reminded";
        if (is_recent && is_shown(customer_, charge, as_of_)) group.shown.push_back(&charge);
    }

    void hold(const OpenCharge& charge, const Level& level, const Procedure& procedure,
              std::string_view reason) {
        out_.held.push_back({customer_.id, charge.item_id, charge.part, level.number,
                             procedure.name, charge.currency, std::string(reason), charge.open});
    }

    void write(const Key& key, const Group& group) {
        Letter letter;
        letter.customer_id = customer_.id;
        letter.company_id = std::get<0>(key);
        letter.currency = std::get<1>(key);
        letter.procedure = group.procedure;
        letter.language = customer_.language;
        for (const auto& [charge, level] : group.raised) {
            letter.lines.push_back(line_of(*charge, level->number, true, as_of_));
            if (letter.level == nullptr || level->number > letter.level->number) {
                letter.level = level;
            }
        }
        if (group.procedure->shows_overdue) {
            for (const auto* charge : group.shown) {
                letter.lines.push_back(line_of(*charge, charge->level, false, as_of_));
            }
        }
        for (const auto& line : letter.lines) letter.due += line.collectable;
        std::sort(letter.lines.begin(), letter.lines.end(), [](const Line& a, const Line& b) {
            return std::tie(a.due_on, a.item_id, a.part) < std::tie(b.due_on, b.item_id, b.part);
        });
        const auto reason = net(letter);
        if (reason.empty()) {
            out_.letters.push_back(std::move(letter));
            return;
        }
        for (const auto& [charge, level] : group.raised) {
            hold(*charge, *level, *group.procedure, reason);
        }
    }

    /// Sets credits against the letter; why it is not written after all, or "". What another letter
    /// took is not there any more.
    std::string_view net(Letter& letter) {
        std::vector<std::pair<std::size_t, int64_t>> taken;
        auto open = letter.due;
        bool has_unmatched = false;
        for (std::size_t i = 0; i < customer_.credits.size(); ++i) {
            const auto& credit = customer_.credits[i];
            const bool fits = credit.currency == letter.currency &&
                              (credit.company_id == letter.company_id || credit.company_id == 0);
            if (!fits || left_[i] == 0) continue;
            has_unmatched |= credit.kind == "payment";
            const auto take = std::min(open, left_[i]);
            taken.emplace_back(i, take);
            open -= take;
        }
        if (open == 0) {  // What covers this letter covers no other one.
            for (const auto& [i, take] : taken) left_[i] -= take;
            return "credit_balance";
        }
        if (has_unmatched && !letter.procedure->nets_unmatched) return "unmatched_payment";
        if (open < amount_in(letter.level->minimum, letter.currency)) return "below_minimum";
        for (const auto& [i, take] : taken) {
            left_[i] -= take;
            letter.credits -= take;
            letter.lines.push_back(line_of(customer_.credits[i], -take, as_of_));
        }
        return "";
    }

    const CustomerFacts& customer_;
    const Procedures& procedures_;
    Date as_of_;
    Decision& out_;
    std::map<Place, int64_t> overdue_;
    std::vector<int64_t> left_;  // Of each credit.
    std::map<Key, Group> groups_;
};

}  // namespace

const Level* next_level(const Procedure& procedure, const OpenCharge& charge, int64_t balance,
                        Date as_of) {
    if (charge.kind == "payment") return nullptr;  // Money sent back is owed again, never dunned.
    const Level* found = nullptr;
    for (const auto& level : procedure.levels) {
        if (level.number <= charge.level || has_passed(level, charge, as_of)) continue;
        if (is_reached(level, charge, balance, as_of)) {
            // A draft stays what it is until somebody has released it.
            const bool is_drafted = charge.drafted_level != 0 && found != nullptr &&
                                    level.number > charge.drafted_level;
            if (!is_drafted) found = &level;
        }
        if (procedure.is_sequential) break;
    }
    return found;
}

void decide(const CustomerFacts& customer, const Procedures& procedures, Date as_of,
            Decision& out) {
    Deciding(customer, procedures, as_of, out).run();
}

}  // namespace dunlin::receivables::dunning
