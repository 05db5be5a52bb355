// SPDX-License-Identifier: Apache-2.0
#include "store/sql_text.hpp"

#include <boost/algorithm/string/case_conv.hpp>
#include <boost/algorithm/string/predicate.hpp>

namespace dunlin::host {
namespace {

/// What is the host's, a catalog, or a function that runs SQL from a text or reaches outside.
bool is_foreign(const std::string& name) {
    static const std::set<std::string> words = {"information_schema", "set_config",
                                                "current_setting", "ts_stat", "ts_rewrite"};
    for (const auto* prefix : {"dunlin_", "pg_", "sqlite_", "lo_", "dblink", "query_to_"}) {
        if (boost::starts_with(name, prefix)) return true;
    }
    return words.count(name) || name.find("_to_xml") != std::string::npos;
}

[[noreturn]] void deny(const std::string& who, const std::string& what) {
    throw Error(DUNLIN_E_DENIED, who + " may not " + what);
}

}  // namespace

std::set<std::string> relations_of(Connection& db) {
    std::set<std::string> out;
    auto names = db.query(db.dialect() == Dialect::sqlite
                              ? "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
                              : "SELECT CAST(relname AS text) FROM pg_class WHERE relkind IN "
                                "('r', 'p', 'v', 'm', 'f') AND relnamespace = "
                                "CAST(current_schema() AS regnamespace) UNION ALL "
                                "SELECT CAST(nspname AS text) FROM pg_namespace");
    while (names->step()) out.insert(boost::to_lower_copy(std::string(names->text(0))));
    return out;
}

bool is_own_name(std::string_view owner, std::string_view name) {
    return name.size() > owner.size() + 1 && boost::starts_with(name, owner) &&
           name[owner.size()] == '_';
}

bool may_read_name(const Wall& wall, std::string_view name) {
    constexpr std::string_view scoped = "_scoped";
    if (is_own_name(wall.plugin_id, name) || wall.readable.count(std::string(name))) return true;
    if (!boost::ends_with(name, scoped)) return false;
    name.remove_suffix(scoped.size());
    return wall.readable.count(std::string(name)) > 0;
}

void refuse_table(std::string_view plugin_id, std::string_view table) {
    const std::string name(table);
    deny("plugin " + std::string(plugin_id),
         "use " + name + "; add \"db.read:" + name +
             "\" to permissions in plugin.json if it is a published view, or ask its owner "
             "through a command");
}

void check_wall(const Wall& wall, const SqlText& sql, const std::set<std::string>& relations) {
    static const std::set<std::string> verbs = {"select", "with",   "values", "insert",
                                                "update", "delete", "replace"};
    static const std::set<std::string> definitions = {"create", "alter", "drop"};
    const auto who = "plugin " + wall.plugin_id;
    const bool defines = wall.may_define && definitions.count(sql.first);
    if (defines && sql.targets.empty()) {
        deny(who, "change something other than a table, view, index or trigger");
    }
    if (!defines && !verbs.count(sql.first)) {
        deny(who, "run " + sql.first + "; schema changes belong in its migrations");
    }
    for (const auto& name : sql.names) {
        if (is_own_name(wall.plugin_id, name)) continue;
        if (is_foreign(name)) deny(who, "use " + name + ": it belongs to the host or the database");
        // Wherever it stands, also where WITH defines it: it could hide the table elsewhere.
        if (relations.count(name) && !may_read_name(wall, name)) refuse_table(wall.plugin_id, name);
    }
    for (const auto* changed : {&sql.writes, &sql.targets}) {
        for (const auto& table : *changed) {
            if (is_own_name(wall.plugin_id, table)) continue;
            deny(who, "write to " + table + "; call a command of the plugin that owns it");
        }
    }
    if (!wall.is_scoped) return;
    if (sql.first != "select" && sql.first != "with" && sql.first != "values") return;
    for (const auto& name : sql.names) {
        if (!wall.scope_only.count(name)) continue;
        deny("a scoped call of " + who,
             "read " + name + "; select from a view that ends in _scoped");
    }
}

void check_name(std::string_view name) {
    constexpr auto* letters = "_abcdefghijklmnopqrstuvwxyz0123456789";
    const bool ok = !name.empty() && name.size() <= 63 && (name[0] < '0' || name[0] > '9') &&
                    name.find_first_not_of(letters) == std::string_view::npos;
    if (!ok) {
        throw Error(DUNLIN_E_INVALID, "\"" + std::string(name.substr(0, 80)) +
                                          "\" cannot be a table or column name; use lower-case "
                                          "letters, digits and _");
    }
}

void check_table(const Wall* wall, std::string_view table, Access access) {
    check_name(table);
    if (!wall) return;
    const bool ok =
        access == Access::write ? is_own_name(wall->plugin_id, table) : may_read_name(*wall, table);
    if (!ok) refuse_table(wall->plugin_id, table);
    if (access == Access::read && wall->is_scoped && wall->scope_only.count(std::string(table))) {
        deny("a scoped call of plugin " + wall->plugin_id,
             "read " + std::string(table) + "; use its _scoped view");
    }
}

}  // namespace dunlin::host
