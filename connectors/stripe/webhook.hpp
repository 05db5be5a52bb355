// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/connector.hpp>

#include <string>

namespace dunlin::stripe {

/// Throws Error denied unless Stripe signed the message with this secret, within five minutes of
/// now. While a secret is being replaced Stripe signs with both.
void verify(const Hook& hook, const std::string& secret);

/// What an event says has changed: {"changed":[{"entity","external_ids"}]}. `account` is the
/// connected account that is read, or empty. Throws Error data when it is no event.
Json changed_by(const std::string& body, const std::string& account);

}  // namespace dunlin::stripe
