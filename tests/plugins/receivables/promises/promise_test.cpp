// SPDX-License-Identifier: Apache-2.0
// What keeps a promise, which one a sum of money keeps, and which level the next one has.
#include "promises/promise.hpp"

#include <catch2/catch.hpp>

using namespace dunlin;
using namespace dunlin::receivables;

namespace {

constexpr int64_t unit = 10000;

Date day(int n) {
    return Date(20000 + n);
}

Item item(int64_t id, int64_t units, int posted, const char* kind) {
    return {1,           id,          units * unit, Currency("EUR"), day(posted), never,
            day(posted), day(posted), kind};
}

Allocation allocation(int64_t id, int64_t source, int64_t target, int64_t units, int from) {
    Allocation out;
    out.customer_id = 1;
    out.id = id;
    out.source_id = source;
    out.target_id = target;
    out.amount = units * unit;
    out.effective_on = day(from);
    return out;
}

Promise promise(int64_t id, int64_t item_id, int64_t units, int made, int due, int grace = 0,
                int64_t enough = 1000) {
    Promise out;
    out.customer_id = 1;
    out.id = id;
    out.item_id = item_id;
    out.currency = "EUR";
    out.amount = units * unit;
    out.made_on = day(made);
    out.due_on = day(due);
    out.rules.grace_days = grace;
    out.rules.enough_per_mille = enough;
    return out;
}

/// Invoices 1 and 2 of 100 each from day 0 on, and whatever a test adds.
struct Books {
    Account account{1, {item(1, 100, 0, "invoice"), item(2, 100, 0, "invoice")}, {}, {}};
    Books& pay(int64_t id, int64_t units, int on, int64_t target = 0, int applied = -1) {
        account.items.push_back(item(id, -units, on, "payment"));
        if (target != 0) {
            account.allocations.push_back(
                allocation(id + 1000, id, target, units, applied < 0 ? on : applied));
        }
        return *this;
    }
    std::string words(const std::vector<Promise>& promises, int as_of) {
        std::string out;
        for (const auto& verdict :
             judge(promises, promise_facts(account, day(as_of)), day(as_of))) {
            out.append(out.empty() ? "" : " ").append(word_of(verdict.state));
        }
        return out;
    }
};

}  // namespace

TEST_CASE("P3: 150 of 155 keeps a promise at 95 percent and breaks it at 100") {
    Books books;
    books.account.items.front().amount = 155 * unit;
    books.pay(10, 150, 5, 1);
    auto at_95 = promise(1, 1, 155, 1, 5, 0, 950);
    auto at_100 = promise(1, 1, 155, 1, 5, 0, 1000);
    at_100.rules.has_part = false;
    CHECK(books.words({at_95}, 6) == "kept");
    CHECK(books.words({at_100}, 6) == "broken");
    at_100.rules.has_part = true;
    CHECK(books.words({at_100}, 6) == "partly_kept");
}

TEST_CASE("without money a promise is open to its last day, and broken from the next on") {
    Books books;
    const auto one = promise(1, 1, 100, 1, 5, 3);
    CHECK(books.words({one}, 8) == "open");
    CHECK(books.words({one}, 9) == "broken");
}

TEST_CASE("promised Saturday, valued Monday: kept where the days of grace reach so far") {
    Books books;
    books.pay(10, 100, 7, 1);
    CHECK(books.words({promise(1, 1, 100, 1, 5, 2)}, 10) == "kept");
    CHECK(books.words({promise(1, 1, 100, 1, 5, 1)}, 10) == "broken");
}

TEST_CASE("the value date decides, not the day the money was applied") {
    Books books;
    books.pay(10, 100, 5, 1, 9);
    const auto one = promise(1, 1, 100, 1, 5);
    CHECK(books.words({one}, 9) == "kept");
    CHECK(books.words({one}, 6) == "kept");  // Not applied yet, it counts for any promise.
    Books other;
    other.pay(10, 100, 5, 2, 9);
    CHECK(other.words({one}, 8) == "kept");
    CHECK(other.words({one}, 9) == "broken");  // Then it turned out to be for another invoice.
}

TEST_CASE("money valued before a promise was made does not keep it") {
    Books books;
    books.pay(10, 60, 1, 1).pay(11, 40, 3, 1);
    CHECK(books.words({promise(1, 1, 40, 2, 5)}, 6) == "kept");
    Books early;
    early.pay(10, 60, 1, 1);
    CHECK(early.words({promise(1, 1, 40, 2, 5)}, 6) == "broken");
}

TEST_CASE("one sum of money keeps one promise only, the one that is due first") {
    Books books;
    books.pay(10, 100, 3);
    const auto late = promise(1, 1, 100, 1, 6), early = promise(2, 2, 100, 1, 5);
    CHECK(books.words({late, early}, 7) == "broken kept");
    const auto account = promise(3, 0, 100, 1, 5);
    CHECK(books.words({account, early}, 7) == "broken kept");  // Of one day the item's comes first.
}

TEST_CASE("a sum goes on to the next promise with what the first did not need") {
    Books books;
    books.pay(10, 100, 3);
    CHECK(books.words({promise(1, 1, 60, 1, 5), promise(2, 2, 40, 1, 6)}, 7) == "kept kept");
    CHECK(books.words({promise(1, 1, 60, 1, 5), promise(2, 2, 60, 1, 6)}, 7) == "kept partly_kept");
}

