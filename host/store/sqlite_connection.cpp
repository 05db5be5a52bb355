// SPDX-License-Identifier: Apache-2.0
#include "store/sqlite_connection.hpp"

#include "store/sql_text.hpp"

#include <boost/algorithm/cxx11/any_of.hpp>
#include <boost/algorithm/string/join.hpp>

#include <algorithm>

namespace dunlin::host {
namespace {

using boost::algorithm::join;

constexpr std::size_t statements_max = 200;

struct Meaning {
    std::vector<int> codes;  // Extended ones, or lowest bytes.
    dunlin_status status;
    const char* remedy = "";
};
/// The first that has the code holds.
const std::vector<Meaning> meanings = {
    {{SQLITE_CONSTRAINT_UNIQUE, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID},
     DUNLIN_E_EXISTS},
    {{SQLITE_CONSTRAINT_FOREIGNKEY}, DUNLIN_E_CONFLICT},
    {{SQLITE_BUSY_SNAPSHOT}, DUNLIN_E_CONFLICT, "; another process is writing, try again"},
    {{SQLITE_BUSY}, DUNLIN_E_UNAVAILABLE, "; another process is writing, try again"},
    {{SQLITE_LOCKED, SQLITE_IOERR}, DUNLIN_E_UNAVAILABLE},
    {{SQLITE_FULL}, DUNLIN_E_UNAVAILABLE, "; make room on the disk"},
    {{SQLITE_CANTOPEN, SQLITE_READONLY},
     DUNLIN_E_UNAVAILABLE,
     "; check the folder and file permissions of the database"},
    {{SQLITE_AUTH}, DUNLIN_E_DENIED},
    {{SQLITE_CORRUPT, SQLITE_NOTADB}, DUNLIN_E_DATA, "; restore a backup, see dunlin doctor"},
    {{SQLITE_TOOBIG, SQLITE_NOMEM}, DUNLIN_E_LIMIT},
    {{SQLITE_INTERRUPT}, DUNLIN_E_CANCELLED},
    {{SQLITE_MISUSE}, DUNLIN_E_INTERNAL},
    {{}, DUNLIN_E_INVALID}};

}  // namespace

SqliteConnection::SqliteConnection(SqliteSession session, const StoreOptions& options)
    : session_(std::move(session)), db_(session_.get()) {
    sqlite3_extended_result_codes(db_, 1);
    sqlite3_busy_timeout(db_, static_cast<int>(options.wait_max.count()));
    command("PRAGMA journal_mode = WAL");
    command(options.is_read_back_durable ? "PRAGMA synchronous = FULL"
                                         : "PRAGMA synchronous = NORMAL");
    command("PRAGMA foreign_keys = ON");
    command("PRAGMA trusted_schema = OFF");
    // 32 MiB: the keys of a million rows stay in memory. Checkpoints must be rare: measured.
    command("PRAGMA cache_size = -32768");
    command("PRAGMA wal_autocheckpoint = 20000");
    command("PRAGMA temp_store = MEMORY");
    command("CREATE TEMP TABLE dunlin_scope (dimension text NOT NULL, value text)");
    sqlite3_set_authorizer(db_, &SqliteConnection::authorize, this);
}

void SqliteConnection::fail(int code, std::string_view what) const {
    const int extended = sqlite3_extended_errcode(db_);
    const int used = (extended & 0xff) == (code & 0xff) ? extended : code;
    const auto meaning = std::find_if(meanings.begin(), meanings.end(), [&](const Meaning& one) {
        return one.codes.empty() || boost::algorithm::any_of_equal(one.codes, used) ||
               boost::algorithm::any_of_equal(one.codes, used & 0xff);
    });
    throw Error(meaning->status, std::string(what) + ": " + sqlite3_errmsg(db_) + meaning->remedy);
}

void SqliteConnection::command(const std::string& sql) {
    const int code = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) fail(code, sql.substr(0, 60));
}

void SqliteConnection::begin(Access access) {
    access_ = access;
    command(access == Access::write ? "BEGIN IMMEDIATE" : "BEGIN");
}

void SqliteConnection::rollback() noexcept {
    // Fails only where SQLite has rolled back already, after a full disk for example.
    if (!sqlite3_get_autocommit(db_)) {
        sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
    }
}

void SqliteConnection::hand_over() noexcept {
    Connection::hand_over();
    if (!has_scope_) return;
    sqlite3_exec(db_, "DELETE FROM temp.dunlin_scope", nullptr, nullptr, nullptr);
    has_scope_ = false;
}

void SqliteConnection::set_scope(const std::map<std::string, std::set<std::string>>& scopes) {
    has_scope_ = true;
    command("DELETE FROM temp.dunlin_scope");
    auto insert =
        prepare_as(nullptr, "INSERT INTO temp.dunlin_scope (dimension, value) VALUES (?, ?)");
    for (const auto& [dimension, values] : scopes) {
        std::vector<std::optional<std::string>> rows(values.begin(), values.end());
        // A dimension without values must match nothing, not everything.
        if (rows.empty()) rows.emplace_back();
        for (const auto& value : rows) {
            insert->bind(dimension, value);
            insert->step();
        }
    }
}

