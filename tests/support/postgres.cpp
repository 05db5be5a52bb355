// SPDX-License-Identifier: Apache-2.0
#include "support/postgres.hpp"

#include <libpq-fe.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>

namespace dunlin::test {
namespace {

namespace fs = std::filesystem;

int free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(fd, any, size) != 0 || ::getsockname(fd, any, &size) != 0) {
        throw std::runtime_error("no free port");
    }
    ::close(fd);
    return ntohs(address.sin_port);
}

fs::path tool(const std::string& name) {
    for (const auto* version : {"15", "16", "17", "14"}) {
        const auto path = fs::path("/usr/lib/postgresql") / version / "bin" / name;
        if (fs::exists(path)) return path;
    }
    throw std::runtime_error("PostgreSQL is missing; apt-get install postgresql-15");
}

/// Runs a program as the user postgres when we are root, which PostgreSQL refuses to be.
int spawn(const std::vector<std::string>& words, const fs::path& log) {
    const int pid = ::fork();
    if (pid != 0) return pid;
    if (::freopen(log.c_str(), "a", stdout) == nullptr) ::_exit(126);
    ::dup2(1, 2);
    if (::geteuid() == 0) {
        const auto* user = ::getpwnam("postgres");
        if (!user || ::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0) ::_exit(126);
    }
    std::vector<char*> argv;
    for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    ::prctl(PR_SET_PDEATHSIG, SIGINT);  // A test that is killed takes its cluster with it.
    if (::chdir("/") != 0) ::_exit(126);
    ::execv(argv[0], argv.data());
    ::_exit(127);
}

PGconn* connect(const std::string& conninfo) {
    auto* connection = PQconnectdb(conninfo.c_str());
    PQsetNoticeProcessor(
        connection, [](void*, const char*) {}, nullptr);
    return connection;
}

}  // namespace

Postgres::Postgres() {
    if (const char* given = std::getenv("DUNLIN_TEST_PG")) {
        base_ = given;
    } else {
        start_cluster();
    }
}

void Postgres::start_cluster() {
    std::string name = "/tmp/dunlin-pg-XXXXXX";
    if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
    folder_ = name;
    const fs::path log = folder_ + "/log";
    std::ofstream(log).flush();
    if (::geteuid() == 0) {
        const auto* user = ::getpwnam("postgres");
        if (!user || ::chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0 ||
            ::chown(log.c_str(), user->pw_uid, user->pw_gid) != 0) {
            throw std::runtime_error("there is no user postgres");
        }
    }
    const auto data = folder_ + "/data";
    int state = 0;
    const int init = spawn({tool("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-N",
                            "--no-locale", "-E", "UTF8"},
                           log);
    if (::waitpid(init, &state, 0) < 0 || state != 0) {
        throw std::runtime_error("initdb failed, see " + log.string());
    }
    const auto port = std::to_string(free_port());
    pid_ = spawn({tool("postgres"), "-D", data, "-p", port, "-k", folder_, "-c",
                  "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "full_page_writes=off",
                  "-c", "max_connections=60", "-c", "shared_buffers=256MB"},
                 log);
    base_ = "host=127.0.0.1 port=" + port + " user=postgres";
    for (int tries = 0; tries < 200; ++tries) {
        auto* connection = connect(conninfo("postgres"));
        const bool is_up = PQstatus(connection) == CONNECTION_OK;
        PQfinish(connection);
        if (is_up) return;
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    throw std::runtime_error("PostgreSQL did not start, see " + log.string());
}

Postgres::~Postgres() {
    if (pid_ <= 0) {
        drop_databases();
        return;
    }
    ::kill(pid_, SIGINT);
    ::waitpid(pid_, nullptr, 0);
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

void Postgres::drop_databases() noexcept {
    for (int n = 1; n <= count_; ++n) {
        try {
            run("postgres", "DROP DATABASE IF EXISTS " + name_of(n) + " WITH (FORCE)");
        } catch (const std::exception&) {  // It ends with its cluster.
        }
    }
}

std::string Postgres::conninfo(const std::string& dbname) const {
    return base_ + " dbname=" + dbname;
}

std::string Postgres::run(const std::string& dbname, const std::string& sql) {
    auto* connection = connect(conninfo(dbname));
    auto* result = PQexec(connection, sql.c_str());
    const auto status = PQresultStatus(result);
    std::string cell, error;
    if (status == PGRES_TUPLES_OK && PQntuples(result) > 0) cell = PQgetvalue(result, 0, 0);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) error = PQerrorMessage(connection);
    PQclear(result);
    PQfinish(connection);
    if (!error.empty()) throw std::runtime_error(sql + ": " + error);
    return cell;
}

std::string Postgres::fresh_database() {
    last_ = name_of(++count_);
    run("postgres", "CREATE DATABASE " + last_ + " TEMPLATE template0");
    return "postgresql:" + conninfo(last_);
}

std::string Postgres::name_of(int database) {
    return "t" + std::to_string(::getpid()) + "_" + std::to_string(database);
}

Postgres& shared_postgres() {
    static Postgres postgres;
    return postgres;
}

}  // namespace dunlin::test
