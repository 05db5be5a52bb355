// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/ids.hpp"
#include "store/tx.hpp"

#include <string>
#include <vector>

namespace dunlin::host {

/// An event on its way into the outbox.
struct PendingEvent {
    std::string topic, key, payload_json, origin;
};

/// The events of one transaction, kept until its commit.
struct Outbox {
    std::vector<PendingEvent> events;
    bool is_hooked = false;

    static Outbox* of(const Tx& tx) { return static_cast<Outbox*>(tx.outbox.get()); }
    static Outbox& of_or_new(Tx& tx) {
        if (!tx.outbox) tx.outbox = std::make_shared<Outbox>();
        return *of(tx);
    }
    /// Writes what is left of them into dunlin_event; empty afterwards.
    void write(Tx& tx, Ids& ids);
};

}  // namespace dunlin::host
