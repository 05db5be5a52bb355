// SPDX-License-Identifier: Apache-2.0
#include "config/config.hpp"

#include <boost/algorithm/string.hpp>

#include <sstream>
#include <vector>

#define TOML_ENABLE_FORMATTERS 1
#include <toml++/toml.h>

namespace dunlin::host {

namespace {

constexpr int syntax_errors_max = 20;

void note_lines(const toml::node& node, const std::string& path, Lines& lines) {
    if (const auto* table = node.as_table()) {
        for (const auto& [key, value] : *table) {
            const auto inner = (path.empty() ? "" : path + ".") + std::string(key.str());
            // The line of the key, which for [a.b] is where that header stands.
            lines.emplace(inner, static_cast<int>(key.source().begin.line));
            note_lines(value, inner, lines);
        }
    } else if (const auto* array = node.as_array()) {
        int i = 0;
        for (const auto& value : *array) {
            const auto inner = path + "[" + std::to_string(i++) + "]";
            lines.emplace(inner, static_cast<int>(value.source().begin.line));
            note_lines(value, inner, lines);
        }
    }
}

}  // namespace

Json read_toml(const std::string& text, Lines& lines, Mistakes& mistakes) {
    std::vector<std::string> source, set_aside;
    boost::split(source, text, boost::is_any_of("\n"));
    for (int i = 0; i < syntax_errors_max; ++i) {
        try {
            const auto table = toml::parse(boost::join(source, "\n"));
            note_lines(table, "", lines);
            std::ostringstream json;
            json << toml::json_formatter(table);
            auto out = Json::parse(json.str());
            for (const auto& name : set_aside) out.erase(name);
            return out;
        } catch (const toml::parse_error& e) {
            const auto number = e.source().begin.line;
            mistakes.emplace(static_cast<int>(number), e.description());
            if (number < 1 || number > source.size()) break;
            // The line is taken out of the way, so that what follows is looked at too. A table
            // header becomes one that nobody reads: its keys must not slip into the table above.
            auto& line = source[number - 1];
            const bool is_header = boost::trim_left_copy(line).starts_with("[");
            set_aside.push_back("unreadable_" + std::to_string(number));
            const auto stand_in = is_header ? "[" + set_aside.back() + "]" : "";
            if (line == stand_in) break;
            line = stand_in;
        }
    }
    return Json::object();
}

}  // namespace dunlin::host
