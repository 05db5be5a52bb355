// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <rapidcheck.h>
#include <dunlin/error.hpp>

#include <algorithm>

#include "cash/combination.hpp"
#include "cash/matcher.hpp"

using namespace dunlin;
using namespace dunlin::receivables::cash;

namespace {

const Date issued = Date::parse("2026-01-10"), paid = Date::parse("2026-02-20");

Charge owed(int64_t customer, int64_t item, const char* number, int64_t cents) {
    Charge out;
    out.customer_id = customer;
    out.item_id = item;
    out.number = number;
    out.currency = "EUR";
    out.issued_on = issued;
    out.due_on = issued + 30;
    out.open = cents * 100;
    return out;
}

/// 1 is the head office of 2; 3 is alone.
struct Desk {
    std::vector<Charge> charges{
        owed(1, 11, "RE-2026-01234", 48912), owed(1, 12, "RE-2026-01270", 120050),
        owed(1, 13, "RE-2026-01388", 7745),  owed(2, 21, "RE-2026-01500", 33310),
        owed(3, 31, "RE-2026-01777", 90001), owed(1, 14, "RE-2026-01111", 0)};
    std::vector<Payer> payers{{1, 0, "10001", "Amsel Bau GmbH"},
                              {2, 1, "10002", "Amsel Bau Filiale Nord"},
                              {3, 0, "10003", "Birke & Söhne KG"}};
    std::vector<KnownAccount> accounts{{"DE89 3704 0044", 3}};
    Policy policy{};

    std::vector<Proposal> all(int64_t customer, int64_t cents, const std::string& text,
                              const char* name = "", const char* account = "") const {
        Receipt receipt{1000, customer, cents * 100, "EUR", paid, text, name, account, 0};
        return propose(OpenBook(charges, payers, accounts), policy, receipt);
    }
    Proposal best(int64_t customer, int64_t cents, const std::string& text, const char* name = "",
                  const char* account = "") const {
        const auto found = all(customer, cents, text, name, account);
        return found.empty() ? Proposal{} : found.front();
    }
};

/// "11:489.12" for each line, and "auto" where it goes by itself.
std::string told(const Proposal& proposal) {
    std::string out;
    for (const auto& line : proposal.lines) {
        out += std::to_string(line.item_id) + ":" + std::to_string(line.amount / 100) + " ";
    }
    return out + (proposal.confidence >= Policy{}.auto_from ? "auto" : "asks");
}

bool has_rule(const Proposal& proposal, const char* rule) {
    return std::any_of(proposal.reasons.begin(), proposal.reasons.end(),
                       [&](const Reason& reason) { return reason.rule == rule; });
}

}  // namespace

TEST_CASE("a payment that nothing speaks for is not applied by itself") {
    CHECK(told(Desk().best(1, 4711, "Zahlung")) == "11:4711 asks");
    CHECK(Desk().all(0, 4711, "Zahlung").empty());
}

TEST_CASE("a number in the text is found however it is written") {
    const auto text = GENERATE(as<std::string>(), "RE-2026-01234", "RE2026/01234 vom 10.01.2026",
                               "Rg. re 2026 01234, Danke", "EREF+77 SVWZ+RE-2026-0 1234",
                               "2026-01234", "RE-2O26-O1234");
    CHECK(told(Desk().best(1, 48912, text)) == "11:48912 auto");
}

TEST_CASE("a slip in the number is forgiven where the amount is right") {
    const auto text = GENERATE(as<std::string>(), "RE-2026-01243", "RE-2026-1234", "RE-2026-012345",
                               "RE-2026-07234", "RE-2026-0123");
    CHECK(told(Desk().best(1, 48912, text)) == "11:48912 auto");
    CHECK(told(Desk().best(1, 40000, text)).ends_with("asks"));
}

TEST_CASE("several numbers in one text are paid together") {
    CHECK(told(Desk().best(1, 48912 + 120050 + 7745, "RE-2026-01234, 01270 + RE2026-1388")) ==
          "11:48912 12:120050 13:7745 auto");
    CHECK(told(Desk().best(1, 48912 + 120050, "RE-2026-01234/RE-2026-01279")) ==
          "11:48912 12:120050 auto");
}

TEST_CASE("numbers that are paid less than they come to are left to a person") {
    CHECK(told(Desk().best(1, 150000, "RE-2026-01234, RE-2026-01270")).ends_with("asks"));
}

