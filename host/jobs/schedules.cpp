// SPDX-License-Identifier: Apache-2.0
#include "host.hpp"

namespace dunlin::host {

void Jobs::add_schedule(Schedule schedule) {
    const std::lock_guard lock(schedules_mutex_);
    const auto name = schedule.name;
    schedules_[name] = {std::move(schedule), false};
}

void Jobs::register_schedules() {
    const auto add = [this](const std::string& kind, const std::string& cron) {
        add_schedule({kind, kind, "cron", "{}", [cron, zone = host_.clock().zone()](int64_t after) {
                          return next_cron(cron, zone, after);
                      }});
    };
    add(purge_kind, "17 3 * * *");
    for (auto* plugin : host_.plugins().in_order()) {
        if (!plugin->is_running() || !plugin->jobs) continue;
        for (const auto& job : plugin->manifest.jobs) {
            if (!job.cron.empty()) add(job.kind, job.cron);
        }
    }
}

void Jobs::store(const Schedule& schedule) {
    auto tx = host_.begin(Access::write);
    const auto now = tx->moment().now_us;
    const auto next = schedule.next(now);
    // A line that fires more often now does not wait for the old one's time.
    tx->db().exec(
        "INSERT INTO dunlin_cron VALUES (?, ?) ON CONFLICT (kind) DO UPDATE SET next_at_us = ?"
        " WHERE dunlin_cron.next_at_us > ?",
        schedule.name, schedule.fires_at_once ? now : next, next, next);
    tx->commit();
}

bool Jobs::fire(const Schedule& schedule, int64_t at_us) {
    auto tx = host_.begin(Access::write);
    // Only the host that moves the row on queues the job.
    const auto moved =
        tx->db().exec("UPDATE dunlin_cron SET next_at_us = ? WHERE kind = ? AND next_at_us = ?",
                      schedule.next(tx->moment().now_us), schedule.name, at_us);
    if (moved == 0) return false;
    enqueue(*tx, schedule.kind, schedule.dedup_key, schedule.args_json, 0);
    tx->commit();
    return true;
}

int64_t Jobs::fire_due() {
    constexpr const char* failed = "a schedule could not fire and is tried again";
    const std::lock_guard lock(schedules_mutex_);
    for (auto& entry : schedules_) {
        auto& [schedule, is_stored] = entry.second;
        if (is_stored) continue;
        try_to(failed, entry.first, [this, &s = schedule, &done = is_stored] {
            store(s);
            done = true;
        });
    }
    std::vector<std::pair<std::string, int64_t>> due;
    {
        auto tx = host_.begin(Access::read);
        auto rows = tx->db().query("SELECT kind, next_at_us FROM dunlin_cron WHERE next_at_us <= ?",
                                   tx->moment().now_us);
        std::pair<std::string, int64_t> row;
        while (rows->next(row.first, row.second)) due.push_back(row);
    }
    int64_t fired = 0;
    for (const auto& row : due) {
        const auto found = schedules_.find(row.first);
        if (found == schedules_.end()) continue;
        try_to(failed, row.first, [&] { fired += fire(found->second.first, row.second) ? 1 : 0; });
    }
    return fired;
}

}  // namespace dunlin::host
