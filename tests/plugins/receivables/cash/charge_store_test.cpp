// SPDX-License-Identifier: Apache-2.0
// Fees and interest that are claimed, as something that money is for.
#include "../dunning/dunning_book.hpp"

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;

namespace {

/// RE-2026-0001 over 100 is 15 days late; a letter asks for 5.00 and interest of 0.25.
struct Charged : DunningBook {
    explicit Charged(const std::string& order = "oldest_first") : DunningBook(dunning_store()) {
        book.invoice(invoice, "100", "2026-01-01", "2026-02-15");
        call("set_charges",
             {{"name", "six"}, {"charges", {{"rate", "6.08"}}}, {"valid_from", "2020-01-01"}});
        call("set_cash_policy", {{"policy", {{"order", order}}}, {"valid_from", "2020-01-01"}});
        procedure({{5, {{"interest", true}, {"fee", {{"fixed", {{"EUR", "5"}}}}}}}},
                  {{"charges", "six"}});
        release(dun("2026-03-02"));
        call("dunning_letter_sent", name_of(letter("released")));
    }
    /// What is left of fee and interest.
    std::string left() {
        std::string out;
        const auto rows = call("charges").at("rows");
        for (const auto& row : rows) {
            out += row.at("kind").get<std::string>() + " " +
                   row.at("left").at("amount").get<std::string>() + " ";
        }
        return out;
    }
    std::string open() {
        std::string out;
        for (const auto& one : book.open("2026-03-02")) out += one + ", ";
        return out;
    }
    Json pay(const std::string& amount, const std::string& text) {
        book.payment("P1", amount, "2026-03-02", {{"reference", text}});
        return {{"customer", book.id("customer", "C1")}, {"payment", book.id("payment", "P1")}};
    }
    Json charge(const std::string& kind) {
        const auto rows = call("charges").at("rows");
        for (const auto& row : rows) {
            if (row.at("kind") == kind && row.at("state") == "claimable") {
                return {{"customer", row.at("customer_id")}, {"charge", row.at("charge_id")}};
            }
        }
        return {};
    }
    Json line(const std::string& kind, const std::string& amount) {
        const auto of = charge(kind);
        return {{"customer", of.at("customer")}, {"item", of.at("charge")}, {"amount", amount}};
    }
    Json apply(Json payment, const Json& lines) {
        payment["lines"] = lines;
        return payment;
    }
    /// Ledger and journal in one word.
    std::string audit() {
        const std::vector<std::string> dates{"2026-03-01", "2026-03-02"};
        return book.audit(dates) + call("verify_journal", {{"dates", dates}}).at("findings").dump();
    }
    const std::string invoice = "RE-2026-0001";
};

constexpr const char* all_claimed = "fee 5.00 interest 0.25 ";
constexpr const char* all_paid = "fee 0.00 interest 0.00 ";

}  // namespace

TEST_CASE("I6_bgb_367: of 50 for an invoice fee and interest are paid first, and 55.25 are left") {
    Charged it("costs_interest_principal");
    const auto payment = it.pay("50", "RE-2026-0001");

    CHECK(it.call("match_cash").at("applied") == 1);

    CHECK(it.left() == all_paid);
    CHECK(it.open() == "RE-2026-0001 55.25, ");
    CHECK(it.audit() == "[]");
    const auto item = it.call("items", it.about("")).at("rows")[0];
    CHECK_FALSE(item.contains("claimed_charges"));
    CHECK(it.call("unapply_cash", payment).at("left").at("amount") == "50.00");
    CHECK(it.left() == all_claimed);
    CHECK(it.open() == "RE-2026-0001 -50.00, RE-2026-0001 100.00, ");
    CHECK(it.audit() == "[]");
}

TEST_CASE("what a letter asks for is paid by one payment, and claimed again when that bounces") {
    Charged it;
    const auto claimed = [&] {
        const auto sheets = it.call("statement", it.about("")).at("currencies");
        return sheets[0].at("claimed_charges").at("amount").get<std::string>();
    };
    CHECK(claimed() == "5.25");
    const auto item = it.call("items", it.about("")).at("rows")[0];
    CHECK(item.at("claimed_charges").at("amount") == "5.25");
    const auto payment = it.pay("105.25", "RE-2026-0001");

    it.call("match_cash");

    CHECK(it.open().empty());
    CHECK(it.left() == all_paid);
    CHECK(claimed() == "0.00");
    CHECK_THAT(it.error("waive_charge",
                        [&] {
                            auto waive = it.charge("fee");
                            waive["reason"] = "goodwill";
                            return waive;
                        }()),
               Contains("the charge is paid"));
    it.call("bounce_payment", payment);
    CHECK(it.open() == "RE-2026-0001 100.00, ");
    CHECK(it.left() == all_claimed);
    CHECK(it.audit() == "[]");
}

