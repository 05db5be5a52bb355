// SPDX-License-Identifier: Apache-2.0
#include "template.hpp"

#include <dunlin/error.hpp>

#include <catch2/catch.hpp>

#include "format.hpp"
#include "payment_code.hpp"
#include "support/instance.hpp"

using namespace dunlin;
using namespace dunlin::correspondence;
using Catch::Contains;
using dunlin::test::error_of;

namespace {

std::string shipped(std::string_view name, bool is_html, const std::string& language) {
    const auto* found = default_template(std::string(name) + "/" + language + "/partial");
    if (!found) throw Error(DUNLIN_E_NOT_FOUND, "no partial " + std::string(name));
    return is_html ? found->html : found->text;
}

Rendered filled(const Template& what, const Json& fields = sample_fields("en")) {
    return render("x/en/email", what, fields, [](std::string_view name, bool is_html) {
        if (name == "loop") return std::string("a {{>loop}}");
        if (name == "ping") return std::string("{{>pong}}");
        if (name == "pong") return std::string("{{>ping}}");
        return shipped(name, is_html, "en");
    });
}

std::string refusal(const std::string& text, const std::string& html = "") {
    return error_of([&] { filled({"", text, html}); });
}

}  // namespace

TEST_CASE("an unknown field is an error that names the template and the field") {
    CHECK_THAT(refusal("{{letter.nubmer}}"),
               Contains("x/en/email (text)") && Contains("\"letter.nubmer\""));
    CHECK_THAT(refusal("{{#nothing}}a{{/nothing}}"), Contains("\"nothing\""));
    CHECK_THAT(refusal("{{^nothing}}a{{/nothing}}"), Contains("\"nothing\""));
    CHECK_THAT(refusal("{{#lines}}{{numbr}}{{/lines}}"), Contains("\"numbr\""));
    CHECK_THAT(refusal("", "{{nothing}}"), Contains("(html)"));
    CHECK_THAT(error_of([] { filled({"{{nothing}}", "", ""}); }), Contains("(subject)"));
    CHECK(refusal("{{letter.number}}{{#lines}}{{number}}{{/lines}}") == "");
}

TEST_CASE("a template loop, an unknown partial and an unclosed section are errors") {
    CHECK_THAT(refusal("{{>loop}}"), Contains("loop > loop") && Contains("in a loop"));
    CHECK_THAT(refusal("", "{{> ping }}"), Contains("ping > pong"));
    CHECK_THAT(refusal("{{>unknown}}"), Contains("unknown"));
    CHECK_THAT(refusal("{{#lines}}"), Contains("x/en/email"));
    CHECK_THAT(refusal("{{=<% %>=}}<% nothing %>"), Contains("delimiters"));
}

TEST_CASE("what goes into HTML is escaped and cannot be otherwise") {
    CHECK_THAT(filled({"", "", "<p>{{customer.name}}</p>"}).html,
               Contains("M\xc3\xbcller &amp; S\xc3\xb6hne &lt;GmbH&gt;"));
    CHECK_THAT(filled({"", "{{customer.name}}", ""}).text, Contains("& S\xc3\xb6hne <GmbH>"));
    CHECK_THAT(refusal("", "{{{customer.name}}}"), Contains("unescaped"));
    CHECK_THAT(refusal("", "{{&customer.name}}"), Contains("unescaped"));
    // A value is no template.
    auto fields = sample_fields("en");
    fields["customer"]["name"] = "{{nothing}}";
    CHECK(filled({"{{customer.name}}", "{{customer.name}}", ""}, fields).text == "{{nothing}}");
    fields["customer"]["name"] = "a\r\nBcc: b";
    CHECK(filled({"{{customer.name}}", "", ""}, fields).subject == "a  Bcc: b");
}

