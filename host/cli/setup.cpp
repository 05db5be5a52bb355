// SPDX-License-Identifier: Apache-2.0
#include "cli/actions.hpp"

#include <dunlin/did_you_mean.hpp>

#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <regex>
#include <sstream>

namespace dunlin::host {

namespace fs = std::filesystem;

namespace {

std::string text_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::stringstream out;
    out << in.rdbuf();
    return out.str();
}

/// A line a person types; nothing is shown of a secret.
std::string typed(const std::string& prompt, bool is_secret) {
    std::cerr << prompt << std::flush;
    termios before{};
    const bool is_hidden = is_secret && ::tcgetattr(STDIN_FILENO, &before) == 0;
    if (is_hidden) {
        auto quiet = before;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    std::string line;
    const bool has_line = static_cast<bool>(std::getline(std::cin, line));
    if (is_hidden) {
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        std::cerr << "\n";
    }
    if (!has_line)
        throw Error(DUNLIN_E_INVALID, "no answer to \"" + prompt + "\"; nothing was set up");
    return line;
}

/// Asks for what a connector needs, sees that it works, and only then writes it down.
class Setup {
public:
    explicit Setup(Invocation& in)
        : in_(in), file_(fs::absolute(in.instance) / "dunlin.toml"), before_(text_of(file_)) {}
    ~Setup() {
        std::error_code ignored;
        for (const auto& file : secrets_made_) fs::remove(file, ignored);
    }

    Ordered run() {
        schema_ = schema_of(in_.open());
        in_.host.reset();
        for (const auto& [key, value] : split_pairs(in_.pairs)) take(key, value);
        for (const auto& key : schema_.value("required", Json::array())) {
            if (!settings_.contains(key)) ask(key);
        }
        const auto text = configuration();
        in_.host =
            std::make_unique<Host>(Host::Options{.instance = in_.instance, .config_text = text});
        in_.host->log().set_level(DUNLIN_LOG_ERROR);
        in_.host->start();
        auto& sync = in_.host->sync();
        Ordered out{{"source", in_.name}, {"check", sync.check(in_.name)}};
        out["rows"] = sync.preview(in_.name, [](const SyncProgress& at) { show_progress(at); });
        out["write_backs"] = sync.write_backs_of(in_.name);
        print(std::cout, out, in_.format, in_.rows);
        const bool is_kept = in_.is_sure || typed("Keep this source? [y/N] ", false) == "y";
        if (!is_kept) return "nothing was written";
        keep(text);
        return "[sources." + in_.name + "] is in " + file_.string() + "; next: dunlin sync " +
               in_.name;
    }

private:
    Json schema_of(Host& host) const {
        host.start();
        if (!std::regex_match(in_.name, std::regex("[a-z][a-z0-9_-]{0,62}"))) {
            throw Error(DUNLIN_E_INVALID, "\"" + in_.name +
                                              "\" is no name for a source; use a-z, "
                                              "0-9, _ and -, such as erp");
        }
        for (const auto& source : host.config().sources) {
            if (source.name != in_.name) continue;
            throw Error(DUNLIN_E_EXISTS, "the source " + in_.name +
                                             " is set up already; change "
                                             "[sources." +
                                             in_.name +
                                             "] in dunlin.toml, then: dunlin "
                                             "sync " +
                                             in_.name + " --check");
        }
        std::vector<std::string> names;
        for (const auto* plugin : host.plugins().in_order()) {
            if (!plugin->is_running() || !plugin->connector) continue;
            if (plugin->id() == in_.state) return plugin->manifest.source_schema;
            names.push_back(plugin->id());
        }
        std::string list;
        for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
        throw Error(DUNLIN_E_NOT_FOUND, "no connector \"" + in_.state + "\" is running" +
                                            did_you_mean(in_.state, names) + "; there are " + list);
    }

    const Json& rules(const std::string& key) const {
        const auto& properties = schema_.at("properties");
        if (const auto found = properties.find(key); found != properties.end()) return *found;
        std::vector<std::string> names;
        for (const auto& [name, one] : properties.items()) names.push_back(name);
        throw Error(DUNLIN_E_INVALID,
                    in_.state + " has no setting \"" + key + "\"" + did_you_mean(key, names));
    }

    void take(const std::string& key, const std::string& text) {
        const auto& rule = rules(key);
        if (rule.value("format", "") == "secret") {
            if (!std::regex_match(text, std::regex("(file|env):.+"))) {
                throw Error(DUNLIN_E_INVALID, key +
                                                  ": others see what stands on a command line; "
                                                  "write file:PATH or env:NAME, or leave it out "
                                                  "to be asked");
            }
            return name_secret(key, text);
        }
        const auto type = rule.value("type", "string");
        settings_[key] = type == "string" ? Json(text) : Json::parse(text, nullptr, false);
        if (settings_[key].is_discarded()) {
            throw Error(DUNLIN_E_INVALID, key + ": \"" + text + "\" is no " + type);
        }
    }

    void ask(const std::string& key) {
        const auto& rule = rules(key);
        const bool is_secret = rule.value("format", "") == "secret";
        const auto what = is_secret ? "itself, which is kept in a file only you can read"
                                    : rule.value("description", "");
        const auto text = typed(key + " (" + what + "): ", is_secret);
        if (!is_secret) return take(key, text);
        const auto file = fs::absolute(in_.instance) / "secrets" / (in_.name + "-" + key);
        const auto mask = ::umask(077);
        fs::create_directories(file.parent_path());
        secrets_made_.push_back(file);
        std::ofstream(file, std::ios::binary) << text;
        ::umask(mask);
        name_secret(key, "file:secrets/" + file.filename().string());
    }

    void name_secret(const std::string& key, const std::string& where) {
        const auto name = in_.name + "-" + key;
        settings_[key] = name;
        secret_lines_ += name + " = " + Json(where).dump() + "\n";
    }

    /// dunlin.toml with the source; JSON's texts, numbers and lists are TOML's.
    std::string configuration() const {
        auto out = before_;
        if (!out.empty() && out.back() != '\n') out += '\n';
        std::smatch table;
        static const std::regex secrets(R"((^|\n)\[secrets\][^\n]*\n)");
        if (secret_lines_.empty()) {
        } else if (std::regex_search(out, table, secrets)) {
            out.insert(static_cast<std::size_t>(table.position() + table.length()), secret_lines_);
        } else {
            out += "\n[secrets]\n" + secret_lines_;
        }
        out += "\n[sources." + in_.name + "]\nconnector = " + Json(in_.state).dump() +
               "\n[sources." + in_.name + ".settings]\n";
        for (const auto& [key, value] : settings_.items()) out += key + " = " + value.dump() + "\n";
        return out;
    }

    /// All of it or nothing, and nothing when somebody else changed the file meanwhile.
    void keep(const std::string& text) {
        if (text_of(file_) != before_) {
            throw Error(DUNLIN_E_CONFLICT, file_.string() + " was changed meanwhile; try again");
        }
        const auto draft = file_.string() + ".new";
        std::error_code failed;
        {
            const auto mask = ::umask(077);
            std::ofstream out(draft, std::ios::binary);
            ::umask(mask);
            if (!(out << text).flush()) failed = std::make_error_code(std::errc::io_error);
        }
        if (!failed) fs::permissions(draft, fs::status(file_).permissions(), failed);
        if (!failed) fs::rename(draft, file_, failed);
        if (failed) {
            throw Error(DUNLIN_E_UNAVAILABLE, file_.string() + " cannot be written (" +
                                                  failed.message() +
                                                  "); look at the disk and the permissions");
        }
        secrets_made_.clear();
    }

    Invocation& in_;
    const fs::path file_;
    const std::string before_;
    Json schema_, settings_ = Json::object();
    std::string secret_lines_;
    std::vector<fs::path> secrets_made_;  // Removed again unless the source is kept.
};

}  // namespace

Ordered connector_setup(Invocation& in) {
    return Setup(in).run();
}

}  // namespace dunlin::host
