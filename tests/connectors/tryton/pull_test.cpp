// SPDX-License-Identifier: Apache-2.0
#include "fake_tryton.hpp"

namespace dunlin::tryton::test {
namespace {

using Texts = std::vector<std::string>;

PullRequest whole(const std::string& entity) {
    return {entity, "", std::nullopt, PullRequest::Mode::changes, {}};
}

PullRequest by_id(const std::string& entity, const Texts& ids) {
    return {entity, "", std::nullopt, PullRequest::Mode::by_id, ids};
}

}  // namespace

TEST_CASE("a record that cannot be read is set aside with its reason, the rest goes on") {
    FakeTryton server;
    add_invoice(server, 1, "0.00001");
    add_invoice(server, 2);
    std::vector<BadRow> errors;

    const auto rows = rows_of(*server.source(), whole("invoice"), {"total"}, &errors);

    CHECK(rows == Texts{"2|1000000"});
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].external_id == "1");
    CHECK(errors[0].reason == "one of its due lines cannot be read");
    CHECK_THAT(errors[0].raw, Catch::Contains("2026/1"));
}

TEST_CASE("a receivable line that belongs to nobody is set aside with the remedy") {
    FakeTryton server;
    add_line(server, 55, 9, "0", "12.00", "cash")["party"] = nullptr;
    std::vector<BadRow> errors;

    CHECK(rows_of(*server.source(), whole("payment"), {}, &errors).empty());
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].code == "party");
    CHECK_THAT(errors[0].reason, Catch::Contains("enter the party in Tryton"));
}

TEST_CASE("an entity or a place that is none is refused") {
    FakeTryton server;
    auto resumed = whole("invoice");
    resumed.resume = "page two";

    CHECK_THROWS_AS(server.source()->pull(whole("invioce"), no_cancel()), Error);
    CHECK_THROWS_AS(server.source()->pull(resumed, no_cancel()), Error);
}

TEST_CASE("an invoice comes with what its due lines say") {
    FakeTryton server;
    add_invoice(server, 1, "360.36");

    CHECK(rows_of(*server.source(), whole("invoice"),
                  {"customer", "company", "number", "kind", "status", "issue_date", "due_date",
                   "currency", "total", "open_amount", "reference"}) ==
          Texts{"1|7|1|2026/1|invoice|posted|2026-03-01|2026-04-01|USD|3603600|3603600|PO-1"});
}

TEST_CASE("a credit note's total is positive and it names the invoice it takes back") {
    FakeTryton server;
    add_invoice(server, 1);
    add_invoice(server, 2);
    auto& due = server.records["account.move.line"][1];
    std::swap(due["debit"], due["credit"]);
    server.add("account.invoice.line", {{"id", 31}, {"invoice", 1}, {"type", "line"}});
    server.add("account.invoice.line",
               {{"id", 32}, {"invoice", 2}, {"origin", "account.invoice.line,31"}});

    const auto rows =
        rows_of(*server.source(), whole("invoice"), {"kind", "total", "open_amount", "corrects"});

    CHECK(rows == Texts{"1|invoice|1000000|1000000|-", "2|credit_note|1000000|1000000|1"});
}

TEST_CASE("a draft has a total of its own, no due date and the day on which it was made") {
    FakeTryton server;
    auto& draft = server.add("account.invoice", {{"id", 4},
                                                 {"type", "out"},
                                                 {"state", "draft"},
                                                 {"party", 7},
                                                 {"currency.", {{"code", "EUR"}}},
                                                 {"move", nullptr},
                                                 {"total_amount", decimal("12.30")},
                                                 {"create_date", moment(2026, 2, 3)}});
    const Texts columns{"status", "issue_date", "due_date", "total", "open_amount", "cancelled_on"};

    CHECK(rows_of(*server.source(), whole("invoice"), columns) ==
          Texts{"4|draft|2026-02-03|-|123000|-|-"});
    draft["state"] = "cancelled";
    CHECK(rows_of(*server.source(), whole("invoice"), columns) ==
          Texts{"4|cancelled|2026-02-03|-|123000|-|2026-02-03"});
}

TEST_CASE("pages go on behind the last id, also in a new pull") {
    FakeTryton server;
    for (int n = 1; n <= 25; ++n) add_invoice(server, n);
    const auto source = server.source({{"page_rows", 10}});
    auto request = whole("invoice");

    const auto all = rows_of(*source, request, {});
    const auto pull = source->pull(request, no_cancel());
    Page first;
    REQUIRE(pull->next(first));
    request.resume = first.next_cursor;

    CHECK(all.size() == 25);
    CHECK(first.rows.rows() == 10);
    CHECK(rows_of(*source, request, {}).size() == 15);
}

TEST_CASE("a page tells its latest change and the server's clock") {
    FakeTryton server;
    add_invoice(server, 1);
    add_invoice(server, 5);

    const auto source = server.source();
    const auto pull = source->pull(whole("invoice"), no_cancel());
    Page page;
    REQUIRE(pull->next(page));

    CHECK(page.changed_max_us == instant_at({{"at", moment(2026, 3, 1, 5)}}, "at"));
    CHECK(page.server_us == int64_t{1795324387} * 1000000);
}

TEST_CASE("a row whose change equals the moment asked for belongs to the answer") {
    FakeTryton server;
    add_invoice(server, 1);
    add_invoice(server, 2);
    auto request = whole("invoice");

    request.since_us = instant_at({{"at", moment(2026, 3, 1, 2)}}, "at");

    CHECK(rows_of(*server.source(), request, {}) == Texts{"2"});
}

