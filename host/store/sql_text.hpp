// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "store/connection.hpp"

namespace dunlin::host {

/// What one SQL statement says without being parsed: enough to judge names and translate
/// parameters. Constructs that the two databases read differently are refused.
struct SqlText {
    std::string first;                 // First keyword, lower case.
    std::vector<std::string> names;    // Every identifier and keyword, in lower case.
    std::vector<std::string> writes;   // Those that INSERT, UPDATE or DELETE change.
    std::vector<std::string> targets;  // What CREATE, ALTER or DROP makes or changes.
    std::string dollars;               // The statement with $1, $2, … for each `?`.
    uint32_t parameters = 0;
};

/// Error invalid for several statements, an open string, or a construct outside the common subset.
SqlText scan_sql(std::string_view sql);
/// The statements of a script; the last may lack its semicolon.
std::vector<std::string> split_script(std::string_view script);
/// The tables and views of the database and PostgreSQL's schemas, in lower case: nothing that a
/// plugin may not use can be read without one of these names.
std::set<std::string> relations_of(Connection& db);
/// Error denied when the statement names what the wall does not allow.
void check_wall(const Wall& wall, const SqlText& sql, const std::set<std::string>& relations);
/// Error invalid unless it is [a-z_][a-z0-9_]*, at most 63 characters.
void check_name(std::string_view name);
/// Error denied unless the table is the plugin's own (or, to read, a view it was granted).
void check_table(const Wall* wall, std::string_view table, Access access);
/// True when the name starts with `owner` and "_".
bool is_own_name(std::string_view owner, std::string_view name);
/// Whether the plugin may read it by its name: own, granted, or the scoped form of those.
bool may_read_name(const Wall& wall, std::string_view name);
/// The refusal, naming plugin, table and remedy.
[[noreturn]] void refuse_table(std::string_view plugin_id, std::string_view table);

}  // namespace dunlin::host
