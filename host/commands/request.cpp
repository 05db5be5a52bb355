// SPDX-License-Identifier: Apache-2.0
#include "commands/commands.hpp"

#include <dunlin/error.hpp>

#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>

#include <algorithm>

namespace dunlin::host {

namespace {

using Pointer = Json::json_pointer;

constexpr std::size_t document_bytes_max = 1U << 20;
constexpr int document_depth_max = 64;

bool allows(const Json* schema, const std::string& type) {
    const auto types = schema ? schema->value("type", Json()) : Json();
    return types == type || std::count(types.begin(), types.end(), type) > 0;
}

Json typed(const Json& root, const Json* schema, const std::string& text) {
    if (text.empty() && !allows(schema, "array")) return text;
    const auto value = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if ((value.is_number_integer() && allows(schema, "integer")) ||
        (value.is_number() && allows(schema, "number")) ||
        (value.is_boolean() && allows(schema, "boolean"))) {
        return value;
    }
    if (text.rfind('{', 0) == 0 && allows(schema, "object")) {
        return parse_document(text, "an object on the command line");
    }
    if (!allows(schema, "array")) return text;
    if (text.rfind('[', 0) == 0) return parse_document(text, "a list");
    auto list = Json::array();
    std::vector<std::string> parts;
    if (!text.empty()) boost::split(parts, text, boost::is_any_of(","));
    const auto* items = part_of(root, schema, Pointer("/items"));
    for (const auto& part : parts) list.push_back(typed(root, items, part));
    return list;
}

}  // namespace

/// The depth is limited because whoever walks a document may do so by recursion.
Json parse_document(std::string_view text, const char* what) {
    if (text.size() > document_bytes_max) {
        throw Error(DUNLIN_E_LIMIT, std::string(what) + " is larger than 1 MB; send less at once");
    }
    const auto check_depth = [&](int depth, Json::parse_event_t, Json&) {
        if (depth <= document_depth_max) return true;
        throw Error(DUNLIN_E_INVALID, std::string(what) + " nests deeper than " +
                                          std::to_string(document_depth_max) + " levels");
    };
    try {
        return Json::parse(text, check_depth);
    } catch (const Json::parse_error& e) {
        throw Error(DUNLIN_E_INVALID, std::string(what) + " is not JSON: " + e.what());
    }
}

Json Commands::request_from_texts(
    const CommandSpec& command,
    const std::vector<std::pair<std::string, std::string>>& texts) const {
    auto request = Json::object();
    for (const auto& [key, text] : texts) {
        if (request.contains(key)) {
            throw Error(DUNLIN_E_INVALID, key + " is given twice; write lists as " + key + "=a,b");
        }
        const auto* schema =
            part_of(command.request, &command.request, Pointer("/properties") / key);
        request[key] = typed(command.request, schema, text);
    }
    return request;
}

}  // namespace dunlin::host
