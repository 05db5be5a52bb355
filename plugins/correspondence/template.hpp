// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/json.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin::correspondence {

/// A template as a policy holds it; scope "name/language/channel", where the channel is email,
/// letter or partial.
struct Template {
    std::string subject, text, html;
    bool has_letter = false;  // Of an e-mail: the letter of the same name is attached as PDF.
    int64_t version = 0;      // 0: the one that is shipped.
    bool attaches_documents = false;  // Of the items that the message names, as far as filed.
};

/// What a template became.
struct Rendered {
    std::string subject, text, html;
};

/// Finds what {{>name}} stands for, as text or as HTML. Error not_found when there is none.
using Partials = std::function<std::string(std::string_view name, bool is_html)>;

/// Fills in a template. `name` begins every error. A field that is not among `fields` is an error
/// that names it, and so are a template that includes itself, deeper nesting than partials_max, a
/// change of delimiters, and a value that would go into HTML unescaped (but for "code_svg", which
/// is made here).
Rendered render(const std::string& name, const Template& what, const Json& fields,
                const Partials& partials);

inline constexpr int partials_max = 6;

/// From the body of a policy, or a request. Error invalid for unknown or missing members.
Template parse_template(const Json& body);

/// The template that is shipped, or nothing: the scope's name, language and channel.
const Template* default_template(std::string_view scope);
/// Scopes of all that are shipped, in order.
std::vector<std::string> default_scopes();

/// Every field that a template may use, with made-up values, for previews and checks.
Json sample_fields(std::string_view language);

}  // namespace dunlin::correspondence
