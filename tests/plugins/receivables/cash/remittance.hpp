// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cash/match.hpp"

namespace dunlin::test {

/// A payment and what it was for. Without lines nobody could tell from what is on paper.
struct Paid {
    receivables::cash::Receipt receipt;
    std::string kind;
    std::vector<receivables::cash::Line> truth;  // Only customer, item and amount; by item.
    bool operator<(const Paid& other) const {
        return std::tie(receipt.paid_on, receipt.item_id) <
               std::tie(other.receipt.paid_on, other.receipt.item_id);
    }
};

/// A book of open invoices and payments for some of them, with truth, all from one seed.
///
/// What it draws, per mille of the payments: 330 the invoice's number and its amount, 155 the same
/// among other text, 120 several numbers (2 to 12, each with 4 % chance of a slip), 100 a slip in
/// the number (a wrong, missing, doubled or swapped digit, a letter that looks like one), 50 a
/// number without its prefix or zeros, 50 part payments of an invoice, 40 less a discount that was
/// offered (one in five too late), 25 less a deduction, 15 less some cents or bank charges, 12 too
/// much, 35 a head office for a branch, 12 somebody unknown for a customer, 30 the amount without a
/// number, 10 all that is due without a number, 6 the first number "and others", 5 an invoice paid
/// for the second time, 5 a round sum on account. One in five texts is wrapped as MT940 does, with
/// a blank after 27 characters; all end after 140. Of the payers 70 % are known by customer, 15 %
/// by a bank account that paid before, 15 % by their name alone, a fifth of those misspelled or
/// cut.
///
/// Customers owe 1 to 400 invoices (log-normal, median 9). A quarter pays the same amount each
/// month, 15 % owe whole hundreds, the rest odd amounts. Every 5th customer has a discount. One
/// invoice in six is settled. Every 25th customer is a head office of 2 to 8 others.
struct Remittances {
    std::vector<receivables::cash::Charge> charges;
    std::vector<receivables::cash::Payer> payers;
    std::vector<receivables::cash::KnownAccount> accounts;
    std::vector<Paid> payments;  // By date.
};
Remittances make_remittances(uint64_t seed, std::size_t open_charges, std::size_t payments);

}  // namespace dunlin::test
