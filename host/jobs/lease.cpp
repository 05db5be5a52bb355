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

Lease::Lease(Host& host, std::string name, int64_t duration_us)
    : host_(host), name_(std::move(name)), duration_us_(duration_us) {
    auto tx = host_.begin(Access::write);
    auto& db = tx->db();
    const auto now = tx->moment().now_us;
    std::string holder;
    int64_t fence = -1, until_us = 0;
    db.query("SELECT holder, fence, lease_until_us FROM dunlin_lease WHERE name = ?", name_)
        ->next(holder, fence, until_us);
    // Looked at before it is written: its holder's transaction may lock it for as long as it lasts.
    if (until_us > now && !is_gone(holder, host_.holder())) return;
    db.query(
          "INSERT INTO dunlin_lease VALUES (?, ?, 1, ?) ON CONFLICT (name) DO UPDATE"
          " SET holder = excluded.holder, fence = dunlin_lease.fence + 1,"
          " lease_until_us = excluded.lease_until_us"
          " WHERE dunlin_lease.fence = ? AND dunlin_lease.lease_until_us = ? RETURNING fence",
          name_, host_.holder(), now + duration_us_, fence, until_us)
        ->next(fence_);
    tx->commit();
}

Lease::~Lease() {
    if (fence_ == 0) return;
    try {
        auto tx = host_.begin(Access::write);
        extend(*tx, 0);
        tx->commit();
    } catch (const Error& error) {  // It runs out by itself.
        host_.log().warn("jobs", "a lease could not be given back",
                         {{"lease", name_}, {"error", error.what()}});
    }
}

bool Lease::extend(Tx& tx, int64_t until_us) const {
    return tx.db().exec("UPDATE dunlin_lease SET lease_until_us = ? WHERE name = ? AND fence = ?",
                        until_us, name_, fence_) == 1;
}

bool Lease::give_back(Tx& tx) {
    if (fence_ == 0 || !extend(tx, 0)) return false;
    tx.after_commit([this] { fence_ = 0; });
    return true;
}

}  // namespace dunlin::host
