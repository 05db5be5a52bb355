// SPDX-License-Identifier: Apache-2.0
#include "jobs/queue.hpp"

#include "host.hpp"

namespace dunlin::host {

namespace {

constexpr const char* is_due =
    "((state = 'queued' AND run_at_us <= ?) OR (state = 'running' AND lease_until_us <= ?))";

/// "kind IN (?, ?)" and a statement with the kinds bound behind two times.
std::unique_ptr<Prepared> due_jobs(Tx& tx, const std::string& columns,
                                   const std::vector<std::string>& kinds,
                                   const std::string& ending) {
    std::string marks;
    for (std::size_t i = 0; i < kinds.size(); ++i) marks += i ? ", ?" : "?";
    auto rows =
        tx.db().prepare("SELECT " + columns + " FROM dunlin_job WHERE " + is_due +
                        " AND kind IN (" + marks + ") ORDER BY run_at_us, id LIMIT 1" + ending);
    rows->bind_at(0, tx.moment().now_us);
    rows->bind_at(1, tx.moment().now_us);
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        rows->bind_at(static_cast<uint32_t>(i + 2), kinds[i]);
    }
    return rows;
}

[[noreturn]] void refuse(int64_t id, const std::string& why) {
    throw Error(DUNLIN_E_CONFLICT, "job " + std::to_string(id) + " " + why);
}

std::string state_of(Tx& tx, int64_t id) {
    auto row = tx.db().query("SELECT state FROM dunlin_job WHERE id = ?", id);
    if (!row->step()) {
        throw Error(DUNLIN_E_NOT_FOUND,
                    "there is no job " + std::to_string(id) + "; see: dunlin jobs list");
    }
    return std::string(row->text(0));
}

}  // namespace

bool JobQueue::insert(Tx& tx, const std::string& plugin, std::string_view kind,
                      std::string_view dedup_key, std::string_view args_json, int64_t run_at_us) {
    const auto now = tx.moment().now_us;
    // The partial unique index decides; on PostgreSQL this waits for a concurrent equal insert.
    return tx.db().exec(
               "INSERT INTO dunlin_job (id, plugin, kind, dedup_key, args_json, state, run_at_us,"
               " attempts, fence, lease_until_us, holder, progress_done, progress_total,"
               " progress_note, cancel_requested, created_us, ended_us, last_error)"
               " VALUES (?, ?, ?, ?, ?, 'queued', ?, 0, 0, 0, '', 0, -1, '', 0, ?, 0, '')"
               " ON CONFLICT DO NOTHING",
               host_.ids().next(), plugin, kind, dedup_key, args_json,
               run_at_us > 0 ? run_at_us : now, now) == 1;
}

bool JobQueue::has_due(const std::vector<std::string>& kinds) {
    if (kinds.empty()) return false;
    auto tx = host_.begin(Access::read);
    return due_jobs(*tx, "1", kinds, "")->step();
}

std::optional<ClaimedJob> JobQueue::claim(const std::vector<std::string>& kinds) {
    auto tx = host_.begin(Access::write);
    const bool is_postgresql = tx->db().dialect() == Dialect::postgresql;
    auto row = due_jobs(*tx, "id, fence, attempts, kind, args_json, state, last_error", kinds,
                        is_postgresql ? " FOR UPDATE SKIP LOCKED" : "");
    if (!row->step()) return std::nullopt;
    ClaimedJob job;
    job.id = row->i64(0);
    job.fence = row->i64(1) + 1;
    job.attempt = row->i64(2) + 1;
    job.kind = row->text(3);
    job.args_json = row->text(4);
    const bool is_abandoned = row->text(5) == "running";
    row.reset();
    const auto now = tx->moment().now_us;
    if (is_abandoned && job.attempt > attempts_max) {
        tx->db().exec(
            "UPDATE dunlin_job SET state = 'failed', fence = ?, ended_us = ?, last_error = ?"
            " WHERE id = ?",
            job.fence, now, "its host ended while it ran, each time it was tried", job.id);
        tx->commit();
        return claim(kinds);
    }
    tx->db().exec(
        "UPDATE dunlin_job SET state = 'running', fence = ?, attempts = ?, lease_until_us = ?,"
        " holder = ? WHERE id = ?",
        job.fence, job.attempt, now + lease_us, host_.holder(), job.id);
    tx->commit();
    return job;
}

std::optional<bool> JobQueue::renew(const ClaimedJob& job, const JobProgress& progress) {
    auto tx = host_.begin(Access::write);
    auto& db = tx->db();
    const auto held = db.exec(
        "UPDATE dunlin_job SET lease_until_us = ?, progress_done = ?, progress_total = ?,"
        " progress_note = ? WHERE id = ? AND fence = ? AND state = 'running'",
        tx->moment().now_us + lease_us, progress.done, progress.total, progress.note, job.id,
        job.fence);
    if (held == 0) return std::nullopt;
    auto row = db.query("SELECT cancel_requested FROM dunlin_job WHERE id = ?", job.id);
    row->step();
    const bool is_cancelled = row->i64(0) != 0;
    row.reset();
    tx->commit();
    return is_cancelled;
}

