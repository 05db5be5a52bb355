// SPDX-License-Identifier: Apache-2.0
#include "book.hpp"

#include <catch2/catch.hpp>

namespace dunlin::tryton::test {
namespace {

constexpr int64_t customer = 7, account = 5;

Line line(int64_t id, int64_t move, int64_t amount, int64_t reconciliation = 0,
          const std::string& journal_type = "cash") {
    Line out;
    out.id = id;
    out.move = move;
    out.account = account;
    out.party = customer;
    out.reconciliation = reconciliation;
    out.date = Date(2026, 3, static_cast<unsigned>(id % 28 + 1));
    if (reconciliation != 0) out.reconciled_on = Date(2026, 5, 1);
    out.amount = amount;
    out.currency = "USD";
    out.journal_type = journal_type;
    return out;
}

Document document(int64_t id, int64_t move) {
    Document out;
    out.id = id;
    out.party = customer;
    out.account = account;
    out.move = move;
    out.is_out = true;
    out.state = "posted";
    out.currency = "USD";
    return out;
}

/// "l12: source -> target 100", one each.
std::vector<std::string> texts_of(const std::vector<Settlement>& settlements) {
    std::vector<std::string> out;
    for (const auto& s : settlements) {
        out.push_back(s.external_id + ": " + s.source_kind + " " + s.source + " -> " + s.target +
                      (s.instalment != 0 ? "/" + std::to_string(s.instalment) : "") + " " +
                      std::to_string(s.amount));
    }
    return out;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a payment that settles two invoices gives each its own part, named by what it uses up") {
    Book book;
    book.add(document(1, 10));
    book.add(document(2, 20));
    book.add(line(100, 10, 60, 9, "revenue"));
    book.add(line(101, 20, 40, 9, "revenue"));
    book.add(line(102, 30, -100, 9));

    CHECK(texts_of(book.settlements(9)) ==
          Texts{"l100: payment l102 -> 1 60", "l101: payment l102 -> 2 40"});
    CHECK(book.differences(9).empty());
    CHECK(book.settlements(9)[0].date == Date(2026, 5, 1));
}

TEST_CASE("a due part of several is named as the instalment it is") {
    Book book;
    book.add(document(1, 10));
    book.add(line(100, 10, 60, 9, "revenue"));
    book.add(line(101, 10, 40, 0, "revenue"));
    book.add(line(102, 30, -60, 9));

    CHECK(texts_of(book.settlements(9)) == Texts{"l100: payment l102 -> 1/100 60"});
    CHECK(book.total(*book.document(1)) == 100);
    CHECK(book.open(*book.document(1)) == 40);
}

TEST_CASE("what is paid in another currency is settled by a difference in each") {
    Book book;
    book.add(document(1, 10));
    auto pounds = line(100, 10, 700, 9, "revenue");
    pounds.currency = "GBP";
    book.add(pounds);
    book.add(line(102, 30, -919, 9));

    const auto differences = book.differences(9);

    REQUIRE(differences.size() == 2);
    CHECK(differences[0].external_id == "x100");
    CHECK(differences[0].amount == -700);
    CHECK(differences[0].is_exchange);
    CHECK(differences[1].external_id == "x102");
    CHECK(differences[1].amount == 919);
    CHECK(texts_of(book.settlements(9)) ==
          Texts{"l100: adjustment x100 -> 1 700", "x102: payment l102 -> x102 919"});
}

TEST_CASE("lines without a party are their document's, and a payment that only they tell of too") {
    Book book;
    book.add(document(1, 10));
    auto due = line(100, 10, 60, 9, "revenue"), paid = line(102, 30, -60, 9);
    due.party = paid.party = 0;
    book.add(due);
    book.add(paid);

    CHECK(book.item(*book.line(102)).party == customer);
    CHECK(texts_of(book.settlements(9)) == Texts{"l100: payment l102 -> 1 60"});
}

TEST_CASE(
    "a payment without a party that settles two customers is nobody's: each gets a difference") {
    Book book;
    auto other = document(2, 20);
    other.party = 8;
    book.add(document(1, 10));
    book.add(other);
    for (auto one : {line(100, 10, 60, 9, "revenue"), line(101, 20, 40, 9, "revenue"),
                     line(102, 30, -100, 9)}) {
        one.party = 0;
        book.add(one);
    }

    CHECK(book.item(*book.line(102)).kind == Item::Kind::nothing);
    CHECK(texts_of(book.settlements(9)) ==
          Texts{"l100: adjustment x100 -> 1 60", "l101: adjustment x101 -> 2 40"});
    CHECK_FALSE(book.differences(9)[0].is_exchange);
}

TEST_CASE("an open line that was assigned to an invoice is a part payment of it") {
    Book book;
    auto invoice = document(1, 10);
    invoice.assigned = {102};
    book.add(invoice);
    book.add(line(100, 10, 100, 0, "revenue"));
    book.add(line(102, 30, -30));

    const auto assigned = book.assignment(*book.line(102));

    REQUIRE(assigned);
    CHECK(texts_of({*assigned}) == Texts{"l102: payment l102 -> 1 30"});
    CHECK_FALSE(assigned->date);
    CHECK(book.open(*book.document(1)) == 70);
}

TEST_CASE("an assignment in another currency is not counted as one") {
    Book book;
    auto invoice = document(1, 10);
    invoice.assigned = {102};
    invoice.currency = "GBP";
    book.add(invoice);
    auto due = line(100, 10, 100, 0, "revenue");
    due.currency = "GBP";
    book.add(due);
    book.add(line(102, 30, -30));

    CHECK_FALSE(book.assignment(*book.line(102)));
    CHECK(book.open(*book.document(1)) == 100);
}

TEST_CASE("a credit note that was assigned to an invoice is used there and open no more") {
    Book book;
    auto invoice = document(1, 10);
    invoice.assigned = {102};
    book.add(invoice);
    book.add(document(2, 20));
    book.add(line(100, 10, 100, 0, "revenue"));
    book.add(line(102, 20, -30, 0, "revenue"));

    CHECK(texts_of({*book.assignment(*book.line(102))}) == Texts{"l102: credit_note 2 -> 1 30"});
    CHECK(book.open(*book.document(1)) == 70);
    CHECK(book.open(*book.document(2)) == 0);
}

TEST_CASE("an invoice cancelled as a whole and its reversal are nobody's items") {
    Book book;
    auto invoice = document(1, 10);
    invoice.state = "cancelled";
    invoice.cancel_move = 11;
    book.add(invoice);
    book.add(line(100, 10, 100, 9, "revenue"));
    book.add(line(101, 11, -100, 9, "revenue"));

    CHECK(book.is_void(*book.document(1)));
    CHECK(book.item(*book.line(101)).kind == Item::Kind::cancelled);
    CHECK(book.settlements(9).empty());
    CHECK(book.differences(9).empty());
}

TEST_CASE("a reversal that is not reconciled with its invoice stays an adjustment") {
    Book book;
    auto invoice = document(1, 10);
    invoice.state = "cancelled";
    invoice.cancel_move = 11;
    book.add(invoice);
    book.add(line(100, 10, 100, 0, "revenue"));
    book.add(line(101, 11, -100, 0, "revenue"));

    CHECK_FALSE(book.is_void(*book.document(1)));
    CHECK(book.item(*book.line(100)).kind == Item::Kind::document);
    CHECK(book.item(*book.line(101)).kind == Item::Kind::adjustment);
}

TEST_CASE("an invoice cancelled by a credit note is settled by it, not void") {
    Book book;
    auto invoice = document(1, 10);
    invoice.state = "cancelled";
    invoice.cancel_move = 20;
    book.add(invoice);
    book.add(document(2, 20));
    book.add(line(100, 10, 100, 9, "revenue"));
    book.add(line(101, 20, -100, 9, "revenue"));

    CHECK_FALSE(book.is_void(*book.document(1)));
    CHECK(texts_of(book.settlements(9)) == Texts{"l100: credit_note 2 -> 1 100"});
}

TEST_CASE("nothing is concluded from a reconciliation with a line that cannot be read") {
    Book book;
    book.add(document(1, 10));
    book.add(line(100, 10, 60, 9, "revenue"));
    book.spoil({{"move", 30}, {"reconciliation", 9}});

    CHECK(book.settlements(9).empty());
    CHECK(book.differences(9).empty());
}

}  // namespace dunlin::tryton::test
