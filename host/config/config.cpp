// SPDX-License-Identifier: Apache-2.0
#include "config/config.hpp"

#include "base/clock.hpp"
#include "commands/commands.hpp"
#include "outside_schema.hpp"

#include <dunlin/did_you_mean.hpp>
#include <dunlin/digest.hpp>
#include <dunlin/error.hpp>

#include <date/date.h>
#include <boost/algorithm/string.hpp>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

namespace dunlin::host {

namespace fs = std::filesystem;

namespace {

class Reader;

/// One key of the file and where it stands.
struct Entry {
    Reader& reader;
    const std::string& path;  // "sources.erp"
    const std::string& key;   // "erp"
    const Json& value;
};
/// Takes a value over, or throws what is wrong with it.
template <class T>
using Take = std::function<void(const Entry& at, T& out)>;
/// What a table may hold; "*" stands for any other key, "[*]" for any other table.
template <class T>
using Keys = std::map<std::string, Take<T>>;

[[noreturn]] void refuse(const std::string& what) {
    throw Error(DUNLIN_E_INVALID, what);
}

const char* kind_of(const Json& value) {
    if (value.is_string()) return "a text";
    if (value.is_boolean()) return "a boolean";
    if (value.is_number_integer()) return "a whole number";
    if (value.is_number()) return "a number with decimals";
    return value.is_array() ? "an array" : "a table";
}

void need(bool is_right, const Json& value, const char* wanted) {
    if (!is_right) refuse(std::string("must be ") + wanted + ", not " + kind_of(value));
}

/// Reads tables by their keys. What is wrong is noted with its line, and reading goes on, so that
/// one look shows every mistake.
class Reader {
public:
    Reader(const Config& config, Mistakes& mistakes) : config_(config), mistakes_(mistakes) {}

    template <class T>
    void read(const std::string& path, const Json& table, const Keys<T>& keys, T& out) {
        need(table.is_object(), table, "a table");
        for (const auto& [key, value] : table.items()) {
            const auto inner = path.empty() ? key : path + "." + key;
            auto found = keys.find(key);
            if (found == keys.end() && value.is_object()) found = keys.find("[*]");
            if (found == keys.end()) found = keys.find("*");
            try {
                if (found != keys.end()) {
                    found->second({*this, inner, key, value}, out);
                } else {
                    note(inner, unknown(path, key, keys));
                }
            } catch (const Error& e) {
                const auto place = path.empty() ? "[" + key + "]" : key + " in [" + path + "]";
                note(inner, place + ": " + e.what());
            }
        }
    }

private:
    void note(const std::string& path, const std::string& what) {
        mistakes_.emplace(config_.line_of(path), what);
    }
    template <class T>
    static std::string unknown(const std::string& path, const std::string& key,
                               const Keys<T>& keys) {
        const auto what = path.empty() ? "unknown section [" + key + "]"
                                       : "unknown key \"" + key + "\" in [" + path + "]";
        std::vector<std::string> known;
        for (const auto& [name, take] : keys) known.push_back(name);
        const auto meant = did_you_mean(key, known);
        return what + (meant.empty() ? "; known are " + boost::join(known, ", ") : meant);
    }

