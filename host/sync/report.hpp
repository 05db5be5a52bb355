// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/json.hpp>

#include <map>
#include <string>
#include <vector>

namespace dunlin::host {

/// What became of one entity in a run.
struct EntityReport {
    std::string entity;
    std::string state = "running";  // Then ok, partial, failed or interrupted.
    std::string error;
    std::string note;  // What a person should know: "everything is read again: …".
    int64_t read = 0, inserted = 0, updated = 0, unchanged = 0, deleted = 0;
    int64_t rejected = 0;     // By the sink.
    int64_t quarantined = 0;  // Those and the ones that could not be read.
    int64_t broken = 0;       // Quarantined for good, as opposed to those that may still fit.
    int64_t fixed = 0;        // Taken now, quarantined before.
    int64_t retries = 0;      // Of pages that failed in passing.
    double seconds = 0, rows_per_s = 0;

    bool has_run() const { return state == "ok" || state == "partial"; }
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(EntityReport, entity, state, error, note, read, inserted,
                                   updated, unchanged, deleted, rejected, quarantined, fixed,
                                   retries, seconds, rows_per_s)

/// ok: everything taken. partial: rows in quarantine, or an entity failed beside others.
inline std::string conclude(const std::vector<EntityReport>& entities) {
    std::map<std::string, std::size_t> count;
    for (const auto& one : entities) ++count[one.state];
    if (count["interrupted"] + count["running"] > 0) return "interrupted";
    if (!entities.empty() && count["failed"] == entities.size()) return "failed";
    return count["ok"] == entities.size() ? "ok" : "partial";
}

}  // namespace dunlin::host
