// SPDX-License-Identifier: Apache-2.0
// Payments applied, taken back and bounced, on both stores.
#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

#include "../book.hpp"

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;

namespace {

/// C1 is the head office of B1 and owes 489.12 and 1,200.50; B1 owes 333.10.
struct Office {
    explicit Office(InstanceOptions options = {})
        : book(GENERATE(Dialect::sqlite, Dialect::postgresql), std::move(options)) {
        book.customer("C1");
        book.put("customer",
                 {{{"external_id", "B1"}, {"number", "B1"}, {"name", "Branch"}, {"parent", "C1"}}});
        book.invoice("RE-2026-01234", "489.12", "2026-01-01", "2026-01-31");
        book.invoice("RE-2026-01270", "1200.50", "2026-01-05", "2026-02-04");
        book.invoice("RE-2026-01500", "333.10", "2026-01-05", "2026-02-04", {{"customer", "B1"}});
    }
    void pay(const std::string& id, const std::string& amount, const std::string& text) {
        book.payment(id, amount, "2026-02-10", {{"reference", text}});
    }
    Json request(const std::string& payment, const Json& more = Json::object()) {
        Json out{{"customer", book.id("customer", "C1")}, {"payment", book.id("payment", payment)}};
        out.update(more);
        return out;
    }
    Json line(const std::string& invoice, const std::string& amount) {
        return {{"item", book.id("invoice", invoice)}, {"amount", amount}};
    }
    std::string error(const std::string& command, const Json& request) {
        return error_of([&] { book.call(command, request); });
    }
    int64_t count(const std::string& what) {
        return book.instance().cell("SELECT count(*) FROM " + what).get<int64_t>();
    }
    /// What is open of the three invoices.
    std::string open(const std::string& as_of = "2026-03-02") {
        std::string out;
        for (const auto& one : book.open(as_of)) {
            const bool is_charge = one.find(" -") == std::string::npos;
            if (is_charge && one.starts_with("RE-")) out += one.substr(8) + " ";
        }
        return out;
    }
    Book book;
};

constexpr const char* all_open = "01234 489.12 01270 1200.50 01500 333.10 ";

}  // namespace

TEST_CASE("a payment that nothing explains waits for a person") {
    Office office;
    office.pay("P1", "77.00", "Zahlung");

    const auto run = office.book.call("match_cash");
    CHECK(run.at("applied") == 0);
    CHECK(run.at("waiting") == 1);
    CHECK(office.open() == all_open);
    const auto waiting = office.book.call("cash_exceptions").at("payments");
    REQUIRE(waiting.size() == 1);
    CHECK(waiting[0].at("amount").at("amount") == "77.00");
    CHECK(waiting[0].at("proposals")[0].at("confidence") < 950);
}

TEST_CASE("a preview of matching changes nothing") {
    Office office;
    office.pay("P1", "489.12", "RE-2026-01234");

    CHECK(office.book.call("match_cash", {{"preview", true}}).at("applied") == 1);
    CHECK(office.open() == all_open);
    CHECK(office.count("receivables_cash_application") == 0);
}

TEST_CASE("what is sure is applied once, however often matching runs") {
    Office office;
    office.pay("P1", "1689.62", "RE-2026-01234, RE-2026-01270");

    CHECK(office.book.call("match_cash").at("applied") == 1);
    CHECK(office.book.call("match_cash").at("applied") == 0);
    CHECK(office.open() == "01500 333.10 ");
    CHECK(office.open("2026-02-09") == all_open);
    CHECK(office.count("receivables_allocation") == 2);
    CHECK(office.book.audit({"2026-02-10", "2026-03-02"}).empty());
}

TEST_CASE("two runs of matching at once have one effect") {
    Office office;
    for (int i = 0; i < 8; ++i) {
        const auto number = "RE-2026-0200" + std::to_string(i);
        office.book.invoice(number, "10" + std::to_string(i) + ".15", "2026-01-01", "2026-01-31");
        office.pay("P" + std::to_string(i), "10" + std::to_string(i) + ".15", number);
    }
    std::atomic<int64_t> applied{0};
    const auto run = [&] {
        for (int attempt = 0; attempt < 20; ++attempt) {
            try {
                applied += office.book.call("match_cash").at("applied").get<int64_t>();
                return;
            } catch (const Error& e) {
                if (!is_retryable(e.status())) throw;
            }
        }
    };
    std::thread first(run), second(run);
    first.join();
    second.join();

    CHECK(applied == 8);
    CHECK(office.count("receivables_allocation") == 8);
    CHECK(office.book.audit().empty());
}

