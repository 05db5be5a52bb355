// SPDX-License-Identifier: Apache-2.0
#include "host.hpp"
#include "sync/run.hpp"

#include <set>

namespace dunlin::host {

namespace {
constexpr int64_t chunk_rows = 2000;
using RawRows = std::vector<std::pair<std::string, Json>>;

std::vector<Json> raw_of(const RawRows& rows) {
    std::vector<Json> out;
    for (const auto& [key, row] : rows) out.push_back(row);
    return out;
}

/// The rows that have the sink's columns, and the others as rows that no retry will bring.
std::pair<RawRows, std::vector<RefusedRow>> fitting_of(const RawRows& rows,
                                                       const std::vector<ColumnSpec>& columns) {
    std::pair<RawRows, std::vector<RefusedRow>> out;
    for (const auto& [key, row] : rows) {
        try {
            rows_from_json(std::vector<Json>(1, row), columns);
            out.first.emplace_back(key, row);
        } catch (const std::exception& e) {
            RefusedRow unfit;
            unfit.key = key;
            unfit.code = "shape";
            unfit.reason = e.what();
            unfit.raw_json = row.dump();
            out.second.push_back(std::move(unfit));
        }
    }
    return out;
}

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
    auto [raw, refused] = fitting_of(found, entity.columns);
    std::vector<std::string> taken;
    auto counted = report;
    if (!raw.empty()) {
        const auto rows = rows_from_json(raw_of(raw), entity.columns);
        std::set<std::string> bad;
        auto by_sink = apply(*tx, entity.name, rows, counted);
        for (auto& row : by_sink.rows) {
            // Known as before, with everything the connector sent.
            const auto& [key, original] = raw[static_cast<std::size_t>(row.row)];
            row.key = key;
            row.raw_json = original.dump();
            bad.insert(key);
            refused.push_back(std::move(row));
        }
        for (const auto& [key, row] : raw) {
            if (!bad.count(key)) taken.push_back(key);
        }
    }
    quarantine.put(*tx, refused);
    counted.fixed += quarantine.mark_fixed(*tx, taken);
    tx->commit();
    report = counted;
    after = found.back().first;
    return static_cast<int64_t>(found.size());
}

}  // namespace dunlin::host
