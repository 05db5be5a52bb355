// SPDX-License-Identifier: Apache-2.0
#include "store/postgres_url.hpp"

#include <dunlin/error.hpp>

#include <Poco/Pipe.h>
#include <Poco/PipeStream.h>
#include <Poco/Process.h>
#include <Poco/StreamCopier.h>
#include <libpq-fe.h>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/algorithm/string/replace.hpp>

#include <cstring>
#include <memory>
#include <set>
#include <tuple>

namespace dunlin::host {
namespace {

using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

}  // namespace

PostgresUrl::PostgresUrl(const std::string& url) {
    const bool is_uri = boost::starts_with(url, "postgresql://");
    const auto text = is_uri ? url : url.substr(url.find(':') + 1);
    const Options parsed(PQconninfoParse(text.c_str(), nullptr), &PQconninfoFree);
    if (!parsed) {
        throw Error(DUNLIN_E_INVALID,
                    "the store URL cannot be read; write "
                    "postgresql:host=… port=… dbname=… user=… password=…");
    }
    const auto take = [&](const PQconninfoOption& option) {
        if (!option.val || !*option.val || !options_.emplace(option.keyword, option.val).second) {
            return;
        }
        if (option.envvar) environment_[option.envvar] = option.val;
        if (!std::strchr(option.val, ' ')) return;
        throw Error(DUNLIN_E_INVALID, "the " + std::string(option.keyword) +
                                          " of the store URL has a space, which is not supported; "
                                          "change it");
    };
    for (const auto* option = parsed.get(); option->keyword; ++option) take(*option);
    // Poco knows no defaults for these.
    static const std::set<std::string> needed = {"user", "port", "password"};
    const Options defaults(PQconndefaults(), &PQconninfoFree);
    for (const auto* option = defaults.get(); option && option->keyword; ++option) {
        if (needed.count(option->keyword)) take(*option);
    }
    for (auto [key, variable, value] : {std::tuple("dbname", "PGDATABASE", options_["user"]),
                                        {"host", "PGHOST", "localhost"},
                                        {"connect_timeout", "PGCONNECT_TIMEOUT", "10"}}) {
        if (options_.emplace(key, value).second) environment_[variable] = value;
    }
}

std::string PostgresUrl::for_session() const {
    std::string out;
    for (auto [key, value] : options_) {
        boost::replace_all(value, "\\", "\\\\");
        boost::replace_all(value, "'", "\\'");
        out += (out.empty() ? "" : " ") + key + "=" + value;
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

std::string PostgresUrl::without_password(const std::string& text) const {
    const auto password = options_.find("password");
    return password == options_.end() ? text : boost::replace_all_copy(text, password->second, "…");
}

void dump_database(const PostgresUrl& url, const std::filesystem::path& folder) {
    std::error_code bad;
    std::filesystem::create_directories(folder, bad);
    const auto part = (folder / "dunlin.dump.part").string();
    Poco::Pipe errors;
    const auto tool = Poco::Process::launch("pg_dump", {"-w", "-Fc", "-f", part}, nullptr, nullptr,
                                            &errors, url.environment());
    Poco::PipeInputStream in(errors);
    std::string said;
    Poco::StreamCopier::copyToString(in, said);
    const int code = tool.wait();
    if (code == 0) std::filesystem::rename(part, folder / "dunlin.dump", bad);
    if (code == 0 && !bad) return;
    if (said.empty()) said = bad ? bad.message() : "pg_dump cannot be started";
    throw Error(DUNLIN_E_UNAVAILABLE, "the backup of " + url.shown() +
                                          " failed: " + said.substr(0, 500) +
                                          "; check the folder and the version of pg_dump, which "
                                          "apt-get install postgresql-client installs");
}

}  // namespace dunlin::host
