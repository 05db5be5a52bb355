// SPDX-License-Identifier: Apache-2.0
// After the last letter: somebody decides, somebody else approves.
#include "dunning_book.hpp"

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;

namespace {

/// A customer with two invoices at the last level.
struct Finishing : DunningBook {
    Finishing() : DunningBook(dunning_store()) {
        book.invoice("I1", "100", "2026-01-01", "2026-01-31");
        book.invoice("I2", "300", "2026-01-01", "2026-01-31");
        procedure({{5, {}}});
        release(dun("2026-03-02"));
        for (const auto* who : {"token:anna", "token:bert"}) {
            auto& person = people[who];
            person = host::Principal::of_operator();
            person.name = who;
        }
    }
    Json as(const char* who, const std::string& command, const Json& request) {
        return book.instance().call("receivables." + command, request, people.at(who));
    }
    Json proposal(const Json& more) {
        auto out = about("", {{"reason", "no answer for weeks"}});
        out.update(more);
        return out;
    }
    static Json decision(const Json& outcome, bool approve) {
        return {{"customer", outcome.at("customer_id")},
                {"outcome", outcome.at("outcome_id")},
                {"approve", approve},
                {"reason", "agreed"}};
    }
    std::map<std::string, host::Principal> people;
};

}  // namespace

TEST_CASE("#45: an agency is proposed by one and approved by another, never by the same person") {
    Finishing it;
    CHECK(it.call("dunning_finished").at("total") == 2);
    CHECK(it.call("dunning_finished", {{"days", 1}}).at("total") == 0);
    CHECK_THAT(it.error("propose_outcome", it.proposal({{"kind", "agency"}})),
               Contains("name the agency"));
    CHECK_THAT(it.error("propose_outcome",
                        it.proposal({{"kind", "court"}, {"items", Json::array({"12345"})}})),
               Contains("nothing to collect"));
    const auto proposed =
        it.as("token:anna", "propose_outcome",
              it.proposal({{"kind", "agency"}, {"agency", "Quick"}, {"commission_percent", "25"}}));
    CHECK(proposed.at("items").size() == 2);
    CHECK_THAT(it.error("propose_outcome", it.proposal({{"kind", "court"}})),
               Contains("another outcome"));
    const auto approve = it.decision(proposed, true);
    CHECK_THAT(error_of([&] { it.as("token:anna", "decide_outcome", approve); }),
               Contains("somebody else"));
    CHECK(it.as("token:bert", "decide_outcome", approve).at("state") == "approved");
    CHECK_THAT(error_of([&] { it.as("token:bert", "decide_outcome", approve); }),
               Contains("approved since 2026-03-02"));
    CHECK(it.events("outcome_decided") == 1);
    CHECK(it.call("dunning_finished").at("total") == 0);
    CHECK(it.book.total("2026-03-02").at("collectable") == "0.00");
}

TEST_CASE("an agency earns its share of what is paid until the files are recalled") {
    Finishing it;
    const auto proposed =
        it.as("token:anna", "propose_outcome",
              it.proposal({{"kind", "agency"}, {"agency", "Quick"}, {"commission_percent", "25"}}));
    it.as("token:bert", "decide_outcome", it.decision(proposed, true));
    it.book.payment("P1", "100", "2026-03-02");
    it.book.allocation("A1", "P1", "I2", "100");
    auto agency = it.call("outcomes").at("agencies").at(0);
    CHECK(agency.at("placed").at("amount") == "400.00");
    CHECK(agency.at("collected").at("amount") == "100.00");
    CHECK(agency.at("collected_percent") == "25");
    CHECK(agency.at("commission").at("amount") == "25.00");
    it.book.instance().restart("2026-03-04T09:00:00Z");
    const Json recall{{"customer", proposed.at("customer_id")},
                      {"outcome", proposed.at("outcome_id")},
                      {"reason", "they do nothing"}};
    CHECK(it.as("token:bert", "recall_outcome", recall).at("state") == "recalled");
    CHECK(it.book.total("2026-03-04").at("collectable") == "300.00");
    it.book.payment("P2", "100", "2026-03-05");
    it.book.allocation("A2", "P2", "I1", "100");
    CHECK(it.call("outcomes").at("agencies").at(0).at("collected").at("amount") == "100.00");
}

TEST_CASE("a refused proposal changes nothing and may be made again") {
    Finishing it;
    const auto proposed =
        it.as("token:anna", "propose_outcome", it.proposal({{"kind", "write_off"}}));
    CHECK(it.as("token:bert", "decide_outcome", it.decision(proposed, false)).at("state") ==
          "refused");
    CHECK(it.book.total("2026-03-02").at("collectable") == "400.00");
    const auto again =
        it.proposal({{"kind", "court"}, {"items", Json::array({it.book.id("invoice", "I1")})}});
    CHECK(it.as("token:anna", "propose_outcome", again).at("items").size() == 1);
}
