// SPDX-License-Identifier: Apache-2.0
#include "store/backends.hpp"
#include "store/lease_pool.hpp"
#include "store/postgres_connection.hpp"
#include "store/postgres_url.hpp"

#include <Poco/Data/DataException.h>
#include <Poco/Data/PostgreSQL/Connector.h>

#include <algorithm>

namespace dunlin::host {
namespace {

constexpr int64_t grant_lock = 0x6772616e74;  // "grant"

class PostgresStore final : public Store {
public:
    explicit PostgresStore(const StoreOptions& options)
        : options_(options),
          url_(options.url),
          settings_(std::make_shared<PostgresSettings>()),
          leases_(options.connections_max, options.wait_max, [this] { return connect(); }) {
        leases_.give(leases_.take());
    }

    Dialect dialect() const override { return Dialect::postgresql; }

    Lease begin(Access access) override {
        std::unique_ptr<PostgresConnection> connection;
        // The server may have been restarted since: idle connections are dropped and one is made.
        for (bool is_second = false;; is_second = true) {
            try {
                connection = leases_.take();
                connection->use(settings());
                connection->begin(access);
                break;
            } catch (const Error&) {
                const bool was_lost = connection && connection->is_broken();
                if (connection) give_back(std::move(connection));
                if (!was_lost || is_second) throw;
                leases_.drop_idle();
            }
        }
        return Lease(connection.release(), [this](Connection* used) {
            give_back(std::unique_ptr<PostgresConnection>(static_cast<PostgresConnection*>(used)));
        });
    }

    void set_scoped_views(std::vector<ScopedView> views) override {
        change([&](PostgresSettings& settings) { settings.views = std::move(views); });
    }

    void grant(const std::vector<Grant>& grants) override {
        auto lease = begin(Access::write);
        lease->exec("SELECT pg_advisory_xact_lock(?)", grant_lock);
        std::map<std::string, std::string> roles;
        const bool may_create = can_create_roles(*lease);
        for (const auto& one : grants) {
            const auto role = grant_role(*lease, one, may_create);
            if (!role.empty()) roles[one.plugin_id] = role;
        }
        lease->commit();
        lease.reset();
        change([&](PostgresSettings& settings) { settings.roles = std::move(roles); });
    }

    void backup(const std::filesystem::path& folder) override { dump_database(url_, folder); }

    std::vector<Finding> inspect() override {
        std::vector<Finding> out;
        auto lease = begin(Access::read);
        const auto ask = [&](std::string_view sql) {
            auto query = lease->query(sql);
            query->step();
            return std::string(query->text(0));
        };
        const auto number = std::stoi(ask("SELECT current_setting('server_version_num')"));
        const auto version = "PostgreSQL " + ask("SELECT current_setting('server_version')");
        out.push_back({"store.version", number < 150000 ? "warn" : "ok",
                       version + " at " + url_.shown(),
                       number < 150000 ? "upgrade to PostgreSQL 15 or later" : ""});
        const bool has_roles = can_create_roles(*lease);
        out.push_back(
            {"store.roles", has_roles ? "ok" : "warn",
             has_roles ? "each plugin has a database role of its own"
                       : "plugins are kept apart by the host's check of their SQL only",
             has_roles ? "" : "ALTER ROLE " + ask("SELECT current_user") + " CREATEROLE"});
        const auto collation =
            ask("SELECT datcollate FROM pg_database WHERE datname = current_database()");
        const bool is_binary = collation.rfind('C', 0) == 0 || collation == "POSIX";
        out.push_back({"store.collation", is_binary ? "ok" : "warn", "text sorts by " + collation,
                       is_binary ? ""
                                 : "create the database with LC_COLLATE 'C', so that lists "
                                   "have the same order everywhere"});
        const auto encoding = ask("SELECT current_setting('server_encoding')");
        out.push_back({"store.encoding", encoding == "UTF8" ? "ok" : "fail",
                       "text is stored as " + encoding,
                       encoding == "UTF8" ? "" : "create the database with ENCODING 'UTF8'"});
        return out;
    }

private:
    std::unique_ptr<PostgresConnection> connect() {
        const auto unreachable = [&](std::string why) {
            while (!why.empty() && why.back() == '\n') why.pop_back();
            return Error(DUNLIN_E_UNAVAILABLE,
                         "the database " + url_.shown() +
                             " cannot be reached: " + url_.without_password(why) +
                             "; check the address, that the server runs, and the user's rights");
        };
        // Poco never frees a connection that failed, so one that is freed goes first.
        const std::unique_ptr<PGconn, decltype(&PQfinish)> first(
            PQconnectdb(url_.for_session().c_str()), &PQfinish);
        if (PQstatus(first.get()) != CONNECTION_OK) throw unreachable(PQerrorMessage(first.get()));
        try {
            return std::make_unique<PostgresConnection>(
                Poco::Data::Session("PostgreSQL", url_.for_session()), options_);
        } catch (const Poco::Exception& e) {
            throw unreachable(e.displayText());
        }
    }