TEST_CASE("a person who leaves a part open is asked for a reason from the list") {
    Office office;
    office.pay("P1", "400.00", "Zahlung");
    auto request = office.request("P1", {{"lines", {office.line("RE-2026-01234", "400.00")}}});

    CHECK_THAT(office.error("apply_cash", request), Contains("damaged"));
    request["reason"] = "mood";
    CHECK_THAT(office.error("apply_cash", request), Contains("mood"));
    CHECK(office.open() == all_open);
    request["reason"] = "damaged";
    CHECK(office.book.call("apply_cash", request).at("left").at("amount") == "0.00");
    CHECK(office.book.total("2026-03-02").at("disputed") == "89.12");
}

TEST_CASE("more than the payment, or than is open, is refused whole") {
    Office office;
    office.pay("P1", "500.00", "Zahlung");

    CHECK_THAT(
        office.error("apply_cash",
                     office.request("P1", {{"lines", {office.line("RE-2026-01270", "500.01")}},
                                           {"reason", "in_parts"}})),
        Contains("500.00"));
    CHECK_THAT(
        office.error("apply_cash",
                     office.request("P1", {{"lines", {office.line("RE-2026-01234", "490")}}})),
        Contains("at most 489.12"));
    CHECK_THAT(office.error("apply_cash", office.request("P1")), Contains("lines"));
    CHECK_THAT(office.error("apply_cash", office.request("P1", {{"proposal", 1}})),
               Contains("match_cash"));
    CHECK(office.open() == all_open);
}

TEST_CASE("a proposal is applied by its number") {
    Office office;
    office.book.invoice("RE-2026-01300", "489.12", "2026-01-02", "2026-02-01");
    office.pay("P1", "489.12", "Zahlung");
    REQUIRE(office.book.call("match_cash").at("applied") == 0);

    office.book.call("apply_cash", office.request("P1", {{"proposal", 1}}));
    CHECK(office.count("receivables_cash_exception") == 0);
    CHECK(office.count("receivables_allocation") == 1);
}

TEST_CASE("a short payment is applied, asks for its reason and may open a dispute") {
    Office office;
    office.pay("P1", "400.00", "RE-2026-01234");
    REQUIRE(office.book.call("match_cash").at("applied") == 1);

    const auto shorts = office.book.call("cash_exceptions").at("shorts");
    REQUIRE(shorts.size() == 1);
    CHECK(shorts[0].at("short_by").at("amount") == "89.12");
    office.book.call("explain_short", {{"customer", shorts[0].at("customer_id")},
                                       {"short", shorts[0].at("short_id")},
                                       {"reason", "quantity"}});
    CHECK(office.book.call("cash_exceptions").at("shorts").empty());
    CHECK(office.book.total("2026-03-02").at("disputed") == "89.12");
}

TEST_CASE("cents less are tolerated, and not asked for") {
    Office office;
    office.pay("P1", "488.50", "RE-2026-01234");
    REQUIRE(office.book.call("match_cash").at("applied") == 1);

    CHECK(office.book.call("cash_exceptions").at("shorts").empty());
    CHECK(office.book.total("2026-03-02").at("claimed") == "0.62");
}

TEST_CASE("what a person took back is not applied by rules again") {
    Office office;
    office.pay("P1", "400.00", "RE-2026-01234");
    office.book.call("match_cash");
    CHECK(office.book.call("unapply_cash", office.request("P1")).at("undone") == 1);

    CHECK(office.open() == all_open);
    CHECK(office.book.call("cash_exceptions").at("shorts").empty());
    CHECK(office.book.call("match_cash").at("applied") == 0);
    CHECK(office.book.call("cash_exceptions").at("payments")[0].at("state") == "held");
    CHECK_THAT(office.error("unapply_cash", office.request("P1")), Contains("reverse_allocation"));
    // A person may, and again on the same days.
    office.book.call("apply_cash", office.request("P1", {{"proposal", 1}, {"reason", "in_parts"}}));
    CHECK(office.open() == "01234 89.12 01270 1200.50 01500 333.10 ");
    CHECK(office.book.audit({"2026-02-10", "2026-03-02"}).empty());
}

