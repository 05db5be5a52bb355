// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <catch2/catch.hpp>

#include <map>
#include <string>

#include "plugins/receivables/book.hpp"

namespace dunlin::test {

/// The source of the rows of a test, so that something can be written back to it.
inline InstanceOptions source_of(const std::string& connector, const std::string& settings) {
    InstanceOptions options;
    options.test_plugins = {connector};
    options.toml = "[sources.erp]\nconnector = \"" + connector + "\"\n[sources.erp.settings]\n" +
                   settings + "\n[worker]\nin_process = [\"" + connector +
                   "\"]\n[secrets]\nerp = \"file:none\"\n";
    return options;
}

/// A customer of sue's with an overdue invoice, on 2026-03-02.
struct Sales {
    explicit Sales(InstanceOptions options = {})
        : book(GENERATE(Dialect::sqlite, Dialect::postgresql), std::move(options)) {
        book.put("customer", {{{"external_id", "C1"},
                               {"number", "C1"},
                               {"name", "One"},
                               {"currency", "EUR"},
                               {"credit_limit", "1000"},
                               {"salesperson", "sue"}}});
        book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    }
    static host::Principal person(const std::string& name) {
        auto who = host::Principal::of_operator();
        who.name = name;
        return who;
    }
    /// Somebody with what a role of the manifest may do.
    host::Principal in_role(const std::string& name, const std::string& role) {
        auto& token = tokens[name];
        if (token.empty()) token = book.instance().host().create_token(name, {role}, {});
        return book.instance().host().authenticate(token).value();
    }
    Json request(const Json& more) {
        Json out{{"customer", book.id("customer", "C1")}};
        if (more.is_object()) out.update(more);
        return out;
    }
    std::string refusal(const char* command, const Json& more, dunlin_status status,
                        const std::string& who = "sue") {
        const auto name = std::string("receivables.") + command;
        CHECK(book.instance().status_of(name, request(more), person(who)) == status);
        return error_of([&] { book.instance().call(name, request(more), person(who)); });
    }
    Book book;
    std::map<std::string, std::string> tokens;
};

}  // namespace dunlin::test