int SqliteConnection::authorize(void* self, int action, const char* a, const char* b, const char*,
                                const char* view) {
    auto& db = *static_cast<SqliteConnection*>(self);
    if (!db.judged_by_ || db.may_use(action, a ? a : "", b ? b : "", view)) return SQLITE_OK;
    db.refused_ = a && *a ? a : b ? b : "";
    return SQLITE_DENY;
}

bool SqliteConnection::may_use(int action, const std::string& name, std::string_view detail,
                               const char* view) const {
    switch (action) {
        case SQLITE_SELECT:
        case SQLITE_RECURSIVE: return true;
        case SQLITE_FUNCTION:
            return detail != "load_extension" && detail != "writefile" && detail != "readfile";
        case SQLITE_READ:
            // Inside a view or trigger the name of that view is given: its owner published it. What
            // WITH defines has a name there too. A count(*) names no column, for tables behind a
            // view as well.
            return detail.empty() || may_read_name(*judged_by_, name) ||
                   (view && (relations_.count(view) ||
                             std::find(views_.begin(), views_.end(), view) != views_.end()));
        case SQLITE_INSERT:
        case SQLITE_UPDATE:
        case SQLITE_DELETE: return is_own_name(judged_by_->plugin_id, name);
        default: return false;
    }
}

SqliteStatement SqliteConnection::compile(const Wall* wall, const std::string& sql) {
    const auto scanned = scan_sql(sql);
    if (wall) check_wall(*wall, scanned, relations_);
    sqlite3_stmt* handle = nullptr;
    refused_.clear();
    judged_by_ = wall;
    const int code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
    judged_by_ = nullptr;
    if (code != SQLITE_OK) {
        if (!refused_.empty()) refuse_table(wall->plugin_id, refused_);
        fail(code, "the SQL \"" + sql.substr(0, 120) + "\"");
    }
    return SqliteStatement(handle);
}

std::unique_ptr<SqlitePrepared> SqliteConnection::prepare_as(const Wall* wall,
                                                             const std::string& sql) {
    auto key = key_of(wall, sql);
    SqliteStatement statement;
    if (const auto found = idle_.find(key); found != idle_.end()) {
        statement = std::move(idle_.extract(found).mapped());
    } else {
        statement = compile(wall, sql);
    }
    return std::make_unique<SqlitePrepared>(*this, std::move(key), std::move(statement));
}

void SqliteConnection::keep(std::string key, SqliteStatement statement) noexcept {
    sqlite3_reset(statement.get());
    sqlite3_clear_bindings(statement.get());
    if (idle_.size() >= statements_max) idle_.clear();
    idle_.emplace(std::move(key), std::move(statement));
}

std::unique_ptr<Prepared> SqliteConnection::prepare(std::string_view sql) {
    auto statement = prepare_as(wall_, std::string(sql));
    if (access_ == Access::read && !statement->is_reading()) {
        throw Error(DUNLIN_E_DENIED, "this transaction only reads: \"" +
                                         std::string(sql.substr(0, 60)) +
                                         "\"; write from an action, not from a query");
    }
    return statement;
}

int64_t SqliteConnection::write_rows(const BulkWrite& to, StreamReader& rows) {
    // Several rows a statement are a quarter faster. FAIL keeps what was written before the row
    // that failed, as single statements do, and so needs no journal of each statement.
    constexpr int64_t together = 8;
    const std::vector<std::string> marks(to.columns.size(), "?");
    const std::vector<std::string> values(together, "(" + join(marks, ", ") + ")");
    const auto into = " INTO main." + to.table + " (" + join(to.columns, ", ") + ") VALUES ";
    auto several = prepare_as(nullptr, "INSERT OR FAIL" + into + join(values, ", ") + to.conflict);
    auto one = prepare_as(nullptr, "INSERT" + into + values[0] + to.conflict);
    int64_t written = 0;
    for (; rows.next(); written += rows.view().rows()) {
        const auto columns = columns_of(rows.view());
        const auto last = rows.view().rows();
        several->run_rows(columns, 0, last - last % together);
        one->run_rows(columns, last - last % together, last);
    }
    return written;
}

