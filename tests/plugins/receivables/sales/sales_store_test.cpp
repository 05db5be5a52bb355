// SPDX-License-Identifier: Apache-2.0
// Sales and collections: a hold-off is short and not every week, a credit hold is told before, and
// terms need two names.
#include "sales_book.hpp"

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;

TEST_CASE("sales holds off for a capped time, with a pause before the next") {
    Sales sales;
    const auto off = [](const char* until) { return Json{{"until", until}, {"reason", "a deal"}}; };
    CHECK_THAT(sales.refusal("hold_off", off("2026-03-17"), DUNLIN_E_INVALID),
               Contains("for 14 days, until 2026-03-16"));
    CHECK_THAT(sales.refusal("hold_off", off("2026-03-02"), DUNLIN_E_INVALID), Contains("after"));
    sales.book.call("hold_off", sales.request(off("2026-03-10")));
    CHECK(sales.book.total("2026-03-09").at("collectable") == "0.00");
    CHECK(sales.book.total("2026-03-10").at("collectable") == "100.00");
    CHECK_THAT(sales.refusal("hold_off", off("2026-03-12"), DUNLIN_E_CONFLICT),
               Contains("until 2026-03-10; the next time is from 2026-04-09 on"));
    host::CallOptions later;
    later.today = Date(2026, 4, 9);
    CHECK_NOTHROW(sales.book.instance().call(
        "receivables.hold_off", sales.request(off("2026-04-20")), Sales::person("sue"), later));
    sales.book.call("set_sales_rules", {{"rules", {{"name", "none"}, {"hold_off_days_max", 0}}}});
    CHECK_THAT(sales.refusal("hold_off", off("2026-03-03"), DUNLIN_E_INVALID),
               Contains("for 0 days"));
}

TEST_CASE("the salesperson is told before a credit hold, in good time") {
    Sales sales;
    CHECK_THAT(sales.refusal("announce_hold", {{"on", "2026-03-03"}, {"reason", "late"}},
                             DUNLIN_E_INVALID),
               Contains("from 2026-03-04 on"));
    const auto task = sales.book.call("announce_hold", sales.request({{"reason", "late"}}));
    CHECK(task["assignee"] == "sue");
    CHECK(task["due_on"] == "2026-03-04");
    CHECK(sales.book.instance().cell("SELECT count(*) FROM dunlin_event WHERE topic = "
                                     "'receivables.credit_hold_announced'") == 1);
    sales.book.customer("C2");
    CHECK(sales.book.instance().status_of("receivables.announce_hold",
                                          {{"customer", sales.book.id("customer", "C2")},
                                           {"reason", "x"}}) == DUNLIN_E_CONFLICT);
}

TEST_CASE("credit terms are agreed by two people, one for each side, and then declined no more") {
    Sales sales;
    CHECK_THAT(sales.refusal("propose_terms", {{"reason", "x"}}, DUNLIN_E_INVALID),
               Contains("propose a"));
    const auto made = sales.book.call(
        "propose_terms", sales.request({{"payment_terms", "prepayment"}, {"reason", "late"}}));
    CHECK_THAT(made["basis"].get<std::string>(), Contains("0 promises not kept"));
    CHECK_THAT(sales.refusal("propose_terms", {{"payment_terms", "x"}, {"reason", "x"}},
                             DUNLIN_E_CONFLICT),
               Contains("open proposal"));
    const Json proposal{{"proposal", made["proposal_id"]}};
    const auto agree = [&](const char* side, const host::Principal& who) {
        return sales.book.instance().call(std::string("receivables.agree_terms_for_") + side,
                                          sales.request(proposal), who);
    };
    agree("sales", Sales::person("sue"));
    CHECK_THAT(sales.refusal("agree_terms_for_sales", proposal, DUNLIN_E_CONFLICT),
               Contains("sue has agreed"));
    CHECK_THAT(sales.refusal("agree_terms_for_collections", proposal, DUNLIN_E_CONFLICT),
               Contains("terms need two people"));
    const auto agreed = agree("collections", Sales::person("ann"));
    CHECK(agreed["state"] == "agreed");
    CHECK(agreed["agreed_by_sales"] == "sue");
    CHECK(agreed["agreed_by_collections"] == "ann");
    CHECK_THAT(sales.refusal("decline_terms", {{"proposal", made["proposal_id"]}, {"reason", "x"}},
                             DUNLIN_E_CONFLICT),
               Contains("already agreed"));
    CHECK(sales.book.call("terms_proposals", {{"state", "agreed"}})["rows"].size() == 1);
}

TEST_CASE("nobody of sales can give the name of collections, nor the other way round") {
    Sales sales;
    const auto made = sales.book.call(
        "propose_terms", sales.request({{"payment_terms", "30 days"}, {"reason", "pays early"}}));
    const auto proposal = sales.request({{"proposal", made["proposal_id"]}});
    const auto status = [&](const char* command, const char* name, const char* role) {
        return sales.book.instance().status_of(std::string("receivables.") + command, proposal,
                                               sales.in_role(name, role));
    };
    CHECK(status("agree_terms_for_collections", "sue", "salesperson") == DUNLIN_E_DENIED);
    CHECK_THAT(error_of([&] {
                   sales.book.instance().call("receivables.agree_terms_for_collections", proposal,
                                              sales.in_role("sue", "salesperson"));
               }),
               Contains("receivables.manage"));
    CHECK(status("agree_terms_for_sales", "ann", "supervisor") == DUNLIN_E_DENIED);
    CHECK(status("agree_terms_for_sales", "cid", "collector") == DUNLIN_E_DENIED);
    CHECK(status("agree_terms_for_collections", "cid", "collector") == DUNLIN_E_DENIED);
    CHECK(status("agree_terms_for_sales", "sue", "salesperson") == DUNLIN_OK);
    // Two of sales are one side.
    CHECK(status("agree_terms_for_sales", "tom", "salesperson") == DUNLIN_E_CONFLICT);
    CHECK(sales.book.call("terms_proposals", {{"state", "agreed"}})["rows"].empty());
    CHECK(status("agree_terms_for_collections", "ann", "supervisor") == DUNLIN_OK);
    CHECK(sales.book.call("terms_proposals", {{"state", "agreed"}})["rows"].size() == 1);
}
