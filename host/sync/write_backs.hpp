// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sync/write_back_run.hpp"

#include <dunlin/abi/write_backs.h>

namespace dunlin::host {

/// Carries what was decided here into the systems that connectors read, with one effect each.
///
/// queued → sending → confirmed, rejected or conflict. What breaks while sending is unknown: then
/// the other system is asked by the write's key before anything else happens. parked waits for a
/// person, who may also have one cancelled. Of a lane only the first unsettled write moves, so that
/// the others keep their order behind it. "sending" is committed before the call, and one run at a
/// time holds a source's lease: what is found in that state at a begin was cut off.
class WriteBacks {
public:
    explicit WriteBacks(Host& host);

    /// See abi/write_backs.h.
    int64_t queue(Tx& tx, const std::string& plugin, const dunlin_write_back& write);
    /// Sends what is due of a source; how many are in which state afterwards. Error conflict while
    /// another run has the source.
    Json run(const std::string& source, dunlin_cancel* asked = nullptr);

    /// Those that are not confirmed, or all; of one source, or of all when empty; newest last.
    Json list(const std::string& source, bool is_all) const;
    /// How many of each source are in which state.
    Json counts() const;
    /// Sets going again: parked and unknown ones are looked for first, a conflict overwrites what a
    /// person saw there, a rejected one is sent as new. One, or all unknown and parked ones of the
    /// source when id is 0; how many.
    int64_t retry(const std::string& source, int64_t id);
    /// Gives one up that is not settled. What was sent already stays in the other system.
    void cancel(const std::string& source, int64_t id);

private:
    WriteBackRun::Result send(const std::string& source, dunlin_cancel* asked);
    void run_job(const Json& args, dunlin_cancel* asked);
    Host& host_;
};

extern const dunlin_write_backs_v1 write_backs_service;

}  // namespace dunlin::host
