// SPDX-License-Identifier: Apache-2.0
// Whom a limited principal sees: customers through their items, and no others.
#include <catch2/catch.hpp>

#include "book.hpp"

using namespace dunlin;
using namespace dunlin::test;

namespace {

Dialect each_store() {
    return GENERATE(Dialect::sqlite, Dialect::postgresql);
}

host::Principal limited(const char* dimension, const std::string& value) {
    auto who = host::Principal::of_operator();
    who.scopes[dimension] = {value};
    return who;
}

/// Names of all the customers a principal can find.
std::vector<std::string> seen(Book& book, const host::Principal& who) {
    std::vector<std::string> out;
    const auto reply = book.instance().call("receivables.find", {{"text", "customer"}}, who);
    for (const auto& row : reply.at("rows")) out.push_back(row.at("number"));
    return out;
}

Json screen(Book& book, const char* id, const host::Principal& who) {
    const Json request{{"customer", book.id("customer", id)}};
    return book.instance().call("receivables.customer", request, who);
}

void contact(Book& book, const std::string& customer) {
    book.put("contact_point", {{{"external_id", "P" + customer},
                                {"customer", customer},
                                {"kind", "email"},
                                {"value", customer + "@example.com"}}});
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a principal of one company sees the customers with an item there, and no other") {
    Book book(each_store());
    book.put("company", {{{"external_id", "K1"}, {"name", "One"}}});
    book.put("company", {{{"external_id", "K2"}, {"name", "Two"}}});
    for (const std::string id : {"C1", "C2", "C3"}) {
        book.customer(id);
        contact(book, id);
    }
    book.invoice("I1", "100", "2026-01-01", "2026-01-31", {{"company", "K1"}});
    book.invoice("I2", "50", "2026-01-01", "2026-01-31", {{"company", "K2"}});
    book.invoice("I3", "70", "2026-01-01", "2026-01-31", {{"company", "K2"}, {"customer", "C2"}});
    const auto one = limited("company", book.id("company", "K1"));
    const auto two = limited("company", book.id("company", "K2"));

    CHECK(seen(book, one) == Texts{"C1"});
    CHECK(seen(book, two) == Texts{"C1", "C2"});
    CHECK(seen(book, host::Principal::of_operator()) == Texts{"C1", "C2", "C3"});
    CHECK(seen(book, limited("company", "999999")).empty());
    const auto account = screen(book, "C1", one);
    CHECK(account.at("open_items").size() == 1);
    CHECK(account.at("contacts").at(0).at("value") == "C1@example.com");
    for (const auto* id : {"C2", "C3"}) {
        CHECK(book.instance().status_of("receivables.customer",
                                        {{"customer", book.id("customer", id)}},
                                        one) == DUNLIN_E_NOT_FOUND);
        CHECK(book.instance().status_of(
                  "receivables.assign",
                  {{"customers", {book.id("customer", id)}}, {"collector", "x"}},
                  one) == DUNLIN_E_NOT_FOUND);
    }
    const auto list = book.instance().call("receivables.worklist", Json::object(), one);
    CHECK(list.at("total") == 1);
    auto both = two;
    both.scopes["customer"] = {book.id("customer", "C2"), book.id("customer", "C3")};
    CHECK(seen(book, both) == Texts{"C2"});
}

TEST_CASE("whoever sees an item of a customer sees whose it is") {
    Book book(each_store());
    book.put("customer", {{{"external_id", "C1"},
                           {"number", "C1"},
                           {"name", "Customer C1"},
                           {"salesperson", "bob"}}});
    book.customer("C2");
    contact(book, "C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31", {{"salesperson", "ann"}});

    CHECK(seen(book, limited("salesperson", "ann")) == Texts{"C1"});
    CHECK(screen(book, "C1", limited("salesperson", "ann")).at("contacts").size() == 1);
    CHECK(seen(book, limited("salesperson", "bob")) == Texts{"C1"});
    CHECK(seen(book, limited("salesperson", "eve")).empty());
}
