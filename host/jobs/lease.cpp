// SPDX-License-Identifier: Apache-2.0
#include "jobs/jobs.hpp"

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
    auto taken = db.exec(
        "UPDATE dunlin_lease SET holder = ?, fence = fence + 1, lease_until_us = ?"
        " WHERE name = ? AND lease_until_us <= ?",
        host_.holder(), now + duration_us, name, now);
    if (taken == 0) {
        taken = db.exec("INSERT INTO dunlin_lease VALUES (?, ?, 1, ?) ON CONFLICT DO NOTHING", name,
                        host_.holder(), now + duration_us);
    }
    if (taken == 0) {
        auto held = db.query("SELECT holder, fence FROM dunlin_lease WHERE name = ?", name);
        if (held->step() && is_gone(std::string(held->text(0)), host_.holder())) {
            const auto fence_before = held->i64(1);
            held.reset();
            taken = db.exec(
                "UPDATE dunlin_lease SET holder = ?, fence = fence + 1, lease_until_us = ?"
                " WHERE name = ? AND fence = ?",
                host_.holder(), now + duration_us, name, fence_before);
        }
    }
    if (taken == 0) return 0;
    auto row = db.query("SELECT fence FROM dunlin_lease WHERE name = ?", name);
    row->step();
    const auto fence = row->i64(0);
    row.reset();
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

}  // namespace dunlin::host
