// SPDX-License-Identifier: Apache-2.0
#include "store/postgres_url.hpp"

#include <dunlin/error.hpp>

#include <fcntl.h>
#include <libpq-fe.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

namespace dunlin::host {
namespace {

struct OptionsDelete {
    void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, OptionsDelete>;

}  // namespace

PostgresUrl::PostgresUrl(const std::string& url) {
    const bool is_uri = url.rfind("postgresql://", 0) == 0;
    const auto text = is_uri ? url : url.substr(std::strlen("postgresql:"));
    const Options parsed(PQconninfoParse(text.c_str(), nullptr));
    if (!parsed) {
        throw Error(DUNLIN_E_INVALID,
                    "the store URL cannot be read; write "
                    "postgresql:host=… port=… dbname=… user=… password=…");
    }
    for (const auto* option = parsed.get(); option->keyword; ++option) {
        if (option->val && *option->val) options_[option->keyword] = option->val;
    }
    // Poco knows no defaults for these.
    const Options defaults(PQconndefaults());
    for (const auto* option = defaults.get(); option && option->keyword; ++option) {
        const std::string key = option->keyword;
        const bool is_needed = key == "user" || key == "port" || key == "password";
        if (is_needed && option->val && *option->val) options_.emplace(key, option->val);
    }
    options_.emplace("dbname", options_["user"]);
    options_.emplace("host", "localhost");
    options_.emplace("connect_timeout", "10");
    password_ = options_["password"];
    options_.erase("password");
    for (const auto& [key, value] : options_) {
        if (value.find(' ') == std::string::npos) continue;
        throw Error(DUNLIN_E_INVALID,
                    "the store URL has a space in " + key + ", which is not supported");
    }
    if (password_.find(' ') != std::string::npos) {
        throw Error(DUNLIN_E_INVALID,
                    "the database password has a space, which is not supported; change it");
    }
}

std::string PostgresUrl::for_session() const {
    const auto escaped = [](const std::string& value) {
        std::string out;
        for (const char c : value) {
            if (c == '\\' || c == '\'') out += '\\';
            out += c;
        }
        return out;
    };
    std::string out;
    for (const auto& [key, value] : options_) out += key + "=" + escaped(value) + " ";
    if (!password_.empty()) return out + "password=" + escaped(password_);
    out.pop_back();
    return out;
}

std::string PostgresUrl::for_tool() const {
    std::string out;
    for (const auto& [key, value] : options_) {
        out += key + "='";
        for (const char c : value) {
            if (c == '\\' || c == '\'') out += '\\';
            out += c;
        }
        out += "' ";
    }
    return out;
}

std::string PostgresUrl::shown() const {
    std::string out = "postgresql:";
    for (const auto* key : {"host", "port", "dbname", "user"}) {
        const auto found = options_.find(key);
        if (found == options_.end()) continue;
        out += (out.back() == ':' ? "" : " ") + std::string(key) + "=" + found->second;
    }
    return out;
}

std::string PostgresUrl::without_password(std::string text) const {
    if (password_.empty()) return text;
    for (auto at = text.find(password_); at != std::string::npos; at = text.find(password_, at)) {
        text.replace(at, password_.size(), "…");
        at += std::strlen("…");
    }
    return text;
}

void dump_database(const PostgresUrl& url, const std::filesystem::path& folder) {
    namespace fs = std::filesystem;
    std::error_code bad;
    fs::create_directories(folder, bad);
    const auto log = (folder / "pg_dump.log").string();
    const auto part = (folder / "dunlin.dump.part").string();
    std::vector<std::string> words = {"pg_dump", "-w", "-Fc", "-f", part, "-d", url.for_tool()};
    std::vector<char*> argv, env;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    // In the environment: everybody can read a command line.
    std::string secret = "PGPASSWORD=" + url.password();
    for (char** at = environ; *at; ++at) {
        if (std::strncmp(*at, "PGPASSWORD=", 11) != 0) env.push_back(*at);
    }
    if (!url.password().empty()) env.push_back(secret.data());
    env.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 2, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                       0600);
    pid_t pid = 0;
    const int failure = ::posix_spawnp(&pid, "pg_dump", &actions, nullptr, argv.data(), env.data());
    ::posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) {
        throw Error(DUNLIN_E_UNAVAILABLE, std::string("pg_dump cannot be started: ") +
                                              std::strerror(failure) +
                                              "; apt-get install postgresql-client");
    }
    int state = 0;
    while (::waitpid(pid, &state, 0) < 0 && errno == EINTR) {
    }
    if (state == 0) fs::rename(part, folder / "dunlin.dump", bad);
    if (state != 0 || bad) {
        std::ifstream in(log);
        const std::string said{std::istreambuf_iterator<char>(in), {}};
        throw Error(DUNLIN_E_UNAVAILABLE, "the backup of " + url.shown() + " failed: " +
                                              (bad ? bad.message() : said.substr(0, 500)) +
                                              "; check the folder and the version of pg_dump");
    }
    fs::remove(log, bad);
}

}  // namespace dunlin::host
