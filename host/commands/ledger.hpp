// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "store/tx.hpp"

#include <dunlin/error.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace dunlin::host {

/// The audit row of a command, in the command's own transaction.
void write_audit(Tx& tx, int64_t id, const std::string& command, std::string_view request_json,
                 std::string_view status);

/// The first reply to an idempotency key. The key is claimed before the handler runs, so that of
/// two equal requests at once only one is carried out. Without a key every function does nothing.
class FirstReply {
public:
    FirstReply(std::string command, std::string key, const std::string& request);

    /// The kept reply, or nothing once the key is claimed for this transaction. Error conflict when
    /// the key came with another request before.
    std::optional<std::string> find_or_claim(Tx& tx) const;
    void keep(Tx& tx, const std::string& reply) const;
    /// True when another transaction claimed the key between the look and the claim.
    static bool was_claimed_meanwhile(const Error& e);

private:
    std::string command_, key_, digest_;
};

}  // namespace dunlin::host
