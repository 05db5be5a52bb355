// SPDX-License-Identifier: Apache-2.0
#include "commands/commands.hpp"

#include <dunlin/error.hpp>

// The only unit with valijson: it costs seconds to compile.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>
#pragma GCC diagnostic pop

#include <algorithm>
#include <regex>

namespace dunlin::host {

namespace {

using Adapter = valijson::adapters::NlohmannJsonAdapter;

// std::regex recurses once for every character it reads: a long text would exhaust the stack.
constexpr int pattern_chars_max = 4096;
constexpr const char* date_pattern =
    "^(?!0000)(\\d{4}-((0[1-9]|1[0-2])-(0[1-9]|1\\d|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|"
    "1[02])-31)|(\\d{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)$";

const std::set<std::string> plain_keywords = {
    "$schema",
    "$id",
    "$comment",
    "title",
    "description",
    "default",
    "examples",
    "type",
    "enum",
    "const",
    "multipleOf",
    "maximum",
    "minimum",
    "required",
    "exclusiveMaximum",
    "maxLength",
    "exclusiveMinimum",
    "minLength",
    "maxItems",
    "minItems",
    "uniqueItems",
    "maxProperties",
    "minProperties",
    "readOnly",
    "writeOnly",
};
const std::set<std::string> schema_keywords = {
    "items", "additionalItems",      "contains", "propertyNames", "not",
    "if",    "additionalProperties", "then",     "else"};
const std::set<std::string> list_keywords = {"allOf", "anyOf", "oneOf"};
const std::set<std::string> map_keywords = {"properties", "definitions"};

/// Refuses what would be ignored, and rewrites patterns and dates into a form that is bounded and
/// compiled once.
class Preparation {
public:
    Preparation(const Json& root, const std::string& where) : root_(root), where_(where) {}

    Json prepare(const Json& schema, const std::string& place) {
        if (schema.is_boolean()) return schema;
        if (!schema.is_object()) fail(place, "must be an object");
        auto out = Json::object();
        for (const auto& [key, value] : schema.items()) {
            const auto here = place + "/" + key;
            if (plain_keywords.count(key)) {
                out[key] = value;
            } else if (schema_keywords.count(key)) {
                out[key] =
                    value.is_array() && key == "items" ? list(value, here) : prepare(value, here);
            } else if (list_keywords.count(key)) {
                for (auto& one : list(value, here)) out[key].push_back(std::move(one));
            } else if (map_keywords.count(key)) {
                if (!value.is_object()) fail(here, "must be an object");
                out[key] = Json::object();
                for (const auto& [name, one] : value.items()) {
                    out[key][name] = prepare(one, here + "/" + name);
                }
            } else if (key == "$ref") {
                out[key] = reference(value, here);
            } else if (key == "pattern") {
                out["allOf"].push_back(bounded(value, here));
            } else if (key == "format") {
                format(value, here, out);
            } else {
                fail(here, "the keyword \"" + key + "\" is not one the host knows");
            }
        }
        return out;
    }

private:
    [[noreturn]] void fail(const std::string& place, const std::string& what) const {
        throw Error(DUNLIN_E_DATA, "the schema " + where_ + " is wrong at " +
                                       (place.empty() ? "its root" : place) + ": " + what);
    }
    Json list(const Json& value, const std::string& place) {
        if (!value.is_array() || value.empty()) fail(place, "must be a list with an element");
        auto out = Json::array();
        for (const auto& one : value) {
            out.push_back(prepare(one, place + "/" + std::to_string(out.size())));
        }
        return out;
    }
    Json reference(const Json& value, const std::string& place) const {
        const auto text = value.is_string() ? value.get<std::string>() : std::string();
        if (text.rfind("#/", 0) != 0 || !root_.contains(Json::json_pointer(text.substr(1)))) {
            fail(place, "must name a place inside the same schema, such as #/definitions/date");
        }
        return value;
    }
    Json bounded(const Json& value, const std::string& place) const {
        if (!value.is_string()) fail(place, "must be text");
        try {
            const std::regex probe(value.get<std::string>());
        } catch (const std::regex_error& e) {
            fail(place, std::string("is not a regular expression: ") + e.what());
        }
        const Json is_short = {{"maxLength", pattern_chars_max}};
        return {{"if", is_short}, {"then", {{"pattern", value}}}, {"else", is_short}};
    }
    void format(const Json& value, const std::string& place, Json& out) const {
        if (value == "date") {
            out["allOf"].push_back(bounded(date_pattern, place));
        } else if (value == "date-time" || value == "time") {
            out["format"] = value;
        } else {
            fail(place, "the formats are date, time and date-time; use a pattern for others");
        }
    }

    const Json& root_;
    const std::string& where_;
};

class CompiledSchema final : public Schema {
public:
    CompiledSchema(const Json& schema, const std::string& where)
        : source_(schema), prepared_(Preparation(source_, where).prepare(source_, "")) {
        try {
            valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
            parser.populateSchema(Adapter(prepared_), schema_);
        } catch (const std::exception& e) {
            throw Error(DUNLIN_E_DATA, "the schema " + where + " is wrong: " + e.what());
        }
    }

