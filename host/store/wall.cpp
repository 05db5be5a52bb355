// SPDX-License-Identifier: Apache-2.0
#include "store/sql_text.hpp"

#include <algorithm>
#include <array>

namespace dunlin::host {
namespace {

template <std::size_t N>
bool is_one_of(const std::string& word, const std::array<std::string_view, N>& words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// What is the host's, a catalog, or a function that runs SQL from a text or reaches outside.
bool is_foreign(const std::string& name) {
    static constexpr std::array<std::string_view, 6> prefixes = {"dunlin_", "pg_",    "sqlite_",
                                                                 "lo_",     "dblink", "query_to_"};
    static constexpr std::array<std::string_view, 5> words = {
        "information_schema", "set_config", "current_setting", "ts_stat", "ts_rewrite"};
    return is_one_of(name, words) || name.find("_to_xml") != std::string::npos ||
           std::any_of(prefixes.begin(), prefixes.end(),
                       [&](std::string_view prefix) { return name.rfind(prefix, 0) == 0; });
}

}  // namespace

bool is_own_name(std::string_view owner, std::string_view name) {
    return name.size() > owner.size() + 1 && name.substr(0, owner.size()) == owner &&
           name[owner.size()] == '_';
}

bool may_read_name(const Wall& wall, std::string_view name) {
    if (is_own_name(wall.plugin_id, name) || wall.readable.count(std::string(name))) return true;
    constexpr std::string_view scoped = "_scoped";
    return name.size() > scoped.size() && name.substr(name.size() - scoped.size()) == scoped &&
           wall.readable.count(std::string(name.substr(0, name.size() - scoped.size()))) > 0;
}

void refuse_table(std::string_view plugin_id, std::string_view table) {
    throw Error(DUNLIN_E_DENIED, "plugin " + std::string(plugin_id) + " may not use " +
                                     std::string(table) + "; add \"db.read:" + std::string(table) +
                                     "\" to permissions in plugin.json if it is a published view, "
                                     "or ask its owner through a command");
}

void check_wall(const Wall& wall, const SqlText& sql) {
    static constexpr std::array<std::string_view, 7> verbs = {
        "select", "with", "values", "insert", "update", "delete", "replace"};
    if (!is_one_of(sql.first, verbs)) {
        throw Error(DUNLIN_E_DENIED, "plugin " + wall.plugin_id + " may not run " + sql.first +
                                         "; schema changes belong in its migrations");
    }
    for (const auto& name : sql.names) {
        if (is_foreign(name) && !is_own_name(wall.plugin_id, name)) {
            throw Error(DUNLIN_E_DENIED, "plugin " + wall.plugin_id + " may not use " + name +
                                             ": it belongs to the host or the database");
        }
    }
    for (const auto& name : sql.defined) {
        // Else it could hide somebody's table elsewhere in the statement.
        if (name.find('_') == std::string::npos || is_own_name(wall.plugin_id, name)) continue;
        throw Error(DUNLIN_E_DENIED, "plugin " + wall.plugin_id + " may not define " + name +
                                         " by WITH; use a name without _, or one that starts "
                                         "with \"" +
                                         wall.plugin_id + "_\"");
    }
    for (const auto& table : sql.tables) {
        if (!may_read_name(wall, table)) refuse_table(wall.plugin_id, table);
    }
    for (const auto& table : sql.writes) {
        if (is_own_name(wall.plugin_id, table)) continue;
        throw Error(DUNLIN_E_DENIED, "plugin " + wall.plugin_id + " may not write to " + table +
                                         "; call a command of the plugin that owns it");
    }
    if (!wall.is_scoped) return;
    if (sql.first != "select" && sql.first != "with" && sql.first != "values") return;
    for (const auto& name : sql.names) {
        if (wall.scope_only.count(name)) {
            throw Error(DUNLIN_E_DENIED, "a scoped call of plugin " + wall.plugin_id +
                                             " may not read " + name +
                                             "; select from a view that ends in _scoped");
        }
    }
}

void check_name(std::string_view name) {
    const auto is_plain = [](char c) {
        return c == '_' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    };
    const bool ok = !name.empty() && name.size() <= 63 && (name[0] < '0' || name[0] > '9') &&
                    std::all_of(name.begin(), name.end(), is_plain);
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
        throw Error(DUNLIN_E_DENIED, "a scoped call of plugin " + wall->plugin_id +
                                         " may not read " + std::string(table) +
                                         "; use its _scoped view");
    }
}

}  // namespace dunlin::host
