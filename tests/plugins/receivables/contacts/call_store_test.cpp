// SPDX-License-Identifier: Apache-2.0
// What a click on a number calls.
#include <catch2/catch.hpp>

#include "plugins/receivables/book.hpp"

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;

namespace {

InstanceOptions with(const std::string& settings) {
    InstanceOptions options;
    options.toml = "[plugins.receivables]\n" + settings;
    return options;
}

void point(Book& book, const std::string& id, const std::string& kind, const std::string& value,
           const std::string& role = "other") {
    book.put("contact_point", {{{"external_id", id},
                                {"customer", "C1"},
                                {"person", id},
                                {"role", role},
                                {"kind", kind},
                                {"value", value}}});
}

/// The link of each number of the customer, "-" for none.
std::vector<std::string> links(Book& book) {
    std::vector<std::string> out;
    const auto shown = book.call("customer", {{"customer", book.id("customer", "C1")}});
    for (const auto& one : shown.at("contacts")) out.push_back(one.value("call_link", "-"));
    return out;
}

}  // namespace

TEST_CASE("a link that is no call, or has no place for the number, is refused by its setting") {
    const std::string form =
        GENERATE(as<std::string>(), "javascript:alert({number})", "http://pbx.example/{number}",
                 "tel:", "https://{number}", "https://pbx.example@evil.example/{number}",
                 "https://pbx.example/{number}/{number}", "https://pbx.example/{phone}",
                 "tel:{number} x", "file:///{number}", "data:text/html,{number}");
    CAPTURE(form);
    const auto why = error_of([&] {
        Book book(Dialect::sqlite, with("call_link = '" + form + "'\n"));
        book.call("worklist");
    });
    CHECK_THAT(why, Contains("call_link"));
}

TEST_CASE("each number has the link that calls it all over the world, or none") {
    Book book(GENERATE(Dialect::sqlite, Dialect::postgresql),
              with("call_link = 'https://pbx.example/call?to={number}'\ncall_country = '49'\n"));
    book.customer("C1");
    const std::pair<std::string, std::string> cases[] = {
        {"+49 (0) 30 / 123 45-67", "49301234567"},
        {"0044 20 7946 0958", "442079460958"},
        {"030 1234567", "49301234567"},
        {"1234567", ""},                // Of which place?
        {"+49 30 1234567 ext 12", ""},  // Nobody dials letters.
        {"+49 30 1234567&x=1", ""},
        {"+12", ""},
        {"+1234567890123456", ""},
        {"++49 30 1234567", ""}};
    std::vector<std::string> expected;
    int n = 100;
    for (const auto& [value, digits] : cases) {
        point(book, "n" + std::to_string(n++), "phone", value);
        expected.push_back(digits.empty() ? "-" : "https://pbx.example/call?to=%2B" + digits);
    }
    point(book, "z", "email", "anna@there.example");
    expected.emplace_back("-");
    CHECK(links(book) == expected);
}

TEST_CASE("the worklist says whom to call, and nothing where no link is set up") {
    const bool is_set = GENERATE(false, true);
    Book book(GENERATE(Dialect::sqlite, Dialect::postgresql),
              with(is_set ? "call_link = 'tel:{number}'\n" : ""));
    book.customer("C1");
    book.invoice("I1", "100", "2025-12-01", "2025-12-31");
    const auto row = [&] { return book.call("worklist").at("rows").at(0); };
    CHECK_FALSE(row().contains("phone"));
    point(book, "a", "phone", "030 1");
    point(book, "b", "mobile", "+49 170 1234567", "billing");
    point(book, "c", "mobile", "+49 170 7654321", "billing");
    point(book, "d", "phone", "none", "dunning");
    CHECK(row().contains("phone") == is_set);
    if (!is_set) return;
    CHECK(row().at("phone").at("person") == "b");
    CHECK(row().at("call_link") == "tel:+491701234567");
    CHECK(links(book) ==
          std::vector<std::string>{"-", "tel:+491701234567", "tel:+491707654321", "-"});
}
