// SPDX-License-Identifier: Apache-2.0
#include "config/config.hpp"

#include "base/clock.hpp"
#include "config/reader.hpp"

#include <dunlin/error.hpp>

#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace dunlin::host {

namespace fs = std::filesystem;

namespace {

bool is_name(const std::string& text, std::size_t size_max, const char* more = "") {
    if (text.empty() || text.size() > size_max || text[0] < 'a' || text[0] > 'z') return false;
    const auto allowed = std::string("abcdefghijklmnopqrstuvwxyz0123456789_") + more;
    return text.find_first_not_of(allowed) == std::string::npos;
}

void read_instance(Reader& at, Config& out) {
    at.only({"name", "time_zone"});
    at.text("name", out.instance_name);
    if (out.instance_name.empty() || out.instance_name.size() > 100) {
        at.mistake("name", "must have 1 to 100 characters");
    }
    at.text("time_zone", out.time_zone);
    try {
        Clock::date_in(out.time_zone, 0);
    } catch (const Error&) {
        at.mistake("time_zone", "there is no time zone \"" + out.time_zone +
                                    "\"; write an IANA name such as \"Europe/Berlin\" or \"UTC\"");
    }
}

void read_store(Reader& at, Config& out) {
    at.only({"url", "connections", "durability"});
    at.text("url", out.store_url);
    const auto& url = out.store_url;
    const auto is_sqlite = url.rfind("sqlite:", 0) == 0 && url.size() > 7;
    const auto is_postgresql = url.rfind("postgresql:", 0) == 0 && url.size() > 11;
    // The URL itself is not repeated: it may hold a password.
    if (!is_sqlite && !is_postgresql) {
        at.mistake("url",
                   "must be \"sqlite:data/dunlin.db\" or \"postgresql:host=… dbname=… user=…\"");
    }
    at.integer("connections", out.store_connections_max, 1, 200);
    at.one_of("durability", out.store_durability, {"full", "normal"});
}

void read_http(Reader& at, Config& out) {
    at.only({"port", "body_bytes_max"});
    at.integer("port", out.http_port, 0, 65535);
    at.integer("body_bytes_max", out.http_body_bytes_max, 1024, 1024 * 1024 * 1024);
}

void read_plugins(Reader& at, Config& out) {
    std::vector<std::string> folders;
    at.texts("folders", folders);
    for (const auto& folder : folders) out.plugin_folders.push_back(out.instance / folder);
    at.texts("disabled", out.plugins_disabled);
    for (const auto& key : at.keys()) {
        if (key == "folders" || key == "disabled") continue;
        if (!at.is_table(key)) {
            at.unknown(key, {"folders", "disabled"});
        } else if (!is_name(key, 24) || key.size() < 2) {
            at.mistake(key, "a plugin id has 2 to 24 characters of a-z, 0-9 and _");
        } else {
            out.plugin_settings[key] = at.json(key);
        }
    }
}

void read_log(Reader& at, Config& out) {
    at.only({"path", "level"});
    at.text("path", out.log_path);
    if (out.log_path.empty()) at.mistake("path", "must be a file, or \"-\" for standard error");
    if (out.log_path != "-") out.log_path = (out.instance / out.log_path).string();
    at.one_of("level", out.log_level, {"debug", "info", "warn", "error"});
}

void read_secrets(Reader& at, Config& out) {
    for (const auto& name : at.keys()) {
        std::string where;
        if (!is_name(name, 63, ".-")) {
            at.mistake(name, "a secret's name has 1 to 63 characters of a-z, 0-9, _, - and .");
            continue;
        }
        if (!at.text(name, where)) continue;
        const auto is_file = where.rfind("file:", 0) == 0 && where.size() > 5;
        const auto is_env = where.rfind("env:", 0) == 0 && where.size() > 4;
        if (!is_file && !is_env) {
            at.mistake(name,
                       "a secret never stands in dunlin.toml; write \"file:PATH\" or \"env:NAME\"");
            continue;
        }
        out.secrets[name] = is_env ? where : "file:" + (out.instance / where.substr(5)).string();
    }
}

/// Paths in a source's settings start at the instance folder, wherever the program was started.
void make_absolute(const fs::path& base, Json& settings) {
    for (auto& [key, value] : settings.items()) {
        const auto is_path = key == "folder" || key == "mapping" ||
                             (key.size() > 5 && key.compare(key.size() - 5, 5, "_path") == 0);
        if (value.is_object()) make_absolute(base, value);
        if (is_path && value.is_string() && !value.get_ref<const std::string&>().empty()) {
            value = (base / value.get<std::string>()).lexically_normal().string();
        }
    }
}

void read_sources(Reader& at, Config& out) {
    constexpr int64_t second = 1'000'000;
    for (const auto& name : at.keys()) {
        auto section = at.section(name);
        if (!section) continue;
        SourceConfig source;
        source.name = name;
        if (!is_name(name, 63)) {
            at.mistake(name, "a source's name has 1 to 63 characters of a-z, 0-9 and _");
        }
        section->only({"connector", "every", "settings"});
        if (!section->has("connector")) {
            at.mistake(name, "needs connector = \"<plugin id>\", for example \"csv\"");
        } else if (section->text("connector", source.connector) && !is_name(source.connector, 24)) {
            section->mistake("connector", "\"" + source.connector + "\" is not a plugin id");
        }
        section->duration("every", source.every_us, 10 * second, 366 * 86400 * second);
        if (section->has("settings") && section->section("settings")) {
            source.settings = section->json("settings");
            make_absolute(out.instance, source.settings);
        }
        out.sources.push_back(std::move(source));
    }
}

void read_testing(Reader& at, Config& out) {
    at.only({"clock", "ids_seed", "checks_replies"});
    at.instant("clock", out.fixed_clock_us);
    at.integer("ids_seed", out.ids_seed, 0, int64_t{1} << 62);
    at.boolean("checks_replies", out.checks_replies);
}

std::string text_of(const fs::path& file, const fs::path& instance) {
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        const auto folder = instance.string();
        throw Error(DUNLIN_E_NOT_FOUND,
                    fs::exists(file) ? file.string() + " cannot be read; check its permissions"
                                     : "there is no dunlin.toml in " + folder +
                                           "; make an instance with: dunlin init " + folder +
                                           ", or name one with --instance");
    }
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

}  // namespace

