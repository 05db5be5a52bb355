#pragma once

#include <filesystem>
#include <string>
#include <vector>

/// The house rules that a compiler cannot see. Each looks at the tree below `root` and answers with
/// one line for each place that breaks it: "file:line: what and why".
namespace dunlin::tidy {

using Path = std::filesystem::path;
using Findings = std::vector<std::string>;

/// Every plugin and connector has the same rooms, and no file hides behind an empty name.
Findings rooms(const Path& root);

/// Plugins and connectors include the SDK, pure libraries and themselves; never each other, the
/// host, or a library of the host's.
Findings module_includes(const Path& root);

/// Inside the host each big library lives in one room.
Findings host_includes(const Path& root);

/// The host knows no business.
Findings business_words(const Path& root);

/// Nobody but the host looks at the clock or starts a thread.
Findings clocks_and_threads(const Path& root);

/// No amount passes through a floating point number.
Findings floating_amounts(const Path& root);

/// No leftover is merged, and no path of somebody's machine.
Findings leftovers(const Path& root);
Findings machine_paths(const Path& root);

/// Every key of a partitioned table begins with (or, where it is not customer_id, contains) its
/// partition key, and manifest and schema name the same tables.
Findings partition_keys(const Path& root);

constexpr int file_lines_max = 400;
constexpr int function_lines_max = 70;
Findings file_sizes(const Path& root);
Findings function_sizes(const Path& root);

/// Lines of code in the host: neither empty nor only a comment.
int host_lines(const Path& root);

}  // namespace dunlin::tidy
