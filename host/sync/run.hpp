// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sync/sync.hpp"

namespace dunlin::host {

/// One run over a source; its report. Every page is one transaction: rows, quarantine, cursor,
/// counters.
Json run_source(Host& host, const SourceConfig& source, Plugin& connector, Plugin& sink,
                const SyncOptions& options, const ProgressHandler& progress,
                const dunlin_cancel* asked);
/// Only brings quarantined rows again; how many were taken.
int64_t retry_quarantined(Host& host, const SourceConfig& source, Plugin& connector, Plugin& sink);

}  // namespace dunlin::host
