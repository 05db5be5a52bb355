// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/plugin.hpp>

#include "inbound/inbound.hpp"
#include "message.hpp"

namespace dunlin::correspondence {

/// What follows from a message that was filed: a report sets its message's state, what a person
/// wrote becomes a task for one. `assignee` may be empty: the customer's collector.
void follow(const Services& services, Transaction& tx, Inbound& in, const std::string& assignee);

/// A message came back: `state` is bounced or returned. Says so to whoever keeps the address, and
/// makes a task of it, whose id it returns. False when it was not on its way any more.
bool come_back(const Services& services, Transaction& tx, Message& m, const std::string& state,
               const std::string& why, int64_t& task_id);

/// Everything of a customer who is forgotten.
void forget(const Services& services, Transaction& tx, int64_t customer_id);

}  // namespace dunlin::correspondence
