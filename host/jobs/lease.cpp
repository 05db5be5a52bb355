// SPDX-License-Identifier: Apache-2.0
#include "jobs/lease.hpp"

#include "host.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>

namespace dunlin::host {
namespace {

/// True when the holder was a process of this machine that has ended: nobody needs to wait for its
/// lease to run out. A doubt means no, and a wrong yes is caught by the fence.
bool is_gone(const std::string& holder, const std::string& ours) {
    const auto machine = ours.substr(0, ours.find(':') + 1);
    if (machine.empty() || holder.compare(0, machine.size(), machine) != 0) return false;
    int pid = 0;
    const auto* begin = holder.data() + machine.size();
    const auto [end, failure] = std::from_chars(begin, holder.data() + holder.size(), pid);
    if (failure != std::errc{} || end == begin || pid <= 0) return false;
    return kill(pid, 0) != 0 && errno == ESRCH;
}

}  // namespace

int64_t LeaseTable::acquire(const std::string& name, int64_t duration_us) {
    auto tx = host_.begin(Access::write);
    auto& db = tx->db();
    const auto now = tx->moment().now_us;
    std::string holder;
    int64_t fence_before = 0, fence = 0;
    db.query("SELECT holder, fence FROM dunlin_lease WHERE name = ?", name)
        ->next(holder, fence_before);
    if (!is_gone(holder, host_.holder())) fence_before = -1;
    db.query(
          "INSERT INTO dunlin_lease VALUES (?, ?, 1, ?) ON CONFLICT (name) DO UPDATE"
          " SET holder = excluded.holder, fence = dunlin_lease.fence + 1,"
          " lease_until_us = excluded.lease_until_us"
          " WHERE dunlin_lease.lease_until_us <= ? OR dunlin_lease.fence = ? RETURNING fence",
          name, host_.holder(), now + duration_us, now, fence_before)
        ->next(fence);
    tx->commit();
    return fence;
}

bool LeaseTable::renew(const std::string& name, int64_t fence, int64_t duration_us) {
    auto tx = host_.begin(Access::write);
    const bool is_renewed = renew(*tx, name, fence, duration_us);
    tx->commit();
    return is_renewed;
}

bool LeaseTable::renew(Tx& tx, const std::string& name, int64_t fence, int64_t duration_us) {
    return tx.db().exec("UPDATE dunlin_lease SET lease_until_us = ? WHERE name = ? AND fence = ?",
                        tx.moment().now_us + duration_us, name, fence) == 1;
}

void LeaseTable::release(const std::string& name, int64_t fence) {
    auto tx = host_.begin(Access::write);
    tx->db().exec("UPDATE dunlin_lease SET lease_until_us = 0 WHERE name = ? AND fence = ?", name,
                  fence);
    tx->commit();
}

KeptLease::KeptLease(Host& host, std::string name, int64_t duration_us,
                     std::function<void()> on_lost)
    : host_(host),
      name_(std::move(name)),
      duration_us_(duration_us),
      fence_(host.leases().acquire(name_, duration_us)),
      keeper_(host.log(), "jobs", "the lease " + name_ + " is not renewed yet") {
    if (!is_held()) return;
    const auto pause = Worker::Pause(duration_us / 4);
    keeper_.start(
        [this, pause, on_lost](const auto&) {
            if (host_.leases().renew(name_, fence_, duration_us_)) return pause;
            on_lost();
            return Worker::Pause(std::chrono::hours(24 * 365));
        },
        pause);
}

KeptLease::~KeptLease() {
    if (!is_held()) return;
    keeper_.stop();
    try {
        host_.leases().release(name_, fence_);
    } catch (const Error& error) {  // It runs out by itself.
        host_.log().warn("jobs", "a lease could not be given back",
                         {{"lease", name_}, {"error", error.what()}});
    }
}

}  // namespace dunlin::host
