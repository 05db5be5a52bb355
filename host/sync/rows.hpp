// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/arrow.hpp>
#include <dunlin/json.hpp>

#include <string>
#include <vector>

namespace dunlin::host {

/// A row as JSON for quarantine: nulls left out, dates as text, broken bytes replaced.
Json row_to_json(const BatchView& rows, int64_t row);
/// Such rows as a batch again. Columns a row lacks are null; Error data names a value of the wrong
/// type.
Batch rows_from_json(const std::vector<Json>& rows, const std::vector<ColumnSpec>& columns);
/// A copy without those rows (ascending).
Batch without_rows(const BatchView& rows, const std::vector<int64_t>& left_out);

}  // namespace dunlin::host
