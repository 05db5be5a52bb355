// SPDX-License-Identifier: Apache-2.0
#include "config/reader.hpp"

#include <sstream>

#define TOML_ENABLE_FORMATTERS 1
#include <toml++/toml.h>

namespace dunlin::host {

namespace {

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

}  // namespace

std::unique_ptr<Document> Document::parse(const std::string& text, Mistakes& mistakes) {
    auto out = std::make_unique<Document>();
    try {
        const auto table = toml::parse(std::string_view(text));
        out->json_ = to_json(table, "", out->lines_);
    } catch (const toml::parse_error& e) {
        mistakes.add(static_cast<int>(e.source().begin.line), std::string(e.description()));
    }
    return out;
}

}  // namespace dunlin::host
