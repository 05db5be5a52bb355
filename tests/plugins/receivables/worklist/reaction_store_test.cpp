// SPDX-License-Identifier: Apache-2.0
// Silence since the last letter, and what counts as a reaction to it.
#include "plugins/receivables/dunning/dunning_book.hpp"

using namespace dunlin;
using namespace dunlin::test;

namespace {

/// Two invoices on one released letter of 2026-03-02.
struct Dunned {
    Dunned() : it(dunning_store()) {
        it.book.invoice("I1", "100", "2026-01-01", "2026-02-15");
        it.book.invoice("I2", "100", "2026-01-01", "2026-02-16");
        it.procedure({{5, {}}});
        if (it.release(it.dun("2026-03-02")).at("released") != 1) {
            throw std::runtime_error("not one letter");
        }
    }
    Json on(const std::string& day) {
        host::CallOptions options;
        options.today = Date::parse(day);
        const auto list = it.book.instance().call("receivables.worklist", {{"min_points", -1000}},
                                                  host::Principal::of_operator(), options);
        return list.at("rows").empty() ? Json::object() : list.at("rows")[0];
    }
    /// The points of the rule about silence; 0 where it did not fire.
    int points(const std::string& day) {
        const auto row = on(day);
        for (const auto& rule : row.value("rules", Json::array())) {
            if (rule.at("rule") == "no_reaction") return rule.at("points");
        }
        return 0;
    }
    DunningBook it;
};

}  // namespace

TEST_CASE("D9: 5, 10 and 15 days without reaction since a released letter give 2, 4 and 8 points") {
    Dunned dunned;
    CHECK(dunned.points("2026-03-06") == 0);
    CHECK(dunned.points("2026-03-07") == 2);
    CHECK(dunned.points("2026-03-12") == 4);
    CHECK(dunned.points("2026-03-17") == 8);
    CHECK(dunned.on("2026-03-17")["facts"]["days_since_dunning"] == 15);
}

TEST_CASE(
    "D9: a promise, a dispute or a payment of all that was dunned is a reaction, of a part not") {
    Dunned dunned;
    auto& it = dunned.it;
    it.book.payment("P1", "100", "2026-03-02");
    it.book.allocation("A1", "P1", "I1", "100");
    CHECK(dunned.points("2026-03-12") == 4);  // I2 is still to be collected.
    it.call("place_claim", it.about("I2", {{"kind", "dispute"}, {"amount", "40"}}));
    CHECK(dunned.points("2026-03-12") == 4);
    const auto made = it.call("promise", it.about("I2", {{"due", "2026-03-20"}, {"amount", "60"}}));
    CHECK(dunned.points("2026-03-12") == 0);
    CHECK(dunned.on("2026-03-12")["facts"].count("days_since_dunning") == 0);
    it.call("withdraw_promise",
            it.about("", {{"promise", made["promises"][0]["promise_id"]}, {"reason", "cannot"}}));
    CHECK(dunned.points("2026-03-12") == 4);
}
