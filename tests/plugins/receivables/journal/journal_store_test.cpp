// SPDX-License-Identifier: Apache-2.0
// What is decided here about money, as a journal, on both stores.
#include "../dunning/dunning_book.hpp"

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;
using Lines = std::vector<std::string>;

namespace {

/// A letter with a fee of 25 and interest of 0.41 was released on 2 March.
struct Booked : DunningBook {
    Booked() : DunningBook(dunning_store()) {
        book.invoice("I1", "100", "2026-01-01", "2026-02-15");
        call("set_charges",
             {{"name", "ten"}, {"charges", {{"rate", "10"}}}, {"valid_from", "2020-01-01"}});
        procedure({{5, {{"interest", true}, {"fee", {{"fixed", {{"EUR", "25"}}}}}}}},
                  {{"charges", "ten"}});
        release(dun("2026-03-02"));
    }
    void accounts(const std::string& but = "") {
        Json accounts = Json::object();
        const auto rows = call("accounts").at("rows");
        for (const auto& row : rows) {
            const auto name = row.at("account_for").get<std::string>();
            if (name != but) accounts[name] = "A-" + name;
        }
        call("set_accounts", {{"accounts", accounts}, {"valid_from", "2020-01-01"}});
    }
    /// "booked/effective kind: debit > credit amount" of each entry of a month.
    Lines entries(const std::string& period) {
        Lines out;
        const auto rows = call("journal", {{"period", period}}).at("rows");
        for (const auto& row : rows) {
            const auto& lines = row.at("lines");
            out.push_back(row.at("booked_on").get<std::string>().substr(5) + "/" +
                          row.at("effective_on").get<std::string>().substr(5) + " " +
                          row.at("kind").get<std::string>() + ": " +
                          lines[0].at("account").get<std::string>() + " > " +
                          lines[1].at("account").get<std::string>() + " " +
                          lines[0].at("debit").get<std::string>());
        }
        std::sort(out.begin(), out.end());
        return out;
    }
    std::string findings(const Lines& dates = {}) {
        return call("verify_journal", {{"dates", dates}}).at("findings").dump();
    }
    Json export_of(const std::string& period) {
        return call("export_journal", {{"period", period}});
    }
    void waive(const std::string& kind, const std::string& reason) {
        const auto rows = call("charges").at("rows");
        for (const auto& row : rows) {
            if (row.at("kind") != kind) continue;
            call("waive_charge", {{"customer", row.at("customer_id")},
                                  {"charge", row.at("charge_id")},
                                  {"reason", reason}});
        }
    }
};

}  // namespace

TEST_CASE("an account that nobody gave is named, and so is one that there is not") {
    Booked it;
    CHECK_THAT(it.error("journal", Json::object()),
               Contains("no account for charges in 2026-03, fee_income in 2026-03") &&
                   Contains("receivables.set_accounts"));
    it.accounts("interest_income");
    CHECK_THAT(it.error("journal", Json::object()),
               Contains("no account for interest_income in 2026-03;"));
    CHECK_THAT(it.error("set_accounts", {{"accounts", {{"fees", "8400"}}}}),
               Contains("no account for \"fees\""));
}

TEST_CASE("fees and interest are entries when they are claimed and when they are given up") {
    Booked it;
    it.accounts();
    CHECK(it.entries("2026-03") ==
          Lines{"03-02/03-02 fee_claimed: A-charges > A-fee_income 25.00",
                "03-02/03-02 interest_claimed: A-charges > A-interest_income 0.41"});
    it.book.instance().restart("2026-03-10T09:00:00Z");
    it.waive("fee", "goodwill");

    const auto rows = it.call("journal", {{"period", "2026-03"}}).at("rows");
    REQUIRE(rows.size() == 3);
    CHECK(rows[2].at("kind") == "fee_waived");
    CHECK(rows[2].at("reason") == "goodwill");
    CHECK(rows[2].at("document") == "I1");
    CHECK(rows[2].at("lines")[0].at("account") == "A-charges_waived");
    CHECK(it.findings({"2026-03-01", "2026-03-02", "2026-03-09"}) == "[]");
    // Somebody else's books.
    CHECK(it.call("journal", {{"period", "2026-03"}, {"currency", "USD"}}).at("entries") == 0);
}

