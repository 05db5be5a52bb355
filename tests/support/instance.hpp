// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "host.hpp"

#include <dunlin/batch.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dunlin::test {

using host::Dialect;

struct InstanceOptions {
    std::string now = "2026-03-02T09:00:00Z";  // The frozen clock.
    std::string zone = "UTC";
    bool has_shipped_plugins = true;        // build/plugins: receivables, csv, …
    std::vector<std::string> test_plugins;  // Ids below build/test_plugins.
    std::string toml;                       // Further sections of dunlin.toml.
    bool checks_replies = true;
    bool is_safe_mode = false;
    bool is_started = true;  // Otherwise the test calls host().start().
};

/// What became of a batch that was pushed into the sink.
struct AppliedBatch {
    dunlin_apply_counts counts{};
    Json rejects = Json::array();
};

/// A fresh instance in a folder of its own, on SQLite or on a new database of the shared
/// PostgreSQL; gone with the object.
class Instance {
public:
    explicit Instance(Dialect dialect, InstanceOptions options = {});
    ~Instance();
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    host::Host& host() { return *host_; }
    const std::filesystem::path& folder() const { return folder_; }
    Dialect dialect() const { return dialect_; }

    Json call(const std::string& command, const Json& request = Json::object(),
              const host::Principal& principal = host::Principal::of_operator(),
              const host::CallOptions& options = {});
    /// The status a call ends with; DUNLIN_OK when it succeeds.
    dunlin_status status_of(const std::string& command, const Json& request = Json::object(),
                            const host::Principal& principal = host::Principal::of_operator());
    /// One batch into the sink, in one committed transaction. A date is given as "2026-02-28".
    AppliedBatch apply(const std::string& source, const std::string& entity,
                       const std::vector<ColumnSpec>& columns,
                       const std::vector<std::vector<Json>>& rows);
    /// Rows as the host sees them, without a wall.
    std::vector<std::vector<Json>> sql(const std::string& query);
    /// The first cell of the first row.
    Json cell(const std::string& query);
    int64_t exec(const std::string& statement);

    void stop();
    /// A new host on the same folder and database, optionally at another instant.
    void restart(const std::string& now = {});
    /// Everything logged so far.
    std::string log() const;
    std::filesystem::path state_folder() const { return folder_ / "state"; }

private:
    void write_config();
    Dialect dialect_;
    InstanceOptions options_;
    std::filesystem::path folder_;
    std::string store_url_;
    int starts_ = 0;
    std::unique_ptr<host::Host> host_;
};

/// "" when nothing was thrown, otherwise what the Error said.
template <class Body>
std::string error_of(Body&& body) {
    try {
        body();
    } catch (const Error& e) {
        return e.what();
    }
    return {};
}

}  // namespace dunlin::test
