// SPDX-License-Identifier: Apache-2.0
// What is allocated here, written to the source, and comes back from it.
#include <catch2/catch.hpp>

#include "book.hpp"

using namespace dunlin;
using namespace dunlin::test;

namespace {

using Texts = std::vector<std::string>;

Dialect each_store() {
    return GENERATE(Dialect::sqlite, Dialect::postgresql);
}

void add_open_account(Book& book) {
    book.customer("C1");
    book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    book.payment("P1", "100", "2026-01-10");
}

std::string allocate_here(Book& book, const char* amount, const Json& more = Json::object()) {
    Json request{{"customer", book.id("customer", "C1")},
                 {"source", book.id("payment", "P1")},
                 {"target", book.id("invoice", "I1")},
                 {"amount", amount}};
    request.update(more);
    return book.call("allocate", request).at("allocation_id");
}

int64_t allocations(Book& book) {
    return book.instance().cell("SELECT count(*) FROM receivables_allocation").get<int64_t>();
}

}  // namespace

TEST_CASE("an allocation that comes back otherwise than it was made is refused, not added") {
    Book book(each_store());
    add_open_account(book);
    allocate_here(book, "100");

    const auto applied = book.allocation("A1", "P1", "I1", "60");
    REQUIRE(applied.rejects.size() == 1);
    CHECK(applied.rejects[0].at("code") == "over_allocated");
    CHECK(applied.rejects[0].at("retry") == 1);
    CHECK(allocations(book) == 1);
    CHECK(book.audit() == "");
}

TEST_CASE("an allocation made here is replaced by its returning copy and held once") {
    Book book(each_store());
    add_open_account(book);
    const auto ours = allocate_here(book, "100", {{"date", "2026-01-20"}});

    const auto applied = book.allocation("A1", "P1", "I1", "100", {{"date", "2026-01-22"}});
    CHECK(applied.rejects.empty());
    CHECK(applied.counts.updated == 1);
    CHECK(allocations(book) == 1);
    CHECK(book.id("allocation", "A1") == ours);
    CHECK(book.instance().cell("SELECT source FROM receivables_allocation") == "erp");
    CHECK(book.open("2026-01-21") == Texts{"I1 100.00", "P1 -100.00"});
    CHECK(book.open("2026-01-22").empty());
    CHECK(book.allocation("A1", "P1", "I1", "100", {{"date", "2026-01-22"}}).counts.unchanged == 1);

    book.put("allocation", {{{"external_id", "A1"},
                             {"source", ""},
                             {"invoice", ""},
                             {"amount", nullptr},
                             {"deleted", true}}});
    CHECK(book.open("2026-03-02") == Texts{"I1 100.00", "P1 -100.00"});
    CHECK(book.audit({"2026-01-21", "2026-01-22"}) == "");
}

TEST_CASE("of two like allocations made here each is replaced by one of two that come back") {
    Book book(each_store());
    add_open_account(book);
    allocate_here(book, "30");
    allocate_here(book, "30");
    const auto row = [](const char* id) {
        return Json{{"external_id", id}, {"source", "P1"}, {"invoice", "I1"}, {"amount", "30"}};
    };

    CHECK(book.put("allocation", {row("A1"), row("A2")}).counts.updated == 2);
    CHECK(allocations(book) == 2);
    CHECK(book.put("allocation", {row("A3")}).counts.inserted == 1);
    CHECK(book.open("2026-03-02") == Texts{"I1 10.00", "P1 -10.00"});
    CHECK(book.audit() == "");
}

TEST_CASE("an allocation reversed here is not taken for one that comes back") {
    Book book(each_store());
    add_open_account(book);
    const auto ours = allocate_here(book, "100");
    book.call("reverse_allocation",
              {{"customer", book.id("customer", "C1")}, {"allocation", ours}});

    CHECK(book.allocation("A1", "P1", "I1", "100", {{"date", "2026-03-02"}}).counts.inserted == 1);
    CHECK(allocations(book) == 2);
    CHECK(book.open("2026-03-02").empty());
    CHECK(book.audit() == "");
}
