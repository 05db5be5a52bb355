// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/date.hpp>
#include <dunlin/db.hpp>

#include <map>
#include <string>
#include <vector>

namespace dunlin::receivables {

struct Phone {
    std::string person, number;
};

/// The numbers of customers in force on a day, best first: for dunning before for billing before
/// others, preferred ones first. As the caller may see them.
std::map<int64_t, std::vector<Phone>> phones_of(Transaction& tx,
                                                const std::vector<int64_t>& customers, Date on);

}  // namespace dunlin::receivables
