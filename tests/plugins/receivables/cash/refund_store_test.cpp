// SPDX-License-Identifier: Apache-2.0
// Refunds are asked for, never for more than is left.
#include "../dunning/dunning_book.hpp"

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;

TEST_CASE("a refund is never for more than is left, and above a limit it takes two people") {
    DunningBook it(dunning_store());
    it.book.invoice("RE-2026-0001", "100", "2026-01-01", "2026-02-15");
    it.book.payment("P1", "130", "2026-03-01");
    it.book.allocation("A1", "P1", "RE-2026-0001", "100");
    it.call("set_cash_policy",
            {{"policy", {{"refund_alone_up_to", {{"EUR", "20"}}}}}, {"valid_from", "2020-01-01"}});
    const auto ask = [&](const char* amount, const char* entity = "payment",
                         const char* id = "P1") {
        return it.about(
            "",
            {{"item", it.book.id(entity, id)}, {"amount", amount}, {"reason", "paid too much"}});
    };
    CHECK_THAT(it.error("request_refund", ask("5", "invoice", "RE-2026-0001")),
               Contains("no such payment or credit note"));
    CHECK_THAT(it.error("request_refund", ask("30.01")), Contains("at most the 30.00 EUR"));
    CHECK_THAT(it.error("request_refund", ask("0")), Contains("above zero"));
    // The rows of a test come from a source that is in no configuration.
    CHECK_THAT(it.error("request_refund", ask("20")), Contains("there is no source"));
    const auto one = it.call("request_refund", ask("25"));
    CHECK(one.at("state") == "waits");
    CHECK_THAT(it.error("request_refund", ask("5.01")), Contains("at most the 5.00 EUR"));
    it.book.invoice("RE-2026-0002", "30", "2026-03-01", "2026-03-31");
    CHECK(it.call("match_cash").at("applied") == 0);
    const Json line{{"item", it.book.id("invoice", "RE-2026-0002")}, {"amount", "30"}};
    const auto apply =
        it.about("", {{"payment", it.book.id("payment", "P1")}, {"lines", Json::array({line})}});
    CHECK_THAT(it.error("apply_cash", apply), Contains("25.00 EUR are to be refunded"));

    auto decide =
        it.about("", {{"refund", one.at("refund_id")}, {"approve", false}, {"reason", "no"}});
    CHECK_THAT(it.error("decide_refund", decide), Contains("somebody else must decide"));
    auto bert = host::Principal::of_operator();
    bert.name = "token:bert";
    it.book.instance().call("receivables.decide_refund", decide, bert);
    CHECK(it.call("refunds", {{"state", "refused"}}).at("rows").size() == 1);
    CHECK_THAT(it.error("decide_refund", decide), Contains("waits for nobody"));
    CHECK(it.call("match_cash").at("applied") == 1);
}
