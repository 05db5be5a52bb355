// SPDX-License-Identifier: Apache-2.0
#include "mapping.hpp"

#include <dunlin/did_you_mean.hpp>
#include <dunlin/document.hpp>
#include <dunlin/error.hpp>
#include <dunlin/money.hpp>

#include <algorithm>

namespace dunlin::csv {
namespace {

/// Walks a mapping document and keeps every mistake, so that a person mends them in one go.
class MappingParser {
public:
    MappingParser(std::string_view name, const Layout& defaults) : name_(name), layout_(defaults) {}

    Mapping parse(std::string_view text) {
        Mapping out = parse_document(dunlin::parse_document(text, "the mapping " + name_));
        if (mistakes_.empty()) return out;
        std::string message = "the mapping " + name_ + " has " + std::to_string(mistakes_.size()) +
                              (mistakes_.size() == 1 ? " mistake:" : " mistakes:");
        for (const auto& mistake : mistakes_) message += "\n  " + mistake;
        throw Error(DUNLIN_E_INVALID, message);
    }

private:
    void wrong(const std::string& at, const std::string& what) {
        mistakes_.push_back(at.empty() ? what : at + ": " + what);
    }

    bool is_object(const Json& json, const std::string& at, const std::vector<std::string>& keys) {
        if (!json.is_object()) {
            wrong(at, "must be an object");
            return false;
        }
        for (const auto& [key, value] : json.items()) {
            if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
                wrong(at, "unknown key \"" + key + "\"" + did_you_mean(key, keys));
            }
        }
        return true;
    }

    std::string text(const Json& json, const char* key, const std::string& at,
                     const std::string& fallback = {}) {
        const auto it = json.find(key);
        if (it == json.end()) return fallback;
        if (it->is_string()) return it->get<std::string>();
        wrong(at, std::string("\"") + key + "\" must be text");
        return fallback;
    }

    /// Runs a parser that throws one sentence, and keeps the sentence.
    template <class Body>
    void keep_mistake(const std::string& at, Body&& body) {
        try {
            body();
        } catch (const Error& e) {
            wrong(at, e.what());
        }
    }

    Mapping parse_document(const Json& json) {
        Mapping out;
        if (!is_object(json, "",
                       {"mapping", "files", "delimiter", "encoding", "date_format", "decimal",
                        "thousands", "skip_rows", "header", "rows", "description"})) {
            return out;
        }
        if (json.value("mapping", Json()) != Json(1)) {
            wrong("mapping", "must be 1, the only version there is");
        }
        out.files = text(json, "files", "files");
        if (out.files.empty() || out.files.find('/') != std::string::npos) {
            wrong("files", "must be a pattern of file names, such as \"ledger*.csv\"");
        }
        keep_mistake("delimiter", [&] {
            if (json.contains("delimiter")) {
                layout_.delimiter = parse_delimiter(text(json, "delimiter", "delimiter"));
            }
        });
        layout_.encoding = text(json, "encoding", "encoding", layout_.encoding);
        layout_.formats = parse_formats(json, "", layout_.formats);
        parse_header(json);
        const auto rows = json.find("rows");
        if (rows == json.end() || !rows->is_array() || rows->empty()) {
            wrong("rows", "must be a list of at least one row");
        } else {
            for (std::size_t i = 0; i < rows->size(); ++i) {
                std::string at = "rows[";
                at.append(std::to_string(i)).append("]");
                out.rules.push_back(parse_rule((*rows)[i], at));
            }
        }
        out.layout = layout_;
        return out;
    }

    void parse_header(const Json& json) {
        if (const auto it = json.find("skip_rows"); it != json.end()) {
            if (it->is_number_unsigned() && it->get<uint64_t>() <= 1000) {
                layout_.skip_rows = it->get<std::size_t>();
            } else {
                wrong("skip_rows", "must be a number from 0 to 1000");
            }
        }
        if (const auto it = json.find("header"); it != json.end()) {
            const bool ok = it->is_array() && !it->empty() &&
                            std::all_of(it->begin(), it->end(),
                                        [](const Json& name) { return name.is_string(); });
            if (ok) {
                layout_.header = it->get<std::vector<std::string>>();
            } else {
                wrong("header", "must be the list of column names of a file without a header line");
            }
        }
    }

    Formats parse_formats(const Json& json, const std::string& at, const Formats& inherited) {
        Formats out = inherited;
        keep_mistake(at.empty() ? "date_format" : at, [&] {
            if (json.contains("date_format")) {
                out.date = DateFormat(text(json, "date_format", at));
            }
        });
        keep_mistake(at.empty() ? "decimal" : at, [&] {
            if (!json.contains("decimal") && !json.contains("thousands")) return;
            const std::string decimal(1, inherited.number.decimal);
            const std::string thousands =
                inherited.number.thousands ? std::string(1, inherited.number.thousands) : "";
            out.number = parse_number_format(text(json, "decimal", at, decimal),
                                             text(json, "thousands", at, thousands));
        });
        return out;
    }