TEST_CASE("an exported month is the same for ever, and what comes later is in the next one") {
    Booked it;
    it.accounts();
    CHECK_THAT(it.error("export_journal", {{"period", "2026-03"}}), Contains("is not over"));
    CHECK_THAT(it.error("export_journal", {{"period", "2026-3"}}), !Contains("is not over"));
    it.book.instance().restart("2026-05-04T09:00:00Z");
    CHECK_THAT(it.error("export_journal", {{"period", "2026-04"}}),
               Contains("entries of 2026-03 that were not exported"));
    const auto march = it.export_of("2026-03");
    CHECK(march.at("entries") == 2);
    CHECK_THAT(march.at("csv").get<std::string>(),
               Contains("2026-03-000001,1,2026-03-02,2026-03-02,\"A-charges\",charges,25.00,,EUR"));
    CHECK_THAT(it.error("export_journal", {{"period", "2026-02"}}), Contains("closed up to"));
    // The letter is taken back and a transaction of March is erased: both are of May now.
    it.call("void_dunning_letter", it.name_of(it.letter("released"), {{"reason", "wrong"}}));
    it.book.instance().exec("DELETE FROM receivables_charge WHERE kind = 'interest'");

    CHECK(it.export_of("2026-03") == march);
    CHECK(it.export_of("2026-04").at("entries") == 1);
    CHECK(it.entries("2026-04") ==
          Lines{"04-01/03-02 reversal: A-interest_income > A-charges 0.41"});
    CHECK(it.entries("2026-05") == Lines{"05-04/05-04 fee_voided: A-fee_income > A-charges 25.00"});
    it.accounts("fee_income");  // Another chart changes no books.
    CHECK(it.export_of("2026-03") == march);
    CHECK(it.findings({"2026-03-02", "2026-03-31", "2026-05-03"}) == "[]");
    it.book.instance().exec("UPDATE receivables_journal_entry SET amount = 1 WHERE number = 1");
    CHECK_THAT(it.findings(), Contains("2026-03 is not what was exported"));
}

TEST_CASE("money of one customer for another goes over an account of its own, and back") {
    Booked it;
    it.accounts();
    it.book.put("customer",
                {{{"external_id", "B1"}, {"number", "B1"}, {"name", "Branch"}, {"parent", "C1"}}});
    it.book.invoice("I9", "60", "2026-02-20", "2026-03-20", {{"customer", "B1"}});
    it.book.payment("P1", "60", "2026-03-01");
    const Json payment{{"customer", it.book.id("customer", "C1")},
                       {"payment", it.book.id("payment", "P1")}};
    auto apply = payment;
    apply["lines"] = {{{"customer", it.book.id("customer", "B1")},
                       {"item", it.book.id("invoice", "I9")},
                       {"amount", "60"}}};
    it.call("apply_cash", apply);
    auto seen = it.entries("2026-03");
    REQUIRE(seen.size() == 4);
    CHECK(seen[0] == "03-01/03-01 transfer: A-receivable > A-transfer 60.00");
    CHECK(seen[1] == "03-01/03-01 transfer: A-transfer > A-receivable 60.00");
    it.call("unapply_cash", payment);
    CHECK(it.entries("2026-03").size() == 6);
    CHECK(it.findings({"2026-03-01"}) == "[]");
    CHECK(it.book.audit({"2026-03-01"}).empty());
}

TEST_CASE("what is written off or allowed stands against the receivable until it is taken back") {
    Booked it;
    it.accounts();
    it.book.invoice("RE-2026-0200", "200", "2026-02-01", "2026-03-31");
    it.book.payment("P2", "199.60", "2026-03-01", {{"reference", "RE-2026-0200"}});
    const auto request = [&](const Json& more) {
        auto out = it.about("", {{"reason", "no hope"}});
        out.update(more);
        return out;
    };
    auto anna = host::Principal::of_operator();
    anna.name = "token:anna";
    const auto proposed = it.book.instance().call(
        "receivables.propose_outcome",
        request({{"kind", "write_off"}, {"items", {it.book.id("invoice", "I1")}}}), anna);
    const auto decision = request({{"outcome", proposed.at("outcome_id")}});
    auto approve = decision;
    approve["approve"] = true;
    it.call("decide_outcome", approve);
    auto seen = it.entries("2026-03");
    REQUIRE(seen.size() == 3);
    CHECK(seen[2] == "03-02/03-02 write_off: A-write_off > A-written_off 100.00");
    it.call("recall_outcome", decision);
    it.call("match_cash");
    seen = it.entries("2026-03");
    REQUIRE(seen.size() == 3);
    CHECK(seen[0] == "03-02/03-02 allowance: A-small_differences > A-allowed 0.40");
    CHECK(it.findings() == "[]");
}
