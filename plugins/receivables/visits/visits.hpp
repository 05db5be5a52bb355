// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "contacts/contacts.hpp"
#include "visits/route.hpp"

namespace dunlin::receivables {

/// Cash that was taken on the spot. It is no money of the ledger until its source brings it; until
/// then a claim keeps it from being asked for again.
struct Receipt {
    int64_t customer_id = 0, id = 0, contact_id = 0, item_id = 0, amount = 0, claim_id = 0;
    std::string currency;
    Date received_on, handed_in_on = never;
    std::string person, made_by, handed_in_to;
    int64_t known_at = 0;
};

/// Takes the cash that a request of log_contact tells of.
Json take_cash(const Services& services, Call& call, const Contact& contact, const Json& request);

/// Takes an operator's file of postcodes.
Json load_postcodes(const Services& services, Call& call);
/// Where a postcode lies by that file.
std::optional<Place> place_of_postcode(Transaction& tx, std::string_view country,
                                       std::string_view postcode);

/// The handler of a command about visits; null when it is about something else.
Door visit_door(std::string_view command);

}  // namespace dunlin::receivables
