// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "store/tx.hpp"

namespace dunlin::host {

class Host;

/// A named lease with a fencing number. Its holder renews it, and it is given back in the end: that
/// nothing of a holder who lost it takes effect any more is the fence's work.
class Lease {
public:
    Lease(Host& host, std::string name, int64_t duration_us);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    /// 0 when somebody else held it.
    int64_t fence() const { return fence_; }
    /// In the caller's transaction, until whose end nobody else can take it. False once it is lost.
    bool renew(Tx& tx) const { return extend(tx, tx.moment().now_us + duration_us_); }
    /// At once, if the caller's transaction commits. False once it is lost or given back.
    bool give_back(Tx& tx);

private:
    bool extend(Tx& tx, int64_t until_us) const;

    Host& host_;
    const std::string name_;
    const int64_t duration_us_;
    int64_t fence_ = 0;
};

}  // namespace dunlin::host
