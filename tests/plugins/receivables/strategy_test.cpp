// SPDX-License-Identifier: Apache-2.0
// How points are given, and which strategies are refused.
#include "strategy.hpp"

#include <dunlin/error.hpp>

#include <catch2/catch.hpp>

#include "commands.hpp"

using namespace dunlin;
using namespace dunlin::receivables;

namespace {

Strategy of(const char* rules) {
    return parse_strategy({{"name", "t"}, {"rules", Json::parse(rules)}});
}

std::string refusal(const char* rules) {
    try {
        check(of(rules));
        return "";
    } catch (const Error& e) {
        return e.what();
    }
}

}  // namespace

TEST_CASE("the built-in strategy passes its own check") {
    CHECK_NOTHROW(check(parse_strategy(default_strategy())));
}

TEST_CASE("ranges with a hole are refused and the rule is named") {
    const auto text = refusal(R"([{"id":"r","fact":"overdue","ranges":[
        {"to":"10000","points":0},{"from":"10000.01","points":5}]}])");

    CHECK(text.find("rule \"r\"") != std::string::npos);
    CHECK(text.find("do not meet") != std::string::npos);
}

TEST_CASE("a strategy with an unknown fact or without ends is refused") {
    CHECK(!refusal(R"([{"id":"r","fact":"mood","ranges":[{"points":1}]}])").empty());
    CHECK(!refusal(R"([{"id":"r","fact":"overdue","ranges":[{"from":"1","points":1}]}])").empty());
    CHECK(!refusal(R"([{"id":"r","fact":"overdue","ranges":[{"points":1}]},
                       {"id":"r","fact":"open","ranges":[{"points":1}]}])")
               .empty());
}

TEST_CASE("points of all rules are added and each tells the fact it fired on") {
    const auto strategy = of(R"([
        {"id":"five","fact":"days_overdue","ranges":[{"to":5,"points":0},{"from":5,"points":2}]},
        {"id":"ten","fact":"days_overdue","ranges":[{"to":10,"points":0},{"from":10,"points":2}]},
        {"id":"fifteen","fact":"days_overdue",
         "ranges":[{"to":15,"points":0},{"from":15,"points":4}]}])");
    const auto [days, points] = GENERATE(table<int, int>({{4, 0}, {5, 2}, {10, 4}, {15, 8}}));

    const auto result = score(strategy, {{"", {{"days_overdue", days}}}});

    CHECK(result.points == points);
    CHECK((result.fired.empty() || result.fired.front().value == days));
}

TEST_CASE("amounts in two currencies are never added: the one with most points counts") {
    const auto strategy = of(R"([{"id":"r","fact":"overdue","ranges":[
        {"to":"100","points":1},{"from":"100","to":"200","points":5},
        {"from":"200","points":9}]}])");
    const Facts facts{{"EUR", {{"overdue", 1500000}}}, {"USD", {{"overdue", 900000}}}};

    const auto result = score(strategy, facts);

    CHECK(result.points == 5);
    CHECK(result.fired.front().currency == "EUR");
}

TEST_CASE("a rule whose condition does not hold gives nothing") {
    const auto strategy = of(R"([{"id":"r","fact":"days_since_payment",
        "conditions":[{"fact":"overdue","at_least":"0.01"}],
        "ranges":[{"to":60,"points":0},{"from":60,"points":5}]}])");

    CHECK(score(strategy, {{"", {{"days_since_payment", 90}}}, {"EUR", {{"overdue", 0}}}}).points ==
          0);
    CHECK(
        score(strategy, {{"", {{"days_since_payment", 90}}}, {"EUR", {{"overdue", 100}}}}).points ==
        5);
}

TEST_CASE("D9: no reaction for 5, 10 and 15 days since the last letter gives 2, 4 and 8 points") {
    const auto strategy = parse_strategy(default_strategy());
    const auto [days, points] = GENERATE(table<int, int>({{4, 0}, {5, 2}, {10, 4}, {15, 8}}));

    const auto result = score(strategy, {{"", {{"days_since_dunning", days}}}});

    CHECK(result.points == points);
    CHECK((result.fired.empty() || result.fired.front().rule->id == "no_reaction"));
    // Paid, promised or disputed: there is no such fact any more.
    CHECK(score(strategy, {{"", {{"days_overdue", 0}}}}).points == 0);
}

TEST_CASE("D10: ranges that leave a hole at exactly 10,000, at 40 or between 2 and 3 are refused") {
    CHECK_THAT(refusal(R"([{"id":"amount","fact":"overdue","ranges":[{"to":"1000","points":100},
        {"from":"1000","to":"10000","points":25},{"from":"10000.01","points":10}]}])"),
               Catch::Contains("do not meet"));
    CHECK_THAT(refusal(R"([{"id":"count","fact":"overdue_items","ranges":[{"to":10,"points":100},
        {"from":10,"to":40,"points":25},{"from":41,"points":10}]}])"),
               Catch::Contains("do not meet"));
    CHECK_THAT(refusal(R"([{"id":"years","fact":"promise_level","ranges":[{"to":1,"points":10},
        {"from":1,"to":2,"points":50},{"from":3,"points":75}]}])"),
               Catch::Contains("do not meet"));
}
