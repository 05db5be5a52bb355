// SPDX-License-Identifier: Apache-2.0
// From a dunning run to the letter that goes, or no longer goes.
#include <catch2/catch.hpp>

#include "desk.hpp"

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;

namespace {

/// A desk with a customer whose invoice R-17 is long overdue, and a run that drafted its letter.
struct Dunned {
    Desk desk{GENERATE(Dialect::sqlite, Dialect::postgresql)};
    Json run;

    explicit Dunned(const std::string& channel = "email") {
        desk.customer("C1", "anna");
        desk.book().invoice("R-17", "1190", "2025-12-01", "2025-12-31");
        desk.book().invoice("R-18", "100", "2025-12-01", "2025-12-31");
        const Json level{
            {"level", 1}, {"days", 10}, {"channel", channel}, {"template", "reminder"}};
        desk.book().call("set_dunning_procedure",
                         {{"name", "p"},
                          {"procedure", {{"levels", Json::array({level})}}},
                          {"valid_from", "2020-01-01"}});
        desk.book().call("assign_dunning", {{"procedure", "p"}, {"valid_from", "2020-01-01"}});
        run = desk.book().call("dun", {{"as_of", "2026-03-02"}});
    }
    Json release() {
        desk.book().call("release_dunning", {{"run", run.at("run_id")}});
        desk.instance().host().events().deliver_pending();
        return desk.call("messages", {{"kind", "dunning_letter"}}).at("rows");
    }
};

}  // namespace

TEST_CASE("a released letter goes once, with payee, reference, items, totals and its PDF") {
    Dunned it;
    CHECK(it.desk.call("messages").at("rows").empty());  // A draft is no letter yet.
    const auto rows = it.release();
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].at("state") == "queued");
    CHECK(rows[0].at("subject") == "Payment reminder");
    it.desk.run_jobs();
    it.desk.instance().host().events().deliver_pending();
    it.desk.run_jobs();
    const auto taken = it.desk.sink().taken();
    REQUIRE(taken.size() == 1);
    const auto sent = it.desk.act("message", rows[0]);
    const auto letter = rows[0].at("source_id").get<std::string>();
    for (const auto* part : {"text", "letter_html"}) {
        const auto text = sent.at(part).get<std::string>();
        for (const auto& must : {std::string("R-17"), std::string("R-18"), "C1 " + letter,
                                 std::string("DE02120300000000202051"), std::string("Dunlin Ltd"),
                                 std::string("EUR 1,190.00"), std::string("EUR 1,290.00")}) {
            CHECK_THAT(text, Contains(must));
        }
    }
    CHECK_THAT(taken[0].at("mime").get<std::string>(),
               Contains("dunning_letter-" + letter + ".pdf"));
}

TEST_CASE("a letter queued for an item that is then settled is voided and does not go") {
    Dunned it;
    const auto rows = it.release();
    REQUIRE(rows.size() == 1);
    it.desk.book().payment("P1", "1190", "2026-03-02");
    it.desk.book().allocation("A1", "P1", "R-17", "1190");
    it.desk.run_jobs();
    CHECK(it.desk.state(rows[0]) == "voided");
    CHECK_FALSE(it.desk.now(rows[0]).at("reason").get<std::string>().empty());
    CHECK(it.desk.sink().taken().empty());
}

TEST_CASE("a letter that is taken back does not go") {
    Dunned it("letter");
    const auto rows = it.release();
    REQUIRE(rows.size() == 1);
    it.desk.run_jobs();
    it.desk.book().call("void_dunning_letter", {{"customer", rows[0].at("customer_id")},
                                                {"letter", rows[0].at("source_id")},
                                                {"reason", "a mistake"}});
    it.desk.instance().host().events().deliver_pending();
    CHECK(it.desk.state(rows[0]) == "voided");
    CHECK(it.desk.call("print_batch").at("letters") == 0);
}