bool JobQueue::finish(const ClaimedJob& job, const char* state, const std::string& error) {
    auto tx = host_.begin(Access::write);
    const auto held = tx->db().exec(
        "UPDATE dunlin_job SET state = ?, ended_us = ?, last_error = ?, lease_until_us = 0"
        " WHERE id = ? AND fence = ? AND state = 'running'",
        state, tx->moment().now_us, error, job.id, job.fence);
    tx->commit();
    return held == 1;
}

bool JobQueue::requeue(const ClaimedJob& job, int64_t pause_us, int64_t attempts,
                       const std::string& error) {
    auto tx = host_.begin(Access::write);
    const auto held = tx->db().exec(
        "UPDATE dunlin_job SET state = 'queued', run_at_us = ?, attempts = ?, last_error = ?,"
        " lease_until_us = 0 WHERE id = ? AND fence = ? AND state = 'running'",
        tx->moment().now_us + pause_us, attempts, error, job.id, job.fence);
    tx->commit();
    return held == 1;
}

Json JobQueue::list(const std::string& state) {
    auto tx = host_.begin(Access::read);
    auto rows = tx->db().query(
        "SELECT id, plugin, kind, dedup_key, args_json, state, run_at_us, attempts, holder,"
        " progress_done, progress_total, progress_note, cancel_requested, created_us, ended_us,"
        " last_error FROM dunlin_job WHERE state = ? OR ? = '' ORDER BY id DESC LIMIT 1000",
        state, state);
    Json list = Json::array();
    while (rows->step()) {
        Json row = {{"id", std::to_string(rows->i64(0))},
                    {"plugin", std::string(rows->text(1))},
                    {"kind", std::string(rows->text(2))},
                    {"dedup_key", std::string(rows->text(3))},
                    {"args", Json::parse(rows->text(4), nullptr, /*allow_exceptions=*/false)},
                    {"state", std::string(rows->text(5))},
                    {"run_at", timestamp_text(rows->i64(6))},
                    {"attempts", rows->i64(7)},
                    {"holder", std::string(rows->text(8))},
                    {"progress",
                     {{"done", rows->i64(9)},
                      {"total", rows->i64(10)},
                      {"note", std::string(rows->text(11))}}},
                    {"cancel_requested", rows->i64(12) != 0},
                    {"created", timestamp_text(rows->i64(13))},
                    {"error", std::string(rows->text(15))}};
        if (rows->i64(14) > 0) row["ended"] = timestamp_text(rows->i64(14));
        list.push_back(std::move(row));
    }
    return list;
}

std::string JobQueue::cancel(int64_t id) {
    auto tx = host_.begin(Access::write);
    const auto gone = tx->db().exec(
        "UPDATE dunlin_job SET state = 'cancelled', ended_us = ?, last_error = 'cancelled before"
        " it ran' WHERE id = ? AND state = 'queued'",
        tx->moment().now_us, id);
    const auto told = tx->db().exec(
        "UPDATE dunlin_job SET cancel_requested = 1 WHERE id = ? AND state = 'running'", id);
    auto state = state_of(*tx, id);
    if (gone + told == 0) refuse(id, "cannot be cancelled: it is " + state);
    tx->commit();
    return state;
}

void JobQueue::retry(int64_t id) {
    auto tx = host_.begin(Access::write);
    const auto state = state_of(*tx, id);
    if (state != "failed" && state != "cancelled") refuse(id, "cannot be retried: it is " + state);
    auto twin = tx->db().query(
        "SELECT a.id FROM dunlin_job a JOIN dunlin_job b ON a.kind = b.kind"
        " AND a.dedup_key = b.dedup_key WHERE b.id = ? AND b.dedup_key <> ''"
        " AND a.state IN ('queued', 'running')",
        id);
    if (twin->step()) refuse(id, "has a twin that waits or runs: " + std::to_string(twin->i64(0)));
    twin.reset();
    tx->db().exec(
        "UPDATE dunlin_job SET state = 'queued', run_at_us = ?, attempts = 0,"
        " cancel_requested = 0, ended_us = 0 WHERE id = ?",
        tx->moment().now_us, id);
    tx->commit();
}

int64_t JobQueue::purge(int64_t before_us) {
    auto tx = host_.begin(Access::write);
    const auto n = tx->db().exec(
        "DELETE FROM dunlin_job WHERE state NOT IN ('queued', 'running') AND ended_us < ?",
        before_us);
    tx->commit();
    return n;
}

}  // namespace dunlin::host
