// SPDX-License-Identifier: Apache-2.0
#include "store/sqlite_connection.hpp"

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
        : Store(options, /*writers_max=*/1), path_(path_of(options)) {
        begin(Access::read);
    }

    Dialect dialect() const override { return Dialect::sqlite; }

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
        auto db = begin(Access::read);
        const auto integrity = db->value("PRAGMA quick_check(1)");
        const auto mode = db->value("SELECT journal_mode FROM pragma_journal_mode");
        return {{"store.version", "ok",
                 std::string("SQLite ") + sqlite3_libversion() + " at " + path_.string(), ""},
                finding("store.integrity", integrity == "ok", "fail", integrity,
                        "restore the last backup"),
                finding("store.wal", mode == "wal", "warn", "journal mode " + mode,
                        "move the database to a local disk: WAL needs shared memory"),
                disk_finding("store.disk", path_.has_parent_path() ? path_.parent_path() : ".")};
    }

private:
    std::unique_ptr<Connection> connect() override {
        sqlite3* db = nullptr;
        // Without a mutex: a connection has one thread at a time.
        const int code = sqlite3_open_v2(
            path_.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
            nullptr);
        SqliteSession session(db);
        if (code != SQLITE_OK) {
            throw Error(DUNLIN_E_UNAVAILABLE, "the database " + path_.string() +
                                                  " cannot be opened: " + sqlite3_errmsg(db) +
                                                  "; check that its folder exists and is writable");
        }
        try {
            return std::make_unique<SqliteConnection>(std::move(session), options_);
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
        const SqliteSession closed(to);
        if (code == SQLITE_OK) {
            auto* copy = sqlite3_backup_init(to, "main", from, "main");
            // In one step: a step in parts starts again whenever somebody commits.
            if (copy) sqlite3_backup_step(copy, -1);
            code = copy ? sqlite3_backup_finish(copy) : sqlite3_errcode(to);
        }
        if (code == SQLITE_OK) return;
        throw Error(DUNLIN_E_UNAVAILABLE, "the backup to " + part.string() +
                                              " failed: " + sqlite3_errmsg(to) +
                                              "; check the folder and its free space");
    }

    const fs::path path_;
};

}  // namespace

std::unique_ptr<Store> open_sqlite(const StoreOptions& options) {
    return std::make_unique<SqliteStore>(options);
}

}  // namespace dunlin::host
