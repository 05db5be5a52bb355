// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sync/rows.hpp"

#include "store/tx.hpp"

#include <string>
#include <unordered_set>
#include <vector>

namespace dunlin::host {

/// A row on its way into quarantine.
struct RefusedRow {
    std::string key, position, code, reason, raw_json;
    bool can_retry = false;
    int64_t row = -1;  // Of the batch the sink was given.
};

/// The quarantined rows of one source and entity. What is changed in a transaction is learned only
/// when that transaction has been committed.
class Quarantine {
public:
    /// Knows the keys of the open rows, so that a run without any pays nothing.
    Quarantine(Tx& tx, std::string source, std::string entity);

    /// From what a connector could not read, what no store takes, what the sink would not.
    static std::vector<RefusedRow> of_connector(const std::string& errors_json);
    static std::vector<RefusedRow> of_broken(const BatchView& rows,
                                             const std::vector<int64_t>& broken);
    static std::vector<RefusedRow> of_sink(const BatchView& rows, const Json& rejects);

    void put(Tx& tx, const std::vector<RefusedRow>& refused);
    /// Marks rows the sink has taken as fixed; `rejects` are those of the batch it has not.
    int64_t settle(Tx& tx, const BatchView& taken, const std::vector<RefusedRow>& refused);
    int64_t mark_fixed(Tx& tx, const std::vector<std::string>& keys);
    void committed(const std::vector<RefusedRow>& refused);

    /// Open rows that may succeed now, behind `after`.
    std::vector<std::pair<std::string, Json>> retryable(Tx& tx, const std::string& after,
                                                        int64_t limit);

private:
    std::string source_, entity_;
    std::unordered_set<std::string> open_;
};

}  // namespace dunlin::host