    const Config& config_;
    Mistakes& mistakes_;
};

const std::string& text_of(const Entry& at) {
    need(at.value.is_string(), at.value, "a text in quotes");
    return at.value.get_ref<const std::string&>();
}

void need_form(const std::string& text, const char* form, const std::string& wrong) {
    if (!std::regex_match(text, std::regex(form))) refuse(wrong);
}

template <class T>
Take<T> text(std::string T::*to, const char* form, const char* wrong) {
    return [=](const Entry& at, T& out) {
        need_form(text_of(at), form, wrong);
        out.*to = text_of(at);
    };
}

template <class Text>
Take<Config> texts(std::vector<Text> Config::*to) {
    return [=](const Entry& at, Config& out) {
        const auto is_text = [](const Json& one) { return one.is_string(); };
        if (!at.value.is_array() || !std::all_of(at.value.begin(), at.value.end(), is_text)) {
            refuse("must be an array of texts, for example [\"a\", \"b\"]");
        }
        for (const auto& one : at.value) (out.*to).push_back(one.get<std::string>());
    };
}

template <class T, class Int>
Take<T> whole(Int T::*to, int64_t min, int64_t max) {
    return [=](const Entry& at, T& out) {
        need(at.value.is_number_integer(), at.value, "a whole number");
        const auto number = at.value.get<int64_t>();
        if (number < min || number > max) {
            refuse("must be " + std::to_string(min) + " to " + std::to_string(max) + ", not " +
                   std::to_string(number));
        }
        out.*to = static_cast<Int>(number);
    };
}

Take<Config> one_of(std::string Config::*to, const std::vector<std::string>& choices) {
    return [=](const Entry& at, Config& out) {
        const auto& text = text_of(at);
        if (std::count(choices.begin(), choices.end(), text) == 0) {
            refuse("must be \"" + boost::join(choices, "\", \"") + "\", not \"" + text + "\"");
        }
        out.*to = text;
    };
}

/// Paths in a source's settings start at the instance folder, wherever the program was started.
void make_absolute(const fs::path& base, Json& settings) {
    for (auto& [key, value] : settings.items()) {
        const auto is_path = key == "folder" || key == "mapping" || key.ends_with("_path");
        if (value.is_object()) make_absolute(base, value);
        if (is_path && value.is_string() && !value.get_ref<const std::string&>().empty()) {
            value = (base / value.get<std::string>()).lexically_normal().string();
        }
    }
}

void take_time_zone(const Entry& at, Config& out) {
    out.time_zone = text_of(at);
    Clock::date_in(out.time_zone, 0);  // Refuses what is none.
}

void take_plugin(const Entry& at, Config& out) {
    need_form(at.key, "[a-z][a-z0-9_]{1,23}",
              "a plugin id has 2 to 24 characters of a-z, 0-9 and _");
    out.plugin_settings[at.key] = at.value;
}

void take_secret(const Entry& at, Config& out) {
    need_form(at.key, "[a-z][a-z0-9_.-]{0,62}",
              "a secret's name has 1 to 63 characters of a-z, 0-9, _, - and .");
    const auto& where = text_of(at);
    need_form(where, "(file|env):.+",
              "a secret never stands in dunlin.toml; write \"file:PATH\" or \"env:NAME\"");
    const bool is_file = where.starts_with("file:");
    out.secrets[at.key] = is_file ? "file:" + (out.instance / where.substr(5)).string() : where;
}

/// "2024-05-31T10:00:00Z"
void take_clock(const Entry& at, Config& out) {
    const auto& text = text_of(at);
    ::date::sys_seconds instant;
    std::istringstream in(text);
    if (text.size() != 20 || !(in >> ::date::parse("%FT%TZ", instant))) {
        refuse("\"" + text + "\" is no instant; write it as \"2024-05-31T10:00:00Z\"");
    }
    out.fixed_clock_us = instant.time_since_epoch().count() * 1'000'000;
}

Take<Config> flag(bool Config::*to) {
    return [=](const Entry& at, Config& out) {
        need(at.value.is_boolean(), at.value, "true or false");
        out.*to = at.value;
    };
}

/// "15m"
Take<SourceConfig> duration(int64_t SourceConfig::*to) {
    return [=](const Entry& at, SourceConfig& out) {
        const auto& text = text_of(at);
        need_form(text, "[0-9]{1,8}[smhd]",
                  "\"" + text + "\" is no duration; write \"30s\", \"15m\", \"2h\" or \"1d\"");
        const std::map<char, int64_t> seconds{{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
        out.*to = std::stoll(text) * seconds.at(text.back()) * 1'000'000;
        if (out.*to < 10'000'000 || out.*to > 366 * 86'400'000'000) {
            refuse("must be 10s to 366d, not \"" + text + "\"");
        }
    };
}

void take_source(const Entry& at, Config& out) {
    const auto take_settings = [&](const Entry& inner, SourceConfig& source) {
        need(inner.value.is_object(), inner.value, "a table");
        source.settings = inner.value;
        source.settings_digest = sha256_of(inner.value.dump());
        make_absolute(out.instance, source.settings);
    };
    SourceConfig source;
    source.name = at.key;
    at.reader.read<SourceConfig>(
        at.path, at.value,
        {{"connector", text(&SourceConfig::connector, "[a-z][a-z0-9_]{0,23}",
                            "must be a plugin id, for example \"csv\"")},
         {"every", duration(&SourceConfig::every_us)},
         {"sweep_every", duration(&SourceConfig::sweep_every_us)},
         {"requests_per_second", whole(&SourceConfig::requests_per_second, 1, 10'000)},
         {"requests_per_day", whole(&SourceConfig::requests_per_day, 1, 100'000'000)},
         {"settings", take_settings}},
        source);
    need_form(at.key, "[a-z][a-z0-9_]{0,62}",
              "a source's name has 1 to 63 characters of a-z, 0-9 and _");
    if (!at.value.contains("connector")) {
        refuse("needs connector = \"<plugin id>\", for example \"csv\"");
    }
    out.sources.push_back(std::move(source));
}

/// A table under any name, as its schema says.
template <class T>
Take<Config> table(std::map<std::string, T> Config::*to, const char* schema) {
    return [=](const Entry& at, Config& out) {
        const auto rules = Schema::compile(Json::parse(outside_schema).at(schema), at.path);
        need_none("is wrong", rules->violations(at.value));
        (out.*to)[at.key] = at.value.get<T>();
    };
}

void take_accounts(const Entry& at, Config& out) {
    at.reader.read<Config>(at.path, at.value, {{"*", table(&Config::mail_accounts, "account")}},
                           out);
    for (const auto& [name, account] : out.mail_accounts) {
        need_form(account.tls + account.server, "(starttls|tls).*|none(localhost:|127\\.).*",
                  name + ": tls = \"none\" is for a server on this machine only");
    }
}

const std::map<std::string, Keys<Config>> sections{
    {"instance",
     {{"name", text(&Config::instance_name, ".{1,100}", "must have 1 to 100 characters")},
      {"time_zone", take_time_zone}}},
    {"store",
     // The URL itself is not repeated: it may hold a password.
     {{"url", text(&Config::store_url, "(sqlite|postgresql):.+",
                   "must be \"sqlite:data/dunlin.db\" or \"postgresql:host=… dbname=… user=…\"")},
      {"connections", whole(&Config::store_connections_max, 1, 200)},
      {"durability", one_of(&Config::store_durability, {"full", "normal"})}}},
    {"http",
     {{"port", whole(&Config::http_port, 0, 65535)},
      {"body_bytes_max", whole(&Config::http_body_bytes_max, 1024, 1 << 30)}}},
    {"http_client",
     {{"ca_file", text(&Config::http_client_ca_file, ".+", "must be a PEM file")},
      {"timeout_seconds", whole(&Config::http_client_timeout_s, 1, 3600)},
      {"body_bytes_max", whole(&Config::http_client_body_bytes_max, 1024, int64_t{1} << 30)}}},
    {"plugins",
     {{"folders", texts(&Config::plugin_folders)},
      {"disabled", texts(&Config::plugins_disabled)},
      {"[*]", take_plugin}}},
    {"log",
     {{"path", text(&Config::log_path, ".+", "must be a file, or \"-\" for standard error")},
      {"level", one_of(&Config::log_level, {"debug", "info", "warn", "error"})}}},
    {"jobs", {{"threads", whole(&Config::jobs_threads, 1, 64)}}},
    {"blobs", {{"max_mib", whole(&Config::blobs_max_mib, 1, 1024)}}},
    {"mail", {{"accounts", take_accounts}}},
    {"tools", {{"*", table(&Config::tools, "tool")}}},
    {"worker",
     {{"enabled", flag(&Config::worker_enabled)},
      {"in_process", texts(&Config::worker_in_process)},
      {"memory_max_mib", whole(&Config::worker_memory_max_mib, 64, int64_t{1} << 20)},
      {"silence_seconds", whole(&Config::worker_silence_s, 1, 86400)}}},
    {"secrets", {{"*", take_secret}}},
    {"sources", {{"*", take_source}}},
    {"testing",
     {{"clock", take_clock},
      {"ids_seed", whole(&Config::ids_seed, 0, int64_t{1} << 62)},
      {"checks_replies", flag(&Config::checks_replies)}}},
};

/// Nothing when the file cannot be read.
std::optional<std::string> text_in(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in || fs::is_directory(file)) return std::nullopt;
    return std::string{std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

Config Config::load(const fs::path& instance, const std::string& given) {
    Config out;
    out.instance = fs::absolute(instance).lexically_normal();
    if (!out.instance.has_filename()) out.instance = out.instance.parent_path();
    const auto file = out.instance / "dunlin.toml";
    const auto text = given.empty() ? text_in(file) : std::optional(given);
    if (!text) {
        const auto folder = out.instance.string();
        throw Error(DUNLIN_E_NOT_FOUND,
                    fs::exists(file) ? file.string() + " cannot be read; check its permissions"
                                     : "there is no dunlin.toml in " + folder +
                                           "; make an instance with: dunlin init " + folder +
                                           ", or name one with --instance");
    }
    Mistakes mistakes;
    const auto document = read_toml(*text, out.lines, mistakes);
    Keys<Config> root;
    for (const auto& section : sections) {
        root[section.first] = [&keys = section.second](const Entry& at, Config& config) {
            at.reader.read(at.path, at.value, keys, config);
        };
    }
    Reader(out, mistakes).read("", document, root, out);
    for (auto& folder : out.plugin_folders) folder = out.instance / folder;
    if (auto& ca_file = out.http_client_ca_file; !ca_file.empty()) {
        ca_file = (out.instance / ca_file).string();
    }
    out.secrets.try_emplace(sealing_key, "file:" + (out.instance / "secrets/key").string());
    if (out.log_path != "-") out.log_path = (out.instance / out.log_path).string();
    if (mistakes.empty()) return out;
    std::vector<std::string> list;
    for (const auto& [line, what] : mistakes) {
        list.push_back("dunlin.toml:" + std::to_string(line) + ": " + what);
    }
    throw Error(DUNLIN_E_INVALID, boost::join(list, "\n"), Json{{"violations", list}}.dump());
}

int Config::line_of(const std::string& dotted_key) const {
    // The nearest thing that has a line: a missing key is reported where its table stands.
    for (auto key = dotted_key;;) {
        if (const auto found = lines.find(key); found != lines.end()) return found->second;
        const auto dot = key.find_last_of(".[");
        if (dot == std::string::npos) return 1;
        key.resize(dot);
    }
}

std::vector<std::string> Config::violations(const std::string& section, const Json& settings,
                                            const Json& schema) const {
    std::vector<std::string> out;
    for (const auto& one : Schema::compile(schema, "of [" + section + "]")->violations(settings)) {
        const auto place = section + "." + one.substr(0, one.find(": "));
        out.push_back("dunlin.toml:" + std::to_string(line_of(place)) + ": [" + section + "] " +
                      one);
    }
    return out;
}

std::string Config::secret(const std::string& name) const {
    const auto found = secrets.find(name);
    if (found == secrets.end()) {
        throw Error(DUNLIN_E_NOT_FOUND, "there is no secret \"" + name +
                                            "\"; add it to [secrets] of dunlin.toml: " + name +
                                            " = \"file:secrets/" + name + "\"");
    }
    const auto where = found->second.substr(found->second.find(':') + 1);
    if (found->second.starts_with("env:")) {
        const char* value = std::getenv(where.c_str());
        if (value && *value) return value;
        throw Error(DUNLIN_E_NOT_FOUND, "the secret \"" + name +
                                            "\" is taken from the environment variable " + where +
                                            ", which is not set; set it");
    }
    const auto text = text_in(where);
    if (!text) {
        throw Error(DUNLIN_E_NOT_FOUND, "the secret \"" + name + "\" is taken from " + where +
                                            ", which cannot be read; put the value there");
    }
    if ((fs::status(where).permissions() & fs::perms::others_read) != fs::perms::none) {
        throw Error(DUNLIN_E_DENIED, "everybody may read the secret \"" + name + "\" in " + where +
                                         "; run: chmod 600 " + where);
    }
    return boost::trim_right_copy_if(*text, boost::is_any_of("\r\n"));
}

}  // namespace dunlin::host
