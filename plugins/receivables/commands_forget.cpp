// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "store.hpp"

namespace dunlin::receivables {

Json forget_source(const Services& services, Call& call) {
    Store store(services, call.tx());
    const auto source = call.value<std::string>("source", "");
    const auto found = store.rows_of(source);
    if (found.empty()) {
        throw Error(DUNLIN_E_NOT_FOUND,
                    "nothing is kept of a source \"" + source +
                        "\"; dunlin sync status lists the sources by their names");
    }
    auto rows = Json::array();
    for (const auto& [entity, count] : found) {
        rows.push_back({{"entity", entity}, {"rows", count}});
    }
    Json out{{"source", source}, {"rows", rows}, {"forgotten_customers", 0}, {"is_done", false}};
    if (!call.value("confirm", false)) return out;
    const auto forgotten = store.forget(source, call.value<int64_t>("limit", 1000));
    for (const auto customer_id : forgotten) {
        const auto key = std::to_string(customer_id);
        call.tx().emit("receivables.account_changed", key,
                       {{"customer_id", key},
                        {"source", source},
                        {"entity", "customer"},
                        {"inserted", 0},
                        {"updated", 0},
                        {"deleted", 1}});
        // For who else keeps something of the customer.
        call.tx().emit("receivables.customer_forgotten", key, {{"customer_id", key}});
    }
    out["forgotten_customers"] = forgotten.size();
    out["is_done"] = store.rows_of(source).empty();
    return out;
}

}  // namespace dunlin::receivables
