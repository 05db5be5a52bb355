// SPDX-License-Identifier: Apache-2.0
#include "store/migrations.hpp"

#include "store/sql_text.hpp"

#include "host_schema.hpp"

#include <sodium.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

namespace dunlin::host {
namespace {

constexpr int64_t lock_number = 0x64756e6c696e;  // "dunlin"

const char* dialect_name(Dialect dialect) {
    return dialect == Dialect::sqlite ? "sqlite" : "postgresql";
}

std::string sha256_of(std::string_view text) {
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, reinterpret_cast<const unsigned char*>(text.data()), text.size());
    char hex[crypto_hash_sha256_BYTES * 2 + 1];
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    return hex;
}

[[noreturn]] void refuse(const std::string& owner, const std::string& why) {
    throw Error(DUNLIN_E_DATA, "migrations of " + owner + ": " + why);
}

/// "001_ledger.sql", "001_ledger.postgresql.sql": number, and dialect or "".
struct FileName {
    int number = 0;
    std::string stem;
    std::string dialect;
};

FileName parse_name(const std::string& owner, const std::string& name) {
    const bool ok =
        name.size() > 8 && name[3] == '_' && name.substr(name.size() - 4) == ".sql" &&
        std::all_of(name.begin(), name.begin() + 3, [](char c) { return c >= '0' && c <= '9'; });
    if (!ok) refuse(owner, "\"" + name + "\" is not named NNN_name.sql");
    FileName out{std::stoi(name.substr(0, 3)), name.substr(0, name.size() - 4), ""};
    const auto dot = out.stem.find('.');
    if (dot != std::string::npos) {
        out.dialect = out.stem.substr(dot + 1);
        out.stem.resize(dot);
        if (out.dialect != "postgresql" && out.dialect != "sqlite") {
            refuse(owner, "\"" + name + "\" names an unknown database; use .postgresql or .sqlite");
        }
    }
    return out;
}

/// Chooses a file per number and numbers them without gaps.
std::vector<Migration> choose(const std::string& owner, Dialect dialect,
                              const std::map<std::string, std::string>& files) {
    std::map<int, Migration> by_number;
    std::map<int, bool> is_special;
    for (const auto& [name, sql] : files) {
        const auto parsed = parse_name(owner, name);
        if (!parsed.dialect.empty() && parsed.dialect != dialect_name(dialect)) continue;
        const bool special = !parsed.dialect.empty();
        auto& chosen = by_number[parsed.number];
        if (!chosen.name.empty()) {
            if (is_special[parsed.number] == special ||
                parse_name(owner, chosen.name).stem != parsed.stem) {
                refuse(owner, "the number of " + name + " is taken by " + chosen.name);
            }
            if (!special) continue;
        }
        is_special[parsed.number] = special;
        chosen = {owner, parsed.number, name, sql, sha256_of(sql)};
    }
    std::vector<Migration> out;
    for (auto& [number, migration] : by_number) {
        if (number != static_cast<int>(out.size()) + 1) {
            refuse(owner, "number " + std::to_string(out.size() + 1) + " is missing before " +
                              migration.name);
        }
        out.push_back(std::move(migration));
    }
    return out;
}

bool is_published_view(const std::string& name) {
    const auto at = name.find("_v");
    return at != std::string::npos && at + 2 < name.size() && name[at + 2] >= '1' &&
           name[at + 2] <= '9' && name.find('_', at + 2) != std::string::npos;
}

void check_owner(const Migration& migration, const std::string& statement) {
    const std::string prefix = migration.owner == "host" ? "dunlin" : migration.owner;
    const auto sql = scan_sql(statement);
    const auto fail = [&](const std::string& what) {
        throw Error(DUNLIN_E_DENIED, "migration " + migration.name + " of " + migration.owner +
                                         " touches " + what +
                                         "; it may only change what begins "
                                         "with " +
                                         prefix + "_ and read published views");
    };
    static const std::vector<std::string> verbs = {"create", "alter",  "drop",   "insert",
                                                   "update", "delete", "select", "with"};
    if (std::find(verbs.begin(), verbs.end(), sql.first) == verbs.end()) fail(sql.first);
    const bool is_ddl = sql.first == "create" || sql.first == "alter" || sql.first == "drop";
    if (is_ddl && sql.targets.empty()) fail("something other than a table, view or index");
    for (const auto& name : sql.targets) {
        if (!is_own_name(prefix, name)) fail(name);
    }
    const bool is_reading =
        sql.first == "select" || sql.first == "with" || (is_ddl && sql.first == "create");
    for (const auto& name : sql.tables) {
        if (!is_own_name(prefix, name) && !(is_reading && is_published_view(name)) &&
            !(sql.first == "insert" && name != sql.tables.front() && is_published_view(name))) {
            fail(name);
        }
    }
    for (const auto& name : sql.names) {
        if (migration.owner != "host" && name.rfind("dunlin_", 0) == 0) fail(name);
    }
}

using Applied = std::map<std::pair<std::string, int>, std::string>;

void create_table(Connection& db) {
    db.exec(
        "CREATE TABLE IF NOT EXISTS dunlin_migration (owner text NOT NULL, number integer NOT "
        "NULL, name text NOT NULL, sha256 text NOT NULL, at_us bigint NOT NULL, "
        "PRIMARY KEY (owner, number))");
}

bool has_table(Connection& db) {
    auto query = db.dialect() == Dialect::sqlite
                     ? db.query("SELECT 1 FROM sqlite_master WHERE name = ?", "dunlin_migration")
                     : db.query(
                           "SELECT 1 FROM pg_tables WHERE tablename = ? AND schemaname = "
                           "current_schema()",
                           "dunlin_migration");
    return query->step();
}

Applied read_applied(Connection& db) {
    Applied out;
    auto query = db.query("SELECT owner, number, sha256 FROM dunlin_migration");
    while (query->step()) {
        out[{std::string(query->text(0)), static_cast<int>(query->i64(1))}] = query->text(2);
    }
    return out;
}

/// True when it is to be applied; Error conflict when it was edited after it was applied.
bool is_due(const Applied& applied, const Migration& migration) {
    const auto found = applied.find({migration.owner, migration.number});
    if (found == applied.end()) return true;
    if (found->second == migration.sha256) return false;
    throw Error(DUNLIN_E_CONFLICT, "migration " + migration.name + " of " + migration.owner +
                                       " was edited after it was applied; restore the file and "
                                       "put the change into a new one");
}

}  // namespace

