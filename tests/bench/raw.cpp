#include "raw.hpp"

#include <libpq-fe.h>
#include <sqlite3.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <stdexcept>

namespace dunlin::bench {
namespace {

double now() {
    using Clock = std::chrono::steady_clock;
    return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

struct Value {
    int type = SQLITE_NULL;
    int64_t number = 0;
    double real = 0;
    std::string text;
};

class Sqlite {
public:
    explicit Sqlite(const std::string& path) { check(sqlite3_open(path.c_str(), &db_), "open"); }
    ~Sqlite() { sqlite3_close(db_); }
    Sqlite(const Sqlite&) = delete;
    Sqlite& operator=(const Sqlite&) = delete;
    void run(const std::string& sql) {
        check(sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr), sql.c_str());
    }
    sqlite3_stmt* prepare(const std::string& sql) {
        sqlite3_stmt* statement = nullptr;
        check(sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr), sql.c_str());
        return statement;
    }
    void check(int code, const char* what) const {
        if (code == SQLITE_OK) return;
        throw std::runtime_error(std::string(what) + ": " + sqlite3_errmsg(db_));
    }

private:
    sqlite3* db_ = nullptr;
};

/// Up to `rows` rows of a running select; empty at its end, when the select becomes null.
std::vector<Value> read_batch(sqlite3_stmt*& select, int64_t rows) {
    std::vector<Value> values;
    if (!select) return values;
    const int columns = sqlite3_column_count(select);
    for (int64_t n = 0; n < rows; ++n) {
        if (sqlite3_step(select) != SQLITE_ROW) {  // Stepping on would begin again.
            sqlite3_finalize(select);
            select = nullptr;
            break;
        }
        for (int i = 0; i < columns; ++i) {
            Value value;
            value.type = sqlite3_column_type(select, i);
            if (value.type == SQLITE_INTEGER) value.number = sqlite3_column_int64(select, i);
            if (value.type == SQLITE_FLOAT) value.real = sqlite3_column_double(select, i);
            if (value.type == SQLITE_TEXT) {
                const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(select, i));
                value.text.assign(text, static_cast<std::size_t>(sqlite3_column_bytes(select, i)));
            }
            values.push_back(std::move(value));
        }
    }
    return values;
}

void insert_batch(const Sqlite& out, sqlite3_stmt* insert, const std::vector<Value>& values) {
    const auto columns = static_cast<std::size_t>(sqlite3_bind_parameter_count(insert));
    for (std::size_t at = 0; at < values.size(); at += columns) {
        for (std::size_t i = 0; i < columns; ++i) {
            const auto& value = values[at + i];
            const int index = static_cast<int>(i) + 1;
            switch (value.type) {
                case SQLITE_INTEGER: sqlite3_bind_int64(insert, index, value.number); break;
                case SQLITE_FLOAT: sqlite3_bind_double(insert, index, value.real); break;
                case SQLITE_TEXT:
                    sqlite3_bind_text(insert, index, value.text.data(),
                                      static_cast<int>(value.text.size()), SQLITE_STATIC);
                    break;
                default: sqlite3_bind_null(insert, index);
            }
        }
        if (sqlite3_step(insert) != SQLITE_DONE) out.check(SQLITE_ERROR, "insert");
        sqlite3_reset(insert);
    }
}

std::string insert_sql(const std::string& table, int columns) {
    std::string sql = "INSERT INTO " + table + " VALUES (?";
    for (int i = 1; i < columns; ++i) sql += ",?";
    return sql + ")";
}

void copy_definitions(Sqlite& in, Sqlite& out, const std::string& table) {
    auto* select = in.prepare("SELECT sql FROM sqlite_master WHERE tbl_name = '" + table +
                              "' AND sql IS NOT NULL AND type IN ('table', 'index') ORDER BY type "
                              "DESC");
    while (sqlite3_step(select) == SQLITE_ROW) {
        out.run(reinterpret_cast<const char*>(sqlite3_column_text(select, 0)));
    }
    sqlite3_finalize(select);
}

}  // namespace

