// SPDX-License-Identifier: Apache-2.0
#include "store/migrations.hpp"

#include "store/sql_text.hpp"

#include "host_schema.hpp"

#include <dunlin/digest.hpp>

#include <fstream>
#include <iterator>
#include <regex>

namespace dunlin::host {
namespace {

constexpr int64_t lock_number = 0x64756e6c696e;  // "dunlin"

[[noreturn]] void refuse(const std::string& owner, const std::string& why) {
    throw Error(DUNLIN_E_DATA, "migrations of " + owner + ": " + why);
}

/// A file per number, the dialect's own in place of the common one, without gaps.
std::vector<Migration> choose(const std::string& owner, Dialect dialect,
                              const std::map<std::string, std::string>& files) {
    static const std::regex form("([0-9]{3}_[^.]+)(\\.(postgresql|sqlite))?\\.sql");
    const std::string own = dialect == Dialect::sqlite ? ".sqlite" : ".postgresql";
    std::vector<Migration> out;
    for (const auto& [name, sql] : files) {
        std::smatch parts;
        if (!std::regex_match(name, parts, form)) {
            refuse(owner, "\"" + name +
                              "\" is not named NNN_name.sql, NNN_name.postgresql.sql or "
                              "NNN_name.sqlite.sql");
        }
        const bool is_common = !parts[2].matched;
        if (is_common ? files.count(parts[1].str() + own + ".sql") > 0 : parts[2] != own) continue;
        const int number = std::stoi(name);
        const int next = static_cast<int>(out.size()) + 1;
        if (number > next) {
            refuse(owner, "number " + std::to_string(next) + " is missing before " + name);
        }
        if (number < next) {
            refuse(owner, "the number of " + name + " is taken" +
                              (out.empty() ? "; the first is 001" : " by " + out.back().name));
        }
        out.push_back({owner, number, name, sql, sha256_of(sql)});
    }
    return out;
}

/// An owner changes its own relations, and reads published views besides.
void check_owner(const Migration& migration, const std::string& statement,
                 const std::set<std::string>& relations) {
    static const std::regex published(".*_v[1-9][0-9]*_.*");
    Wall wall;
    wall.plugin_id = migration.owner == "host" ? "dunlin" : migration.owner;
    wall.may_define = true;
    for (const auto& name : relations) {
        if (std::regex_match(name, published)) wall.readable.insert(name);
    }
    check_wall(wall, scan_sql(statement), relations);
}

/// True when it is to be applied; Error conflict when it was edited after it was applied.
bool is_due(Connection& db, const Migration& migration) {
    if (!relations_of(db).count("dunlin_migration")) return true;
    const auto applied =
        db.value("SELECT sha256 FROM dunlin_migration WHERE owner = ? AND number = ?",
                 migration.owner, migration.number);
    if (applied.empty()) return true;
    if (applied == migration.sha256) return false;
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
    std::vector<Migration> out;
    for (const auto& migration : all) {
        if (is_due(*lease, migration)) out.push_back(migration);
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
        lease->exec(
            "CREATE TABLE IF NOT EXISTS dunlin_migration (owner text NOT NULL, number integer NOT "
            "NULL, name text NOT NULL, sha256 text NOT NULL, at_us bigint NOT NULL, "
            "PRIMARY KEY (owner, number))");
        if (!is_due(*lease, migration)) continue;
        for (const auto& statement : split_script(migration.sql)) {
            try {
                check_owner(migration, statement, relations_of(*lease));
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
