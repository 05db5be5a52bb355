// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/plugin.hpp>

#include <string>
#include <string_view>

namespace dunlin::receivables {

/// What a click on a number opens, as the operator wrote it: call_link and call_country of
/// [plugins.receivables].
class CallLink {
public:
    explicit CallLink(std::string form, std::string country = {})
        : form_(std::move(form)), country_(std::move(country)) {}
    static CallLink of(const Services& services);

    /// The link that calls a number; empty where none is set up, or where it cannot be told which
    /// number is meant all over the world.
    std::string to(std::string_view number) const;
    bool is_set() const { return !form_.empty(); }

private:
    std::string form_, country_;
};

/// A number as ITU-T E.164 has it, "+493012345", from how people write it; `country` is the code of
/// numbers that begin with a single 0. Empty when it is none, or one with an extension.
std::string e164(std::string_view number, std::string_view country);

/// Adds what a click calls: to the numbers of a customer; to each row of the worklist its
/// customer's best number. Nothing while no link is set up.
Json with_call_links(const Services& services, Json customer);
Json with_phones(const Services& services, Call& call, Json worklist);

}  // namespace dunlin::receivables