Config Config::load(const fs::path& instance) {
    Config out;
    out.instance = fs::absolute(instance).lexically_normal();
    if (!out.instance.has_filename()) out.instance = out.instance.parent_path();
    Mistakes mistakes("dunlin.toml");
    const auto document =
        Document::parse(text_of(out.instance / "dunlin.toml", out.instance), mistakes);
    out.lines = document->lines();

    Reader root(*document, mistakes);
    root.only(
        {"instance", "store", "http", "plugins", "log", "jobs", "secrets", "sources", "testing"});
    const std::array<std::pair<const char*, void (*)(Reader&, Config&)>, 9> rooms{{
        {"instance", read_instance},
        {"store", read_store},
        {"http", read_http},
        {"plugins", read_plugins},
        {"log", read_log},
        {"jobs",
         [](Reader& at, Config& c) {
             at.only({"threads"});
             at.integer("threads", c.jobs_threads, 1, 64);
         }},
        {"secrets", read_secrets},
        {"sources", read_sources},
        {"testing", read_testing},
    }};
    for (const auto& [name, read] : rooms) {
        if (auto section = root.section(name)) read(*section, out);
    }
    mistakes.throw_if_any();
    return out;
}

int Config::line_of(const std::string& dotted_key) const {
    // The nearest thing that has a line: a missing key is reported where its table stands.
    for (auto key = dotted_key;;) {
        if (const auto found = lines.find(key); found != lines.end()) return found->second;
        const auto dot = key.rfind('.');
        if (dot == std::string::npos) return 0;
        key.resize(dot);
    }
}

std::string Config::secret(const std::string& name) const {
    const auto found = secrets.find(name);
    if (found == secrets.end()) {
        throw Error(DUNLIN_E_NOT_FOUND, "there is no secret \"" + name +
                                            "\"; add it to [secrets] of dunlin.toml: " + name +
                                            " = \"file:secrets/" + name + "\"");
    }
    if (found->second.rfind("env:", 0) == 0) {
        const auto variable = found->second.substr(4);
        const char* value = std::getenv(variable.c_str());
        if (!value || !*value) {
            throw Error(DUNLIN_E_NOT_FOUND, "the secret \"" + name +
                                                "\" is taken from the environment variable " +
                                                variable + ", which is not set; set it");
        }
        return value;
    }
    const fs::path file = found->second.substr(5);
    std::error_code failed;
    const auto mode = fs::status(file, failed).permissions();
    std::ifstream in(file, std::ios::binary);
    if (failed || !in || fs::is_directory(file)) {
        throw Error(DUNLIN_E_NOT_FOUND, "the secret \"" + name + "\" is taken from " +
                                            file.string() +
                                            ", which cannot be read; put the value there");
    }
    if ((mode & fs::perms::others_read) != fs::perms::none) {
        throw Error(DUNLIN_E_DENIED, "everybody may read the secret \"" + name + "\" in " +
                                         file.string() + "; run: chmod 600 " + file.string());
    }
    std::ostringstream text;
    text << in.rdbuf();
    auto value = text.str();
    while (!value.empty() && (value.back() == '\n' || value.back() == '\r')) value.pop_back();
    return value;
}

}  // namespace dunlin::host