std::vector<Migration> read_migrations(const std::string& owner,
                                       const std::filesystem::path& folder, Dialect dialect) {
    std::map<std::string, std::string> files;
    std::error_code bad;
    for (std::filesystem::directory_iterator it(folder, bad), end; !bad && it != end;
         it.increment(bad)) {
        if (it->path().extension() != ".sql") continue;
        std::ifstream in(it->path(), std::ios::binary);
        std::string sql{std::istreambuf_iterator<char>(in), {}};
        if (!in) refuse(owner, it->path().string() + " cannot be read");
        files.emplace(it->path().filename().string(), std::move(sql));
    }
    if (bad && bad != std::errc::no_such_file_or_directory) {
        refuse(owner, folder.string() + " cannot be read: " + bad.message());
    }
    return choose(owner, dialect, files);
}

std::vector<Migration> host_migrations(Dialect dialect) {
    std::map<std::string, std::string> files;
    for (const auto& file : host_schema) files.emplace(file.name, file.sql);
    return choose("host", dialect, files);
}

std::vector<Migration> plan_migrations(Store& store, const std::vector<Migration>& all) {
    auto lease = store.begin(Access::read);
    const auto applied = has_table(*lease) ? read_applied(*lease) : Applied{};
    std::vector<Migration> out;
    for (const auto& migration : all) {
        if (is_due(applied, migration)) out.push_back(migration);
    }
    return out;
}

void apply_migrations(Store& store, const std::vector<Migration>& all, int64_t now_us) {
    for (const auto& migration : plan_migrations(store, all)) {
        auto lease = store.begin(Access::write);
        // SQLite has one writer anyway; on PostgreSQL other hosts wait here until the commit.
        if (lease->dialect() == Dialect::postgresql) {
            lease->exec("SELECT pg_advisory_xact_lock(?)", lock_number);
        }
        create_table(*lease);
        if (!is_due(read_applied(*lease), migration)) continue;
        for (const auto& statement : split_script(migration.sql)) {
            check_owner(migration, statement);
            try {
                lease->exec_script(statement);
            } catch (const Error& e) {
                throw Error(e.status(), "migration " + migration.name + " of " + migration.owner +
                                            " failed and left nothing behind: " + e.what());
            }
        }
        lease->exec(
            "INSERT INTO dunlin_migration (owner, number, name, sha256, at_us) "
            "VALUES (?, ?, ?, ?, ?)",
            migration.owner, migration.number, migration.name, migration.sha256, now_us);
        lease->commit();
    }
}

}  // namespace dunlin::host
