// SPDX-License-Identifier: Apache-2.0
#include "dunning/facts.hpp"

namespace dunlin::receivables::dunning {

std::string scope_of_company(int64_t company_id) {
    return "company/" + std::to_string(company_id);
}

std::string scope_of_segment(const std::string& segment) {
    return "segment/" + segment;
}

const Procedure* Policies::procedure(const std::string& name) {
    if (name == no_procedure) return nullptr;
    const auto known = procedures_.find(name);
    if (known != procedures_.end()) return &known->second;
    const auto policy = tx_.policy("dunning_procedure", name, on_);
    const auto* body = policy ? &policy->at("body") : default_procedure(name);
    if (body == nullptr) return nullptr;
    const auto version = policy ? policy->at("version").get<int64_t>() : 0;
    return &procedures_.emplace(name, parse_procedure(*body, name, version)).first->second;
}

const ChargePolicy& Policies::charges(const std::string& wanted) {
    const auto& name = wanted.empty() ? "none" : wanted;
    const auto known = charges_.find(name);
    if (known != charges_.end()) return known->second;
    const auto policy = tx_.policy("charges", name, on_);
    const auto* body = policy ? &policy->at("body") : default_charges(name);
    if (body == nullptr) {
        throw Error(DUNLIN_E_CONFLICT, "there are no charges \"" + name +
                                           "\", which a procedure names; set them with "
                                           "receivables.set_charges");
    }
    const auto version = policy ? policy->at("version").get<int64_t>() : 0;
    return charges_.emplace(name, parse_charges(*body, name, version)).first->second;
}

std::optional<std::string> Policies::assignment(const std::string& scope) {
    const auto known = assignments_.find(scope);
    if (known != assignments_.end()) return known->second;
    const auto policy = tx_.policy("dunning_assignment", scope, on_);
    std::optional<std::string> name;
    if (policy) name = policy->at("body").at("procedure").get<std::string>();
    if (name && name->empty()) name.reset();  // Taken back.
    return assignments_[scope] = name;
}

std::string Policies::assigned(int64_t company_id, const std::string& segment) {
    if (!segment.empty()) {
        if (const auto name = assignment(scope_of_segment(segment))) return *name;
    }
    if (company_id != 0) {
        if (const auto name = assignment(scope_of_company(company_id))) return *name;
    }
    return assignment("").value_or("standard");
}

}  // namespace dunlin::receivables::dunning
