// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.hpp"
#include "base/principal.hpp"
#include "store/store.hpp"

#include <functional>
#include <string>
#include <vector>

namespace dunlin::host {

/// An event on its way into the outbox.
struct PendingEvent {
    std::string topic, key, payload_json, origin;
};

/// A transaction with everything that is fixed for its time: access, moment, principal, scope.
/// Rolls back unless committed. One thread at a time.
class Tx {
public:
    Tx(Store& store, Access access, Moment moment, Principal principal)
        : moment_(moment),
          principal_(std::move(principal)),
          access_(access),
          connection_(store.begin(access)) {
        if (!principal_.scopes.empty()) connection_->set_scope(principal_.scopes);
    }
    ~Tx() { rollback(); }
    Tx(const Tx&) = delete;
    Tx& operator=(const Tx&) = delete;

    Connection& db() {
        if (!connection_) throw Error(DUNLIN_E_INVALID, "the transaction has ended");
        return *connection_;
    }
    const Moment& moment() const { return moment_; }
    const Principal& principal() const { return principal_; }
    Access access() const { return access_; }

    /// Runs just before the commit, in order; what it throws fails the commit. The outbox writes
    /// its buffered rows here.
    void before_commit(std::function<void(Tx&)> body) { before_.push_back(std::move(body)); }
    /// Runs after a successful commit; must not throw. Wakes the dispatcher and the job worker.
    void after_commit(std::function<void()> body) { after_.push_back(std::move(body)); }

    void rollback() {
        if (connection_) connection_->rollback();
        connection_.reset();
    }
    void commit() {
        db().enter(nullptr);
        for (std::size_t i = 0; i < before_.size(); ++i) before_[i](*this);
        connection_->commit();
        connection_.reset();
        for (auto& body : after_) body();
    }

    /// What body throws undoes what it wrote and emitted.
    template <class Body>
    void in_savepoint(Body&& body) {
        const auto events_before = events.size();
        const int depth = ++depth_;
        db().enter(nullptr);
        db().savepoint(depth);
        try {
            body();
        } catch (...) {
            depth_ = depth - 1;
            events.resize(events_before);
            db().rollback_to_savepoint(depth);
            db().enter(nullptr);
            db().release_savepoint(depth);
            throw;
        }
        depth_ = depth - 1;
        db().release_savepoint(depth);
    }

    /// Commands being handled in it, outermost first: refuses cycles, names the caller.
    std::vector<std::string> command_stack;
    /// Emitted and not yet written, see Events::emit().
    std::vector<PendingEvent> events;

private:
    Moment moment_;
    Principal principal_;
    Access access_;
    Store::Lease connection_;
    std::vector<std::function<void(Tx&)>> before_;
    std::vector<std::function<void()>> after_;
    int depth_ = 0;  // Savepoints open.
};

}  // namespace dunlin::host
