// SPDX-License-Identifier: Apache-2.0
#include "store/postgres_connection.hpp"

#include <nlohmann/json.hpp>

#include "store/backends.hpp"
#include "store/postgres_prepared.hpp"

#include <Poco/Data/PostgreSQL/SessionHandle.h>

namespace dunlin::host {
namespace {

constexpr std::size_t statements_max = 200;

dunlin_status status_of(std::string_view state) {
    if (state == "23505") return DUNLIN_E_EXISTS;
    if (state == "23503" || state == "40001" || state == "40P01" || state == "25P02") {
        return DUNLIN_E_CONFLICT;
    }
    if (state == "42501" || state == "25006") return DUNLIN_E_DENIED;
    if (state == "57014") return DUNLIN_E_TIMEOUT;
    const auto group = state.substr(0, 2);
    if (state == "55P03" || group == "08" || group == "53" || group == "57" || state.empty()) {
        return DUNLIN_E_UNAVAILABLE;
    }
    if (group == "54") return DUNLIN_E_LIMIT;
    if (group == "XX") return DUNLIN_E_DATA;
    return DUNLIN_E_INVALID;
}

const char* remedy_of(std::string_view state) {
    if (state == "40001" || state == "40P01") return "; somebody else was faster, try again";
    if (state == "55P03") return "; another transaction holds the row, try again";
    if (state == "25P02") return "; roll back and start again";
    if (state == "25006") return "; write from an action, not from a query";
    if (state == "53100") return "; make room on the database's disk";
    return "";
}

}  // namespace

PostgresConnection::PostgresConnection(Poco::Data::Session session, const StoreOptions& options)
    : session_(std::move(session)) {
    auto* poco =
        Poco::AnyCast<Poco::Data::PostgreSQL::SessionHandle*>(session_.getProperty("handle"));
    db_ = *poco;
    PQsetNoticeProcessor(
        db_, [](void*, const char*) {}, nullptr);
    run("SET TIME ZONE 'UTC'");
    run("SET client_encoding TO 'UTF8'");
    run("SET lock_timeout = " + std::to_string(options.wait_max.count()));
    // Streams are read to their end, and staged batches are sorted in memory.
    run("SET cursor_tuple_fraction = 1.0");
    run("SET work_mem = '32MB'");
}

Result PostgresConnection::checked(Result result, std::string_view what) const {
    const auto status = PQresultStatus(result.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_COPY_IN) {
        return result;
    }
    const auto field = [&](int code) {
        const char* text = result ? PQresultErrorField(result.get(), code) : nullptr;
        return std::string(text ? text : "");
    };
    const auto state = field(PG_DIAG_SQLSTATE);
    auto message = std::string(what.substr(0, 120)) + ": ";
    if (is_broken()) {
        throw Error(DUNLIN_E_UNAVAILABLE,
                    message +
                        "the connection to PostgreSQL was lost; try again, and see that "
                        "the server runs");
    }
    message += state.empty() ? PQerrorMessage(db_) : field(PG_DIAG_MESSAGE_PRIMARY);
    const auto detail = field(PG_DIAG_MESSAGE_DETAIL);
    if (!detail.empty()) message += " (" + detail + ")";
    if (state == "42501" && wall_) message = "plugin " + wall_->plugin_id + ", " + message;
    throw Error(status_of(state), message + remedy_of(state));
}

Result PostgresConnection::run(const std::string& sql) {
    return checked(Result(PQexec(db_, sql.c_str())), sql);
}

Result PostgresConnection::run(const std::string& sql, Parameters& parameters) {
    const auto* values = parameters.values();
    return checked(Result(PQexecParams(db_, sql.c_str(), parameters.size(), nullptr, values,
                                       parameters.lengths(), parameters.formats(), 0)),
                   sql);
}

void PostgresConnection::use(std::shared_ptr<const PostgresSettings> settings) {
    if (settings_ && settings_->version == settings->version) return;
    for (const auto& name : views_) run("DROP VIEW IF EXISTS pg_temp." + name);
    views_.clear();
    for (const auto& view : settings->views) {
        run(scoped_view_sql(view, Dialect::postgresql));
        views_.push_back(view.name + "_scoped");
        run("GRANT SELECT ON pg_temp." + views_.back() + " TO PUBLIC");
    }
    settings_ = std::move(settings);
}

void PostgresConnection::begin(Access access) {
    if (judged_.size() > statements_max) {
        run("DEALLOCATE ALL");
        judged_.clear();
    }
    access_ = access;
    role_.clear();
    run(access == Access::write ? "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
                                : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
}

void PostgresConnection::commit() {
    const auto result = run("COMMIT");
    // After a failed statement PostgreSQL answers COMMIT with ROLLBACK, and calls it a success.
    if (std::string_view(PQcmdStatus(result.get())) != "COMMIT") {
        throw Error(DUNLIN_E_CONFLICT,
                    "nothing was committed: a statement of this transaction failed before");
    }
}

void PostgresConnection::rollback() noexcept {
    role_.clear();
    const auto state = PQtransactionStatus(db_);
    if (state != PQTRANS_IDLE && state != PQTRANS_UNKNOWN) Result(PQexec(db_, "ROLLBACK"));
}

void PostgresConnection::savepoint(int depth) {
    run("SAVEPOINT dunlin_" + std::to_string(depth));
}
void PostgresConnection::release_savepoint(int depth) {
    run("RELEASE SAVEPOINT dunlin_" + std::to_string(depth));
}
void PostgresConnection::rollback_to_savepoint(int depth) {
    run("ROLLBACK TO SAVEPOINT dunlin_" + std::to_string(depth));
    role_ = "?";
}

void PostgresConnection::use_role(const Wall* wall) {
    std::string wanted;
    if (wall && settings_) {
        const auto found = settings_->roles.find(wall->plugin_id);
        if (found != settings_->roles.end()) wanted = found->second;
    }
    if (wanted == role_) return;
    run("SET LOCAL ROLE " + (wanted.empty() ? "NONE" : "\"" + wanted + "\""));
    role_ = wanted;
}

void PostgresConnection::set_scope(const std::map<std::string, std::set<std::string>>& scopes) {
    use_role(nullptr);
    for (const auto& [dimension, values] : scopes) {
        Parameters setting(2);
        setting.set(0, "dunlin.scope_" + dimension);
        // An array without values matches nothing, an empty setting everything. Local: it ends
        // with the transaction.
        const auto list = nlohmann::json(values).dump();
        setting.set(1, list);
        run("SELECT set_config($1, $2, true)", setting);
    }
}

bool PostgresConnection::is_broken() const noexcept {
    return PQstatus(db_) != CONNECTION_OK;
}

void PostgresConnection::hand_over() noexcept {
    wall_ = nullptr;
    rollback();
}

std::unique_ptr<Prepared> PostgresConnection::prepare(std::string_view sql) {
    auto key =
        (wall_ ? wall_->plugin_id + (wall_->is_scoped ? "+" : "-") : "-") + "\n" + std::string(sql);
    auto found = judged_.find(key);
    if (found == judged_.end()) {
        Judged judged{scan_sql(sql), next_name()};
        if (wall_) check_wall(*wall_, judged.text);
        checked(
            Result(PQprepare(db_, judged.name.c_str(), judged.text.dollars.c_str(), 0, nullptr)),
            sql);
        found = judged_.emplace(std::move(key), std::move(judged)).first;
    }
    return std::make_unique<PostgresPrepared>(*this, found->second.text, found->second.name, wall_);
}

void PostgresConnection::exec_script(std::string_view sql) {
    use_role(nullptr);
    run(std::string(sql));
}

int64_t PostgresConnection::transaction_number() {
    ResultRows rows(run("SELECT CAST(CAST(pg_current_xact_id() AS text) AS bigint)"));
    rows.next();
    return rows.i64(0);
}

int64_t PostgresConnection::visible_below() {
    ResultRows rows(
        run("SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)"));
    rows.next();
    return rows.i64(0);
}

}  // namespace dunlin::host
