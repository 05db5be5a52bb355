#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "rules.hpp"
#include "source.hpp"

namespace fs = std::filesystem;

namespace dunlin::tidy {

namespace {

struct Key {
    std::string what;  // "PRIMARY KEY", "UNIQUE", "index x".
    std::vector<std::string> columns;
};

struct Table {
    Path file;
    std::vector<Key> keys;
};

using Tables = std::map<std::string, Table>;

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

/// Parts of a list at the commas outside parentheses.
std::vector<std::string> split(const std::string& list) {
    std::vector<std::string> parts(1);
    int depth = 0;
    for (const char c : list) {
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
        if (c == ',' && depth == 0) {
            parts.emplace_back();
        } else {
            parts.back() += c;
        }
    }
    return parts;
}

std::string first_word(const std::string& text) {
    static const std::regex word("[a-z_0-9]+");
    std::smatch match;
    return std::regex_search(text, match, word) ? match.str() : "";
}

std::vector<std::string> columns_of(const std::string& list) {
    std::vector<std::string> columns;
    for (const auto& part : split(list)) columns.push_back(first_word(part));
    return columns;
}

/// The text between the first parenthesis at or after `from` and its partner.
std::string parenthesised(const std::string& text, std::size_t from) {
    const auto open = text.find('(', from);
    if (open == std::string::npos) return "";
    int depth = 0;
    for (auto at = open; at < text.size(); ++at) {
        depth += text[at] == '(' ? 1 : text[at] == ')' ? -1 : 0;
        if (depth == 0) return text.substr(open + 1, at - open - 1);
    }
    return "";
}

/// Keys of one part of CREATE TABLE: a column with its constraints, or a table constraint.
void read_part(const std::string& part, Table& table) {
    static const std::regex named(
        R"(^\s*(constraint\s+[a-z_0-9]+\s+)?(primary\s+key|unique)\s*\()");
    static const std::regex inline_key(R"(\b(primary\s+key|unique)\b)");
    std::smatch match;
    if (std::regex_search(part, match, named)) {
        const auto open = static_cast<std::size_t>(match.position(2));
        table.keys.push_back({match[2].str(), columns_of(parenthesised(part, open))});
    } else if (std::regex_search(part, match, inline_key)) {
        table.keys.push_back({match[1].str(), {first_word(part)}});
    }
}

void read_schema(const Path& file, Tables& tables) {
    static const std::regex comment("--[^\n]*");
    static const std::regex create(
        R"(create\s+(unlogged\s+)?table\s+(if\s+not\s+exists\s+)?([a-z_0-9]+))");
    static const std::regex index(
        R"(create\s+(unique\s+)?index\s+(if\s+not\s+exists\s+)?([a-z_0-9]+)\s+on\s+([a-z_0-9]+))");
    const auto sql = std::regex_replace(lower(read(file)), comment, "");
    for (std::sregex_iterator it(sql.begin(), sql.end(), create), end; it != end; ++it) {
        auto& table = tables[(*it)[3].str()];
        table.file = file;
        const auto from = static_cast<std::size_t>(it->position() + it->length());
        for (const auto& part : split(parenthesised(sql, from))) read_part(part, table);
    }
    for (std::sregex_iterator it(sql.begin(), sql.end(), index), end; it != end; ++it) {
        const auto from = static_cast<std::size_t>(it->position() + it->length());
        tables[(*it)[4].str()].keys.push_back(
            {"index " + (*it)[3].str(), columns_of(parenthesised(sql, from))});
    }
}

bool is_kept(const Key& key, const std::string& partition_key) {
    if (key.columns.empty()) return false;
    if (key.columns.front() == partition_key) return true;
    // A table partitioned by something else (a look-up by external id) is found by its whole key.
    return partition_key != "customer_id" &&
           std::find(key.columns.begin(), key.columns.end(), partition_key) != key.columns.end();
}

Findings check_table(const Path& root, const std::string& name, const Table& table,
                     const std::string& partition_key) {
    Findings found;
    bool has_primary = false;
    for (const auto& key : table.keys) {
        has_primary |= key.what.find("primary") == 0;
        if (is_kept(key, partition_key)) continue;
        found.push_back(finding(root, table.file, 0,
                                name + ": " + key.what + " must begin with " + partition_key));
    }
    if (!has_primary) {
        found.push_back(finding(root, table.file, 0, name + " has no primary key"));
    }
    return found;
}

}  // namespace

Findings partition_keys(const Path& root) {
    Findings found;
    for (const auto& plugin : folders_in(root / "plugins")) {
        if (!fs::exists(plugin / "plugin.json")) continue;
        Tables tables;
        for (const auto& file : files_in(plugin / "schema", {".sql"})) read_schema(file, tables);
        const auto manifest = nlohmann::json::parse(read(plugin / "plugin.json"));
        std::set<std::string> declared;
        for (const auto& entry : manifest.value("tables", nlohmann::json::array())) {
            const auto name = entry.at("name").get<std::string>();
            declared.insert(name);
            const auto table = tables.find(name);
            if (table == tables.end()) {
                found.push_back(
                    finding(root, plugin / "plugin.json", 0, name + " is in no migration"));
            } else if (entry.contains("partition_key")) {
                const auto key = entry.at("partition_key").get<std::string>();
                const auto problems = check_table(root, name, table->second, key);
                found.insert(found.end(), problems.begin(), problems.end());
            }
        }
        for (const auto& [name, table] : tables) {
            if (declared.count(name) > 0) continue;
            found.push_back(finding(root, table.file, 0, name + " is not declared in plugin.json"));
        }
    }
    return found;
}

}  // namespace dunlin::tidy
