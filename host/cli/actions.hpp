// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/output.hpp"
#include "host.hpp"

namespace dunlin::host {

/// What the command line said, whichever verb it was, and the host that carries it out. One struct,
/// so that the library that reads it stays in one file.
struct Invocation {
    std::filesystem::path instance = ".";
    std::optional<Date> today;
    bool is_safe_mode = false;
    Format format = Format::table;
    std::string rows;  // --rows

    std::string name;  // A command, source, plugin, role, …: what the verb is about.
    std::vector<std::string> pairs;            // k=v
    std::string json, idempotency_key, state;  // --json, --idempotency-key, --state
    std::string folder;                        // Of init and backup.
    std::string store_url = "sqlite:data/dunlin.db", zone = "UTC", source;  // Of init.
    int64_t id = 0;
    bool checks = false, lists_all = false, is_sure = false;
    SyncOptions sync_options;

    int worker_socket = -1, worker_flag = -1;  // Of worker.

    bool has_failed = false;  // Set by a verb whose reply is that something is wrong.
    std::unique_ptr<Host> host;
    /// The host of the instance, with its configuration; start() makes it answer commands.
    Host& open(bool migrates = true);
    Host& start();
};

// What the verbs do. The reply is printed unless it is null; Error becomes the exit code.
Ordered init(Invocation& in);
Ordered serve(Invocation& in);
Ordered call(Invocation& in);
Ordered sync(Invocation& in);
Ordered doctor(Invocation& in);
Ordered connector_setup(Invocation& in);
/// Progress goes to standard error: the report alone can be piped on.
void show_progress(const SyncProgress& at);

/// "k=v" split; Error invalid for a text without "=".
std::vector<std::pair<std::string, std::string>> split_pairs(const std::vector<std::string>& pairs);
/// The object that --json names: TEXT, @FILE or - for standard input; empty for an empty text.
Json given_request(const std::string& text);
/// Creates a folder only its owner sees, or takes an empty one; Error exists otherwise.
void make_empty_folder(const std::filesystem::path& folder, const char* purpose);

}  // namespace dunlin::host