    Rule parse_rule(const Json& json, const std::string& at) {
        Rule rule;
        if (!is_object(json, at, {"entity", "when", "columns", "description"})) return rule;
        const auto name = text(json, "entity", at);
        rule.entity = find_entity(name);
        if (!rule.entity) {
            wrong(at, in_quotes(name) + " is not an entity" + did_you_mean(name, entity_names()));
        }
        if (json.contains("when")) rule.when = parse_when(json["when"], at + ".when");
        const auto columns = json.find("columns");
        if (columns == json.end() || !columns->is_object()) {
            wrong(at, "\"columns\" must be an object of canonical columns");
            return rule;
        }
        if (!rule.entity) return rule;
        const auto place = at + ".columns.";
        for (const auto& [column, from] : columns->items()) {
            parse_column(rule, column, from, place + column);
        }
        for (const auto& column : rule.entity->columns) {
            const bool is_given = columns->contains(std::string(column.name));
            if (column.is_needed && !is_given && !columns->contains("deleted")) {
                wrong(at, "the " + name + " needs the column \"" + std::string(column.name) + "\"");
            }
        }
        return rule;
    }

    void parse_column(Rule& rule, const std::string& column, const Json& from,
                      const std::string& at) {
        const auto index = rule.entity->index_of(column);
        if (index == rule.entity->columns.size()) {
            wrong(at, "unknown column" + did_you_mean(column, column_names(*rule.entity)));
            return;
        }
        rule.columns.push_back({index, parse_expression(from, at)});
    }

    Expression parse_expression(const Json& json, const std::string& at) {
        Expression out;
        out.formats = layout_.formats;
        if (json.is_string()) {  // Short for {"column": …}.
            out.pieces.push_back({true, json.get<std::string>()});
            return out;
        }
        if (!is_object(json, at,
                       {"column", "constant", "template", "when", "map", "otherwise", "default",
                        "sign", "date_format", "decimal", "thousands"})) {
            return out;
        }
        if (json.contains("column") + json.contains("constant") + json.contains("template") != 1) {
            wrong(at, "give exactly one of \"column\", \"constant\" and \"template\"");
            return out;
        }
        if (json.contains("column")) out.pieces.push_back({true, text(json, "column", at)});
        if (json.contains("constant")) {
            out.pieces.push_back({false, text(json, "constant", at)});
            // A constant is written by whoever writes the mapping: always the canonical way.
            out.formats = Formats{};
        }
        if (json.contains("template")) parse_template(out, text(json, "template", at), at);
        out.formats = parse_formats(json, at, out.formats);
        out.fallback = text(json, "default", at);
        if (json.contains("when")) out.when = parse_when(json["when"], at + ".when");
        parse_words(out, json, at);
        const auto sign = text(json, "sign", at, "keep");
        if (sign == "negate") {
            out.sign = Expression::Sign::negate;
        } else if (sign == "absolute") {
            out.sign = Expression::Sign::absolute;
        } else if (sign != "keep") {
            wrong(at, "\"sign\" is keep, negate or absolute");
        }
        return out;
    }

    void parse_template(Expression& out, const std::string& source, const std::string& at) {
        std::string literal;
        const auto flush = [&] {
            if (!literal.empty()) out.pieces.push_back({false, literal});
            literal.clear();
        };
        for (std::size_t i = 0; i < source.size(); ++i) {
            const bool is_doubled = i + 1 < source.size() && source[i + 1] == source[i];
            if ((source[i] == '{' || source[i] == '}') && is_doubled) {
                literal += source[i++];
            } else if (source[i] == '{') {
                const auto end = source.find('}', i);
                if (end == std::string::npos || end == i + 1) {
                    wrong(at, in_quotes(source) + " lacks a column name between { and }");
                    return;
                }
                flush();
                out.pieces.push_back({true, source.substr(i + 1, end - i - 1)});
                i = end;
            } else {
                literal += source[i];
            }
        }
        flush();
        if (out.pieces.empty()) wrong(at, "the template is empty");
    }

    void parse_words(Expression& out, const Json& json, const std::string& at) {
        if (json.contains("otherwise")) out.other_words = text(json, "otherwise", at);
        const auto map = json.find("map");
        if (map == json.end()) {
            if (out.other_words) wrong(at, "\"otherwise\" has no meaning without \"map\"");
            return;
        }
        if (!map->is_object() || map->empty()) {
            wrong(at, "\"map\" must be an object, their word to ours");
            return;
        }
        for (const auto& [theirs, ours] : map->items()) {
            if (ours.is_string()) {
                out.words[theirs] = ours.get<std::string>();
            } else {
                wrong(at, "\"map\" must give text for " + in_quotes(theirs));
            }
        }
    }

