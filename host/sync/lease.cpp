// SPDX-License-Identifier: Apache-2.0
#include "sync/run.hpp"

#include "host.hpp"

namespace dunlin::host {

RunLease::RunLease(Host& host, const std::string& source, dunlin_cancel& cancel)
    : host_(host), name_("sync:" + source), cancel_(cancel) {
    fence_ = host_.leases().acquire(name_, duration_us);
    if (fence_ == 0) {
        throw Error(DUNLIN_E_CONFLICT, "a run of the source " + source +
                                           " is under way already; wait for its end, or for a "
                                           "minute when its host was killed");
    }
    keeper_ = std::thread([this] { keep(); });
}

RunLease::~RunLease() {
    {
        std::lock_guard lock(mutex_);
        is_ended_ = true;
    }
    ended_.notify_all();
    keeper_.join();
    try {
        host_.leases().release(name_, fence_);
    } catch (const Error& error) {  // It runs out by itself.
        host_.log().warn("sync", "a lease could not be given back",
                         {{"lease", name_}, {"error", error.what()}});
    }
}

bool RunLease::renew_in(Tx& tx) const {
    return LeaseTable::renew(tx, name_, fence_, duration_us);
}

void RunLease::keep() {
    std::unique_lock lock(mutex_);
    while (!ended_.wait_for(lock, std::chrono::microseconds(duration_us / 4),
                            [&] { return is_ended_; })) {
        lock.unlock();
        renew();
        lock.lock();
    }
}

void RunLease::renew() {
    try {
        if (!host_.leases().renew(name_, fence_, duration_us)) cancel_.requested = true;
    } catch (const Error& error) {  // Busy: there are three more times.
        host_.log().warn("sync", "a lease could not be renewed yet",
                         {{"lease", name_}, {"error", error.what()}});
    }
}

}  // namespace dunlin::host
