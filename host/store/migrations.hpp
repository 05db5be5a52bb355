// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "store/store.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace dunlin::host {

/// One numbered SQL file of a plugin, or of the host itself (owner "host").
struct Migration {
    std::string owner;
    int number = 0;
    std::string name;  // "001_ledger.sql"
    std::string sql;
    std::string sha256;
};

/// Reads NNN_name.sql of a folder, taking NNN_name.postgresql.sql (.sqlite.sql) in its place where
/// the dialect has one. Error data for a gap or a double number. The folder may be missing.
std::vector<Migration> read_migrations(const std::string& owner,
                                       const std::filesystem::path& folder, Dialect dialect);
/// The host's own, built in from host/schema/.
std::vector<Migration> host_migrations(Dialect dialect);

/// Those not applied yet. Error conflict when an applied file was edited since.
std::vector<Migration> plan_migrations(Store& store, const std::vector<Migration>& all);
/// Applies what is planned, one transaction each, recorded in dunlin_migration. Two hosts at once
/// are serialised. A statement that touches a table of another owner is refused.
void apply_migrations(Store& store, const std::vector<Migration>& all, int64_t now_us);

}  // namespace dunlin::host