TEST_CASE("empty text and false end a section, and every shipped template fills in") {
    auto fields = sample_fields("en");
    fields["recipient"]["person"] = "";
    CHECK(filled({"", "{{#recipient.person}}x{{/recipient.person}}.", ""}, fields).text == ".");
    const auto scopes = default_scopes();
    CHECK(scopes.size() == 2 * (3 + 8 * 2));
    for (const auto& scope : scopes) {
        CAPTURE(scope);
        const auto language = scope.substr(scope.find('/') + 1, 2);
        const auto made = render(
            scope, *default_template(scope), sample_fields(language),
            [&](std::string_view name, bool is_html) { return shipped(name, is_html, language); });
        if (scope.ends_with("partial")) continue;
        CHECK_FALSE(made.subject.empty());
        CHECK_THAT(made.html, Contains("</html>"));
        const bool is_dunning = scope.starts_with("dunning") || scope.starts_with("reminder");
        if (!is_dunning) continue;
        for (const auto* must : {"R-17", "DE02120300000000202051", "C-1001 4711", "12"}) {
            CHECK_THAT(made.html, Contains(must));
            CHECK_THAT(made.text, Contains(must));
        }
        // Fee and interest are shown apart.
        CHECK_THAT(made.text, Contains(language == "de" ? "Mahngeb\xc3\xbchr" : "Reminder fee"));
        CHECK_THAT(made.text, Contains(language == "de" ? "Verzugszinsen" : "Interest"));
    }
}

TEST_CASE("amounts and dates are written as in the language") {
    CHECK(amount_text(12345678'9000, "EUR", "de") == "12.345.678,90 EUR");
    CHECK(amount_text(12345678'9000, "EUR", "en") == "EUR 12,345,678.90");
    CHECK(amount_text(-1000'0000, "EUR", "de") == "-1.000,00 EUR");
    CHECK(amount_text(-100'0000, "JPY", "en") == "JPY -100");
    CHECK(amount_text(999'9900, "USD", "en") == "USD 999.99");
    CHECK(amount_text(0, "KWD", "en") == "KWD 0.000");
    CHECK(date_text(Date(2026, 3, 2), "de") == "02.03.2026");
    CHECK(date_text(Date(2026, 12, 24), "en") == "24 December 2026");
    CHECK(mail_date(1772442000'000000) == "Mon, 02 Mar 2026 09:00:00 +0000");
    CHECK(mail_date(951782399'000000) == "Mon, 28 Feb 2000 23:59:59 +0000");
}

TEST_CASE("a payment link holds what is to be paid, whatever is in it") {
    CHECK(filled_link("https://pay.example/{reference}?a={amount}&c={currency}", "C 1/ü&x",
                      1190'5000,
                      "EUR") == "https://pay.example/C%201%2F%C3%BC%26x?a=1190.50&c=EUR");
    CHECK(filled_link("https://pay.example/{amount}{amount}", "", 100'0000, "JPY") ==
          "https://pay.example/100100");
    CHECK(filled_link("", "C1", 1, "EUR").empty());
}

TEST_CASE(
    "a payment code is made for an IBAN and an amount that banks take, and for nothing else") {
    Payment payment{"Dunlin Ltd", "DE02 1203 0000 0000 2020 51", "BYLADEM1001", 1190'0000, "R-17"};
    CHECK(
        payment_text(payment) ==
        "BCD\n002\n1\nSCT\nBYLADEM1001\nDunlin Ltd\nDE02120300000000202051\nEUR1190.00\n\n\nR-17");
    CHECK_THAT(qr_svg(payment_text(payment)), Contains("<svg") && Contains("M4 4h7v1h-7z"));
    const auto refused = [](Payment one) { return !error_of([&] { payment_text(one); }).empty(); };
    auto other = payment;
    other.iban = "DE02120300000000202052";
    CHECK(refused(other));
    for (const int64_t amount : {int64_t{0}, int64_t{-1}, int64_t{50}, int64_t{1'0050}}) {
        other = payment;
        other.amount = amount;
        CHECK(refused(other));
    }
    other = payment;
    other.payee.clear();
    CHECK(refused(other));
    other = payment;
    other.reference = std::string(139, 'x') + "\xc3\xbc\n";  // A character that would be cut.
    CHECK(payment_text(other).ends_with("\n" + std::string(139, 'x')));
    CHECK(is_iban("GB29 NWBK 6016 1331 9268 19"));
    CHECK_FALSE(is_iban("GB29 NWBK 6016 1331 9268 18"));
    CHECK_FALSE(is_iban(""));
}
