// SPDX-License-Identifier: Apache-2.0
#include "store/sqlite_connection.hpp"

#include "store/backends.hpp"
#include "store/sqlite_prepared.hpp"

#include <Poco/Data/SQLite/Utility.h>

#include <algorithm>

namespace dunlin::host {
namespace {

constexpr std::size_t statements_max = 200;

dunlin_status status_of(int code) {
    switch (code) {
        case SQLITE_CONSTRAINT_UNIQUE:
        case SQLITE_CONSTRAINT_PRIMARYKEY:
        case SQLITE_CONSTRAINT_ROWID: return DUNLIN_E_EXISTS;
        case SQLITE_CONSTRAINT_FOREIGNKEY:
        case SQLITE_BUSY_SNAPSHOT: return DUNLIN_E_CONFLICT;
        default: break;
    }
    switch (code & 0xff) {
        case SQLITE_AUTH: return DUNLIN_E_DENIED;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_FULL:
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
        case SQLITE_READONLY: return DUNLIN_E_UNAVAILABLE;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return DUNLIN_E_DATA;
        case SQLITE_TOOBIG:
        case SQLITE_NOMEM: return DUNLIN_E_LIMIT;
        case SQLITE_INTERRUPT: return DUNLIN_E_CANCELLED;
        case SQLITE_MISUSE: return DUNLIN_E_INTERNAL;
        default: return DUNLIN_E_INVALID;
    }
}

const char* remedy_of(int code) {
    switch (code & 0xff) {
        case SQLITE_BUSY: return "; another process is writing, try again";
        case SQLITE_FULL: return "; make room on the disk";
        case SQLITE_CANTOPEN:
        case SQLITE_READONLY: return "; check the folder and file permissions of the database";
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return "; restore a backup, see dunlin doctor";
        default: return "";
    }
}

std::string key_of(const Wall* wall, std::string_view sql) {
    if (!wall) return "-\n" + std::string(sql);
    return wall->plugin_id + (wall->is_scoped ? "+\n" : "-\n") + std::string(sql);
}

template <class... Args>
void run_once(Prepared& statement, const Args&... args) {
    statement.bind(args...);
    statement.step();
    statement.reset();
}

}  // namespace

SqliteConnection::SqliteConnection(Poco::Data::Session session, const StoreOptions& options)
    : session_(std::move(session)), wait_max_(options.wait_max) {
    db_ = Poco::Data::SQLite::Utility::dbHandle(session_);
    sqlite3_extended_result_codes(db_, 1);
    sqlite3_busy_timeout(db_, static_cast<int>(wait_max_.count()));
    run("PRAGMA journal_mode = WAL");
    run(options.is_read_back_durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    run("PRAGMA foreign_keys = ON");
    run("PRAGMA trusted_schema = OFF");
    // Random keys of a million rows must stay in memory, and checkpoints must be rare: measured.
    run("PRAGMA cache_size = -262144");
    run("PRAGMA wal_autocheckpoint = 20000");
    run("PRAGMA temp_store = MEMORY");
    run("CREATE TEMP TABLE dunlin_scope (dimension text NOT NULL, value text)");
    sqlite3_set_authorizer(db_, &SqliteConnection::authorize, this);
}

SqliteConnection::~SqliteConnection() {
    for (auto& statement : cache_) sqlite3_finalize(statement.handle);
    sqlite3_set_authorizer(db_, nullptr, nullptr);
}

void SqliteConnection::fail(int code, std::string_view what) const {
    const int extended = sqlite3_extended_errcode(db_);
    const int used = (extended & 0xff) == (code & 0xff) ? extended : code;
    throw Error(status_of(used), std::string(what) + ": " + sqlite3_errmsg(db_) + remedy_of(used));
}

void SqliteConnection::run(const std::string& sql) {
    const int code = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) fail(code, sql.substr(0, 60));
}

void SqliteConnection::begin(Access access) {
    access_ = access;
    run(access == Access::write ? "BEGIN IMMEDIATE" : "BEGIN");
}

void SqliteConnection::commit() {
    run("COMMIT");
}

void SqliteConnection::rollback() noexcept {
    // Fails only where SQLite has rolled back already, after a full disk for example.
    if (!sqlite3_get_autocommit(db_)) {
        sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
    }
}

void SqliteConnection::savepoint(int depth) {
    run("SAVEPOINT dunlin_" + std::to_string(depth));
}
void SqliteConnection::release_savepoint(int depth) {
    run("RELEASE SAVEPOINT dunlin_" + std::to_string(depth));
}
void SqliteConnection::rollback_to_savepoint(int depth) {
    run("ROLLBACK TO SAVEPOINT dunlin_" + std::to_string(depth));
}

void SqliteConnection::hand_over() noexcept {
    wall_ = nullptr;
    rollback();
    if (has_scope_) {
        sqlite3_exec(db_, "DELETE FROM temp.dunlin_scope", nullptr, nullptr, nullptr);
        has_scope_ = false;
    }
}

void SqliteConnection::set_scope(const std::map<std::string, std::set<std::string>>& scopes) {
    has_scope_ = true;
    run("DELETE FROM temp.dunlin_scope");
    auto insert = prepare_native("INSERT INTO temp.dunlin_scope (dimension, value) VALUES (?, ?)");
    for (const auto& [dimension, values] : scopes) {
        // A dimension without values must match nothing, not everything.
        if (values.empty()) run_once(*insert, dimension, nullptr);
        for (const auto& value : values) run_once(*insert, dimension, value);
    }
}

void SqliteConnection::use_views(const ScopedViews& views) {
    if (views_version_ == views.version) return;
    for (const auto& name : views_) run("DROP VIEW IF EXISTS temp." + name);
    views_.clear();
    for (const auto& view : views.list) {
        run(scoped_view_sql(view, Dialect::sqlite));
        views_.push_back(view.name + "_scoped");
    }
    views_version_ = views.version;
}

int SqliteConnection::authorize(void* self, int action, const char* a, const char* b, const char*,
                                const char* view) {
    return static_cast<SqliteConnection*>(self)->judge(action, a ? a : "", b ? b : "", view);
}

bool SqliteConnection::is_defined(const char* view) const {
    return std::any_of(defined_.begin(), defined_.end(), [&](const std::string& name) {
        return sqlite3_stricmp(name.c_str(), view) == 0;
    });
}

int SqliteConnection::judge(int action, const char* name, const char* detail, const char* view) {
    if (!judged_by_) return SQLITE_OK;
    switch (action) {
        case SQLITE_SELECT:
        case SQLITE_RECURSIVE: return SQLITE_OK;
        case SQLITE_FUNCTION: {
            const std::string_view function = detail;
            if (function != "load_extension" && function != "writefile" && function != "readfile") {
                return SQLITE_OK;
            }
            break;
        }
        case SQLITE_READ:
            // Inside a view or trigger the name of that view is given: its owner published it. A
            // count(*) names no column, for tables behind a view as well.
            if (*detail == '\0' || (view && !is_defined(view))) return SQLITE_OK;
            if (may_read_name(*judged_by_, name)) return SQLITE_OK;
            break;
        case SQLITE_INSERT:
        case SQLITE_UPDATE:
        case SQLITE_DELETE:
            if (is_own_name(judged_by_->plugin_id, name)) return SQLITE_OK;
            break;
        default: break;
    }
    refused_ = *name ? name : detail;
    return SQLITE_DENY;
}

SqliteStatement* SqliteConnection::statement_of(const std::string& sql) {
    const auto key = key_of(judged_by_, sql);
    if (const auto found = by_key_.find(key); found != by_key_.end() && !found->second->is_used) {
        cache_.splice(cache_.begin(), cache_, found->second);
        found->second->is_used = true;
        return &*found->second;
    }
    sqlite3_stmt* handle = nullptr;
    refused_.clear();
    const int code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
    if (code != SQLITE_OK) {
        if (!refused_.empty() && judged_by_) refuse_table(judged_by_->plugin_id, refused_);
        fail(code, "the SQL \"" + sql.substr(0, 120) + "\"");
    }
    cache_.push_front({handle, key, true, by_key_.count(key) == 0});
    if (cache_.front().is_kept) by_key_[key] = cache_.begin();
    trim_cache();
    return &cache_.front();
}

void SqliteConnection::trim_cache() {
    for (auto it = cache_.end(); cache_.size() > statements_max && it != cache_.begin();) {
        --it;
        if (it->is_used) continue;
        sqlite3_finalize(it->handle);
        if (it->is_kept) by_key_.erase(it->key);
        it = cache_.erase(it);
    }
}

void SqliteConnection::give_back(SqliteStatement* statement) noexcept {
    sqlite3_reset(statement->handle);
    sqlite3_clear_bindings(statement->handle);
    statement->is_used = false;
    if (!statement->is_kept) {
        sqlite3_finalize(statement->handle);
        cache_.remove_if([&](const auto& other) { return &other == statement; });
    }
}

std::unique_ptr<Prepared> SqliteConnection::prepare_native(const std::string& sql) {
    judged_by_ = nullptr;
    return std::make_unique<SqlitePrepared>(*this, statement_of(sql));
}

std::unique_ptr<Prepared> SqliteConnection::prepare(std::string_view sql) {
    const std::string text(sql);
    if (!wall_ || by_key_.count(key_of(wall_, text)) == 0) {
        auto scanned = scan_sql(sql);
        if (wall_) check_wall(*wall_, scanned);
        defined_ = std::move(scanned.defined);
    }
    judged_by_ = wall_;
    std::unique_ptr<SqlitePrepared> statement;
    try {
        statement = std::make_unique<SqlitePrepared>(*this, statement_of(text));
    } catch (...) {
        judged_by_ = nullptr;
        throw;
    }
    judged_by_ = nullptr;
    if (access_ == Access::read && !statement->is_reading()) {
        throw Error(DUNLIN_E_DENIED, "this transaction only reads: \"" + text.substr(0, 60) +
                                         "\"; write from an action, not from a query");
    }
    return statement;
}

void SqliteConnection::exec_script(std::string_view sql) {
    run(std::string(sql));
}

}  // namespace dunlin::host
