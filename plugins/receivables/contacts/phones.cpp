// SPDX-License-Identifier: Apache-2.0
#include "contacts/phones.hpp"

#include <algorithm>

#include "views.hpp"

namespace dunlin::receivables {

std::map<int64_t, std::vector<Phone>> phones_of(Transaction& tx,
                                                const std::vector<int64_t>& customers, Date on) {
    constexpr std::size_t at_once = 200;
    std::map<int64_t, std::vector<Phone>> out;
    for (std::size_t from = 0; from < customers.size(); from += at_once) {
        const auto end = std::min(customers.size(), from + at_once);
        Sql sql;
        sql.add(
            "SELECT customer_id, person, value FROM receivables_v1_contact_point_scoped WHERE kind "
            "IN ('phone', 'mobile') AND valid_from <= ? AND valid_to >= ? AND customer_id IN (",
            on, on);
        for (auto i = from; i < end; ++i) sql.add(i == from ? "?" : ", ?", customers[i]);
        sql.add(
            ") ORDER BY customer_id, CASE role WHEN 'dunning' THEN 0 WHEN 'billing' THEN 1 ELSE 2 "
            "END, preferred DESC, contact_point_id");
        for (const auto& row : sql.run(tx)) {
            out[row.i64(0)].push_back({row.string(1), row.string(2)});
        }
    }
    return out;
}

}  // namespace dunlin::receivables
