#pragma once

#include <cstdint>
#include <dunlin/json.hpp>
#include <string>
#include <vector>

namespace dunlin::host {
class Host;
}

namespace dunlin::bench {

/// Seconds that the rows of `tables` take when they are written raw into the same tables and
/// indexes: same rows in the same order, same transaction size, same durability. Reading the rows
/// is not timed.
///
/// SQLite: prepared inserts into a fresh file beside `path`, with the settings in `pragmas`.
double raw_sqlite_seconds(const std::string& path, const std::vector<std::string>& tables,
                          const std::string& pragmas, int64_t batch_rows);
/// PostgreSQL: COPY into copies of the tables in the schema "raw" of the same database.
double raw_postgres_seconds(const std::string& conninfo, const std::vector<std::string>& tables,
                            int64_t batch_rows);

/// Seconds of one query run to its last row on a connection of its own, and the rows it gave.
double query_seconds(const std::string& url, const std::string& sql, int64_t& rows);

/// Rows a second that reach the host from a connector: with its library in this process, in a
/// worker, and as JSON made and read in this process. `plugin` is the folder of "remote".
struct StreamRates {
    double in_process = 0, worker = 0, json = 0;
};
StreamRates stream_rates(host::Host& host, const std::string& plugin, int64_t rows);

/// A dunning run over the whole book, against INSERT … SELECT of the same drafts, and its release.
Json dunning_rates(host::Host& host, const std::string& url);

}  // namespace dunlin::bench