    std::vector<std::string> violations(const Json& document) const override {
        // A validator caches its regular expressions and is not thread-safe.
        thread_local valijson::Validator validator;
        const Adapter adapter(document);
        if (validator.validate(schema_, adapter, nullptr)) return {};
        valijson::ValidationResults results;
        validator.validate(schema_, adapter, &results);
        std::vector<std::string> texts;
        std::vector<std::string> vague;
        for (const auto& error : results) {
            auto& out = is_vague(error.description) ? vague : texts;
            for (const auto& complaint : complaints(error, document)) {
                const auto text = place_of(error.context) + ": " + complaint;
                if (std::find(out.begin(), out.end(), text) == out.end()) out.push_back(text);
            }
        }
        return texts.empty() ? vague : texts;
    }

private:
    /// Lines that only say that something below was wrong.
    static bool is_vague(const std::string& description) {
        return description.rfind("Failed to validate ", 0) == 0;
    }
    static std::string place_of(const std::vector<std::string>& context) {
        std::string place;
        for (const auto& step : context) {
            if (step == "<root>") continue;
            const auto name = bare(step);
            const auto is_index = name.find_first_not_of("0123456789") == std::string::npos;
            if (is_index) {
                place += "[" + name + "]";
            } else {
                place += (place.empty() ? "" : ".") + name;
            }
        }
        return place.empty() ? "the document" : place;
    }
    /// "[name]" without its brackets.
    static std::string bare(const std::string& step) {
        return step.size() > 2 && step.front() == '[' ? step.substr(1, step.size() - 2) : step;
    }
    /// The part of the schema that speaks of a place, as far as the way there is plain.
    const Json* schema_at(const std::vector<std::string>& context) const {
        const Json* at = resolve(&source_);
        for (const auto& step : context) {
            if (!at || step == "<root>") continue;
            const auto name = bare(step);
            if (at->contains("properties") && (*at)["properties"].contains(name)) {
                at = resolve(&(*at)["properties"][name]);
            } else if (at->contains("items") && (*at)["items"].is_object()) {
                at = resolve(&(*at)["items"]);
            } else {
                at = nullptr;
            }
        }
        return at;
    }
    const Json* resolve(const Json* at) const {
        for (int i = 0; i < 8 && at->is_object() && at->contains("$ref"); ++i) {
            const auto reference = (*at)["$ref"].get<std::string>();
            at = &source_.at(Json::json_pointer(reference.substr(1)));
        }
        return at->is_object() ? at : nullptr;
    }
    static const Json* document_at(const std::vector<std::string>& context, const Json& document) {
        const Json* at = &document;
        for (const auto& step : context) {
            if (step == "<root>") continue;
            const auto name = bare(step);
            if (at->is_object() && at->contains(name)) {
                at = &(*at)[name];
            } else if (at->is_array()) {
                at = &at->at(static_cast<std::size_t>(std::stoul(name)));
            } else {
                return nullptr;
            }
        }
        return at;
    }
    /// valijson names the first unknown member only; people want all of them.
    std::vector<std::string> complaints(const valijson::ValidationResults::Error& error,
                                        const Json& document) const {
        const Json* at = schema_at(error.context);
        const Json* value = document_at(error.context, document);
        const auto is_unknown = error.description.find("Object contains a property") == 0;
        if (!is_unknown || !at || !at->contains("properties") || !value || !value->is_object()) {
            return {what(error)};
        }
        std::vector<std::string> out;
        for (const auto& member : value->items()) {
            if (!(*at)["properties"].contains(member.key())) {
                out.push_back("has an unknown member '" + member.key() + "'");
            }
        }
        return out;
    }
    std::string what(const valijson::ValidationResults::Error& error) const {
        const auto& text = error.description;
        const auto says = [&](const char* words) { return text.find(words) != std::string::npos; };
        const Json* at = schema_at(error.context);
        const auto keyword = [&](const char* name) { return at && at->contains(name); };
        if (says("'pattern'") && keyword("format")) {
            return "must be a " + (*at)["format"].get<std::string>() + " such as 2026-02-28";
        }
        if (says("'pattern'") && keyword("pattern")) {
            return "must match " + (*at)["pattern"].get<std::string>();
        }
        if (says("enum values") && keyword("enum")) return "must be one of " + (*at)["enum"].dump();
        if (says("'type'") && keyword("type")) return "must be of type " + (*at)["type"].dump();
        if (says("'const'") && keyword("const")) return "must be " + (*at)["const"].dump();
        return text;
    }

    Json source_;
    Json prepared_;
    valijson::Schema schema_;
};

}  // namespace

std::shared_ptr<const Schema> Schema::compile(const Json& schema, const std::string& where) {
    return std::make_shared<CompiledSchema>(schema, where);
}

}  // namespace dunlin::host