    void give_back(std::unique_ptr<PostgresConnection> connection) {
        connection->hand_over();
        auto* db = connection->handle();
        if (connection->is_broken() || PQtransactionStatus(db) != PQTRANS_IDLE ||
            PQpipelineStatus(db) != PQ_PIPELINE_OFF) {
            connection.reset();
        }
        leases_.give(std::move(connection));
    }

    std::shared_ptr<const PostgresSettings> settings() {
        const std::lock_guard lock(mutex_);
        return settings_;
    }

    template <class Body>
    void change(Body&& body) {
        const std::lock_guard lock(mutex_);
        auto next = std::make_shared<PostgresSettings>(*settings_);
        body(*next);
        ++next->version;
        settings_ = std::move(next);
    }

    static bool can_create_roles(Connection& db) {
        auto query =
            db.query("SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user");
        return query->step() && query->i64(0) != 0;
    }

    /// Database and plugin, cut to what PostgreSQL keeps of a name.
    static std::string role_name(Connection& db, const std::string& plugin_id) {
        auto query = db.query("SELECT current_database()");
        query->step();
        std::string name = "dunlin_" + std::string(query->text(0));
        for (auto& c : name) {
            if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
        }
        const auto most = 62 - plugin_id.size();
        if (name.size() > most) name.resize(most);
        return name + "_" + plugin_id;
    }

    /// The role with exactly these rights; empty when there is none and none can be made.
    static std::string grant_role(Connection& db, const Grant& grant, bool may_create) {
        check_name(grant.plugin_id);
        auto role = role_name(db, grant.plugin_id);
        const auto quoted = "\"" + role + "\"";
        if (!db.query("SELECT 1 FROM pg_roles WHERE rolname = ?", role)->step()) {
            if (!may_create) return "";
            db.exec_script("CREATE ROLE " + quoted + " NOLOGIN; GRANT " + quoted +
                           " TO CURRENT_USER");
        }
        auto member = db.query("SELECT pg_has_role(current_user, CAST(? AS text), 'MEMBER')", role);
        if (!member->step() || member->i64(0) == 0) return "";
        auto schema_query = db.query("SELECT quote_ident(current_schema())");
        schema_query->step();
        const std::string schema(schema_query->text(0));
        auto script = "REVOKE ALL ON ALL TABLES IN SCHEMA " + schema + " FROM " + quoted +
                      "; GRANT USAGE ON SCHEMA " + schema + " TO " + quoted;
        auto names = db.query(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'v') AND "
            "relnamespace = CAST(current_schema() AS regnamespace)");
        while (names->step()) {
            const std::string name(names->text(0));
            const bool is_readable = std::find(grant.readable.begin(), grant.readable.end(),
                                               name) != grant.readable.end();
            if (is_own_name(grant.plugin_id, name)) {
                script += "; GRANT SELECT, INSERT, UPDATE, DELETE ON ";
            } else if (is_readable) {
                script += "; GRANT SELECT ON ";
            } else {
                continue;
            }
            script += schema + ".\"" + name + "\" TO " + quoted;
        }
        db.exec_script(script);
        return role;
    }

    StoreOptions options_;
    PostgresUrl url_;
    std::mutex mutex_;
    std::shared_ptr<const PostgresSettings> settings_;
    LeasePool<PostgresConnection> leases_;
};

}  // namespace

std::unique_ptr<Store> open_postgres(const StoreOptions& options) {
    Poco::Data::PostgreSQL::Connector::registerConnector();
    return std::make_unique<PostgresStore>(options);
}

}  // namespace dunlin::host
