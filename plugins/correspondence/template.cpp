// SPDX-License-Identifier: Apache-2.0
#include "template.hpp"

#include <dunlin/error.hpp>

#include <kainjow/mustache.hpp>

#include <algorithm>
#include <regex>

namespace dunlin::correspondence {

namespace {

namespace mustache = kainjow::mustache;

[[noreturn]] void refuse(const std::string& name, const std::string& what) {
    throw Error(DUNLIN_E_INVALID, "template " + name + ": " + what);
}

/// Texts and numbers as text, lists and objects as they are; false and empty lists end sections.
mustache::data data_of(const Json& value) {
    if (value.is_boolean()) return mustache::data(value.get<bool>());
    if (value.is_null()) return mustache::data(false);
    if (value == "") return mustache::data(false);
    if (value.is_string()) return mustache::data(value.get<std::string>());
    if (value.is_array()) {
        mustache::data list(mustache::data::type::list);
        for (const auto& one : value) list.push_back(data_of(one));
        return list;
    }
    if (!value.is_object()) return mustache::data(value.dump());
    mustache::data out(mustache::data::type::object);
    for (const auto& [key, one] : value.items()) out.set(key, data_of(one));
    return out;
}

/// Knows its fields: whoever asks for another one is told.
class Strict : public mustache::context<std::string> {
public:
    Strict(const mustache::data* data, const std::string& name, const Partials& partials,
           bool is_html)
        : mustache::context<std::string>(data),
          name_(name),
          partials_(partials),
          is_html_(is_html) {}

    const mustache::data* get(const std::string& field) const override {
        if (const auto* found = mustache::context<std::string>::get(field)) return found;
        refuse(name_, "there is no field \"" + field +
                          "\"; see correspondence.preview_template for those there are");
    }
    const mustache::data* get_partial(const std::string& partial) const override {
        auto found = kept_.find(partial);
        if (found == kept_.end()) {
            found = kept_.emplace(partial, mustache::data(partials_(partial, is_html_))).first;
        }
        return &found->second;
    }

private:
    const std::string& name_;
    const Partials& partials_;
    const bool is_html_;
    mutable std::map<std::string, mustache::data> kept_;
};

/// Walks through what includes what before anything is rendered: a loop would end in no stack.
void check(const std::string& path, const std::string& text, const Partials& partials, bool is_html,
           int depth) {
    static const std::regex tag(R"(\{\{(\{|&|=|>)?\s*([^}\s]*))");
    for (std::sregex_iterator it(text.begin(), text.end(), tag), end; it != end; ++it) {
        const auto sign = (*it)[1].str(), name = (*it)[2].str();
        if (sign == "=") refuse(path, "it changes its delimiters; write {{ and }}");
        if ((sign == "{" || sign == "&") && name != "payment.code_svg") {
            refuse(path, "\"" + name + "\" would stand there unescaped; write {{" + name + "}}");
        }
        if (sign != ">") continue;
        const auto inner = path + " > " + name;
        if (depth == partials_max) {
            refuse(inner, "templates include each other deeper than " +
                              std::to_string(partials_max) + " levels, or in a loop");
        }
        check(inner, partials(name, is_html), partials, is_html, depth + 1);
    }
}

std::string fill_in(const std::string& name, const std::string& text, const mustache::data& data,
                    const Partials& partials, bool is_html) {
    check(name, text, partials, is_html, 0);
    mustache::mustache made(text);
    if (!is_html) made.set_custom_escape([](const std::string& value) { return value; });
    Strict context(&data, name, partials, is_html);
    auto out = made.is_valid() ? made.render(context) : std::string();
    if (!made.is_valid()) refuse(name, made.error_message());
    return out;
}

}  // namespace

Rendered render(const std::string& name, const Template& what, const Json& fields,
                const Partials& partials) {
    const auto data = data_of(fields);
    auto subject = fill_in(name + " (subject)", what.subject, data, partials, false);
    // One line, whatever a field holds.
    std::replace_if(
        subject.begin(), subject.end(), [](char c) { return c >= 0 && c < ' '; }, ' ');
    return {std::move(subject), fill_in(name + " (text)", what.text, data, partials, false),
            fill_in(name + " (html)", what.html, data, partials, true)};
}

Template parse_template(const Json& body) {
    Template out;
    for (const auto& [key, value] : body.items()) {
        if (key == "subject") {
            out.subject = value.get<std::string>();
        } else if (key == "text") {
            out.text = value.get<std::string>();
        } else if (key == "html") {
            out.html = value.get<std::string>();
        } else if (key == "has_letter") {
            out.has_letter = value.get<bool>();
        } else if (key == "attach_documents") {
            out.attaches_documents = value.get<bool>();
        } else {
            throw Error(DUNLIN_E_INVALID,
                        "a template has no \"" + key +
                            "\"; it has subject, text, html, has_letter and attach_documents");
        }
    }
    return out;
}

}  // namespace dunlin::correspondence
