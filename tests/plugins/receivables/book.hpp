// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "support/instance.hpp"

namespace dunlin::test {

/// An instance whose ledger a test fills by rows written as JSON: amounts as "12.50", days as
/// "2026-02-28", everything else as text.
class Book {
public:
    explicit Book(Dialect dialect, InstanceOptions options = {})
        : instance_(dialect, std::move(options)) {}

    Instance& instance() { return instance_; }
    AppliedBatch put(const std::string& entity, const std::vector<Json>& rows,
                     const std::string& source = "erp");
    AppliedBatch customer(const std::string& id);
    AppliedBatch invoice(const std::string& id, const std::string& total, const std::string& issued,
                         const std::string& due, const Json& more = Json::object());
    AppliedBatch payment(const std::string& id, const std::string& amount, const std::string& date,
                         const Json& more = Json::object());
    AppliedBatch allocation(const std::string& id, const std::string& source,
                            const std::string& invoice, const std::string& amount,
                            const Json& more = Json::object());

    Json call(const std::string& command, const Json& request = Json::object()) {
        return instance_.call("receivables." + command, request);
    }
    /// The one total of an ageing.
    Json total(const std::string& as_of);
    std::string balance(const std::string& as_of) { return total(as_of).at("balance"); }
    /// Our id of what the source calls so.
    std::string id(const std::string& entity, const std::string& external_id);
    /// "number open" of all open items, as a sorted list.
    std::vector<std::string> open(const std::string& as_of);
    /// Empty when the audit finds nothing, else its findings.
    std::string audit(const std::vector<std::string>& dates = {});

private:
    Instance instance_;
};

/// The buckets of an ageing line by name.
inline Json buckets_of(const Json& line) {
    Json by_name = Json::object();
    for (const auto& bucket : line.at("buckets")) {
        by_name[bucket.at("bucket").get<std::string>()] = bucket.at("amount");
    }
    return by_name;
}

}  // namespace dunlin::test
