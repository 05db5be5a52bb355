// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/connector.hpp>

#include <string>

#include "client.hpp"

namespace dunlin::stripe {

/// Carries out what was decided in Dunlin. Stripe keeps a request's key for a day, and the metadata
/// of what was made keeps it for ever.
class Writer {
public:
    explicit Writer(Client& client) : client_(client) {}

    /// The kinds, for describe().
    static Json describe();
    Receipt push(const WriteBack& write);
    Receipt find(const WriteBack& write);

private:
    Receipt note(const WriteBack& write);
    Receipt metadata(const WriteBack& write);
    Receipt credit_note(const WriteBack& write);
    /// The credit note that was made with this key, or nothing.
    std::optional<Receipt> find_credit_note(const WriteBack& write);

    Client& client_;
};

}  // namespace dunlin::stripe