TEST_CASE(
    "a payment that is reversed breaks the promise again, and on earlier days it stays kept") {
    Books books;
    books.pay(10, 100, 4, 1);
    books.account.items.back().void_on = day(20);
    books.account.allocations.back().until_on = day(20);
    const auto one = promise(1, 1, 100, 1, 5);
    CHECK(books.words({one}, 19) == "kept");
    CHECK(books.words({one}, 20) == "broken");
    books.pay(11, 100, 5, 1);
    CHECK(books.words({one}, 20) == "kept");
}

TEST_CASE("money that was sent back keeps nothing") {
    Books books;
    books.pay(10, 100, 4);
    books.account.items.push_back(item(20, 100, 4, "payment"));
    books.account.allocations.push_back(allocation(30, 10, 20, 100, 4));
    CHECK(books.words({promise(1, 1, 100, 1, 5)}, 6) == "broken");
}

TEST_CASE("what is credited in time need not be paid, and later credits change nothing") {
    Books books;
    books.account.items.push_back(item(20, -70, 3, "credit_note"));
    books.account.allocations.push_back(allocation(30, 20, 1, 70, 3));
    books.pay(10, 30, 4, 1);
    CHECK(books.words({promise(1, 1, 100, 1, 5)}, 6) == "kept");
    Books all;
    all.account.items.push_back(item(20, -100, 3, "credit_note"));
    all.account.allocations.push_back(allocation(30, 20, 1, 100, 3));
    CHECK(all.words({promise(1, 1, 100, 1, 5)}, 4) == "withdrawn");
    Books late;
    late.account.items.push_back(item(20, -100, 9, "credit_note"));
    late.account.allocations.push_back(allocation(30, 20, 1, 100, 9));
    CHECK(late.words({promise(1, 1, 100, 1, 5)}, 10) == "broken");
}

TEST_CASE("a cancelled invoice ends its promise, unless it was broken before") {
    Books books;
    books.account.items.front().void_on = day(4);
    CHECK(books.words({promise(1, 1, 100, 1, 5)}, 6) == "withdrawn");
    books.account.items.front().void_on = day(9);
    CHECK(books.words({promise(1, 1, 100, 1, 5)}, 10) == "broken");
}

TEST_CASE("another currency keeps no promise") {
    Books books;
    books.pay(10, 100, 4);
    books.account.items.back().currency = Currency("USD");
    CHECK(books.words({promise(1, 1, 100, 1, 5)}, 6) == "broken");
}

namespace {

/// The level that a next promise on invoice 1 would have, with one more if it follows any.
int64_t next_level(Books& books, const std::vector<Promise>& promises, int as_of,
                   const std::vector<int64_t>& followed = {}) {
    const auto verdicts = judge(promises, promise_facts(books.account, day(as_of)), day(as_of));
    const auto before = followed_by_new(promises, verdicts, followed, 1, "EUR");
    return before ? promises[*before].level + 1 : 1;
}

}  // namespace

TEST_CASE("P1: a promise after a broken, partly kept or withdrawn one is one level higher") {
    Books books;
    CHECK(next_level(books, {promise(1, 1, 100, 1, 5)}, 6) == 2);
    auto withdrawn = promise(1, 1, 100, 1, 5);
    withdrawn.ended_on = day(3);
    CHECK(books.words({withdrawn}, 3) == "withdrawn");
    CHECK(next_level(books, {withdrawn}, 3) == 2);
    books.pay(10, 50, 4, 1);
    CHECK(next_level(books, {promise(1, 1, 100, 1, 5)}, 6) == 2);
}

TEST_CASE("P1: a promise for the rest after a kept one, or beside an open one, has level 1") {
    Books books;
    CHECK(next_level(books, {promise(1, 1, 50, 1, 5)}, 4) == 1);
    books.pay(10, 50, 4, 1);
    CHECK(next_level(books, {promise(1, 1, 50, 1, 5)}, 6) == 1);
}

TEST_CASE("a promise of which nothing was left to pay raises no level") {
    Books books;
    books.account.items.push_back(item(20, -100, 3, "credit_note"));
    books.account.allocations.push_back(allocation(30, 20, 1, 100, 3));
    CHECK(books.words({promise(1, 1, 100, 1, 5)}, 4) == "withdrawn");
    CHECK(next_level(books, {promise(1, 1, 100, 1, 5)}, 4) == 1);
}

TEST_CASE("each failed promise is followed once, and only by one about the same") {
    Books books;
    const std::vector<Promise> two{promise(1, 1, 50, 1, 5), promise(2, 2, 50, 1, 5)};
    CHECK(next_level(books, two, 6, {1}) == 1);
    auto higher = promise(3, 1, 20, 2, 5);
    higher.level = 3;
    CHECK(next_level(books, {two[0], higher}, 6) == 4);
}

TEST_CASE("#46: a broken promise that was replaced is still a broken promise") {
    Books books;
    auto broken = promise(1, 1, 100, 1, 5);
    broken.ended_on = day(9);  // Whatever ended it came after its last day.
    broken.is_superseded = true;
    CHECK(books.words({broken}, 9) == "broken");
    CHECK(books.words({broken}, 400) == "broken");
    auto open = promise(1, 1, 100, 1, 5);
    open.ended_on = day(4);
    open.is_superseded = true;
    CHECK(books.words({open}, 9) == "superseded");
    CHECK(books.words({open}, 3) == "open");
}
