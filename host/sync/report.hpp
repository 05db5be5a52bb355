// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/json.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace dunlin::host {

/// What became of one entity in a run.
struct EntityReport {
    std::string entity;
    std::string state = "running";  // Then ok, partial, failed or interrupted.
    std::string error;
    int64_t read = 0, inserted = 0, updated = 0, unchanged = 0, deleted = 0;
    int64_t rejected = 0;     // By the sink.
    int64_t quarantined = 0;  // Those and the ones that could not be read.
    int64_t broken = 0;       // Quarantined for good, as opposed to those that may still fit.
    int64_t fixed = 0;        // Taken now, quarantined before.
    double seconds = 0;

    Json to_json() const {
        Json out = {{"entity", entity},
                    {"state", state},
                    {"read", read},
                    {"inserted", inserted},
                    {"updated", updated},
                    {"unchanged", unchanged},
                    {"deleted", deleted},
                    {"rejected", rejected},
                    {"quarantined", quarantined},
                    {"fixed", fixed},
                    {"seconds", seconds},
                    {"rows_per_s", static_cast<double>(read) / std::max(seconds, 0.001)}};
        if (!error.empty()) out["error"] = error;
        return out;
    }
};

struct RunReport {
    int64_t id = 0;
    std::string source, connector;
    std::string state = "running";
    std::string error;
    int64_t started_us = 0, ended_us = 0;
    std::vector<EntityReport> entities;
    std::vector<std::string> ignored;  // Entities the sink does not take.
    Json totals = Json::array();
    int64_t open_in_quarantine = 0;

    Json to_json() const;
    /// ok: everything taken. partial: rows in quarantine, or an entity failed beside others.
    std::string conclude() const;
};

}  // namespace dunlin::host
