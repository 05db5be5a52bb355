// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <unordered_map>
#include <utility>

#include "cash/match.hpp"
#include "cash/reference.hpp"

namespace dunlin::receivables::cash {

/// How a number stands in a text, the surest first.
enum class Written { plain, look_alike, digits, tail, slip, cut };

/// What is owed and who pays, found by number, amount, customer, account and name.
class OpenBook {
public:
    OpenBook(std::vector<Charge> charges, const std::vector<Payer>& payers,
             const std::vector<KnownAccount>& accounts);

    const Charge& charge(std::size_t at) const { return charges_[at]; }
    const NumberKeys& keys(std::size_t at) const { return keys_[at]; }
    std::size_t size() const { return charges_.size(); }
    /// Takes what a line pays out of what is open.
    void settle(const Line& line);
    /// The charge of an item; nothing when there is none.
    const Charge* find(int64_t item_id) const;

    struct Found {
        std::size_t charge = 0;
        Written how = Written::plain;
    };
    /// Charges that a token may name, exactly or as people shorten numbers.
    std::vector<Found> named(const Token& token) const;
    /// Charges of which so much was open when the book was made.
    const std::vector<std::size_t>& of_amount(int64_t open) const;
    const std::vector<std::size_t>& of_customer(int64_t customer_id) const;

    /// The customer, its head office and all that belong to that, itself first.
    std::vector<int64_t> family(int64_t customer_id) const;
    const Payer* payer(int64_t customer_id) const;
    const std::vector<int64_t>& with_account(const std::string& bank_account) const;
    const std::vector<int64_t>& with_name(const std::string& words) const;
    const std::vector<int64_t>& with_number(const std::string& squeezed) const;

private:
    int64_t head_of(int64_t customer_id) const;
    using Places = std::unordered_map<std::string, std::vector<std::size_t>>;
    using Customers = std::unordered_map<std::string, std::vector<int64_t>>;
    std::vector<Charge> charges_;
    std::vector<NumberKeys> keys_;
    Places by_full_, by_digits_, by_tail_;
    std::unordered_map<int64_t, std::vector<std::size_t>> by_amount_, by_customer_;
    std::unordered_map<int64_t, std::size_t> by_item_;
    std::unordered_map<int64_t, Payer> payers_;
    std::unordered_map<int64_t, std::vector<int64_t>> members_;  // By head office.
    Customers by_account_, by_name_, by_number_;
};

}  // namespace dunlin::receivables::cash
