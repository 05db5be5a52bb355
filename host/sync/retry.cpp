// SPDX-License-Identifier: Apache-2.0
#include "host.hpp"
#include "sync/run.hpp"

namespace dunlin::host {

namespace {
constexpr int64_t chunk_rows = 2000;
}  // namespace

int64_t SyncRun::retry_only() {
    int64_t taken = 0;
    for (const auto& entity : sink_entities_) {
        EntityReport report;
        report.entity = entity.name;
        retry_entity(entity, report);
        taken += report.fixed;
    }
    return taken;
}

void SyncRun::retry_entity(const SinkEntity& entity, EntityReport& report) {
    auto tx = host_.begin(Access::read);
    Quarantine quarantine(*tx, source_.name, entity.name);
    tx.reset();
    std::string after;
    int64_t rows = chunk_rows;
    while (rows == chunk_rows) {
        check_asked();
        const auto started = std::chrono::steady_clock::now();
        commit_with_retries("quarantined rows of " + entity.name, [&] {
            auto position = after;
            rows = retry_chunk(entity, report, quarantine, position);
            after = position;
        });
        if (rows > 0) give_way(std::chrono::steady_clock::now() - started);
    }
}

int64_t SyncRun::retry_chunk(const SinkEntity& entity, EntityReport& report, Quarantine& quarantine,
                             std::string& after) {
    {
        auto look = host_.begin(Access::read);
        if (quarantine.retryable(*look, after, 1).empty()) return 0;
    }
    auto tx = begin_leased();
    const auto found = quarantine.retryable(*tx, after, chunk_rows);
    if (found.empty()) return 0;
    std::vector<Json> raw;
    for (const auto& [key, row] : found) raw.push_back(row);
    const auto rows = rows_from_json(raw, entity.columns);
    auto counted = report;
    auto refused = apply(*tx, entity.name, rows, counted);
    std::vector<bool> is_bad(found.size());
    for (auto& row : refused.rows) {
        // Known as before, with everything the connector sent.
        const auto& [key, original] = found[static_cast<std::size_t>(row.row)];
        row.key = key;
        row.raw_json = original.dump();
        is_bad[static_cast<std::size_t>(row.row)] = true;
    }
    quarantine.put(*tx, refused.rows);
    std::vector<std::string> taken;
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (!is_bad[i]) taken.push_back(found[i].first);
    }
    counted.fixed += quarantine.mark_fixed(*tx, taken);
    tx->commit();
    report = counted;
    after = found.back().first;
    return static_cast<int64_t>(found.size());
}

}  // namespace dunlin::host