TEST_CASE("the amount alone is enough where it fits one thing only") {
    Desk desk;
    CHECK(told(desk.best(1, 120050, "Zahlung")) == "12:120050 auto");
    desk.charges.push_back(owed(1, 15, "RE-2026-01900", 120050));
    CHECK(told(desk.best(1, 120050, "Zahlung")).ends_with("asks"));
}

TEST_CASE("an amount that two or three others make up as well is ambiguous") {
    Desk desk;
    desk.charges.push_back(owed(1, 15, "RE-2026-01900", 48912 + 7745));
    CHECK(told(desk.best(1, 48912 + 7745, "Zahlung")).ends_with("asks"));
}

TEST_CASE("amounts are combined where one combination alone fits") {
    CHECK(told(Desk().best(1, 48912 + 7745, "")) == "11:48912 13:7745 auto");
}

TEST_CASE("a text that names a paid invoice is not taken for another of the amount") {
    CHECK(told(Desk().best(1, 120050, "RE-2026-01111")).ends_with("asks"));
}

TEST_CASE("a payment that is short is applied and its rest is unexplained") {
    const auto found = Desk().best(1, 40000, "RE-2026-01234 abzgl. Retoure");
    CHECK(told(found) == "11:40000 auto");
    CHECK(found.lines[0].shortfall == Shortfall::unexplained);
    CHECK(found.lines[0].short_by == 891200);
}

TEST_CASE("a short payment that is just another invoice's amount asks") {
    CHECK(told(Desk().best(1, 7745, "RE-2026-01234")).ends_with("asks"));
}

TEST_CASE("some cents less are tolerated, more are not") {
    CHECK(Desk().best(1, 48912 - 100, "RE-2026-01234").lines[0].shortfall == Shortfall::tolerance);
    CHECK(Desk().best(1, 48912 - 101, "RE-2026-01234").lines[0].shortfall ==
          Shortfall::unexplained);
}

TEST_CASE("a discount is taken in time or not at all") {
    Desk desk;
    desk.charges[0].discount = 97800;
    desk.charges[0].discount_on = paid - 3;
    CHECK(desk.best(1, 48912 - 978, "RE-2026-01234").lines[0].shortfall == Shortfall::discount);
    desk.charges[0].discount_on = paid - 4;
    CHECK(desk.best(1, 48912 - 978, "RE-2026-01234").lines[0].shortfall == Shortfall::unexplained);
}

TEST_CASE("what is paid too much stays unapplied") {
    const auto found = Desk().best(1, 50000, "RE-2026-01234");
    CHECK(told(found) == "11:48912 auto");
    CHECK(found.unapplied == 108800);
}

TEST_CASE("#19: 1,715.70 for an invoice of 1,715.58 closes it and leaves 0.12") {
    Desk desk;
    desk.charges.push_back(owed(1, 15, "RE-2026-01900", 171558));
    const auto found = desk.best(1, 171570, "RE-2026-01900");
    CHECK(told(found) == "15:171558 auto");
    CHECK(found.unapplied == 1200);
}

TEST_CASE("an invoice may be paid in parts") {
    const auto found = Desk().best(1, 20000, "RE-2026-01234 1. Rate");
    CHECK(told(found) == "11:20000 auto");
    CHECK(found.lines[0].shortfall == Shortfall::part);
}

TEST_CASE("a head office pays for its branch, and a branch for its head office") {
    CHECK(told(Desk().best(1, 33310, "RE-2026-01500")) == "21:33310 auto");
    CHECK(told(Desk().best(2, 48912, "RE-2026-01234")) == "11:48912 auto");
}

TEST_CASE("somebody else pays by number and exact amount only") {
    CHECK(told(Desk().best(3, 48912, "RE-2026-01234")) == "11:48912 auto");
    CHECK(told(Desk().best(3, 48000, "RE-2026-01234")).ends_with("asks"));
    CHECK(told(Desk().best(0, 48912, "RE-2026-01234", "Treuhand KG")) == "11:48912 auto");
}

TEST_CASE("an unknown payer is known by account, name or number") {
    CHECK(told(Desk().best(0, 80000, "RE-2026-01777", "", "DE8937040044")) == "31:80000 auto");
    CHECK(told(Desk().best(0, 80000, "RE-2026-01777", "BIRKE UND SOEHNE")).ends_with("asks"));
    CHECK(told(Desk().best(0, 80000, "RE-2026-01777", "Birke Söhne")) == "31:80000 auto");
    CHECK(has_rule(Desk().best(0, 80000, "RE-2026-01777 Kd 10003"), "text_has_customer_number"));
}