TEST_CASE("the operator's longer overlap is taken off what the host asks for") {
    FakeTryton server;
    add_invoice(server, 1);
    auto request = whole("invoice");
    request.since_us = *instant_at({{"at", moment(2026, 3, 1, 2)}}, "at");

    const auto near = rows_of(*server.source(), request, {});
    const auto far = rows_of(*server.source({{"overlap_minutes", 65}}), request, {});

    CHECK(near.empty());
    CHECK(far == Texts{"1"});
}

TEST_CASE("by id, what is not there any more is gone, and only what was asked for comes") {
    FakeTryton server;
    add_invoice(server, 1);
    add_invoice(server, 2);

    CHECK(rows_of(*server.source(), by_id("invoice", {"2", "3", "no id"}), {"deleted"}) ==
          Texts{"2|0", "3|1", "no id|1"});
}

TEST_CASE("a failure to read makes nothing gone") {
    FakeTryton server;
    const auto source = server.source();
    const auto pull = source->pull(by_id("invoice", {"3"}), no_cancel());
    server.next_replies = {reply_of(503, "")};
    Page page;

    CHECK_THROWS_AS(pull->next(page), Error);
}

TEST_CASE("a line whose reconciliation was taken back says that its settlement is gone") {
    FakeTryton server;
    add_invoice(server, 1);
    add_line(server, 200, 20, "0", "100.00", "cash");
    for (auto& line : server.records["account.move.line"]) {
        line["reconciliation"] = 9;
        line["reconciliation."] = {{"date", date(2026, 5, 1)}};
    }
    auto changes = whole("allocation");
    changes.since_us = 0;
    const Texts columns{"deleted", "source", "source_kind", "invoice", "date", "amount"};

    const auto settled = rows_of(*server.source(), whole("allocation"), columns);
    for (auto& line : server.records["account.move.line"]) line["reconciliation"] = nullptr;
    const auto taken_back = rows_of(*server.source(), changes, {"deleted"});

    CHECK(settled == Texts{"l100|0|l200|payment|1|2026-05-01|1000000"});
    CHECK_THAT(taken_back, Catch::VectorContains(std::string("l100|1")));
}

TEST_CASE("a manual journal arrives as an adjustment with its sign") {
    FakeTryton server;
    add_line(server, 300, 30, "0", "49.99", "general");
    add_line(server, 301, 31, "0", "0.01", "write-off");

    CHECK(rows_of(*server.source(), whole("adjustment"), {"customer", "amount", "kind"}) ==
          Texts{"l300|7|-499900|journal", "l301|7|-100|write_off"});
}

TEST_CASE("totals are the open lines in the currency of each") {
    FakeTryton server;
    add_invoice(server, 1, "100.10");
    auto& foreign = add_line(server, 200, 20, "0", "50.00", "cash");
    foreign["second_currency."] = {{"code", "EUR"}};
    foreign["amount_second_currency"] = decimal("-45.5");

    CHECK(server.source()->totals(no_cancel()) ==
          Json::parse(R"([{"company":"1","currency":"EUR","open":"-45.50"},
                          {"company":"1","currency":"USD","open":"100.10"}])"));
}

TEST_CASE("ids are listed with the letters that rows have") {
    FakeTryton server;
    server.add("party.contact_mechanism", {{"id", 4}, {"active", true}});
    server.add("party.address", {{"id", 4}, {"active", false}});
    auto request = whole("contact_point");
    request.mode = PullRequest::Mode::ids;

    CHECK(rows_of(*server.source(), request, {}) == Texts{"m4", "a4"});
}

TEST_CASE("what one unit of the base is worth becomes a rate from it") {
    FakeTryton server;
    server.add("currency.currency.rate", {{"id", 1},
                                          {"currency.", {{"code", "USD"}}},
                                          {"rate", decimal("1.000000")},
                                          {"date", date(2026, 1, 1)}});
    server.add("currency.currency.rate", {{"id", 2},
                                          {"currency.", {{"code", "EUR"}}},
                                          {"rate", decimal("0.920000")},
                                          {"date", date(2026, 1, 1)}});

    CHECK(rows_of(*server.source(), whole("exchange_rate"),
                  {"deleted", "from_currency", "to_currency", "rate"}) ==
          Texts{"2|0|USD|EUR|0.92", "1|1|-|-|-"});
}

TEST_CASE("an inactive contact is gone, and so is one of a kind nobody writes to") {
    FakeTryton server;
    const auto add = [&](int id, const char* type, bool is_active) {
        server.add("party.contact_mechanism", {{"id", id},
                                               {"party", 7},
                                               {"type", type},
                                               {"value", "x@example.net"},
                                               {"invoice", true},
                                               {"active", is_active}});
    };
    add(1, "email", true);
    add(2, "email", false);
    add(3, "irc", true);

    CHECK(rows_of(*server.source(), whole("contact_point"), {"deleted", "kind", "role", "value"}) ==
          Texts{"m1|0|email|billing|x@example.net", "m2|1|-|-|-", "m3|1|-|-|-"});
}

TEST_CASE("the list of adjustments lacks none that a reconciliation can bring") {
    FakeTryton server;
    add_line(server, 200, 20, "0", "5.00", "write-off")["reconciliation"] = 9;
    add_line(server, 201, 21, "5.00", "0", "cash");
    auto request = whole("adjustment");
    request.mode = PullRequest::Mode::ids;

    CHECK(rows_of(*server.source(), request, {}) == Texts{"l200", "x200"});
}

}  // namespace dunlin::tryton::test
