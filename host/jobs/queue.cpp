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
    if (tx.access() != Access::write) {
        throw Error(DUNLIN_E_DENIED, "a query changes nothing and so queues no job");
    }
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

}  // namespace dunlin::host
