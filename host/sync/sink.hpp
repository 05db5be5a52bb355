// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sync/quarantine.hpp"
#include "sync/report.hpp"

#include <functional>

namespace dunlin::host {

class Host;
struct Plugin;

/// The plugin that keeps what connectors bring, as a run over one source sees it.
struct Sink {
    struct Entity {
        std::string name;
        std::vector<ColumnSpec> columns;
    };
    Host& host;
    Plugin& plugin;
    std::string source;

    /// In the order in which a run must bring them.
    std::vector<Entity> entities() const;
    /// Brings rows and counts them in the report. Those it refuses, made of `row_at(row)`, are
    /// added to `refused`.
    void apply(Tx& tx, const Batch& rows, const std::function<RefusedRow(int64_t)>& row_at,
               EntityReport& report, std::vector<RefusedRow>& refused) const;
    Json totals() const;
    /// Values for columns of an entity, which may be given as text; Error invalid names one that
    /// does not exist or does not fit.
    Json typed(const std::string& entity, const Json& columns) const;
    /// External ids it holds, see `keys` in abi/sink.h.
    std::vector<std::string> keys(const std::string& entity, const std::string& after,
                                  int64_t limit) const;
};

}  // namespace dunlin::host
