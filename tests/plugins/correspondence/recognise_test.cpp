// SPDX-License-Identifier: Apache-2.0
#include "inbound/recognise.hpp"

#include <catch2/catch.hpp>

using namespace dunlin;
using namespace dunlin::correspondence;

namespace {

const Date today = Date::parse("2026-03-02");

/// "promise 95 500.00 EUR 2026-03-15" of the likeliest; empty when nothing is recognised.
std::string first(const std::string& body, const std::string& subject = "") {
    const auto all = recognise(subject, body, today);
    if (all.empty()) return {};
    auto out = all[0].kind + " " + std::to_string(all[0].percent);
    for (const auto* more : {&all[0].amount, &all[0].currency, &all[0].due_on}) {
        if (!more->empty()) out += " " + *more;
    }
    return out;
}

}  // namespace

TEST_CASE("nothing is read into what says nothing, is quoted, or is part of another word") {
    CHECK(first("Thank you for your letter. Kind regards").empty());
    CHECK(first("Vielen Dank.\n> Wir haben bereits bezahlt\n").empty());
    CHECK(first("See below.\nOn Mon, 2 Mar 2026, Dunlin wrote:\nI dispute this\n").empty());
    CHECK(first("Siehe unten.\nAm 2.3.2026 schrieb Dunlin:\nich zahle\n").empty());
    CHECK(first("undisputedly fine").empty());
    CHECK(first(std::string(100000, 'a')).empty());
    CHECK(first("\xff\xc3").empty());
}

TEST_CASE("what people write is recognised in both languages") {
    CHECK(first("We have already paid this invoice.") == "already_paid 90");
    CHECK(first("Das haben wir längst bezahlt!") == "already_paid 85");
    CHECK(first("Die Rechnung ist BEREITS ÜBERWIESEN.") == "already_paid 90");
    CHECK(first("I dispute this invoice") == "dispute 90");
    CHECK(first("Wir bestreiten die Forderung") == "dispute 90");
    CHECK(first("Please stop contacting me") == "cease_contact 85");
    CHECK(first("don\xe2\x80\x99t contact me") == "cease_contact 85");
    CHECK(first("Bitte keine E-Mails mehr") == "opt_out 90");
    CHECK(first("", "Unsubscribe") == "opt_out 90");
    CHECK(first("We have not, as you say, already paid.") == "already_paid 90");
    CHECK(first("We have not already paid it.") == "already_paid 40");
}

TEST_CASE("a promise is read with its amount and day") {
    CHECK(first("We will pay EUR 1,190.50 on 15 March 2026.") ==
          "promise 95 1190.50 EUR 2026-03-15");
    CHECK(first("Wir zahlen 1.190,50 € am 15.03.2026") == "promise 90 1190.50 EUR 2026-03-15");
    CHECK(first("Ich überweise am 5. April 300 Euro") == "promise 90 300 EUR 2026-04-05");
    CHECK(first("I'll pay $50 by the 3rd of May") == "promise 95 50 USD 2026-05-03");
    CHECK(first("werden wir bezahlen bis 2026-04-01") == "promise 95 2026-04-01");
    CHECK(first("wird bezahlt am 1.2.") == "promise 85 2027-02-01");  // The next one.
    CHECK(first("We will pay soon, invoice 4711") == "promise 85");
    CHECK(first("We cannot say when we will pay. On 99.99.2026?") == "promise 40");
}

TEST_CASE("all that is recognised comes, the likeliest first") {
    const auto all =
        recognise("", "We have paid half. We dispute the rest, and will pay on 1.4.2026", today);
    REQUIRE(all.size() == 3);
    CHECK(all[0].kind == "promise");
    CHECK(all[1].kind == "dispute");
    CHECK(all[2].kind == "already_paid");
}

TEST_CASE("every phrase is written as it is looked for") {
    for (const auto& phrase : phrases()) {
        INFO(phrase.words);
        CHECK(!recognise("", std::string(phrase.words), today).empty());
        CHECK(title_of(phrase.kind) != title_of(""));
    }
}
