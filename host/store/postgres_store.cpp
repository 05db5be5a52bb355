// SPDX-License-Identifier: Apache-2.0
#include "store/postgres_connection.hpp"

#include <Poco/Pipe.h>
#include <Poco/PipeStream.h>
#include <Poco/Process.h>
#include <Poco/StreamCopier.h>
#include <boost/algorithm/string.hpp>
#include <boost/range/algorithm/find.hpp>

namespace dunlin::host {
namespace {

using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

constexpr int64_t grant_lock = 0x6772616e74;  // "grant"

/// For people, without the password.
std::string shown(const PGconn* db) {
    return std::string("postgresql:host=") + PQhost(db) + " port=" + PQport(db) +
           " dbname=" + PQdb(db) + " user=" + PQuser(db);
}

/// "postgresql:host=… dbname=…" without its scheme, or PostgreSQL's own
/// "postgresql://user@host/dbname".
std::string conninfo_of(const std::string& url) {
    const bool is_uri = boost::starts_with(url, "postgresql://");
    const auto text = is_uri ? url : url.substr(url.find(':') + 1);
    if (Options(PQconninfoParse(text.c_str(), nullptr), &PQconninfoFree)) return text;
    throw Error(DUNLIN_E_INVALID,
                "the store URL cannot be read; write "
                "postgresql:host=… port=… dbname=… user=… password=…");
}

class PostgresStore final : public Store {
public:
    explicit PostgresStore(const StoreOptions& options)
        : Store(options, /*writers_max=*/options.connections_max),
          conninfo_(conninfo_of(options.url)) {
        begin(Access::read);
    }

    Dialect dialect() const override { return Dialect::postgresql; }

    void backup(const std::filesystem::path& folder) override {
        auto lease = begin(Access::read);
        auto* db = static_cast<PostgresConnection&>(*lease).handle();
        // In the environment: everybody can read a command line.
        Poco::Process::Env environment;
        const Options options(PQconninfo(db), &PQconninfoFree);
        for (const auto* option = options.get(); option->keyword; ++option) {
            if (option->envvar && option->val) environment[option->envvar] = option->val;
        }
        std::error_code bad;
        std::filesystem::create_directories(folder, bad);
        const auto part = (folder / "dunlin.dump.part").string();
        Poco::Pipe errors;
        const auto tool = Poco::Process::launch("pg_dump", {"-w", "-Fc", "-f", part}, nullptr,
                                                nullptr, &errors, environment);
        Poco::PipeInputStream in(errors);
        std::string said;
        Poco::StreamCopier::copyToString(in, said);
        const int code = tool.wait();
        if (code == 0) std::filesystem::rename(part, folder / "dunlin.dump", bad);
        if (code == 0 && !bad) return;
        if (said.empty()) said = bad ? bad.message() : "pg_dump cannot be started";
        throw Error(DUNLIN_E_UNAVAILABLE,
                    "the backup of " + shown(db) + " failed: " + said.substr(0, 500) +
                        "; check the folder and the version of pg_dump, which "
                        "apt-get install postgresql-client installs");
    }

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
                    "PostgreSQL " + setting("server_version") + " at " +
                        shown(static_cast<PostgresConnection&>(*db).handle()),
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
        // The URL comes last, so that what it says holds.
        const char* const keys[] = {"connect_timeout", "host", "dbname", nullptr};
        const char* const values[] = {"10", "localhost", conninfo_.c_str(), nullptr};
        PostgresSession session(PQconnectdbParams(keys, values, /*expand_dbname=*/1));
        auto* db = session.get();
        if (PQstatus(db) == CONNECTION_OK) {
            return std::make_unique<PostgresConnection>(std::move(session), options_);
        }
        auto why = boost::trim_right_copy(std::string(PQerrorMessage(db)));
        const std::string password = PQpass(db) ? PQpass(db) : "";
        if (!password.empty()) boost::replace_all(why, password, "…");
        throw Error(DUNLIN_E_UNAVAILABLE,
                    "the database " + shown(db) + " cannot be reached: " + why +
                        "; check the address, that the server runs, and the user's rights");
    }

    std::map<std::string, std::string> make_roles(const std::vector<Grant>& grants) override {
        auto lease = begin(Access::write);
        lease->exec("SELECT pg_advisory_xact_lock(?)", grant_lock);
        std::map<std::string, std::string> roles;
        const bool may_create = can_create_roles(*lease);
        for (const auto& one : grants) {
            const auto role = grant_role(*lease, one, may_create);
            if (!role.empty()) roles[one.plugin_id] = role;
        }
        lease->commit();
        return roles;
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
            const bool is_own = is_own_name(grant.plugin_id, name);
            if (!is_own && boost::find(grant.readable, name) == grant.readable.end()) continue;
            script += std::string("; GRANT SELECT") + (is_own ? ", INSERT, UPDATE, DELETE" : "") +
                      " ON " + schema + ".\"" + name + "\" TO " + quoted;
        }
        db.exec_script(script);
        return role;
    }

    const std::string conninfo_;
};

}  // namespace

std::unique_ptr<Store> open_postgres(const StoreOptions& options) {
    return std::make_unique<PostgresStore>(options);
}

}  // namespace dunlin::host
