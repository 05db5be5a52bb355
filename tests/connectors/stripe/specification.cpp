// SPDX-License-Identifier: Apache-2.0
#include "specification.hpp"

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

namespace dunlin::stripe::test {
namespace {

namespace fs = std::filesystem;

const fs::path folder = fs::path(DUNLIN_SOURCE_DIR) / "../shared/data/specs";
const fs::path document_file = folder / "stripe-openapi-2022-04-12.json";
const fs::path examples_file = folder / "stripe-fixtures.json";
const fs::path own_file = fs::path(DUNLIN_SOURCE_DIR) / "tests/connectors/stripe/objects.json";

Json parsed(const fs::path& file) {
    std::ifstream in(file);
    return Json::parse(in);
}

std::string decoded_text(const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
            i += 2;
        } else {
            out += text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

/// "created[gte]" is created and gte, "types[]" is types and "".
std::pair<std::string, std::vector<std::string>> split(const std::string& name) {
    std::vector<std::string> keys;
    const auto open = name.find('[');
    for (auto at = open; at != std::string::npos; at = name.find('[', at + 1)) {
        keys.push_back(name.substr(at + 1, name.find(']', at) - at - 1));
    }
    return {name.substr(0, open), keys};
}

/// Is "/v1/invoices/in_1" one of "/v1/invoices/{invoice}"?
bool is_like(const std::string& path, const std::string& known) {
    std::stringstream words(path), wanted(known);
    std::string word, form;
    while (std::getline(wanted, form, '/')) {
        if (!std::getline(words, word, '/')) return false;
        if (word != form && (word.empty() || !form.starts_with('{'))) return false;
    }
    return !std::getline(words, word, '/');
}

bool is_whole_number(const std::string& text) {
    static const std::regex number("-?[0-9]{1,18}");
    return std::regex_match(text, number);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> decoded(const std::string& query) {
    std::vector<std::pair<std::string, std::string>> out;
    for (std::size_t at = 0; at < query.size();) {
        const auto end = std::min(query.find('&', at), query.size());
        const auto pair = query.substr(at, end - at);
        const auto equals = pair.find('=');
        out.emplace_back(decoded_text(pair.substr(0, equals)),
                         decoded_text(pair.substr(equals + 1)));
        at = end + 1;
    }
    return out;
}

bool Specification::is_there() {
    return fs::exists(document_file) && fs::exists(examples_file);
}

const Specification& Specification::get() {
    static const Specification one;
    return one;
}

Specification::Specification() : own_examples_(parsed(own_file)) {
    if (!is_there()) return;
    document_ = parsed(document_file);
    examples_ = parsed(examples_file).at("resources");
}

const Json& Specification::resolved(const Json& schema) const {
    const auto ref = schema.find("$ref");
    if (ref == schema.end()) return schema;
    return document_.at(Json::json_pointer(ref->get<std::string>().substr(1)));
}

std::string Specification::mistake_in_value(const Json& schema, const std::string& name,
                                            const std::vector<std::string>& keys,
                                            const std::string& value) const {
    if (schema.contains("anyOf")) {
        std::string mistake;
        for (const auto& one : schema["anyOf"]) {
            mistake = mistake_in_value(one, name, keys, value);
            if (mistake.empty()) return {};
        }
        return mistake;
    }
    const auto type = schema.value("type", "");
    if (!keys.empty()) {
        const std::vector<std::string> rest(keys.begin() + 1, keys.end());
        if (type == "array" && keys[0].empty()) {
            return mistake_in_value(schema.at("items"), name, rest, value);
        }
        if (type != "object") return name + " takes no [" + keys[0] + "]";
        const auto properties = schema.value("properties", Json::object());
        if (properties.contains(keys[0])) {
            return mistake_in_value(properties[keys[0]], name + "." + keys[0], rest, value);
        }
        const auto more = schema.value("additionalProperties", Json(false));
        if (!more.is_object()) return name + " has no " + keys[0];
        return mistake_in_value(more, name + "." + keys[0], rest, value);
    }
    if (type == "array" || type == "object") return name + " is no single value";
    if (type == "integer" && !is_whole_number(value)) return name + " is no whole number: " + value;
    if (type == "boolean" && value != "true" && value != "false") return name + " is no flag";
    if (value.size() > schema.value("maxLength", std::size_t{1} << 20U)) return name + " is long";
    const auto choices = schema.value("enum", Json::array());
    if (!choices.empty() && std::count(choices.begin(), choices.end(), Json(value)) == 0) {
        return name + " may not be " + value;
    }
    return {};
}

std::string Specification::mistake_in_expand(const Json& operation, const std::string& path) const {
    const auto* at =
        &operation.at("responses").at("200").at("content").at("application/json").at("schema");
    std::stringstream words(path);
    for (std::string word; std::getline(words, word, '.');) {
        const auto& schema = resolved(*at);
        const auto properties = schema.value("properties", Json::object());
        if (!properties.contains(word)) return "nothing to expand at " + path;
        const auto& property = schema.at("properties").at(word);
        if (word == "data") {
            at = &property.at("items");
        } else if (property.contains("x-expansionResources")) {
            at = &property.at("x-expansionResources").at("oneOf").at(0);
        } else {
            return path + " cannot be expanded";
        }
    }
    return {};
}

std::string Specification::mistake_in(const HttpRequest& request, std::string& name) const {
    const auto path_begin = request.url.find("/v1/");
    const auto question = std::min(request.url.find('?'), request.url.size());
    const auto path = request.url.substr(path_begin, question - path_begin);
    const Json* operation = nullptr;
    if (document_.is_null()) return {};  // Nobody can say.
    for (const auto& [known, methods] : document_.at("paths").items()) {
        if (!is_like(path, known)) continue;
        const auto method = request.method == "GET" ? "get" : "post";
        if (!methods.contains(method)) continue;
        operation = &methods.at(method);
        name = request.method + " " + known;
    }
    if (!operation) return "there is no " + request.method + " " + path;

    std::set<std::string> given;
    if (question < request.url.size()) {
        for (const auto& [full, value] : decoded(request.url.substr(question + 1))) {
            const auto [parameter, keys] = split(full);
            const Json* found = nullptr;
            for (const auto& one : operation->at("parameters")) {
                if (one["name"] == parameter && one["in"] == "query") found = &one;
            }
            if (!found) return name + " has no parameter " + parameter;
            auto mistake = mistake_in_value(found->at("schema"), parameter, keys, value);
            if (mistake.empty() && parameter == "expand") {
                mistake = mistake_in_expand(*operation, value);
            }
            if (!mistake.empty()) return name + ": " + mistake;
        }
    }
    if (request.method == "GET") return request.body.empty() ? "" : name + " takes no body";
    const auto& schema = operation->at("requestBody")
                             .at("content")
                             .at("application/x-www-form-urlencoded")
                             .at("schema");
    for (const auto& [full, value] : decoded(request.body)) {
        const auto [parameter, keys] = split(full);
        const auto properties = schema.at("properties");
        if (!properties.contains(parameter)) return name + " has no field " + parameter;
        const auto mistake = mistake_in_value(properties[parameter], parameter, keys, value);
        if (!mistake.empty()) return name + ": " + mistake;
        given.insert(parameter);
    }
    for (const auto& needed : schema.value("required", Json::array())) {
        if (given.count(needed) == 0) return name + " needs " + needed.get<std::string>();
    }
    return {};
}

}  // namespace dunlin::stripe::test
