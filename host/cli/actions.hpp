// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/output.hpp"

#include <dunlin/date.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dunlin::host {

class Host;

/// What the command line said, whichever subcommand it was. One struct, so that the library that
/// reads it stays in one file.
struct Invocation {
    std::filesystem::path instance = ".";
    std::optional<Date> today;
    bool is_safe_mode = false;
    Format format = Format::table;
    std::string rows;  // --rows

    std::string name;  // A command, source, plugin, role, …: what the verb is about.
    std::vector<std::string> pairs;  // k=v
    std::string json;                // --json
    std::string idempotency_key;
    std::string state;             // --state
    std::filesystem::path folder;  // Of init and backup.
    std::string store_url, zone = "UTC", source;
    int64_t id = 0;
    bool checks = false, retries = false;
};

// Each throws Error; the exit code is made of its status.
void init(const Invocation& in);
void serve(const Invocation& in);
void call(const Invocation& in);
void sync(const Invocation& in);
void sync_status(const Invocation& in);
void sync_quarantine(const Invocation& in);
void plugin_list(const Invocation& in);
void plugin_info(const Invocation& in);
void migrate_plan(const Invocation& in);
void migrate_apply(const Invocation& in);
void events_status(const Invocation& in);
void events_list(const Invocation& in);
void events_replay(const Invocation& in);
void events_deliver(const Invocation& in);
void jobs_list(const Invocation& in);
void jobs_cancel(const Invocation& in);
void jobs_retry(const Invocation& in);
void run_jobs(const Invocation& in);
void backup(const Invocation& in);
void token_create(const Invocation& in);
/// False when something fails.
bool doctor(const Invocation& in);

std::unique_ptr<Host> open_host(const Invocation& in, bool migrates = true);
std::unique_ptr<Host> started_host(const Invocation& in);
/// "k=v" split; Error invalid for a text without "=".
std::vector<std::pair<std::string, std::string>> split_pairs(const std::vector<std::string>& pairs);
/// Creates a folder only its owner sees, or takes an empty one; Error exists otherwise.
void make_empty_folder(const std::filesystem::path& folder, const char* purpose);

}  // namespace dunlin::host
