// SPDX-License-Identifier: Apache-2.0
#include "config/reader.hpp"

#include <algorithm>
#include <sstream>

#define TOML_ENABLE_FORMATTERS 1
#include <toml++/toml.h>

namespace dunlin::host {

namespace {

constexpr int syntax_errors_max = 20;
const std::string ignored = "unreadable_";

template <class T>
std::string printed(const T& value) {
    std::ostringstream out;
    out << value;
    return out.str();
}

Json to_json(const toml::node& node, const std::string& path, std::map<std::string, int>& lines) {
    if (!path.empty()) lines.emplace(path, static_cast<int>(node.source().begin.line));
    if (const auto* table = node.as_table()) {
        auto out = Json::object();
        for (const auto& [key, value] : *table) {
            const std::string name(key.str());
            if (path.empty() && name.rfind(ignored, 0) == 0) continue;
            const auto inner = path.empty() ? name : path + "." + name;
            // The line of the key, which for [a.b] is where that header stands.
            lines.emplace(inner, static_cast<int>(key.source().begin.line));
            out[name] = to_json(value, inner, lines);
        }
        return out;
    }
    if (const auto* array = node.as_array()) {
        auto out = Json::array();
        for (const auto& value : *array) {
            out.push_back(to_json(value, path + "." + std::to_string(out.size()), lines));
        }
        return out;
    }
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* integer = node.as_integer()) return integer->get();
    if (const auto* number = node.as_floating_point()) return number->get();
    if (const auto* boolean = node.as_boolean()) return boolean->get();
    if (const auto* date = node.as_date()) return printed(date->get());
    if (const auto* time = node.as_time()) return printed(time->get());
    return printed(node.as_date_time()->get());
}

/// Takes a line that cannot be read out of the way, so that what follows is looked at too. A table
/// header becomes one that nobody reads: its keys must not slip into the table above.
bool set_aside(std::string& text, std::size_t line) {
    std::size_t begin = 0;
    for (std::size_t i = 1; i < line && begin != std::string::npos; ++i) {
        begin = text.find('\n', begin);
        if (begin != std::string::npos) ++begin;
    }
    if (begin == std::string::npos || begin >= text.size()) return false;
    const auto end = std::min(text.find('\n', begin), text.size());
    const auto first = text.find_first_not_of(" \t", begin);
    const bool is_header = first < end && text[first] == '[';
    const auto stand_in = is_header ? "[" + (ignored + std::to_string(line)) + "]" : "";
    if (text.compare(begin, end - begin, stand_in) == 0) return false;
    text.replace(begin, end - begin, stand_in);
    return true;
}

}  // namespace

std::unique_ptr<Document> Document::parse(std::string text, Mistakes& mistakes) {
    auto out = std::make_unique<Document>();
    for (int i = 0; i < syntax_errors_max; ++i) {
        try {
            const auto table = toml::parse(std::string_view(text));
            out->json_ = to_json(table, "", out->lines_);
            break;
        } catch (const toml::parse_error& e) {
            const auto line = e.source().begin.line;
            mistakes.add(static_cast<int>(line), std::string(e.description()));
            if (!set_aside(text, line)) break;
        }
    }
    return out;
}

}  // namespace dunlin::host