double raw_sqlite_seconds(const std::string& path, const std::vector<std::string>& tables,
                          const std::string& pragmas, int64_t batch_rows) {
    const auto raw_path = path + ".raw";
    std::remove(raw_path.c_str());
    Sqlite in(path);
    Sqlite out(raw_path);
    out.run(pragmas);
    std::vector<sqlite3_stmt*> selects, inserts;
    for (const auto& table : tables) {
        copy_definitions(in, out, table);
        selects.push_back(in.prepare("SELECT * FROM " + table + " ORDER BY rowid"));
        inserts.push_back(out.prepare(insert_sql(table, sqlite3_column_count(selects.back()))));
    }
    double seconds = 0;
    while (true) {
        std::vector<std::vector<Value>> batch;
        bool any = false;
        for (auto*& select : selects) {
            batch.push_back(read_batch(select, batch_rows));
            any = any || !batch.back().empty();
        }
        if (!any) break;
        const auto began = now();
        out.run("BEGIN IMMEDIATE");
        for (std::size_t i = 0; i < tables.size(); ++i) insert_batch(out, inserts[i], batch[i]);
        out.run("COMMIT");
        seconds += now() - began;
    }
    for (auto* statement : inserts) sqlite3_finalize(statement);
    std::remove(raw_path.c_str());
    std::remove((raw_path + "-wal").c_str());
    std::remove((raw_path + "-shm").c_str());
    return seconds;
}

namespace {

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;

Connection connect(const std::string& conninfo) {
    Connection connection(PQconnectdb(conninfo.c_str()), &PQfinish);
    if (PQstatus(connection.get()) != CONNECTION_OK) {
        throw std::runtime_error(PQerrorMessage(connection.get()));
    }
    return connection;
}

void run(PGconn* connection, const std::string& sql) {
    auto* result = PQexec(connection, sql.c_str());
    const auto status = PQresultStatus(result);
    PQclear(result);
    if (status == PGRES_FATAL_ERROR) throw std::runtime_error(PQerrorMessage(connection));
}

/// All rows of a table in COPY's text form, cut into batches.
std::vector<std::string> copy_out(PGconn* connection, const std::string& table, int64_t rows) {
    run(connection, "COPY (SELECT * FROM " + table + " ORDER BY ctid) TO STDOUT");
    std::vector<std::string> batches;
    char* line = nullptr;
    int64_t count = 0;
    for (int size = 0; (size = PQgetCopyData(connection, &line, 0)) > 0; ++count) {
        if (count % rows == 0) batches.emplace_back();
        batches.back().append(line, static_cast<std::size_t>(size));
        PQfreemem(line);
    }
    PQclear(PQgetResult(connection));
    return batches;
}

void copy_in(PGconn* connection, const std::string& table, const std::string& rows) {
    run(connection, "COPY raw." + table + " FROM STDIN");
    if (PQputCopyData(connection, rows.data(), static_cast<int>(rows.size())) != 1 ||
        PQputCopyEnd(connection, nullptr) != 1) {
        throw std::runtime_error(PQerrorMessage(connection));
    }
    PQclear(PQgetResult(connection));
}

}  // namespace

double raw_postgres_seconds(const std::string& conninfo, const std::vector<std::string>& tables,
                            int64_t batch_rows) {
    const auto connection = connect(conninfo);
    run(connection.get(), "DROP SCHEMA IF EXISTS raw CASCADE; CREATE SCHEMA raw");
    std::vector<std::vector<std::string>> rows;
    std::size_t batches = 0;
    for (const auto& table : tables) {
        run(connection.get(), "CREATE TABLE raw." + table + " (LIKE " + table + " INCLUDING ALL)");
        rows.push_back(copy_out(connection.get(), table, batch_rows));
        batches = std::max(batches, rows.back().size());
    }
    const auto began = now();
    for (std::size_t batch = 0; batch < batches; ++batch) {
        run(connection.get(), "BEGIN");
        for (std::size_t i = 0; i < tables.size(); ++i) {
            if (batch < rows[i].size()) copy_in(connection.get(), tables[i], rows[i][batch]);
        }
        run(connection.get(), "COMMIT");
    }
    const auto seconds = now() - began;
    run(connection.get(), "DROP SCHEMA raw CASCADE");
    return seconds;
}

double query_seconds(const std::string& url, const std::string& sql, int64_t& rows) {
    const auto colon = url.find(':');
    const auto rest = url.substr(colon + 1);
    if (url.compare(0, colon, "sqlite") == 0) {
        Sqlite db(rest);
        db.run("PRAGMA cache_size = -32768");
        const auto began = now();
        auto* statement = db.prepare(sql);
        for (rows = 0; sqlite3_step(statement) == SQLITE_ROW; ++rows) {
        }
        sqlite3_finalize(statement);
        return now() - began;
    }
    const auto connection = connect(rest);
    const auto began = now();
    auto* result = PQexec(connection.get(), sql.c_str());
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        throw std::runtime_error(PQerrorMessage(connection.get()));
    }
    rows = PQntuples(result);
    PQclear(result);
    return now() - began;
}

}  // namespace dunlin::bench
