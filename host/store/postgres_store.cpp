// SPDX-License-Identifier: Apache-2.0
#include "store/postgres_connection.hpp"
#include "store/postgres_url.hpp"

#include <Poco/Data/DataException.h>
#include <Poco/Data/PostgreSQL/Connector.h>
#include <boost/algorithm/string/trim.hpp>
#include <boost/range/algorithm/find.hpp>

namespace dunlin::host {
namespace {

constexpr int64_t grant_lock = 0x6772616e74;  // "grant"

class PostgresStore final : public Store {
public:
    explicit PostgresStore(const StoreOptions& options)
        : Store(options, /*writers_max=*/options.connections_max), url_(options.url) {
        begin(Access::read);
    }

    Dialect dialect() const override { return Dialect::postgresql; }

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
        set_roles(std::move(roles));
    }

    void backup(const std::filesystem::path& folder) override { dump_database(url_, folder); }

    std::vector<Finding> inspect() override {
        auto db = begin(Access::read);
        const auto setting = [&](const char* name) {
            return db->value("SELECT current_setting(?)", name);
        };
        const bool has_roles = can_create_roles(*db);
        const auto collation =
            db->value("SELECT datcollate FROM pg_database WHERE datname = current_database()");
        const bool is_binary = collation.rfind('C', 0) == 0 || collation == "POSIX";
        const auto encoding = setting("server_encoding");
        return {
            finding("store.version", std::stoi(setting("server_version_num")) >= 150000, "warn",
                    "PostgreSQL " + setting("server_version") + " at " + url_.shown(),
                    "upgrade to PostgreSQL 15 or later"),
            finding("store.roles", has_roles, "warn",
                    has_roles ? "each plugin has a database role of its own"
                              : "plugins are kept apart by the host's check of their SQL only",
                    "ALTER ROLE " + db->value("SELECT current_user") + " CREATEROLE"),
            finding("store.collation", is_binary, "warn", "text sorts by " + collation,
                    "create the database with LC_COLLATE 'C', so that lists have the same "
                    "order everywhere"),
            finding("store.encoding", encoding == "UTF8", "fail", "text is stored as " + encoding,
                    "create the database with ENCODING 'UTF8'")};
    }

private:
    std::unique_ptr<Connection> connect() override {
        const auto unreachable = [&](std::string why) {
            boost::trim_right(why);
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

    static bool can_create_roles(Connection& db) {
        return db.value(
                   "SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = "
                   "current_user") == "t";
    }

    /// Database and plugin, cut to what PostgreSQL keeps of a name.
    static std::string role_name(Connection& db, const std::string& plugin_id) {
        auto name = "dunlin_" + db.value("SELECT current_database()");
        for (auto& c : name) {
            if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
        }
        return name.substr(0, 62 - plugin_id.size()) + "_" + plugin_id;
    }

    /// The role with exactly these rights; empty when there is none and none can be made.
    static std::string grant_role(Connection& db, const Grant& grant, bool may_create) {
        check_name(grant.plugin_id);
        auto role = role_name(db, grant.plugin_id);
        const auto quoted = "\"" + role + "\"";
        if (db.value("SELECT 1 FROM pg_roles WHERE rolname = ?", role).empty()) {
            if (!may_create) return "";
            db.exec_script("CREATE ROLE " + quoted + " NOLOGIN; GRANT " + quoted +
                           " TO CURRENT_USER");
        }
        if (db.value("SELECT pg_has_role(current_user, CAST(? AS text), 'MEMBER')", role) != "t") {
            return "";
        }
        const auto schema = db.value("SELECT quote_ident(current_schema())");
        auto script = "REVOKE ALL ON ALL TABLES IN SCHEMA " + schema + " FROM " + quoted +
                      "; GRANT USAGE ON SCHEMA " + schema + " TO " + quoted;
        auto names = db.query(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'v') AND "
            "relnamespace = CAST(current_schema() AS regnamespace)");
        while (names->step()) {
            const std::string name(names->text(0));
            if (is_own_name(grant.plugin_id, name)) {
                script += "; GRANT SELECT, INSERT, UPDATE, DELETE ON ";
            } else if (boost::find(grant.readable, name) != grant.readable.end()) {
                script += "; GRANT SELECT ON ";
            } else {
                continue;
            }
            script += schema + ".\"" + name + "\" TO " + quoted;
        }
        db.exec_script(script);
        return role;
    }

    const PostgresUrl url_;
};

}  // namespace

std::unique_ptr<Store> open_postgres(const StoreOptions& options) {
    Poco::Data::PostgreSQL::Connector::registerConnector();
    return std::make_unique<PostgresStore>(options);
}

}  // namespace dunlin::host
