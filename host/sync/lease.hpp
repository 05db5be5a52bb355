// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jobs/lease.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace dunlin::host {

class Host;

/// The lease of a run over one source, in or out, and the only way in which the run writes: once
/// another run took over, nothing of this one takes effect any more. One thread at a time.
class RunLease {
public:
    /// Error conflict while somebody else holds it. `name` is "sync:" or "write_backs:" and the
    /// source.
    RunLease(Host& host, const std::string& name, const std::string& source, Principal writer);

    /// One transaction, which renews the lease as well; from its begin again when the store is
    /// busy. Error conflict once the lease is lost.
    void commit(const std::string& what, const std::function<void(Tx&)>& body);
    /// Renews the lease when that is due; to be called wherever a run waits.
    void keep();
    bool is_lost() const { return is_lost_; }

private:
    void commit_once(const std::function<void(Tx&)>& body);

    Host& host_;
    std::string source_;
    Principal writer_;
    Lease lease_;
    bool is_lost_ = false;
    std::chrono::steady_clock::time_point renewed_;
};

}  // namespace dunlin::host
