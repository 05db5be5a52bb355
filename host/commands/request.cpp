// SPDX-License-Identifier: Apache-2.0
#include "commands/commands.hpp"

#include <dunlin/document.hpp>

#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>

#include <algorithm>

namespace dunlin::host {

namespace {

using Pointer = Json::json_pointer;

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