TEST_CASE("a head office pays for its branch, and the books of both balance") {
    Office office;
    office.pay("P1", "822.22", "RE-2026-01234, RE-2026-01500");
    REQUIRE(office.book.call("match_cash").at("applied") == 1);

    CHECK(office.open() == "01270 1200.50 ");
    CHECK(office.book.total("2026-03-02").at("unapplied").at("payments") == "0.00");
    CHECK(office.book.balance("2026-03-02") == "1200.50");
    CHECK(office.book.audit({"2026-02-10", "2026-03-02"}).empty());
    office.book.call("unapply_cash", office.request("P1"));
    CHECK(office.open() == all_open);
    CHECK(office.book.balance("2026-03-02") == "1200.50");
    CHECK(office.book.audit({"2026-02-10", "2026-03-02"}).empty());
}

TEST_CASE("a payment that bounced opens all it touched again, from that day on") {
    Office office;
    office.pay("P1", "822.22", "RE-2026-01234, RE-2026-01500");
    office.book.call("match_cash");
    const auto told =
        office.book.call("bounce_payment", office.request("P1", {{"date", "2026-02-20"}}));

    CHECK(told.at("reopened").size() == 2);
    CHECK(office.open("2026-02-19") == "01270 1200.50 ");
    CHECK(office.open("2026-02-20") == all_open);
    CHECK(office.book.balance("2026-03-02") == "2022.72");
    CHECK(office.book.audit({"2026-02-19", "2026-02-20", "2026-03-02"}).empty());
    CHECK(office.count("dunlin_event WHERE topic = 'receivables.payment_bounced'") == 1);
    CHECK(office.book.call("match_cash").at("payments") == 0);
}

TEST_CASE("a reversal of a reversed payment is refused and changes nothing") {
    Office office;
    office.pay("P1", "489.12", "RE-2026-01234");
    CHECK_THAT(office.error("bounce_payment", office.request("P1", {{"date", "2026-02-09"}})),
               Contains("2026-02-10"));
    office.book.call("bounce_payment", office.request("P1", {{"date", "2026-02-20"}}));

    CHECK_THAT(office.error("bounce_payment", office.request("P1")),
               Contains("already reversed on 2026-02-20"));
    CHECK(office.open("2026-02-25") == all_open);
    auto of_invoice = office.request("P1");
    of_invoice["payment"] = office.book.id("invoice", "RE-2026-01234");
    CHECK_THAT(office.error("bounce_payment", of_invoice), Contains("no such payment"));
}

TEST_CASE("money that nobody directed never fills a disputed part of the ledger") {
    Office office;
    office.book.call("place_claim", {{"customer", office.book.id("customer", "C1")},
                                     {"item", office.book.id("invoice", "RE-2026-01234")},
                                     {"kind", "dispute"}});
    office.pay("P1", "489.12", "Zahlung");
    CHECK(office.book.call("match_cash").at("applied") == 0);
    const auto waiting = office.book.call("cash_exceptions").at("payments");
    for (const auto& proposal : waiting[0].at("proposals")) {
        CHECK(proposal.at("lines")[0].at("number") != "RE-2026-01234");
    }

    office.pay("P2", "489.12", "RE-2026-01234");
    CHECK(office.book.call("match_cash").at("applied") == 1);
}

