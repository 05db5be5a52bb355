// SPDX-License-Identifier: Apache-2.0
#include "store/backends.hpp"
#include "store/lease_pool.hpp"
#include "store/sqlite_connection.hpp"

#include <Poco/Data/DataException.h>
#include <Poco/Data/SQLite/Connector.h>
#include <Poco/Data/SessionPool.h>

#include <system_error>

namespace dunlin::host {
namespace {

namespace fs = std::filesystem;

fs::path path_of(const StoreOptions& options) {
    const fs::path path = options.url.substr(std::string_view("sqlite:").size());
    return path.is_absolute() ? path : options.base / path;
}

class SqliteStore final : public Store {
public:
    explicit SqliteStore(const StoreOptions& options)
        : options_(options),
          path_(path_of(options)),
          sessions_("SQLite", path_.string(), 1, options.connections_max, 3600),
          queue_(options.wait_max),
          leases_(options.connections_max, options.wait_max, [this] { return connect(); }) {
        probe();
        leases_.give(leases_.take());
    }

    Dialect dialect() const override { return Dialect::sqlite; }

    Lease begin(Access access) override {
        // The writer's place first: writers that wait must not use up the connections of readers.
        if (access == Access::write) queue_.acquire();
        std::unique_ptr<SqliteConnection> connection;
        try {
            connection = leases_.take();
            {
                const std::lock_guard lock(mutex_);
                connection->use_views(views_);
            }
            connection->begin(access);
        } catch (...) {
            if (connection) leases_.give(std::move(connection));
            if (access == Access::write) queue_.release();
            throw;
        }
        return Lease(connection.release(), [this, access](Connection* used) {
            std::unique_ptr<SqliteConnection> back(static_cast<SqliteConnection*>(used));
            back->hand_over();
            leases_.give(std::move(back));
            if (access == Access::write) queue_.release();
        });
    }

    void set_scoped_views(std::vector<ScopedView> views) override {
        const std::lock_guard lock(mutex_);
        views_.list = std::move(views);
        ++views_.version;
    }

    void grant(const std::vector<Grant>&) override {}

    void backup(const fs::path& folder) override {
        std::error_code bad;
        fs::create_directories(folder, bad);
        const auto target = folder / "dunlin.db";
        const auto part = folder / "dunlin.db.part";
        fs::remove(part, bad);
        copy_to(part);
        fs::rename(part, target, bad);
        if (bad) {
            throw Error(DUNLIN_E_UNAVAILABLE,
                        "the backup cannot be put at " + target.string() + ": " + bad.message());
        }
    }

    std::vector<Finding> inspect() override {
        std::vector<Finding> out;
        auto lease = begin(Access::read);
        out.push_back({"store.version", "ok",
                       std::string("SQLite ") + sqlite3_libversion() + " at " + path_.string(),
                       ""});
        auto check = lease->query("PRAGMA quick_check(1)");
        check->step();
        const std::string integrity(check->text(0));
        out.push_back({"store.integrity", integrity == "ok" ? "ok" : "fail", integrity,
                       integrity == "ok" ? "" : "restore the last backup"});
        auto mode = lease->query("SELECT journal_mode FROM pragma_journal_mode");
        mode->step();
        const bool is_wal = mode->text(0) == "wal";
        out.push_back({"store.wal", is_wal ? "ok" : "warn",
                       "journal mode " + std::string(mode->text(0)),
                       is_wal ? "" : "move the database to a local disk: WAL needs shared memory"});
        out.push_back(disk_finding(path_.has_parent_path() ? path_.parent_path() : "."));
        return out;
    }

private:
    /// Poco tries for a minute to open what is not there, and does not say why.
    void probe() {
        sqlite3* db = nullptr;
        const int code = sqlite3_open_v2(path_.c_str(), &db,
                                         SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
        const std::string why = sqlite3_errmsg(db);
        sqlite3_close(db);
        if (code == SQLITE_OK) return;
        throw Error(DUNLIN_E_UNAVAILABLE, "the database " + path_.string() +
                                              " cannot be opened: " + why +
                                              "; check that its folder exists and is "
                                              "writable");
    }

    std::unique_ptr<SqliteConnection> connect() {
        try {
            return std::make_unique<SqliteConnection>(sessions_.get(), options_);
        } catch (const Poco::Exception& e) {
            throw Error(DUNLIN_E_UNAVAILABLE, "the database " + path_.string() +
                                                  " cannot be opened: " + e.displayText() +
                                                  "; check that its folder exists and is writable");
        } catch (const Error& e) {
            throw Error(e.status(),
                        "the database " + path_.string() + " cannot be used: " + e.what());
        }
    }

    void copy_to(const fs::path& part) {
        auto lease = begin(Access::read);
        auto* from = static_cast<SqliteConnection&>(*lease).handle();
        lease->rollback();  // The copy takes its own snapshot.
        sqlite3* to = nullptr;
        int code = sqlite3_open(part.c_str(), &to);
        if (code == SQLITE_OK) {
            auto* copy = sqlite3_backup_init(to, "main", from, "main");
            // In one step: a step in parts starts again whenever somebody commits.
            if (copy) sqlite3_backup_step(copy, -1);
            code = copy ? sqlite3_backup_finish(copy) : sqlite3_errcode(to);
        }
        const std::string why = code == SQLITE_OK ? "" : sqlite3_errmsg(to);
        sqlite3_close(to);
        if (!why.empty()) {
            throw Error(DUNLIN_E_UNAVAILABLE, "the backup to " + part.string() + " failed: " + why +
                                                  "; check the folder and its free space");
        }
    }

    StoreOptions options_;
    fs::path path_;
    Poco::Data::SessionPool sessions_;
    std::mutex mutex_;
    ScopedViews views_;
    TicketQueue queue_;
    LeasePool<SqliteConnection> leases_;
};

}  // namespace

std::unique_ptr<Store> open_sqlite(const StoreOptions& options) {
    Poco::Data::SQLite::Connector::registerConnector();
    return std::make_unique<SqliteStore>(options);
}

}  // namespace dunlin::host
