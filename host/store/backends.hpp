// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "store/store.hpp"

namespace dunlin::host {

std::unique_ptr<Store> open_sqlite(const StoreOptions& options);
std::unique_ptr<Store> open_postgres(const StoreOptions& options);

Finding disk_finding(const std::filesystem::path& folder);

}  // namespace dunlin::host
