// SPDX-License-Identifier: Apache-2.0
// How much of what a generator draws is matched, and how much of that is right.
#include <catch2/catch.hpp>

#include <chrono>
#include <cstdlib>
#include <iomanip>
#include <iostream>

#include "cash/matcher.hpp"
#include "remittance.hpp"

using namespace dunlin;
using namespace dunlin::test;
using namespace dunlin::receivables::cash;

namespace {

struct Score {
    int64_t payments = 0, applied = 0, right = 0, first_is_right = 0;
    void add(const Score& other) {
        payments += other.payments;
        applied += other.applied;
        right += other.right;
        first_is_right += other.first_is_right;
    }
};

bool is_right(const Proposal& proposal, const Paid& paid) {
    auto lines = proposal.lines;
    for (auto& line : lines) {
        line.short_by = 0;
        line.shortfall = Shortfall::none;
    }
    return lines == paid.truth;
}

struct Run {
    std::map<std::string, Score> by_kind;
    Score all;
    double seconds = 0;
};

Run run(const Remittances& world) {
    std::vector<Receipt> receipts;
    for (const auto& paid : world.payments) receipts.push_back(paid.receipt);
    const auto start = std::chrono::steady_clock::now();
    OpenBook book(world.charges, world.payers, world.accounts);
    const auto matched = match_all(book, Policy{}, receipts);
    Run out;
    out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    for (std::size_t i = 0; i < matched.size(); ++i) {
        const auto& paid = world.payments[i];
        const bool is_first =
            !matched[i].proposals.empty() && is_right(matched[i].proposals[0], paid);
        const bool is_applied = matched[i].is_applied;
        out.by_kind[paid.kind].add({1, is_applied, is_applied && is_first, is_first});
        out.all.add({1, is_applied, is_applied && is_first, is_first});
        if (is_applied != is_first && std::getenv("DUNLIN_CASH_SHOW") != nullptr) {
            std::cout << paid.kind << " " << paid.receipt.amount << " \"" << paid.receipt.text
                      << "\" " << (is_applied ? "WRONG " : "asks ") << matched[i].proposals[0].kind;
            for (const auto& reason : matched[i].proposals[0].reasons) {
                std::cout << " " << reason.rule << " " << reason.points;
            }
            std::cout << "\n";
        }
    }
    return out;
}

std::string per_cent(int64_t part, int64_t whole) {
    const auto hundredths = whole == 0 ? 0 : part * 10000 / whole;
    return std::to_string(hundredths / 100) + "." + std::to_string(hundredths % 100 / 10) +
           std::to_string(hundredths % 10);
}

void print(const Run& run) {
    const auto line = [](const std::string& kind, const Score& score) {
        std::cout << "  " << std::left << std::setw(14) << kind << std::right << std::setw(7)
                  << score.payments << std::setw(9) << per_cent(score.right, score.payments)
                  << std::setw(9) << per_cent(score.right, score.applied) << std::setw(9)
                  << per_cent(score.first_is_right, score.payments) << "\n";
    };
    std::cout << "  kind          payments recall % precis. %  first %\n";
    for (const auto& [kind, score] : run.by_kind) line(kind, score);
    line("all", run.all);
    std::cout << "  " << run.seconds << " s\n";
}

void check(const Run& run) {
    print(run);
    CHECK(run.all.right * 1000 >= run.all.payments * 950);
    CHECK(run.all.right * 1000 >= run.all.applied * 999);
    // Nobody could know what these are for.
    CHECK(run.by_kind.at("second_time").applied == 0);
    CHECK(run.by_kind.at("on_account").applied * 20 <= run.by_kind.at("on_account").payments);
}

}  // namespace

TEST_CASE("95 % of payments are matched by themselves, and 99.9 % of those rightly") {
    check(run(make_remittances(1, 20000, 6000)));
}

TEST_CASE("10,000 payments meet 100,000 open invoices in seconds", "[.long]") {
    const auto found = run(make_remittances(2, 100000, 10000));
    check(found);
    CHECK(found.seconds < 10);
}

TEST_CASE("50,000 payments are matched as well as few", "[.long]") {
    check(run(make_remittances(3, 150000, 50000)));
}

TEST_CASE("a payer with 400 open invoices of similar amounts is answered within a second") {
    std::vector<Charge> charges;
    for (int i = 0; i < 400; ++i) {
        Charge charge;
        charge.customer_id = 1;
        charge.item_id = i + 1;
        charge.number = "RE-2026-" + std::to_string(10000 + i * 7);
        charge.currency = "EUR";
        charge.issued_on = Date::parse("2026-01-01") + i % 28;
        charge.due_on = charge.issued_on + 30;
        charge.open = 1000000 + i * 37 % 101 * 100;
        charges.push_back(charge);
    }
    const OpenBook book(charges, {{1, 0, "10001", "Amsel Bau GmbH"}}, {});
    Receipt receipt;
    receipt.item_id = 1000;
    receipt.customer_id = 1;
    receipt.currency = "EUR";
    receipt.paid_on = Date::parse("2026-03-02");
    receipt.text = GENERATE("", "RE-2026-10007, RE-2026-10014", "RE-2026-1000");
    receipt.amount = GENERATE(as<int64_t>(), 1003700, 7 * 1000000 + 33300, 200 * 1000000 + 700,
                              399 * 1000000 + 1999900, 13 * 1000000 + 1);
    const auto start = std::chrono::steady_clock::now();
    const auto proposals = propose(book, Policy{}, receipt);
    const auto seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

    CHECK(seconds < 1.0);
    REQUIRE_FALSE(proposals.empty());
    CHECK(proposals[0].confidence < Policy{}.auto_from);
}
