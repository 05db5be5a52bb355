// SPDX-License-Identifier: Apache-2.0
#include "host.hpp"
#include "store/json_rows.hpp"

namespace dunlin::host {

namespace {

[[noreturn]] void refuse(int64_t id, const std::string& why) {
    throw Error(DUNLIN_E_CONFLICT, "job " + std::to_string(id) + " " + why);
}

std::string state_of(Tx& tx, int64_t id) {
    std::string state;
    if (tx.db().query("SELECT state FROM dunlin_job WHERE id = ?", id)->next(state)) return state;
    throw Error(DUNLIN_E_NOT_FOUND,
                "there is no job " + std::to_string(id) + "; see: dunlin jobs list");
}

}  // namespace

bool Jobs::enqueue(Tx& tx, std::string_view kind, std::string_view dedup_key,
                   std::string_view args_json, int64_t run_at_us) {
    const auto known = kinds();
    const auto found = known.find(kind);
    if (found == known.end()) {
        throw Error(DUNLIN_E_NOT_FOUND, "no running plugin declares the job kind \"" +
                                            std::string(kind) + "\" in its manifest");
    }
    const auto now = tx.moment().now_us;
    // The partial unique index decides; on PostgreSQL this waits for a concurrent equal insert.
    const auto queued = tx.db().exec(
        "INSERT INTO dunlin_job VALUES (?, ?, ?, ?, ?, 'queued', ?, 0, 0, 0, '', 0, -1, '', 0, ?,"
        " 0, '') ON CONFLICT DO NOTHING",
        host_.ids().next(), found->second ? found->second->id() : "host", kind, dedup_key,
        args_json, run_at_us > 0 ? run_at_us : now, now);
    if (queued == 1 && run_at_us <= now) {
        tx.after_commit([this] { workers_.wake(); });
    }
    return queued == 1;
}

std::unique_ptr<Prepared> Jobs::due(Tx& tx, const std::string& columns, const std::string& ending) {
    const auto able = kinds();
    std::string marks = "NULL";
    for (std::size_t i = 0; i < able.size(); ++i) marks += ", ?";
    auto row = tx.db().prepare("SELECT " + columns +
                               " FROM dunlin_job WHERE ((state = 'queued' AND run_at_us <= ?)"
                               " OR (state = 'running' AND lease_until_us <= ?)) AND kind IN (" +
                               marks + ") ORDER BY run_at_us, id LIMIT 1" + ending);
    row->bind(tx.moment().now_us, tx.moment().now_us);
    uint32_t index = 2;
    for (const auto& kind : able) row->bind_at(index++, kind.first);
    return row;
}

bool Jobs::claim(Running& job) {
    if (!due(*host_.begin(Access::read), "1", "")->step()) return false;
    auto tx = host_.begin(Access::write);
    const bool is_postgresql = tx->db().dialect() == Dialect::postgresql;
    std::string state;
    if (!due(*tx, "id, fence + 1, attempts + 1, kind, args_json, state",
             is_postgresql ? " FOR UPDATE SKIP LOCKED" : "")
             ->next(job.id, job.fence, job.attempt, job.kind, job.args_json, state)) {
        return false;
    }
    const auto now = tx->moment().now_us;
    const bool is_given_up = state == "running" && job.attempt > attempts_max;
    if (is_given_up) {
        tx->db().exec(
            "UPDATE dunlin_job SET state = 'failed', fence = ?, ended_us = ?, last_error = ?"
            " WHERE id = ?",
            job.fence, now, "its host ended while it ran, each time it was tried", job.id);
    } else {
        tx->db().exec(
            "UPDATE dunlin_job SET state = 'running', fence = ?, attempts = ?, lease_until_us = ?,"
            " holder = ? WHERE id = ?",
            job.fence, job.attempt, now + lease_us, host_.holder(), job.id);
    }
    tx->commit();
    tx.reset();
    return is_given_up ? claim(job) : true;
}

Json Jobs::list(const std::string& state) {
    auto tx = host_.begin(Access::read);
    auto rows = tx->db().query(
        "SELECT id AS \"id:text\", plugin, kind, dedup_key, args_json AS \"args:json\", state,"
        " run_at_us AS \"run_at:time\", attempts, holder, progress_done AS \"progress/done\","
        " progress_total AS \"progress/total\", progress_note AS \"progress/note\","
        " cancel_requested AS \"cancel_requested:bool\", created_us AS \"created:time\","
        " nullif(ended_us, 0) AS \"ended:time\", last_error AS error"
        " FROM dunlin_job WHERE state = ? OR ? = '' ORDER BY id DESC LIMIT 1000",
        state, state);
    return json_rows(*rows);
}

void Jobs::cancel(int64_t id) {
    auto tx = host_.begin(Access::write);
    const auto changed = tx->db().exec(
        "UPDATE dunlin_job SET state = 'cancelled', ended_us = ?, last_error = 'cancelled before"
        " it ran' WHERE id = ? AND state = 'queued'",
        tx->moment().now_us, id);
    const auto told = tx->db().exec(
        "UPDATE dunlin_job SET cancel_requested = 1 WHERE id = ? AND state = 'running'", id);
    if (changed + told == 0) refuse(id, "cannot be cancelled: it is " + state_of(*tx, id));
    tx->commit();  // Who runs it looks for this twice a second.
}

void Jobs::retry(int64_t id) {
    auto tx = host_.begin(Access::write);
    const auto state = state_of(*tx, id);
    if (state != "failed" && state != "cancelled") refuse(id, "cannot be retried: it is " + state);
    std::string twin;
    if (tx->db()
            .query("SELECT a.id FROM dunlin_job a JOIN dunlin_job b ON a.kind = b.kind"
                   " AND a.dedup_key = b.dedup_key WHERE b.id = ? AND b.dedup_key <> ''"
                   " AND a.state IN ('queued', 'running')",
                   id)
            ->next(twin)) {
        refuse(id, "has a twin that waits or runs: " + twin);
    }
    tx->db().exec(
        "UPDATE dunlin_job SET state = 'queued', run_at_us = ?, attempts = 0,"
        " cancel_requested = 0, ended_us = 0 WHERE id = ?",
        tx->moment().now_us, id);
    tx->commit();
    workers_.wake();
}

int64_t Jobs::purge(int64_t before_us) {
    auto tx = host_.begin(Access::write);
    const auto removed = tx->db().exec(
        "DELETE FROM dunlin_job WHERE state NOT IN ('queued', 'running') AND ended_us < ?",
        before_us);
    tx->commit();
    return removed;
}

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
