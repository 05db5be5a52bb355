// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "store/store.hpp"

namespace dunlin::host {

std::unique_ptr<Store> open_sqlite(const StoreOptions& options);
std::unique_ptr<Store> open_postgres(const StoreOptions& options);

Finding disk_finding(const std::filesystem::path& folder);
/// "CREATE TEMP VIEW name_scoped …", filtered by the session's scope.
std::string scoped_view_sql(const ScopedView& view, Dialect dialect);

}  // namespace dunlin::host
