// SPDX-License-Identifier: Apache-2.0
#include "names.hpp"
#include "sink.hpp"

namespace dunlin::receivables {

Known unassigned_account(Intake& in) {
    // Bound under no source: nothing that one brings or leaves out touches it.
    constexpr std::string_view no_source;
    auto& store = in.store();
    const auto found = store.known(no_source, "customer", {in.source()}).front();
    if (found.id != 0) return found;
    const auto name = "Unassigned payments of " + std::string(in.source());
    CustomerRow row;
    row.id = store.services().next_id();
    row.number = "unassigned";
    row.name = name;
    row.kind = "unassigned";
    row.status = "active";
    row.known_at = in.now_us();
    row.number_key = name_key(row.number);
    row.name_key = name_key(name);
    store.write(std::vector<CustomerRow>{row});
    Known known;
    known.customer_id = known.id = row.id;
    store.bind(no_source, "customer", {{in.source(), known}});
    return known;
}

}  // namespace dunlin::receivables
