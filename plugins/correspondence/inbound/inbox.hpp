// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/db.hpp>

#include <optional>
#include <vector>

#include "inbound/inbound.hpp"

namespace dunlin::correspondence {

struct InboundQuery {
    int64_t customer_id = 0, id = 0, message_id = 0, after = 0;
    std::string state{};
    int64_t limit = 100;
    bool is_scoped = false;  // As the caller may see them.
};

/// The tables of what came in.
class Inbox {
public:
    explicit Inbox(Transaction& tx) : tx_(tx) {}

    /// By id.
    std::vector<Inbound> list(const InboundQuery& query);
    std::optional<Inbound> find(int64_t id);
    /// False when the source brought it before.
    bool note_received(std::string_view source, std::string_view external_id, int64_t id);
    void insert(const Inbound& inbound);
    /// Writes what filing decides; `from_customer` is whose it was.
    void update(const Inbound& inbound, int64_t from_customer);
    int64_t waiting();
    /// Ids of what a source brought, behind one of them.
    std::vector<std::string> external_ids(std::string_view source, std::string_view after,
                                          int64_t limit);

private:
    Transaction& tx_;
};

}  // namespace dunlin::correspondence
