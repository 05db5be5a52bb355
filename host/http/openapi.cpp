// SPDX-License-Identifier: Apache-2.0
#include "http/api.hpp"

#include "host.hpp"

namespace dunlin::host {

namespace {

/// Rewrites JSON Schema draft-07 as OpenAPI 3.0 knows it. What 3.0 cannot say is left out there:
/// the description is then wider than the rule, and the host still checks the rule.
class Cleaner {
public:
    Cleaner(std::string prefix, Json& components)
        : prefix_(std::move(prefix)), components_(components) {}

    Json clean(const Json& schema) {
        if (!schema.is_object()) return Json::object();
        const auto definitions = schema.value("definitions", Json::object());
        for (const auto& [name, definition] : definitions.items()) {
            components_[prefix_ + name] = clean(definition);
        }
        if (schema.contains("$ref")) {
            const auto target = schema["$ref"].get<std::string>();
            const auto name = target.substr(target.rfind('/') + 1);
            return {{"$ref", "#/components/schemas/" + prefix_ + name}};
        }
        auto out = Json::object();
        for (const auto& [key, value] : schema.items()) keyword(key, value, out);
        return out;
    }

private:
    void keyword(const std::string& key, const Json& value, Json& out) {
        static const std::set<std::string> unknown{
            "$schema",  "$id",           "$comment", "definitions", "examples", "additionalItems",
            "contains", "propertyNames", "if",       "then",        "else"};
        if (unknown.count(key) > 0) return;
        if (key == "type") {
            type(value, out);
        } else if (key == "const") {
            out["enum"] = Json::array({value});
        } else if (key == "exclusiveMinimum" || key == "exclusiveMaximum") {
            out[key == "exclusiveMinimum" ? "minimum" : "maximum"] = value;
            out[key] = true;
        } else if (key == "properties") {
            for (const auto& [name, inner] : value.items()) out[key][name] = clean(inner);
        } else if (key == "items" || key == "not" || key == "additionalProperties") {
            const bool is_flag = key == "additionalProperties" && value.is_boolean();
            out[key] = is_flag ? value : clean(value);
        } else if (key == "allOf" || key == "anyOf" || key == "oneOf") {
            for (const auto& inner : value) out[key].push_back(clean(inner));
        } else {
            out[key] = value;
        }
    }

    static void type(const Json& value, Json& out) {
        auto rest = Json::array();
        for (const auto& one : value.is_array() ? value : Json::array({value})) {
            if (one == "null") {
                out["nullable"] = true;
            } else {
                rest.push_back({{"type", one}});
            }
        }
        if (rest.empty()) out["enum"] = Json::array({nullptr});
        if (rest.size() == 1) out.update(rest[0]);
        if (rest.size() > 1) {
            for (const auto& one : rest) out["anyOf"].push_back(one);
        }
    }

    std::string prefix_;
    Json& components_;
};

Json content(const Json& schema) {
    return {{"application/json", {{"schema", schema}}}};
}

Json parameters_of(const Json& request) {
    auto out = Json::array();
    const auto required = request.value("required", Json::array());
    const auto properties = request.value("properties", Json::object());
    for (const auto& [name, schema] : properties.items()) {
        if (schema.contains("type") && schema["type"] == "object") continue;  // By POST only.
        const bool is_required =
            std::find(required.begin(), required.end(), name) != required.end();
        out.push_back({{"name", name},
                       {"in", "query"},
                       {"required", is_required},
                       {"style", "form"},
                       {"explode", false},
                       {"schema", schema}});
    }
    return out;
}

Json header(const char* name, const char* description, const Json& schema) {
    return {{"name", name}, {"in", "header"}, {"description", description}, {"schema", schema}};
}

Json path_of(const CommandSpec& command, Json& components) {
    const auto request = Cleaner(command.name + ".request.", components).clean(command.request);
    const auto reply = Cleaner(command.name + ".reply.", components).clean(command.reply);
    const Json responses{{"200", {{"description", "The reply"}, {"content", content(reply)}}},
                         {"default",
                          {{"description", "A problem document (RFC 9457)"},
                           {"content",
                            {{"application/problem+json",
                              {{"schema", {{"$ref", "#/components/schemas/problem"}}}}}}}}}};
    Json shared{{"summary", command.summary},
                {"tags", {command.plugin}},
                {"description", "Permission: " + command.permission},
                {"responses", responses}};
    auto headers = Json::array({header("X-Dunlin-Today", "Answer as of another business date.",
                                       {{"type", "string"}, {"format", "date"}})});
    auto out = Json::object();
    if (!command.is_action) {
        out["get"] = shared;
        out["get"]["operationId"] = command.name;
        out["get"]["parameters"] = parameters_of(request);
        out["get"]["parameters"].push_back(headers[0]);
    } else {
        headers.push_back(header("Idempotency-Key", "The same key gives the first reply again.",
                                 {{"type", "string"}, {"maxLength", 200}}));
    }
    out["post"] = shared;
    out["post"]["operationId"] = command.name + (command.is_action ? "" : ".post");
    out["post"]["parameters"] = headers;
    out["post"]["requestBody"] = {{"required", true}, {"content", content(request)}};
    return out;
}

}  // namespace

Json openapi(Host& host) {
    Json components{{"problem",
                     {{"type", "object"},
                      {"required", {"type", "title", "status", "detail"}},
                      {"properties",
                       {{"type", {{"type", "string"}}},
                        {"title", {{"type", "string"}}},
                        {"status", {{"type", "integer"}}},
                        {"detail", {{"type", "string"}}},
                        {"instance", {{"type", "string"}}},
                        {"dunlin_status", {{"type", "string"}}},
                        {"violations", {{"type", "array"}, {"items", {{"type", "string"}}}}}}}}}};
    auto paths = Json::object();
    for (const auto* plugin : host.plugins().in_order()) {
        if (!plugin->is_running()) continue;
        for (const auto& command : plugin->manifest.commands) {
            paths["/api/v1/" + command.name] = path_of(command, components);
        }
    }
    return {{"openapi", "3.0.3"},
            {"info", {{"title", "Dunlin"}, {"version", "1"}}},
            {"security", {{{"bearer", Json::array()}}}},
            {"paths", paths},
            {"components",
             {{"schemas", components},
              {"securitySchemes", {{"bearer", {{"type", "http"}, {"scheme", "bearer"}}}}}}}};
}

}  // namespace dunlin::host
