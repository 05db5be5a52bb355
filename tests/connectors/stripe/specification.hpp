// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/http.hpp>
#include <dunlin/json.hpp>

#include <set>
#include <string>

namespace dunlin::stripe::test {

/// Stripe's own description of its interface, and what it says against a request. It lies beside
/// the tree; without it every request passes, and examples are the few fields that the connector
/// reads.
class Specification {
public:
    static const Specification& get();
    static bool is_there();

    /// Why Stripe would not know this request; empty when it does. `operation` becomes
    /// "GET /v1/invoices/{invoice}".
    std::string mistake_in(const HttpRequest& request, std::string& operation) const;
    /// A copy of Stripe's own example of an object, or of ours.
    Json example(const std::string& object) const {
        return (is_there() ? examples_ : own_examples_).at(object);
    }
    const Json& own_examples() const { return own_examples_; }

private:
    Specification();
    const Json& resolved(const Json& schema) const;
    std::string mistake_in_expand(const Json& operation, const std::string& path) const;
    std::string mistake_in_value(const Json& schema, const std::string& name,
                                 const std::vector<std::string>& keys,
                                 const std::string& value) const;

    Json document_, examples_, own_examples_;
};

/// Name and value pairs of "a=1&b[]=2", decoded.
std::vector<std::pair<std::string, std::string>> decoded(const std::string& query);

}  // namespace dunlin::stripe::test