TEST_CASE("money that nobody directed leaves disputed parts alone") {
    Desk desk;
    desk.charges[0].disputed = desk.charges[0].open;
    CHECK(told(desk.best(1, 48912, "Zahlung")).ends_with("asks"));
    CHECK(told(desk.best(1, 48912, "RE-2026-01234")) == "11:48912 auto");
    const auto found = desk.best(1, 50000, "a conto");
    CHECK(std::none_of(found.lines.begin(), found.lines.end(),
                       [](const Line& line) { return line.item_id == 11; }));
}

TEST_CASE("another currency is another debt") {
    Desk desk;
    desk.charges[0].currency = "USD";
    CHECK(told(desk.best(1, 48912, "RE-2026-01234")).ends_with("asks"));
}

TEST_CASE("every point of a proposal has its reason") {
    const auto found = Desk().best(1, 48912, "RE-2026-01243");
    int32_t points = 0;
    for (const auto& reason : found.reasons) points += reason.points;
    CHECK(points == found.confidence);
    CHECK(has_rule(found, "reference_slip"));
}

TEST_CASE("payments that name an invoice go before one that only has its amount") {
    Desk desk;
    desk.charges.push_back(owed(1, 15, "RE-2026-01900", 120050));
    OpenBook book(desk.charges, desk.payers, desk.accounts);
    const auto matched =
        match_all(book, desk.policy,
                  {{900, 1, 12005000, "EUR", paid, "Zahlung", "", "", 0},
                   {901, 1, 12005000, "EUR", paid + 1, "RE-2026-01270", "", "", 0}});
    CHECK(told(matched[0].proposals[0]) == "15:120050 auto");
    CHECK(told(matched[1].proposals[0]) == "12:120050 auto");
}

TEST_CASE("no proposal takes more than the payment or than is open") {
    rc::check([](std::vector<uint16_t> amounts, uint32_t paid_cents, uint8_t named) {
        Desk desk;
        std::string text;
        int64_t item = 100;
        for (const auto cents : amounts) {
            const auto number = "RE-2026-0" + std::to_string(2000 + item);
            desk.charges.push_back(owed(1, item, number.c_str(), cents % 400));
            if (item % 3 == named % 3) text += number + " ";
            ++item;
        }
        for (const auto& proposal : desk.all(1, paid_cents % 2000 + 1, text)) {
            int64_t used = 0;
            for (const auto& line : proposal.lines) {
                const auto it =
                    std::find_if(desk.charges.begin(), desk.charges.end(),
                                 [&](const Charge& one) { return one.item_id == line.item_id; });
                RC_ASSERT(line.amount > 0 && line.amount <= it->open);
                used += line.amount;
            }
            RC_ASSERT(used + proposal.unapplied == (paid_cents % 2000 + 1) * int64_t{100});
            RC_ASSERT(proposal.unapplied >= 0);
        }
    });
}

TEST_CASE("a combination adds up, and one that is there is found") {
    rc::check([](const std::vector<uint8_t>& drawn, uint16_t mask) {
        std::vector<int64_t> amounts;
        for (const auto one : drawn) amounts.push_back(one + 1);
        if (amounts.size() > 12) amounts.resize(12);
        int64_t sum = 0;
        int count = 0;
        for (std::size_t i = 0; i < amounts.size(); ++i) {
            if ((mask >> i & 1) == 0) continue;
            sum += amounts[i];
            ++count;
        }
        RC_PRE(count >= 2);
        const auto found = find_combinations(amounts, sum, 2, 1000000);
        RC_ASSERT(found.found > 0);
        int64_t together = 0;
        for (const auto at : found.first) together += amounts[at];
        RC_ASSERT(together == sum);
    });
}

TEST_CASE("a policy that says nothing new is the default, and one that errs is refused") {
    CHECK(parse_policy(default_policy()).auto_from == Policy{}.auto_from);
    CHECK(parse_policy(default_policy()).tolerance == Policy{}.tolerance);
    CHECK_THROWS_WITH(parse_policy({{"tolerence", "1.00"}}), Catch::Contains("tolerance"));
    CHECK_THROWS_WITH(parse_policy({{"auto_from", 400}}), Catch::Contains("auto_from"));
    CHECK_THROWS_WITH(parse_policy({{"order", "newest"}}), Catch::Contains("oldest_first"));
}
