// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/json.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dunlin::host {

using Lines = std::map<std::string, int>;          // Of every dotted key.
using Mistakes = std::multimap<int, std::string>;  // By line.

/// A TOML file as JSON. Syntax errors go to `mistakes`; the document is then what can be read
/// without those lines. Keeps the TOML library in one file.
Json read_toml(const std::string& text, Lines& lines, Mistakes& mistakes);

struct SourceConfig {
    std::string name;                                       // [sources.<name>]
    std::string connector;                                  // Plugin id.
    int64_t every_us = 0;                                   // 0: only on demand.
    int64_t sweep_every_us = 86'400'000'000;                // How often deletions are looked for.
    int64_t requests_per_second = 0, requests_per_day = 0;  // 0: what the connector says.
    Json settings = Json::object();  // [sources.<name>.settings], relative paths made absolute.
    std::string settings_digest;     // Of the settings as they are written.
};

struct MailAccount {               // [mail.accounts.<name>]
    std::string server;            // "smtp.example:587"
    std::string tls = "starttls";  // Or "tls" from the first byte on, or "none" on loopback.
    std::string user, password;    // The latter is the name of a secret.
    std::string sender;            // Envelope sender where a message names none.
    int64_t timeout_seconds = 60;  // Of each answer.
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(MailAccount, server, tls, user, password, sender,
                                                timeout_seconds)

struct ToolConfig {                 // [tools.<name>]
    std::string program;            // Absolute.
    std::vector<std::string> args;  // Before those of a run.
    bool resident = false;          // Serves one run after the other, see abi/tools.h.
    int64_t timeout_seconds = 60, memory_max_mib = 2048, processes_max = 64, output_max_mib = 32;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(ToolConfig, program, args, resident,
                                                timeout_seconds, memory_max_mib, processes_max,
                                                output_max_mib)

/// In [secrets] the key that seals what is kept of others; no plugin may read it.
inline constexpr const char* sealing_key = "key";

/// dunlin.toml, checked whole: every mistake is reported at once, with its line.
struct Config {
    std::filesystem::path instance;  // The folder that holds dunlin.toml.
    std::string instance_name = "dunlin";
    std::string time_zone = "UTC";

    std::string store_url = "sqlite:data/dunlin.db";
    int store_connections_max = 8;
    std::string store_durability = "full";  // Or "normal".

    int http_port = 8734;
    int64_t http_body_bytes_max = int64_t{4} << 20;

    std::string http_client_ca_file;  // Beside the system's; PEM.
    int64_t http_client_timeout_s = 60;
    int64_t http_client_body_bytes_max = int64_t{64} << 20;

    std::vector<std::filesystem::path> plugin_folders;  // Beside the shipped ones.
    std::vector<std::string> plugins_disabled;
    Json plugin_settings = Json::object();  // [plugins.<id>]

    std::string log_path = "-";
    std::string log_level = "info";
    int jobs_threads = 2;

    int64_t blobs_max_mib = 25;  // Of one.

    std::map<std::string, MailAccount> mail_accounts;
    std::map<std::string, ToolConfig> tools;

    bool worker_enabled = true;                  // Connectors run in processes of their own,
    std::vector<std::string> worker_in_process;  // but for these.
    int64_t worker_memory_max_mib = 2048;
    int64_t worker_silence_s = 300;

    std::map<std::string, std::string> secrets;  // Name → "file:PATH" or "env:NAME".
    std::vector<SourceConfig> sources;

    // [testing]: a frozen clock and counted ids, so that two runs give the same bytes.
    std::optional<int64_t> fixed_clock_us;
    int64_t ids_seed = 0;
    bool checks_replies = false;  // Validate replies against their schemas too.

    /// Error invalid that lists every mistake as "dunlin.toml:12: …".
    /// `text` stands for the file when it is not empty.
    static Config load(const std::filesystem::path& instance, const std::string& text = {});
    /// The line of a key such as "plugins.receivables.x", or of the table it should stand in.
    int line_of(const std::string& dotted_key) const;
    /// What is wrong with the settings in "plugins.<id>" or "sources.<name>.settings" by a schema:
    /// "dunlin.toml:12: …" each, empty when all is well.
    std::vector<std::string> violations(const std::string& section, const Json& settings,
                                        const Json& schema) const;
    /// The value of a secret. Error not_found naming the secret and how to provide it.
    std::string secret(const std::string& name) const;

    Lines lines;
};

}  // namespace dunlin::host
