// SPDX-License-Identifier: Apache-2.0
// Customers found by name.
#include <catch2/catch.hpp>

#include "book.hpp"

using namespace dunlin;
using namespace dunlin::test;

namespace {

Dialect each_store() {
    return GENERATE(Dialect::sqlite, Dialect::postgresql);
}

void name(Book& book, const char* id, const char* number, const char* name) {
    book.put("customer", {{{"external_id", id}, {"number", number}, {"name", name}}});
}

/// Numbers of what is found, in order.
std::vector<std::string> found(Book& book, const Json& request) {
    std::vector<std::string> out;
    const auto reply = book.call("find", request);
    for (const auto& row : reply.at("rows")) out.push_back(row.at("number"));
    return out;
}
std::vector<std::string> found(Book& book, const char* text) {
    return found(book, Json{{"text", text}});
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a customer is found whatever case, accents and script forms a name is written in") {
    Book book(each_store());
    name(book, "C1", "K-1", "Łódź Müller & Söhne GmbH");
    name(book, "C2", "K-2", "ΑΘΗΝΑΪΚΗ ΕΤΑΙΡΕΊΑ");
    name(book, "C3", "K-3", "Straßenbau AG");
    name(book, "C4", "K-4", "ООО «Йод»");

    CHECK(found(book, "lodz muller") == Texts{"K-1"});
    CHECK(found(book, "SÖHNE") == Texts{"K-1"});
    CHECK(found(book, "So\xCC\x88hne") == Texts{"K-1"});  // o and a combining mark.
    CHECK(found(book, "εταιρεια") == Texts{"K-2"});
    CHECK(found(book, "STRASSENBAU") == Texts{"K-3"});
    CHECK(found(book, "straßenbau") == Texts{"K-3"});
    CHECK(found(book, "иод") == Texts{"K-4"});
    CHECK(found(book, "ＧｍｂＨ") == Texts{"K-1"});  // Full-width letters.
    CHECK(found(book, "k-3") == Texts{"K-3"});
    CHECK(found(book, "nobody").empty());
}

TEST_CASE("the best match comes first, and a limit says whether there are more") {
    Book book(each_store());
    name(book, "C1", "90", "The Old Mill");
    name(book, "C2", "91", "Mill Road Ltd");
    name(book, "C3", "mill", "Something else");
    name(book, "C4", "92", "MILL");
    name(book, "C5", "a-mill", "Another");

    CHECK(found(book, "mill") == Texts{"mill", "92", "91", "90", "a-mill"});
    const auto reply = book.call("find", {{"text", "mill"}, {"limit", 2}});
    CHECK(reply.at("rows").size() == 2);
    CHECK(reply.at("has_more") == true);
    CHECK(book.call("find", {{"text", "mill"}, {"limit", 5}}).at("has_more") == false);
    CHECK(found(book, "%").empty());
    name(book, "C4", "92", "Changed");
    CHECK(found(book, "mill") == Texts{"mill", "91", "90", "a-mill"});
}

TEST_CASE("a text of marks alone finds nobody") {
    Book book(each_store());
    name(book, "C1", "1", "Somebody");

    CHECK(book.instance().status_of("receivables.find", {{"text", "\xCC\x81"}}) ==
          DUNLIN_E_INVALID);
}
