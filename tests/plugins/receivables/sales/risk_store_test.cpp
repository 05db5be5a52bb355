// SPDX-License-Identifier: Apache-2.0
// Every customer has a class of risk that its behaviour explains.
#include "sales_book.hpp"

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;

namespace {

struct Risks : Sales {
    using Sales::Sales;
    Json risk(const char* customer, const std::string& as_of = "2026-03-02") {
        return book.call("customer",
                         {{"customer", book.id("customer", customer)}, {"as_of", as_of}})["risk"];
    }
    std::string name(const char* customer, const std::string& as_of = "2026-03-02") {
        return risk(customer, as_of)["class"];
    }
    /// C2 paid one invoice that many days late, and owes nothing.
    void paid_late(const char* due, const char* paid) {
        book.customer("C2");
        book.invoice("L1", "50", "2025-10-01", due, {{"customer", "C2"}});
        book.payment("L2", "50", paid, {{"customer", "C2"}});
        book.allocation("L3", "L2", "L1", "50", {{"customer", "C2"}});
    }
    std::string by_risk() {
        std::string out;
        const auto aging = book.call("aging", {{"by", "risk"}});
        for (const auto& row : aging["rows"]) {
            out += row["risk"].get<std::string>() + " " + row["open"].get<std::string>() + ";";
        }
        return out;
    }
    std::string refused(Json policy) {
        return error_of([&] { book.call("set_risk_policy", {{"policy", policy}}); });
    }
    Book& use(const char* points) {
        auto policy = book.call("risk_policy")["policy"];
        policy["classes"][1]["from"] = std::stoi(points);
        book.call("set_risk_policy", {{"policy", policy}, {"valid_from", "2026-03-01"}});
        return book;
    }
};

}  // namespace

TEST_CASE("a customer who owes nothing has a class of risk as well, from how it paid") {
    Risks risks;
    CHECK(risks.name("C1") == "low");
    risks.paid_late("2025-12-01", "2026-02-01");
    const auto risk = risks.risk("C2");
    CHECK(risk["class"] == "medium");
    CHECK(risk["points"] == 30);
    REQUIRE(risk["rules"].size() == 1);
    CHECK(risk["rules"][0]["rule"] == "pays_late");
    CHECK(risk["rules"][0]["value"] == 62);
    CHECK(risk["policy"]["version"] == 0);
    CHECK(risks.name("C2", "2026-01-31") == "low");  // Nobody knew by then.
}

TEST_CASE("payments that bounced, broken limits and old debts add up to a class") {
    Risks risks;
    risks.book.payment("P1", "10", "2026-02-01");
    CHECK(risks.risk("C1")["points"] == 0);
    risks.book.call("bounce_payment", risks.request({{"payment", risks.book.id("payment", "P1")}}));
    CHECK(risks.risk("C1")["rules"][0]["rule"] == "bounces");
    CHECK(risks.name("C1") == "medium");
    CHECK(risks.name("C1", "2026-03-01") == "low");
    risks.book.invoice("I2", "950", "2025-10-01", "2025-11-01");
    CHECK(risks.risk("C1")["points"] == 15 + 15 + 20);
    CHECK(risks.name("C1") == "high");
    CHECK(risks.by_risk() == "high 1050.00;");
    risks.book.customer("C3");
    risks.book.invoice("I3", "7", "2026-02-01", "2026-04-01", {{"customer", "C3"}});
    CHECK(risks.by_risk() == "high 1050.00;low 7.00;");
}

TEST_CASE("the policy of risk is changed from a day on, and not into one with a hole") {
    Risks risks;
    auto policy = risks.book.call("risk_policy")["policy"];
    auto twice = policy;
    twice["classes"][2]["from"] = 15;
    CHECK_THAT(risks.refused(twice), Contains("must be above the 15"));
    policy["rules"][0]["fact"] = "moods";
    CHECK_THAT(risks.refused(policy), Contains("there is no fact \"moods\""));
    CHECK(risks.book.instance().status_of("receivables.set_risk_policy", {{"policy", twice}},
                                          risks.in_role("cid", "collector")) == DUNLIN_E_DENIED);
    risks.paid_late("2025-12-01", "2026-02-01");
    risks.use("31");
    CHECK(risks.name("C2") == "low");
    CHECK(risks.risk("C2")["policy"]["version"] == 1);
    CHECK(risks.name("C2", "2026-02-28") == "medium");
}

TEST_CASE("the class of risk goes back with agreed terms to a source that takes it") {
    const auto agree = [](Risks& risks) {
        const auto made = risks.book.call(
            "propose_terms", risks.request({{"payment_terms", "30 days"}, {"reason", "x"}}));
        const auto proposal = risks.request({{"proposal", made["proposal_id"]}});
        auto& instance = risks.book.instance();
        const auto first =
            instance.call("receivables.agree_terms_for_sales", proposal, Sales::person("sue"));
        CHECK_FALSE(first.contains("risk"));
        return instance.call("receivables.agree_terms_for_collections", proposal,
                             Sales::person("ann"))["risk"];
    };
    SECTION("it does") {
        Risks risks(source_of("remote", ""));
        const auto risk = agree(risks);
        CHECK(risk["class"] == "low");
        CHECK(risk["written_back"]["kind"] == "risk_class");
        CHECK(risks.book.instance().cell("SELECT count(*) FROM dunlin_write_back WHERE kind = "
                                         "'risk_class'") == 1);
    }
    SECTION("it does not") {
        Risks risks(source_of("reference", "url = \"http://127.0.0.1:9\"\ntoken = \"erp\"\n"));
        const auto written = agree(risks)["written_back"];
        CHECK(written["state"] == "not_taken");
        CHECK_THAT(written["why"].get<std::string>(), Contains("takes no \"risk_class\" back"));
    }
}
