// SPDX-License-Identifier: Apache-2.0
#include "jobs/schedules.hpp"

#include "host.hpp"

namespace dunlin::host {

void Schedules::add(Schedule schedule) {
    std::lock_guard lock(mutex_);
    for (auto& entry : entries_) {
        if (entry.schedule.name != schedule.name) continue;
        entry = {std::move(schedule), false};
        return;
    }
    entries_.push_back({std::move(schedule), false});
}

void Schedules::store(Entry& entry) {
    auto tx = host_.begin(Access::write);
    const auto now = tx->moment().now_us;
    const auto next = entry.schedule.next(now);
    tx->db().exec("INSERT INTO dunlin_cron VALUES (?, ?) ON CONFLICT DO NOTHING",
                  entry.schedule.name, entry.schedule.fires_at_once ? now : next);
    // A line that fires more often now does not wait for the old one's time.
    tx->db().exec("UPDATE dunlin_cron SET next_at_us = ? WHERE kind = ? AND next_at_us > ?", next,
                  entry.schedule.name, next);
    tx->commit();
    entry.is_stored = true;
}

bool Schedules::fire(const Entry& entry, int64_t at,
                     const std::function<bool(Tx&, const Schedule&)>& enqueue) {
    auto tx = host_.begin(Access::write);
    // Only the host that moves the row on queues the job.
    const auto moved =
        tx->db().exec("UPDATE dunlin_cron SET next_at_us = ? WHERE kind = ? AND next_at_us = ?",
                      entry.schedule.next(tx->moment().now_us), entry.schedule.name, at);
    if (moved == 0) return false;
    enqueue(*tx, entry.schedule);
    tx->commit();
    return true;
}

int64_t Schedules::fire(const std::function<bool(Tx&, const Schedule&)>& enqueue) {
    std::lock_guard lock(mutex_);
    const auto apart = [&](const Entry& entry, const auto& body) {
        try {
            body();
        } catch (const std::exception& error) {  // The others have their turn.
            host_.log().warn("jobs", "a schedule could not fire and is tried again",
                             {{"schedule", entry.schedule.name}, {"error", error.what()}});
        }
    };
    for (auto& entry : entries_) {
        if (!entry.is_stored) apart(entry, [&] { store(entry); });
    }
    std::vector<std::pair<std::string, int64_t>> due;
    {
        auto tx = host_.begin(Access::read);
        auto rows = tx->db().query("SELECT kind, next_at_us FROM dunlin_cron WHERE next_at_us <= ?",
                                   tx->moment().now_us);
        while (rows->step()) due.emplace_back(std::string(rows->text(0)), rows->i64(1));
    }
    int64_t fired = 0;
    for (const auto& [name, at] : due) {
        for (const auto& entry : entries_) {
            if (entry.schedule.name != name) continue;
            apart(entry, [&, at = at] { fired += fire(entry, at, enqueue) ? 1 : 0; });
        }
    }
    return fired;
}

}  // namespace dunlin::host
