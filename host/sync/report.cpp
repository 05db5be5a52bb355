// SPDX-License-Identifier: Apache-2.0
#include "sync/report.hpp"

#include "base/clock.hpp"

namespace dunlin::host {

Json RunReport::to_json() const {
    Json list = Json::array();
    for (const auto& entity : entities) list.push_back(entity.to_json());
    Json out = {{"run", std::to_string(id)},
                {"source", source},
                {"connector", connector},
                {"state", state},
                {"started", timestamp_text(started_us)},
                {"entities", std::move(list)},
                {"quarantine_open", open_in_quarantine},
                {"totals", totals}};
    if (!ignored.empty()) out["ignored"] = ignored;
    if (!error.empty()) out["error"] = error;
    if (ended_us > 0) {
        out["ended"] = timestamp_text(ended_us);
        out["seconds"] = static_cast<double>(ended_us - started_us) / 1e6;
    }
    return out;
}

std::string RunReport::conclude() const {
    const auto count = [&](const char* wanted) {
        return std::count_if(entities.begin(), entities.end(),
                             [&](const auto& entity) { return entity.state == wanted; });
    };
    const auto all = static_cast<std::ptrdiff_t>(entities.size());
    if (count("interrupted") > 0 || count("running") > 0) return "interrupted";
    if (all > 0 && count("failed") == all) return "failed";
    return count("ok") == all ? "ok" : "partial";
}

}  // namespace dunlin::host
