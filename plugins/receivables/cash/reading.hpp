// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "cash/open_book.hpp"

namespace dunlin::receivables::cash {

/// A charge that a text names.
struct Named {
    std::size_t charge = 0;
    Written how = Written::plain;
    bool is_own = true;   // Of the payer or its family.
    bool is_only = true;  // The text fits no other one as well.
};

/// What a payment's text and sender say.
struct Reading {
    std::int64_t customer_id = 0;  // Who pays; 0: unknown.
    Reason payer{};
    std::vector<int64_t> family{};
    std::vector<Named> named{};       // Open charges.
    std::vector<Named> slips{};       // Open charges that are meant if somebody erred.
    std::vector<std::size_t> paid{};  // Settled charges that the text names.
    std::size_t unknown_numbers = 0;  // What looks like a number of theirs and is none.
    bool says_part = false;           // "Rate", "part payment", "a conto".
    bool says_more = false;           // "u.a.", "and others".
    bool is_family(int64_t customer_id) const;
};
Reading read(const OpenBook& book, const Receipt& receipt);

}  // namespace dunlin::receivables::cash