    std::vector<Condition> parse_when(const Json& json, const std::string& at) {
        std::vector<Condition> out;
        if (!json.is_array()) {
            parse_condition(out, json, at);
            return out;
        }
        for (std::size_t i = 0; i < json.size(); ++i) {
            parse_condition(out, json[i], at + "[" + std::to_string(i) + "]");
        }
        return out;
    }

    void parse_condition(std::vector<Condition>& out, const Json& json, const std::string& at) {
        using Test = Condition::Test;
        if (!is_object(json, at, {"column", "filled", "equals", "in", "not_in", "negative"}))
            return;
        Condition condition;
        condition.column = text(json, "column", at);
        condition.number = layout_.formats.number;
        if (condition.column.empty()) wrong(at, "\"column\" is missing");
        if (json.size() != 2) {
            wrong(at, "give one test: filled, equals, in, not_in or negative");
            return;
        }
        for (const auto& [key, value] : json.items()) {
            if (key == "column") continue;
            if (key == "equals" && value.is_string()) {
                condition.test = Test::in;
                condition.values = {value.get<std::string>()};
            } else if ((key == "in" || key == "not_in") && value.is_array()) {
                condition.test = key == "in" ? Test::in : Test::not_in;
                for (const auto& word : value) {
                    if (word.is_string()) condition.values.push_back(word.get<std::string>());
                }
                if (condition.values.size() != value.size()) wrong(at, "a list of texts is needed");
            } else if (key == "filled" && value.is_boolean()) {
                condition.test = value.get<bool>() ? Test::filled : Test::empty;
            } else if (key == "negative" && value.is_boolean()) {
                condition.test = value.get<bool>() ? Test::negative : Test::not_negative;
            } else {
                wrong(at, "\"" + key + "\" has the wrong kind of value");
            }
        }
        out.push_back(std::move(condition));
    }

    std::string name_;
    Layout layout_;
    std::vector<std::string> mistakes_;
};

}  // namespace

bool Mapping::gives(const Entity& entity) const {
    return std::any_of(rules.begin(), rules.end(),
                       [&](const Rule& rule) { return rule.entity == &entity; });
}

Mapping parse_mapping(std::string_view name, std::string_view json_text, const Layout& defaults) {
    return MappingParser(name, defaults).parse(json_text);
}

Rule canonical_rule(const Entity& entity, const std::vector<std::string>& header,
                    const Formats& formats) {
    Rule rule;
    rule.entity = &entity;
    std::string wrong;
    for (const auto& name : header) {
        const auto index = entity.index_of(name);
        if (index == entity.columns.size()) {
            wrong += "; \"" + name + "\" is not a column of " + std::string(entity.name) +
                     did_you_mean(name, column_names(entity));
            continue;
        }
        Expression from;
        from.pieces.push_back({true, name});
        from.formats = formats;
        rule.columns.push_back({index, std::move(from)});
    }
    const auto has = [&](std::string_view name) {
        return std::find(header.begin(), header.end(), name) != header.end();
    };
    for (const auto& column : entity.columns) {
        const bool may_lack = has("deleted") && column.name != "external_id";
        if (column.is_needed && !may_lack && !has(column.name)) {
            wrong += "; the column \"" + std::string(column.name) + "\" is missing";
        }
    }
    if (!wrong.empty()) {
        throw Error(DUNLIN_E_DATA,
                    wrong.substr(2) + "; correct the header, or describe the file in a mapping");
    }
    return rule;
}

char parse_delimiter(std::string_view text) {
    if (text == "tab") return '\t';
    if (text.size() == 1 && std::string_view(",;|\t:^~").find(text) != std::string_view::npos) {
        return text.front();
    }
    throw Error(DUNLIN_E_INVALID, in_quotes(text) + " is not a delimiter; use , ; | : ^ ~ or tab");
}

NumberFormat parse_number_format(std::string_view decimal, std::string_view thousands) {
    NumberFormat out;
    if (decimal != "." && decimal != ",") {
        throw Error(DUNLIN_E_INVALID, in_quotes(decimal) + " is not a decimal sign; use . or ,");
    }
    out.decimal = decimal.front();
    const bool known = thousands.empty() || thousands == "." || thousands == "," ||
                       thousands == "'" || thousands == " ";
    if (!known || thousands == decimal) {
        throw Error(DUNLIN_E_INVALID,
                    in_quotes(thousands) +
                        " is not a thousands separator; use . , ' or a space, and not the decimal");
    }
    if (!thousands.empty()) out.thousands = thousands.front();
    return out;
}

}  // namespace dunlin::csv
