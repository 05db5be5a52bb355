// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/worker.hpp"
#include "store/tx.hpp"

namespace dunlin::host {

class Host;

/// A named lease with a fencing number, renewed by its holder.
class LeaseTable {
public:
    explicit LeaseTable(Host& host) : host_(host) {}
    /// The fence, or 0 when somebody else holds it.
    int64_t acquire(const std::string& name, int64_t duration_us);
    bool renew(const std::string& name, int64_t fence, int64_t duration_us);
    void release(const std::string& name, int64_t fence);
    /// Inside the caller's transaction, until whose end nobody else can acquire it.
    static bool renew(Tx& tx, const std::string& name, int64_t fence, int64_t duration_us);

private:
    Host& host_;
};

/// A lease that is renewed on a thread of its own and given back in the end. `on_lost` is called
/// there when somebody else has it: that nothing takes effect any more is the fence's work.
class KeptLease {
public:
    KeptLease(Host& host, std::string name, int64_t duration_us, std::function<void()> on_lost);
    ~KeptLease();

    bool is_held() const { return fence_ != 0; }  // False when somebody else had it.
    /// In the caller's transaction, whose commit renews it; the keeper waits for it meanwhile.
    bool renew_in(Tx& tx) const { return LeaseTable::renew(tx, name_, fence_, duration_us_); }

private:
    Host& host_;
    const std::string name_;
    const int64_t duration_us_, fence_;
    Worker keeper_;
};

}  // namespace dunlin::host
