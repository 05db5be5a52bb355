// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cash/combination.hpp"
#include "cash/order.hpp"
#include "cash/reading.hpp"

namespace dunlin::receivables::cash {

constexpr std::size_t proposals_most = 5, searched_most = 400;
constexpr int64_t chance_small_ppm = 10000;  // One in a hundred.

using Places = std::vector<std::size_t>;

/// What a way of writing a number is worth.
Reason worth(Written how);

/// Makes the proposals for one payment.
class Thinking {
public:
    Thinking(const OpenBook& book, const Policy& policy, const Receipt& receipt)
        : book_(book), policy_(policy), receipt_(receipt), reading_(read(book, receipt)) {}

    std::vector<Proposal> run();

private:
    const Charge& charge(std::size_t at) const { return book_.charge(at); }
    int64_t open_of(const Places& places) const;
    static Places places_of(const std::vector<Named>& list);

    /// What may be taken off a charge on the day of the payment.
    int64_t discount_of(const Charge& one) const;
    int64_t tolerance_of(int64_t sum) const;

    Proposal begin(const char* kind, std::vector<Reason> reasons) const;
    /// Lines that settle whole charges; what is missing stays open of the largest.
    void add_lines(Proposal& out, const Places& places, int64_t missing, Shortfall why) const;
    void add_discounted(Proposal& out, const Places& places) const;
    void put(Proposal out);

    /// The weakest way in which one of these is named.
    static Written weakest(const std::vector<Named>& group);
    /// What a slip or a short number lacks, the amount makes up for where it fits nothing else.
    void add_only(Proposal& out, const std::vector<Named>& group) const;

    /// True where the whole group was paid, in full or less its discounts.
    bool pays_all(const std::vector<Named>& group, const char* kind);

    void by_reference();

    /// Numbers that are named, with those that are meant if somebody erred.
    bool by_slips();
    void pays_less_by_slip();

    void pays_less(const Places& places, int64_t sum);
    bool fits_another(std::size_t but) const;
    void add_filled(Proposal& out, const std::vector<Filled>& filled) const;

    /// More than what is named: for others as well, or too much.
    void pays_more(const Places& places, int64_t rest);
    /// Fees and interest that are claimed about these.
    Places charges_about(const Places& places) const;
    /// What is named and what is claimed about it, together: in the order of the policy where the
    /// money is less than that. False where no charges are in question.
    bool pays_with_charges(const Places& places);

    /// Somebody pays for a customer that is not of the family.
    void by_stranger();
    /// A number with a slip, or a short one, whose amount is right, of whomever.
    void by_strangers_amount();

    /// Charges that undirected money may pay: issued, open and not disputed.
    Places payable(bool of_family, bool with_charges = false) const;
    /// The text speaks of something that this would not pay.
    void add_contradiction(Proposal& out) const;

    void by_amount();
    /// Whether two or three amounts make up the payment as well.
    Combinations combinations_of_few(const std::vector<int64_t>& amounts) const;

    /// All that is due, all there is, or the oldest of it.
    void by_due_date(bool with_charges);

    void by_combination();

    /// Nothing fits: in the order of the policy, for a person to decide.
    void on_account();

    std::vector<Proposal> ranked();

    const OpenBook& book_;
    const Policy& policy_;
    const Receipt& receipt_;
    Reading reading_;
    std::vector<Named> own_, strangers_;
    std::vector<Proposal> out_;
};

}  // namespace dunlin::receivables::cash
