// SPDX-License-Identifier: Apache-2.0
// Classes of risk: everybody is in exactly one, and the edges are where the policy says.
#include "sales/risk.hpp"

#include <catch2/catch.hpp>

using namespace dunlin;
using namespace dunlin::receivables;
using Catch::Contains;

namespace {

const Json rule = Json::parse(R"({"id": "late", "fact": "average_days_late",
    "ranges": [{"to": 10, "points": 0}, {"from": 10, "points": 20}]})");

std::string refusal(const char* classes, const Json& rules = Json::array({rule})) {
    try {
        parse_risk_policy({{"name", "x"}, {"rules", rules}, {"classes", Json::parse(classes)}});
    } catch (const Error& e) {
        return e.what();
    }
    return "none";
}

}  // namespace

TEST_CASE("a policy of risk that leaves a customer in no class or in two is refused") {
    CHECK(refusal(R"([])") == "give at least one class");
    CHECK_THAT(refusal(R"([{"class": "low", "from": 1}])"),
               Contains("\"low\": the first class has no \"from\""));
    CHECK_THAT(refusal(R"([{"class": "low"}, {"class": "high"}])"),
               Contains("\"high\": only the first class is without"));
    CHECK_THAT(refusal(R"([{"class": "low"}, {"class": "low", "from": 2}])"),
               Contains("two of that name"));
    CHECK_THAT(refusal(R"([{"class": "a"}, {"class": "b", "from": 9}, {"class": "c", "from": 9}])"),
               Contains("must be above the 9 of \"b\""));
    auto unknown = rule;
    unknown["fact"] = "mood";
    CHECK_THAT(refusal(R"([{"class": "low"}])", Json::array({unknown})), Contains("mood"));
    auto hole = rule;
    hole["ranges"][1]["from"] = 12;
    CHECK_THAT(refusal(R"([{"class": "low"}])", Json::array({hole})), Contains("do not meet"));
}

TEST_CASE("a class begins with its points, and who is not known is in the first") {
    const auto policy =
        parse_risk_policy({{"name", "x"},
                           {"rules", Json::array({rule})},
                           {"classes", Json::parse(R"([{"class": "a"}, {"class": "b", "from": 20},
                                     {"class": "c", "from": 21}])")}});
    const auto name = [&](const Facts& facts) { return classify(policy, facts).in->name; };

    CHECK(name({}) == "a");
    CHECK(name({{"", {{"average_days_late", 9}}}}) == "a");
    CHECK(name({{"", {{"average_days_late", 10}}}}) == "b");
    CHECK(classify(policy, {{"", {{"average_days_late", 10}}}}).score.fired.size() == 1);
}

TEST_CASE("the policy of risk that comes along is one") {
    CHECK(parse_risk_policy(default_risk_policy()).classes.size() == 3);
}
