// SPDX-License-Identifier: Apache-2.0
#include "store/postgres_connection.hpp"

#include <boost/algorithm/string/predicate.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace dunlin::host {
namespace {

constexpr std::size_t statements_max = 200;

struct Meaning {
    std::string_view state;
    dunlin_status status;
    const char* remedy = "";
};
/// The first with which the SQLSTATE starts holds.
constexpr Meaning meanings[] = {
    {"23505", DUNLIN_E_EXISTS},
    {"23503", DUNLIN_E_CONFLICT},
    {"40001", DUNLIN_E_CONFLICT, "; somebody else was faster, try again"},
    {"40P01", DUNLIN_E_CONFLICT, "; somebody else was faster, try again"},
    {"25P02", DUNLIN_E_CONFLICT, "; roll back and start again"},
    {"42501", DUNLIN_E_DENIED},
    {"25006", DUNLIN_E_DENIED, "; write from an action, not from a query"},
    {"57014", DUNLIN_E_TIMEOUT},
    {"55P03", DUNLIN_E_UNAVAILABLE, "; another transaction holds the row, try again"},
    {"53100", DUNLIN_E_UNAVAILABLE, "; make room on the database's disk"},
    {"08", DUNLIN_E_UNAVAILABLE},
    {"53", DUNLIN_E_UNAVAILABLE},
    {"57", DUNLIN_E_UNAVAILABLE},
    {"54", DUNLIN_E_LIMIT},
    {"XX", DUNLIN_E_DATA},
    {"", DUNLIN_E_INVALID},
};

}  // namespace

PostgresConnection::PostgresConnection(PostgresSession session, const StoreOptions& options)
    : session_(std::move(session)), db_(session_.get()), wait_max_(options.wait_max) {
    PQsetNoticeProcessor(
        db_, [](void*, const char*) {}, nullptr);
    set_up();
}

void PostgresConnection::set_up() {
    judged_.clear();
    views_.clear();
    settings_.reset();
    run("SET TIME ZONE 'UTC'");
    run("SET client_encoding TO 'UTF8'");
    run("SET bytea_output TO 'hex'");
    run("SET lock_timeout = " + std::to_string(wait_max_.count()));
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
    const auto* meaning =
        std::find_if(std::begin(meanings), std::end(meanings), [&](const Meaning& one) {
            return boost::starts_with(state.empty() ? "08" : state, one.state);
        });
    throw Error(meaning->status, message + meaning->remedy);
}

void PostgresConnection::start() {
    const auto* sql = std::exchange(begin_, nullptr);
    if (!sql) return;
    const auto* wall = std::exchange(wall_, nullptr);  // Until begun, the commands are the host's.
    for (bool is_second = false;; is_second = true) {
        try {
            // The server may have been restarted since this connection was used last.
            if (is_broken()) {
                PQreset(db_);
                set_up();
            }
            if (judged_.size() > statements_max) {
                run("DEALLOCATE ALL");
                judged_.clear();
            }
            Connection::use(wanted_);
            run(sql);
            wall_ = wall;
            return;
        } catch (...) {
            if (is_broken() && !is_second) continue;
            begin_ = sql;
            wall_ = wall;
            throw;
        }
    }
}

Result PostgresConnection::run(const std::string& sql) {
    start();
    return checked(Result(PQexec(db_, sql.c_str())), sql);
}

Result PostgresConnection::run(const std::string& sql, const Parameters& parameters) {
    start();
    return checked(Result(PQexecParams(db_, sql.c_str(), parameters.size(), nullptr,
                                       parameters.values(), nullptr, nullptr, 0)),
                   sql);
}

void PostgresConnection::begin(Access access) {
    access_ = access;
    role_.clear();
    begin_ = access == Access::write ? "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
                                     : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
}

void PostgresConnection::commit() {
    if (std::exchange(begin_, nullptr)) return;
    const auto result = run("COMMIT");
    // After a failed statement PostgreSQL answers COMMIT with ROLLBACK, and calls it a success.
    if (std::string_view(PQcmdStatus(result.get())) != "COMMIT") {
        throw Error(DUNLIN_E_CONFLICT,
                    "nothing was committed: a statement of this transaction failed before");
    }
}

void PostgresConnection::rollback() noexcept {
    role_.clear();
    begin_ = nullptr;
    const auto state = PQtransactionStatus(db_);
    if (state != PQTRANS_IDLE && state != PQTRANS_UNKNOWN) Result(PQexec(db_, "ROLLBACK"));
}

void PostgresConnection::rollback_to_savepoint(int depth) {
    Connection::rollback_to_savepoint(depth);
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
        // An object without members matches nothing, an empty setting everything. Local: it ends
        // with the transaction.
        auto members = nlohmann::json::object();
        for (const auto& value : values) members[value] = true;
        setting.set(1, members.dump());
        run("SELECT set_config($1, $2, true)", setting);
    }
}

bool PostgresConnection::is_fit() const noexcept {
    return !is_broken() && PQtransactionStatus(db_) == PQTRANS_IDLE;
}

std::unique_ptr<Prepared> PostgresConnection::prepare(std::string_view sql) {
    start();
    auto key = key_of(wall_, sql);
    auto found = judged_.find(key);
    if (found == judged_.end()) {
        Judged judged{scan_sql(sql), next_name()};
        if (wall_) check_wall(*wall_, judged.text, relations_);
        checked(
            Result(PQprepare(db_, judged.name.c_str(), judged.text.dollars.c_str(), 0, nullptr)),
            sql);
        found = judged_.emplace(std::move(key), std::move(judged)).first;
    }
    return std::make_unique<PostgresPrepared>(*this, found->second.text, found->second.name, wall_);
}

void PostgresConnection::exec_script(const std::string& sql) {
    use_role(nullptr);
    run(sql);
}

}  // namespace dunlin::host
