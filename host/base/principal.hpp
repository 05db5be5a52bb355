// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/json.hpp>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace dunlin::host {

/// Who asks. Made by the command line (the operator), a bearer token, a job or an event.
struct Principal {
    std::string name;                // "token:collector-1", "operator", "job:…".
    std::vector<std::string> roles;  // Names of role bundles.
    std::set<std::string> permissions;
    bool may_everything = false;                          // The operator and the host itself.
    std::map<std::string, std::set<std::string>> scopes;  // Dimension → values; absent: all.

    bool may(const std::string& permission) const {
        return may_everything || permissions.count(permission) > 0;
    }
    Json to_json() const { return {{"name", name}, {"roles", roles}, {"scopes", scopes}}; }
    static Principal of_operator() {
        Principal p;
        p.name = "operator";
        p.roles = {"administrator"};
        p.may_everything = true;
        return p;
    }
};

}  // namespace dunlin::host
