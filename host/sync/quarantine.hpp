// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "store/tx.hpp"

#include <dunlin/batch_json.hpp>

#include <string>
#include <unordered_set>
#include <vector>

namespace dunlin::host {

/// A copy without those rows (ascending).
Batch without_rows(const BatchView& rows, const std::vector<int64_t>& left_out);

/// A row on its way into quarantine.
struct RefusedRow {
    std::string key, position, code, reason, raw_json;
    bool can_retry = false;

    /// The rows that a connector could not read, from its page.
    static std::vector<RefusedRow> of_connector(const std::string& errors_json);
    /// A row of a batch, as of now without a reason.
    static RefusedRow of_batch(const BatchView& rows, int64_t row);
    /// Takes over code, reason and retry as a plugin gives them.
    void explain(const Json& said);
};

/// The quarantined rows of one source and entity.
class Quarantine {
public:
    /// Knows the keys of the open rows, so that a run without any pays nothing.
    Quarantine(Tx& tx, std::string source, std::string entity);

    /// The keys of those rows of a batch that may be open here.
    std::vector<std::string> known_of(const BatchView& rows) const;
    /// Puts the refused rows in; the others of the `brought` keys are fixed. How many came right.
    int64_t settle(Tx& tx, const std::vector<RefusedRow>& refused,
                   const std::vector<std::string>& brought);
    /// Open rows that may succeed now, behind the key `after`.
    std::vector<RefusedRow> retryable(Tx& tx, const std::string& after, int64_t limit) const;

    /// The ids of open rows that the connector could not read, not seen since `before_us`.
    std::vector<std::string> unreadable(Tx& tx, int64_t before_us, std::size_t limit) const;

private:
    std::string source_, entity_;
    std::unordered_set<std::string> open_;  // And some that are not open any more.
};

}  // namespace dunlin::host
