// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "commands.hpp"
#include "compose.hpp"

namespace dunlin::correspondence {

namespace {

struct Scope {
    std::string name, language, channel;
    std::string text() const { return name + "/" + language + "/" + channel; }
};

Scope scope_of(Call& call) {
    return {call.value<std::string>("name", ""), call.value<std::string>("language", ""),
            call.value<std::string>("channel", "")};
}

Json rendered(Transaction& tx, const Scope& scope, const Template& what, Date on) {
    auto fields = sample_fields(scope.language);
    const auto partials = partials_of(tx, scope.language, on);
    fields["is_letter"] = scope.channel == "letter";
    // The head of a letter repeats it.
    fields["subject"] =
        render(scope.text(), {what.subject, "", "", false, 0}, fields, partials).subject;
    const auto made = render(scope.text(), what, fields, partials);
    return {{"subject", made.subject}, {"text", made.text}, {"html", made.html}};
}

}  // namespace

Json list_templates(const Services&, Call& call) {
    auto rows = Json::array();
    for (const auto& scope : default_scopes()) {
        const auto what = template_of(call.tx(), scope, call.today());
        rows.push_back({{"scope", scope}, {"version", what.version}, {"subject", what.subject}});
    }
    return {{"rows", rows}};
}

Json preview_template(const Services&, Call& call) {
    const auto scope = scope_of(call);
    const auto given = call.request().find("template");
    const auto what = given == call.request().end()
                          ? template_of(call.tx(), scope.text(), call.today())
                          : parse_template(*given);
    auto out = rendered(call.tx(), scope, what, call.today());
    out["template"] = {{"subject", what.subject},
                       {"text", what.text},
                       {"html", what.html},
                       {"has_letter", what.has_letter},
                       {"attach_documents", what.attaches_documents}};
    out["version"] = what.version;
    out["fields"] = sample_fields(scope.language);
    return out;
}

Json set_template(const Services&, Call& call) {
    const auto scope = scope_of(call);
    const auto& body = call.request().at("template");
    const auto what = parse_template(body);
    const auto valid_from = call.date("valid_from", call.today());
    rendered(call.tx(), scope, what, valid_from);  // Or it is refused.
    const auto version = call.tx().put_policy("template", scope.text(), valid_from, body);
    if (scope.channel == "partial") {
        // It may be the one that closes a loop: whoever includes it is looked at once more.
        for (const auto& one : default_scopes()) {
            const auto slash = one.find('/');
            const Scope other{one.substr(0, slash), one.substr(slash + 1, 2),
                              one.substr(slash + 4)};
            if (other.language != scope.language) continue;
            rendered(call.tx(), other, template_of(call.tx(), one, valid_from), valid_from);
        }
    }
    return {{"scope", scope.text()}, {"version", version}, {"valid_from", valid_from.text()}};
}

}  // namespace dunlin::correspondence
