// SPDX-License-Identifier: Apache-2.0
// A letter that did not go has reached nobody: neither its level nor what it charges counts.
#include <catch2/catch.hpp>

#include "desk.hpp"

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;

namespace {

/// A customer whose invoice R-17 is late under two levels, each with a fee of 10.
struct Late {
    Desk desk{GENERATE(Dialect::sqlite, Dialect::postgresql)};

    explicit Late(const std::string& kind, const std::string& channel = "email") {
        desk.customer("C1", "anna", kind);
        desk.book().invoice("R-17", "1190", "2025-12-01", "2025-12-31");
        Json levels = Json::array();
        for (const int number : {1, 2}) {
            levels.push_back({{"level", number},
                              {"days", 10 * number},
                              {"channel", channel},
                              {"template", "reminder"},
                              {"fee", {{"fixed", {{"EUR", "10"}}}}}});
        }
        book("set_charges",
             {{"name", "c"},
              {"charges", {{"rate", "5"}, {"consumer_fees", "agreed in the contract"}}},
              {"valid_from", "2020-01-01"}});
        book("set_dunning_procedure", {{"name", "p"},
                                       {"procedure",
                                        {{"levels", levels},
                                         {"sequential", true},
                                         {"charges", "c"},
                                         {"item_interval_days", 0},
                                         {"customer_interval_days", 0}}},
                                       {"valid_from", "2020-01-01"}});
        book("assign_dunning", {{"procedure", "p"}, {"valid_from", "2020-01-01"}});
    }
    Json book(const std::string& command, const Json& request = Json::object()) {
        return desk.book().call(command, request);
    }
    void deliver() { desk.instance().host().events().deliver_pending(); }
    /// Draws up the letters of today and lets them go; the row of the last message.
    Json dun() {
        const auto run = book("dun", {{"as_of", "2026-03-02"}, {"refresh", true}});
        book("release_dunning", {{"run", run.at("run_id")}});
        deliver();
        desk.run_jobs();
        deliver();
        return desk.call("messages", {{"kind", "dunning_letter"}}).at("rows").back();
    }
    Json act(const std::string& command, const Json& message, const Json& more = Json::object()) {
        auto out = command == "print_batch" ? desk.call(command) : desk.act(command, message, more);
        desk.run_jobs();
        deliver();
        return out;
    }
    /// "level state" of each letter, as the ledger has them.
    std::vector<std::string> letters() {
        std::vector<std::string> out;
        const auto found = book("dunning_letters");
        for (const auto& row : found.at("rows")) {
            out.push_back(row.at("level").dump() + " " + row.at("state").get<std::string>());
        }
        return out;
    }
    std::string claimed() {
        const auto sums = book("charges").at("claimable");
        return sums.empty() ? "0" : sums.at(0).at("amount").get<std::string>();
    }
    /// "level reason" of what the preview leaves out, or "level letter" of what it would draft.
    std::string next() {
        const auto seen = book("preview_dunning", {{"as_of", "2026-03-02"}});
        const auto& left = seen.at("left_out");
        if (!left.empty()) {
            return left[0].at("level").dump() + " " + left[0].at("reason").get<std::string>();
        }
        const auto& drafts = seen.at("rows");
        return drafts.empty() ? "" : drafts[0].at("level").dump() + " letter";
    }
    void become_company() {
        desk.book().put("customer", {{{"external_id", "C1"},
                                      {"number", "C1"},
                                      {"name", "C1"},
                                      {"kind", "company"},
                                      {"language", "en"},
                                      {"currency", "EUR"}}});
    }
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("who got no letter reaches no level, however often is dunned, and owes no fee for it") {
    Late it("person");
    auto message = it.dun();
    CHECK(message.at("state") == "held");
    CHECK(it.letters() == Lines{"1 held"});
    CHECK(it.claimed() == "0");
    CHECK(it.next() == "1 letter_waits");

    message = it.dun();
    CHECK(it.letters() == Lines{"1 held"});
    CHECK(it.book("dunning_finished").at("rows").empty());
    CHECK(it.desk.sink().taken().empty());
    CHECK(it.book("verify_journal").at("ok") == true);
}

TEST_CASE("a held letter that goes counts from then on, once, with what it charges") {
    Late it("person");
    const auto message = it.dun();
    CHECK(it.claimed() == "0");
    it.become_company();
    it.act("release", message);
    CHECK(it.desk.state(message) == "sent");
    CHECK(it.letters() == Lines{"1 released"});
    CHECK(it.claimed() == "10.00");
    CHECK(it.next() == "2 letter");

    for (int i = 0; i < 3; ++i) {
        it.desk.event(
            "correspondence.dunning_letter_moved",
            {{"customer_id", message.at("customer_id")}, {"message_id", message.at("message_id")}});
    }
    CHECK(it.claimed() == "10.00");
    CHECK(it.book("dunning_letters").at("rows")[0].at("sent_on") == "2026-03-02");
    CHECK(it.desk.sink().taken().size() == 1);
    CHECK(it.book("verify_journal").at("ok") == true);
}

TEST_CASE("a letter whose message is given up is taken back, and may be drafted anew") {
    Late it("person");
    const auto message = it.dun();
    it.act("void", message, {{"reason", "not this one"}});
    CHECK(it.letters() == Lines{"1 voided"});
    const auto letter = it.book("dunning_letters").at("rows")[0];
    CHECK_THAT(letter.at("void_reason").get<std::string>(), Contains("not this one"));
    CHECK(it.claimed() == "0");
    CHECK(it.next() == "1 letter");
}

TEST_CASE("a letter that came back has reached no level") {
    Late it("company", "letter");
    const auto message = it.dun();
    it.act("print_batch", message);
    REQUIRE(it.desk.state(message) == "sent");
    CHECK(it.next() == "2 letter");
    it.desk.call("returned_mail", {{"customer", message.at("customer_id")},
                                   {"message", message.at("message_id")},
                                   {"reason", "moved"}});
    it.deliver();
    CHECK(it.letters() == Lines{"1 voided"});
    CHECK(it.claimed() == "0");
    CHECK(it.next() == "1 letter");
    CHECK(it.dun().at("state") == "held");  // The address is bad.
    CHECK(it.letters() == Lines{"1 voided", "1 held"});
}

TEST_CASE("a letter that waits is voided when what it is about is paid") {
    Late it("person");
    const auto message = it.dun();
    CHECK(it.letters() == Lines{"1 held"});
    it.desk.book().payment("P1", "1190", "2026-03-02");
    it.desk.book().allocation("A1", "P1", "R-17", "1190");
    it.deliver();
    CHECK(it.letters() == Lines{"1 voided"});
    CHECK(it.desk.state(message) == "voided");
}