void SqliteConnection::look_up(const BulkLookup& from, const BatchView& keys, BatchBuilder& out) {
    // Several keys a statement are a quarter faster.
    constexpr int64_t together = 16;
    const auto width = static_cast<uint32_t>(from.keys.size());
    std::vector<std::string> matches;
    for (uint32_t i = 0; i < width; ++i) {
        matches.push_back("t." + from.keys[i] + " = k.column" + std::to_string(i + 1));
    }
    const auto key = "(" + join(std::vector<std::string>(width, "?"), ", ") + ")";
    auto select =
        prepare_as(nullptr, "SELECT t." + join(from.columns, ", t.") + " FROM (VALUES " +
                                join(std::vector<std::string>(together, key), ", ") +
                                ") k LEFT JOIN " + from.table + " t ON " + join(matches, " AND "));
    const auto columns = columns_of(keys);
    for (int64_t row = 0; row < keys.rows(); row += together) {
        for (int64_t i = 0; i < together; ++i) {  // The last key fills up.
            select->bind_row(columns, std::min(row + i, keys.rows() - 1),
                             static_cast<uint32_t>(i) * width);
        }
        int64_t found = 0;
        for (; select->step(); ++found) {
            if (row + found >= keys.rows()) continue;
            for (uint32_t i = 0; i < from.columns.size(); ++i) append_cell(out[i], *select, i);
        }
        if (found != together) {
            throw Error(DUNLIN_E_INVALID, "the keys looked up are not unique in the table");
        }
    }
    select->reset();
}

void SqlitePrepared::check(int code) {
    if (code == SQLITE_OK) return;
    if (code == SQLITE_RANGE) {
        throw Error(DUNLIN_E_INVALID,
                    "the statement has only " + std::to_string(parameter_count()) + " parameters");
    }
    connection_->fail(code, "the SQL \"" + std::string(sqlite3_sql(stmt())).substr(0, 120) + "\"");
}

int SqlitePrepared::at(uint32_t column) {
    if (column >= column_count()) {
        throw Error(DUNLIN_E_INVALID, "the statement has no column " + std::to_string(column));
    }
    return static_cast<int>(column);
}

void SqlitePrepared::bind_kept(uint32_t index, const Cell& value, sqlite3_destructor_type kept) {
    is_done_ = false;
    const int parameter = static_cast<int>(index) + 1;
    const auto data = [](std::string_view bytes) { return bytes.data() ? bytes.data() : ""; };
    if (const auto* number = std::get_if<int64_t>(&value)) {
        check(sqlite3_bind_int64(stmt(), parameter, *number));
    } else if (const auto* text = std::get_if<std::string_view>(&value)) {
        check(sqlite3_bind_text64(stmt(), parameter, data(*text), text->size(), kept, SQLITE_UTF8));
    } else if (const auto* real = std::get_if<double>(&value)) {
        check(sqlite3_bind_double(stmt(), parameter, *real));
    } else if (const auto* bytes = std::get_if<Bytes>(&value)) {
        check(sqlite3_bind_blob64(stmt(), parameter, data(bytes->view), bytes->view.size(), kept));
    } else {
        check(sqlite3_bind_null(stmt(), parameter));
    }
}

bool SqlitePrepared::step() {
    if (is_done_) return false;
    const int code = sqlite3_step(stmt());
    is_on_row_ = code == SQLITE_ROW;
    if (is_on_row_) return true;
    sqlite3_reset(stmt());
    if (code != SQLITE_DONE) check(code);
    changes_ = is_reading() ? 0 : sqlite3_changes64(connection_->handle());
    is_done_ = true;
    return false;
}

void SqlitePrepared::reset() {
    sqlite3_reset(stmt());
    sqlite3_clear_bindings(stmt());
    is_on_row_ = false;
    is_done_ = false;
}

std::string_view SqlitePrepared::column_name(uint32_t index) {
    const char* name = sqlite3_column_name(stmt(), at(index));
    return name ? name : "";
}

Cell SqlitePrepared::cell(uint32_t index) {
    const int column = at(index);
    if (!is_on_row_) return {};
    switch (sqlite3_column_type(stmt(), column)) {
        case SQLITE_INTEGER: return sqlite3_column_int64(stmt(), column);
        case SQLITE_FLOAT: return sqlite3_column_double(stmt(), column);
        case SQLITE_TEXT: return text(index);
        case SQLITE_BLOB: {
            const auto* bytes = static_cast<const char*>(sqlite3_column_blob(stmt(), column));
            return Bytes{{bytes, static_cast<std::size_t>(sqlite3_column_bytes(stmt(), column))}};
        }
        default: return {};
    }
}

std::string_view SqlitePrepared::text(uint32_t index) {
    const int column = at(index);
    if (!is_on_row_) return {};
    const void* text = sqlite3_column_text(stmt(), column);
    return {static_cast<const char*>(text),
            static_cast<std::size_t>(sqlite3_column_bytes(stmt(), column))};
}

void SqlitePrepared::bind_row(const std::vector<ColumnView>& columns, int64_t row,
                              uint32_t parameter) {
    for (const auto& column : columns) {
        bind_kept(parameter++, cell_of(column, row), SQLITE_STATIC);
    }
}

int64_t SqlitePrepared::run_rows(const std::vector<ColumnView>& columns, int64_t from, int64_t to) {
    const auto width = static_cast<uint32_t>(columns.size());
    int64_t changed = 0;
    while (from < to) {
        uint32_t bound = 0;
        do {
            bind_row(columns, from++, bound);
            bound += width;
        } while (bound < parameter_count());
        while (step()) {
        }
        changed += changes_;
    }
    sqlite3_clear_bindings(stmt());
    return changed;
}

}  // namespace dunlin::host