TEST_CASE("I6 #34: in the ledger, what a payment on account fills first is policy") {
    Office office;
    office.book.put("customer", {{{"external_id", "D1"}, {"number", "D1"}, {"name", "Debtor"}}});
    office.book.invoice("I6", "100", "2025-12-01", "2025-12-31", {{"customer", "D1"}});
    for (const auto& [id, kind, amount] :
         {std::tuple("F", "fee", "5.00"), std::tuple("Z", "interest", "0.25")}) {
        office.book.put("adjustment", {{{"external_id", id},
                                        {"customer", "D1"},
                                        {"currency", "EUR"},
                                        {"date", "2026-01-15"},
                                        {"kind", kind},
                                        {"reference", kind},
                                        {"amount", amount}}});
    }
    auto policy = office.book.call("cash_policy").at("policy");
    policy["order"] = "costs_interest_principal";
    office.book.call("set_cash_policy", {{"policy", policy}});
    office.book.payment("P1", "50.00", "2026-02-10",
                        {{"customer", "D1"}, {"reference", "a conto"}});
    office.book.call("match_cash");

    const auto waiting = office.book.call("cash_exceptions").at("payments");
    REQUIRE(waiting.size() == 1);
    std::map<std::string, std::string> filled;
    for (const auto& line : waiting[0].at("proposals")[0].at("lines")) {
        filled[line.at("number")] = line.at("amount");
    }
    CHECK(filled == std::map<std::string, std::string>{
                        {"fee", "5.00"}, {"interest", "0.25"}, {"I6", "44.75"}});
}

TEST_CASE("#43: matching posts nothing but allocations") {
    Office office;
    office.pay("P1", "489.12", "RE-2026-01234");
    const auto items = office.count("receivables_item");

    REQUIRE(office.book.call("match_cash").at("applied") == 1);
    CHECK(office.count("receivables_item") == items);
    CHECK(office.count("receivables_allocation") == 1);
}

TEST_CASE("payments are matched by themselves only where the configuration says so") {
    InstanceOptions options;
    const bool is_on = GENERATE(false, true);
    if (is_on) options.toml = "[plugins.receivables.cash]\nmatches_by_itself = true\n";
    Office office(std::move(options));
    office.pay("P1", "489.12", "RE-2026-01234");
    office.book.instance().host().jobs().fire_due();
    office.book.instance().restart("2026-03-02T09:20:00Z");
    office.book.instance().host().jobs().fire_due();
    office.book.instance().host().jobs().run_due();

    CHECK(office.count("receivables_allocation") == (is_on ? 1 : 0));
}

TEST_CASE("money that names no customer is kept only where the configuration says so") {
    Office office;
    const auto applied = office.book.payment("P1", "333.10", "2026-02-10",
                                             {{"customer", ""}, {"reference", "RE-2026-01500"}});
    CHECK(applied.counts.inserted == 0);
    REQUIRE(applied.rejects.size() == 1);
    CHECK(applied.rejects[0].at("code") == "missing_customer");
}

TEST_CASE("money that names no customer finds the charge it is for") {
    InstanceOptions options;
    options.toml = "[plugins.receivables.cash]\nkeeps_unassigned = true\n";
    Office office(std::move(options));
    const Json nobody{{"customer", ""}, {"bank_account", "DE89370400440532013000"}};
    const auto pay = [&](const char* id, const char* amount, const char* text) {
        auto more = nobody;
        more["reference"] = text;
        return office.book.payment(id, amount, "2026-02-10", more).counts.inserted;
    };
    CHECK(pay("P1", "333.10", "RE-2026-01500") == 1);
    CHECK(pay("P2", "77.00", "Zahlung") == 1);
    CHECK(office.book.balance("2026-03-02") == "1612.62");
    CHECK(office.book.call("match_cash").at("applied") == 1);

    CHECK(office.open() == "01234 489.12 01270 1200.50 ");
    CHECK(office.book.balance("2026-03-02") == "1612.62");
    CHECK(office.book.audit({"2026-02-10", "2026-03-02"}).empty());
    // The account has paid for B1 before, so its next payment is known by it.
    office.book.invoice("RE-2026-01600", "250.00", "2026-01-05", "2026-02-04",
                        {{"customer", "B1"}});
    CHECK(pay("P3", "100.00", "RE-2026-01600") == 1);
    CHECK(office.book.call("match_cash").at("applied") == 1);
}

TEST_CASE("a policy of cash application is checked, kept and followed") {
    Office office;
    CHECK_THAT(office.error("set_cash_policy", {{"policy", {{"tolerence", "2"}}}}),
               Contains("tolerance"));
    auto policy = office.book.call("cash_policy").at("policy");
    policy["auto_from"] = 1001;
    office.book.call("set_cash_policy", {{"policy", policy}});
    office.pay("P1", "489.12", "RE-2026-01234");

    const auto run = office.book.call("match_cash");
    CHECK(run.at("applied") == 0);
    CHECK(run.at("policy").at("version") == 1);
}
