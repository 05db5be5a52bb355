// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/db.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace dunlin::correspondence {

/// The marks by which an answer finds back to its message. Each is made of customer and message
/// with a secret of this instance, so that nobody can make one for another customer.
class Tokens {
public:
    /// Makes the secret when there is none yet.
    explicit Tokens(Transaction& tx);

    struct Target {
        int64_t customer_id = 0, message_id = 0;
    };
    /// What stands before the @ of a Message-ID: "m17.4711.0c3e…".
    std::string mark(int64_t customer_id, int64_t message_id) const;
    /// Whose message a Message-ID is; nothing for one that was not made here.
    std::optional<Target> target(std::string_view mail_id) const;

private:
    std::string proof(std::string_view of) const;

    std::string secret_;
};

}  // namespace dunlin::correspondence
