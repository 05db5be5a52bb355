// SPDX-License-Identifier: Apache-2.0
#include "commands/commands.hpp"

#include <dunlin/error.hpp>

#include <boost/algorithm/string/join.hpp>

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
#include <iterator>
#include <regex>
#include <sstream>

namespace dunlin::host {

namespace {

using Adapter = valijson::adapters::NlohmannJsonAdapter;

// std::regex recurses once for every character it reads: a long text would exhaust the stack.
constexpr int pattern_chars_max = 4096;
// The formats that are ours; a setting's text under "uri" or "secret" also grants what it names.
const std::map<std::string, const char*> patterns{
    {"uri", "^https?://[^\\s@]+$"},
    {"secret", "^[a-z][a-z0-9_.-]{0,62}$"},
    {"date",
     "^(?!0000)(\\d{4}-((0[1-9]|1[0-2])-(0[1-9]|1\\d|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|"
     "1[02])-31)|(\\d{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)$"}};

std::set<std::string> words(const char* text) {
    std::istringstream in(text);
    return {std::istream_iterator<std::string>(in), {}};
}

const auto plain_keywords = words(
    "$schema $id $comment title description default examples type enum const multipleOf maximum "
    "minimum exclusiveMaximum exclusiveMinimum maxLength minLength maxItems minItems uniqueItems "
    "maxProperties minProperties required readOnly writeOnly");
/// Their value is a schema or a list of schemas; valijson knows which.
const auto schema_keywords = words(
    "items additionalItems contains propertyNames not if then else additionalProperties allOf "
    "anyOf oneOf");
const auto map_keywords = words("properties definitions");

/// Refuses what would be ignored, and rewrites patterns and dates into a form that is bounded and
/// compiled once. What else is wrong valijson says.
class Preparation {
public:
    explicit Preparation(const Json& root) : root_(root) {}

    Json prepare(const Json& schema, const std::string& place) {
        auto out = schema;
        if (schema.is_array()) {
            for (std::size_t i = 0; i < out.size(); ++i) {
                out[i] = prepare(schema[i], place + "/" + std::to_string(i));
            }
        }
        if (!schema.is_object()) return out;
        for (const auto& [key, value] : schema.items()) {
            const auto here = place + "/" + key;
            if (schema_keywords.count(key)) {
                out[key] = prepare(value, here);
            } else if (map_keywords.count(key)) {
                for (const auto& [name, one] : value.items()) {
                    out[key][name] = prepare(one, here + "/" + name);
                }
            } else if (key == "$ref") {
                check_reference(value, here);
            } else if (key == "pattern") {
                out.erase(key);
                out["allOf"].push_back(bounded(value, here));
            } else if (key == "format" && patterns.count(value)) {
                out.erase(key);
                out["allOf"].push_back(bounded(patterns.at(value), here));
            } else if (key == "format" && value != "date-time" && value != "time") {
                fail(here,
                     "the formats are date, time, date-time, uri and secret; use a pattern "
                     "for others");
            } else if (key != "format" && !plain_keywords.count(key)) {
                fail(here, "the keyword \"" + key + "\" is not one the host knows");
            }
        }
        return out;
    }

private:
    [[noreturn]] static void fail(const std::string& place, const std::string& what) {
        throw Error(DUNLIN_E_DATA, place + ": " + what);
    }
    void check_reference(const Json& value, const std::string& place) const {
        const auto text = value.is_string() ? value.get<std::string>() : std::string();
        if (text.rfind("#/", 0) == 0 && root_.contains(Json::json_pointer(text.substr(1)))) return;
        fail(place, "must name a place inside the same schema, such as #/definitions/date");
    }
    static Json bounded(const Json& pattern, const std::string& place) {
        // Compiling one takes longer than all else here, and most are the date's.
        thread_local std::map<std::string, std::regex> known;
        try {
            known.try_emplace(pattern.get<std::string>(), pattern.get<std::string>());
        } catch (const std::regex_error& e) {
            fail(place, std::string("is not a regular expression: ") + e.what());
        }
        const Json is_short = {{"maxLength", pattern_chars_max}};
        return {{"if", is_short}, {"then", {{"pattern", pattern}}}, {"else", is_short}};
    }

