// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "remittance.hpp"

namespace dunlin::test {

using namespace receivables::cash;

inline const Date today = Date::parse("2026-03-02");

struct Chance {
    explicit Chance(uint64_t seed) : engine(seed) {}
    std::mt19937_64 engine;
    /// From 0 on, below n.
    std::size_t below(std::size_t n) { return n == 0 ? 0 : engine() % n; }
    int in(int from, int to) {
        return from + static_cast<int>(below(static_cast<std::size_t>(to - from + 1)));
    }
    bool per_mille(int n) { return in(1, 1000) <= n; }
    double normal() { return std::normal_distribution<double>()(engine); }
    template <class List>
    const auto& of(const List& list) {
        return list[below(std::size(list))];
    }
};

struct Debtor {
    int64_t id = 0, parent_id = 0;
    int company = 0, habit = 0;
    int discount_per_cent = 0;
    int64_t price = 0;
    std::string name, account;
    std::vector<std::size_t> open, settled;  // Charges; those paid meanwhile leave.
};

inline std::string padded(std::size_t n, std::size_t digits) {
    auto out = std::to_string(n);
    if (out.size() < digits) out.insert(0, digits - out.size(), '0');
    return out;
}

inline std::string number_of(int company, std::size_t n) {
    switch (company) {
        case 0: return "RE-2026-" + padded(n, 5);
        case 1: return std::to_string(1000000 + n);
        case 2: return "INV-" + padded(n, 6);
        default: return "F26/" + padded(n, 5);
    }
}

/// Customers and what they owe.
class World {
protected:
    World(uint64_t seed, std::size_t open_charges) : chance_(seed), wanted_charges_(open_charges) {}

    static constexpr int64_t cent = 100;

    void make_debtors() {
        static const char* const first[] = {"Amsel", "Birke",  "Castor", "Delta",  "Eiche",
                                            "Falk",  "Grimm",  "Hansa",  "Iris",   "Jupiter",
                                            "Krone", "Linden", "Merkur", "Nordic", "Orion",
                                            "Pfeil", "Quarz",  "Rhein",  "Saturn", "Tulpe"};
        static const char* const second[] = {"Bau",     "Handels", "Technik", "Logistik", "Medien",
                                             "Service", "Textil",  "Pharma",  "Metall",   "Food"};
        static const char* const form[] = {"GmbH", "AG", "Ltd", "B.V.", "SARL", "GmbH & Co. KG"};
        std::size_t open = 0;
        for (int64_t id = 1; open < wanted_charges_; ++id) {
            Debtor debtor;
            debtor.id = id;
            // The family of the last head office goes on for a while.
            if (branches_left_ > 0) {
                --branches_left_;
                debtor.parent_id = head_office_;
            } else if (chance_.per_mille(40)) {
                head_office_ = id;
                branches_left_ = chance_.in(2, 8);
            }
            debtor.company = debtor.parent_id != 0 ? debtors_.back().company : company();
            debtor.habit = chance_.in(1, 100);
            debtor.discount_per_cent = chance_.per_mille(200) ? chance_.in(2, 3) : 0;
            static constexpr int64_t prices[] = {4990, 9900, 11900, 23800, 35700, 59500};
            debtor.price = chance_.of(prices) * cent;
            debtor.name = std::string(chance_.of(first)) + " " + chance_.of(second) + " " +
                          std::to_string(id * 7 % 9973) + " " + chance_.of(form);
            debtor.account = "DE" + padded(static_cast<std::size_t>(id) * 104729 % 100, 2) +
                             "5001" + padded(static_cast<std::size_t>(id) * 7919, 14);
            debtors_.push_back(debtor);
            open += make_charges(debtors_.back());
            out_.payers.push_back({id, debtor.parent_id, std::to_string(10000 + id), debtor.name});
            if (chance_.per_mille(700)) out_.accounts.push_back({debtor.account, id});
        }
    }

    int company() {
        const auto draw = chance_.in(1, 100);
        return draw <= 45 ? 0 : draw <= 75 ? 1 : draw <= 90 ? 2 : 3;
    }

    std::size_t make_charges(Debtor& debtor) {
        const auto drawn = std::exp(2.2 + 1.2 * chance_.normal());
        const auto count = static_cast<std::size_t>(std::clamp(drawn, 1.0, 400.0));
        for (std::size_t i = 0; i < count + count / 5; ++i) {
            Charge charge;
            charge.customer_id = debtor.id;
            charge.item_id = static_cast<int64_t>(out_.charges.size()) + 1;
            // Numbers run over all customers of a company.
            auto& last = numbers_[static_cast<std::size_t>(debtor.company)];
            last += static_cast<std::size_t>(chance_.in(1, 3));
            charge.number = number_of(debtor.company, last * 7919 % 99991);
            if (!taken_.insert({charge.number, true}).second) continue;
            charge.currency = "EUR";
            charge.issued_on = today - chance_.in(1, 120);
            charge.due_on = charge.issued_on + (debtor.habit % 2 == 0 ? 30 : 14);
            charge.open = amount(debtor);
            if (debtor.discount_per_cent != 0) {
                charge.discount_on = charge.issued_on + 14;
                charge.discount = charge.open / cent * debtor.discount_per_cent / 100 * cent;
            }
            const bool is_settled = i >= count;
            if (is_settled) charge.open = 0;
            (is_settled ? debtor.settled : debtor.open).push_back(out_.charges.size());
            amounts_.push_back(charge.open);
            out_.charges.push_back(charge);
        }
        return count;
    }

    int64_t amount(const Debtor& debtor) {
        if (debtor.habit <= 25) return debtor.price;
        if (debtor.habit <= 40) return int64_t{chance_.in(1, 60)} * 100 * 100 * cent;
        const auto drawn = std::exp(6.2 + 1.3 * chance_.normal()) * 100;
        return static_cast<int64_t>(std::clamp(drawn, 500.0, 50000000.0)) * cent;
    }

    Chance chance_;
    std::size_t wanted_charges_;
    Remittances out_;
    std::vector<Debtor> debtors_;
    std::vector<int64_t> amounts_;
    std::map<std::string, bool> taken_;
    std::size_t numbers_[4] = {0, 0, 0, 0};
    int64_t head_office_ = 0;
    int branches_left_ = 0;
};

}  // namespace dunlin::test