TEST_CASE("no more is paid of a charge than is claimed, and the invoice is paid by itself") {
    Charged it;
    const auto payment = it.pay("100", "RE-2026-0001");
    CHECK_THAT(it.error("apply_cash", it.apply(payment, Json::array({it.line("fee", "6")}))),
               Contains("of the fee on RE-2026-0001 5.00 are claimed still, not 6.00"));
    CHECK_THAT(it.error("apply_cash",
                        it.apply(payment, Json::array({it.line("fee", "4"), it.line("fee", "4")}))),
               Contains("in one line only"));
    it.call("match_cash");
    CHECK(it.open().empty());
    CHECK(it.left() == all_claimed);
}

TEST_CASE("the rest of a fee is waived, and what was paid of it is claimed again when given back") {
    Charged it;
    const auto payment = it.pay("3", "fee");
    it.call("apply_cash", it.apply(payment, Json::array({it.line("fee", "3")})));
    CHECK(it.left() == "fee 2.00 interest 0.25 ");
    const auto applied = it.book.instance().cell(
        "SELECT allocation_id FROM receivables_cash_application WHERE amount = 30000");
    CHECK_THAT(it.error("reverse_allocation",
                        it.about("", {{"allocation", std::to_string(applied.get<int64_t>())}})),
               Contains("pays a fee or interest"));
    auto waive = it.charge("fee");
    waive["reason"] = "goodwill";
    CHECK(it.call("waive_charge", waive).at("waived").at("amount") == "2.00");
    CHECK(it.left() == "fee 0.00 interest 0.25 fee 0.00 ");
    CHECK(it.audit() == "[]");
    // Its source says that it never came.
    it.book.payment("P1", "3", "2026-03-02",
                    {{"reference", "fee"}, {"status", "reversed"}, {"reversed_on", "2026-03-02"}});
    CHECK(it.left() == "fee 3.00 interest 0.25 fee 0.00 ");
    CHECK(it.audit() == "[]");
}

TEST_CASE("a head office pays the fee of its branch") {
    Charged it;
    it.book.put("customer", {{{"external_id", "H1"}, {"number", "H1"}, {"name", "Head"}}});
    it.book.payment("P9", "5", "2026-03-02", {{"customer", "H1"}});
    const Json payment{{"customer", it.book.id("customer", "H1")},
                       {"payment", it.book.id("payment", "P9")}};
    it.call("apply_cash", it.apply(payment, Json::array({it.line("fee", "5")})));
    CHECK(it.left() == "fee 0.00 interest 0.25 ");
    CHECK(it.audit() == "[]");
    it.call("unapply_cash", payment);
    CHECK(it.left() == all_claimed);
    CHECK(it.audit() == "[]");
}

TEST_CASE("a dispute suspends charges, and its outcome waives or claims them by their policy") {
    Charged it;
    const auto dispute = [&] {
        const auto claim = it.call("place_claim", it.about(it.invoice, {{"kind", "dispute"}}));
        return it.about("", {{"claim", claim.at("claim_id")}, {"outcome", "debtor_wrong"}});
    };
    auto lift = dispute();
    it.pay("2", "on account");
    it.call("match_cash");
    CHECK(it.call("cash_exceptions").at("payments")[0].at("proposals").empty());
    CHECK(it.call("lift_claim", lift).at("charges_waived") == 0);
    lift = dispute();
    lift["outcome"] = "debtor_right";
    CHECK(it.call("lift_claim", lift).at("charges_waived") == 2);
    CHECK(it.left() == all_paid);
    const auto row = it.call("charges").at("rows")[0];
    CHECK(row.at("end_reason") == "the dispute ended for the debtor: charges six version 1");
    const auto block = it.call("place_claim", it.about(it.invoice, {{"kind", "block"}}));
    CHECK_THAT(it.error("lift_claim", it.about("", {{"claim", block.at("claim_id")},
                                                    {"outcome", "debtor_right"}})),
               Contains("how a dispute ended"));
    CHECK(it.audit() == "[]");
}