    const Json& root_;
};

/// Where something is wrong: the place for people, the value there, and the part of the schema that
/// speaks of it as far as the way there is plain.
struct Place {
    std::string name;
    const Json* value;
    const Json* schema;
};

/// `context` is valijson's: "<root>", "[name]", "[0]".
Place place_of(const std::vector<std::string>& context, const Json& document, const Json& root) {
    Place at{"", &document, part_of(root, &root, Json::json_pointer())};
    for (std::size_t i = 1; i < context.size(); ++i) {
        const auto step = context[i].substr(1, context[i].size() - 2);
        if (at.value->is_array()) {
            at.name += "[" + step + "]";
            at.value = &at.value->at(static_cast<std::size_t>(std::stoul(step)));
            at.schema = part_of(root, at.schema, Json::json_pointer("/items"));
        } else {
            at.name += (at.name.empty() ? "" : ".") + step;
            at.value = &at.value->at(step);
            at.schema = part_of(root, at.schema, Json::json_pointer("/properties") / step);
        }
    }
    return at;
}

/// What is wrong there, in words that say what is expected.
std::vector<std::string> complaints(const std::string& description, const Place& at) {
    const auto says = [&](const char* words) {
        return description.find(words) != std::string::npos;
    };
    const auto has = [&](const char* keyword) { return at.schema && at.schema->contains(keyword); };
    if (says("Object contains a property") && has("properties")) {
        // valijson names the first unknown member only; people want all of them.
        std::vector<std::string> out;
        for (const auto& member : at.value->items()) {
            if ((*at.schema)["properties"].contains(member.key())) continue;
            out.push_back("has an unknown member '" + member.key() + "'");
        }
        return out;
    }
    if (says("'pattern'") && has("format")) return {"must be a date such as 2026-02-28"};
    if (says("'pattern'") && has("pattern")) {
        return {"must match " + (*at.schema)["pattern"].get<std::string>()};
    }
    if (says("enum values") && has("enum")) {
        return {"must be one of " + (*at.schema)["enum"].dump()};
    }
    if (says("'type'") && has("type")) return {"must be of type " + (*at.schema)["type"].dump()};
    if (says("'const'") && has("const")) return {"must be " + (*at.schema)["const"].dump()};
    return {description};
}

class CompiledSchema final : public Schema {
public:
    CompiledSchema(const Json& schema, const std::string& where) : source_(schema) {
        try {
            prepared_ = Preparation(source_).prepare(source_, "");
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
        std::vector<std::string> texts, vague;
        for (const auto& error : results) {
            // Lines that only say that something below was wrong count when there are no others.
            auto& out = error.description.rfind("Failed to validate ", 0) == 0 ? vague : texts;
            const auto at = place_of(error.context, document, source_);
            for (const auto& complaint : complaints(error.description, at)) {
                auto text = (at.name.empty() ? "the document" : at.name) + ": " + complaint;
                if (!std::count(out.begin(), out.end(), text)) out.push_back(std::move(text));
            }
        }
        return texts.empty() ? vague : texts;
    }

private:
    Json source_;
    Json prepared_;
    valijson::Schema schema_;
};

}  // namespace

std::shared_ptr<const Schema> Schema::compile(const Json& schema, const std::string& where) {
    return std::make_shared<CompiledSchema>(schema, where);
}

void need_none(const std::string& what, const std::vector<std::string>& violations,
               dunlin_status status) {
    if (violations.empty()) return;
    throw Error(status, what + ": " + boost::join(violations, "; "),
                Json{{"violations", violations}}.dump());
}

const Json* part_of(const Json& root, const Json* schema, const Json::json_pointer& way) {
    if (!schema || !schema->contains(way)) return nullptr;
    const auto* part = &schema->at(way);
    for (int i = 0; i < 8 && part->contains("$ref"); ++i) {
        part = &root.at(Json::json_pointer((*part)["$ref"].get<std::string>().substr(1)));
    }
    return part->is_object() ? part : nullptr;
}

}  // namespace dunlin::host
