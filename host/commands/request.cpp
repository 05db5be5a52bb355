// SPDX-License-Identifier: Apache-2.0
#include "commands/commands.hpp"

#include <dunlin/error.hpp>

#include <charconv>

namespace dunlin::host {

namespace {

constexpr std::size_t document_bytes_max = 1U << 20;
constexpr int document_depth_max = 64;

/// Brackets outside of texts: a document that nests a million times would exhaust the stack of
/// whoever walks it.
bool is_shallow(std::string_view text) {
    int depth = 0;
    bool is_inside_text = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (is_inside_text) {
            if (c == '\\') {
                ++i;
            } else if (c == '"') {
                is_inside_text = false;
            }
        } else if (c == '"') {
            is_inside_text = true;
        } else if (c == '[' || c == '{') {
            if (++depth > document_depth_max) return false;
        } else if (c == ']' || c == '}') {
            --depth;
        }
    }
    return true;
}

/// A property's schema, with references inside the same document followed.
Json resolved(const Json& root, Json schema) {
    for (int i = 0; i < 8 && schema.is_object() && schema.contains("$ref"); ++i) {
        schema = root.at(Json::json_pointer(schema["$ref"].get<std::string>().substr(1)));
    }
    return schema;
}

bool allows(const Json& schema, const char* type) {
    const auto it = schema.is_object() ? schema.find("type") : schema.end();
    if (it == schema.end()) return false;
    if (it->is_string()) return *it == type;
    return std::find(it->begin(), it->end(), type) != it->end();
}

Json typed(const Json& root, const Json& raw, const std::string& text) {
    const auto schema = resolved(root, raw);
    const auto* end = text.data() + text.size();
    if (allows(schema, "integer")) {
        int64_t value = 0;
        const auto read = std::from_chars(text.data(), end, value);
        if (read.ec == std::errc() && read.ptr == end) return value;
    }
    if (allows(schema, "number")) {
        double value = 0;
        const auto read = std::from_chars(text.data(), end, value);
        if (read.ec == std::errc() && read.ptr == end) return value;
    }
    if (allows(schema, "boolean") && (text == "true" || text == "false")) return text == "true";
    if (allows(schema, "object") && !text.empty() && text.front() == '{') {
        return parse_document(text, "an object on the command line");
    }
    if (!allows(schema, "array")) return text;
    if (!text.empty() && text.front() == '[') return parse_document(text, "a list");
    auto list = Json::array();
    const auto items = schema.value("items", Json());
    for (std::size_t from = 0; !text.empty() && from <= text.size();) {
        const auto to = std::min(text.find(',', from), text.size());
        list.push_back(typed(root, items, text.substr(from, to - from)));
        from = to + 1;
    }
    return list;
}

}  // namespace

Json parse_document(std::string_view text, const char* what) {
    if (text.size() > document_bytes_max) {
        throw Error(DUNLIN_E_LIMIT, std::string(what) + " is larger than 1 MB; send less at once");
    }
    if (!is_shallow(text)) {
        throw Error(DUNLIN_E_INVALID, std::string(what) + " nests deeper than " +
                                          std::to_string(document_depth_max) + " levels");
    }
    try {
        return Json::parse(text);
    } catch (const Json::parse_error& e) {
        throw Error(DUNLIN_E_INVALID, std::string(what) + " is not JSON: " + e.what());
    }
}

Json Commands::request_from_texts(
    const CommandSpec& command,
    const std::vector<std::pair<std::string, std::string>>& texts) const {
    auto request = Json::object();
    const auto properties = command.request.value("properties", Json::object());
    for (const auto& [key, text] : texts) {
        if (request.contains(key)) {
            throw Error(DUNLIN_E_INVALID, key + " is given twice; write lists as " + key + "=a,b");
        }
        request[key] = typed(command.request, properties.value(key, Json()), text);
    }
    return request;
}

}  // namespace dunlin::host
