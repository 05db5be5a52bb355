// SPDX-License-Identifier: Apache-2.0
// What becomes of dunning letters and of what they charge.
#include "dunning_book.hpp"

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;
using Lines = std::vector<std::string>;

namespace {

/// A released letter about one invoice of 100.
Json released(DunningBook& it, const Json& level = Json::object(),
              const Json& more = Json::object()) {
    it.book.invoice("I1", "100", "2026-01-01", "2026-02-15");
    it.procedure({{5, level}, {20, level}}, more);
    const auto run = it.dun("2026-03-02");
    if (it.release(run).at("released") != 1) throw std::runtime_error("not one letter");
    return it.letter("released");
}

}  // namespace

TEST_CASE("a draft that does not hold any more is not released and says why") {
    DunningBook it(dunning_store());
    it.book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    it.procedure({{5, {}}});
    const auto run = it.dun("2026-03-02");
    const auto draft = it.letter("draft");
    CHECK_THAT(it.error("release_dunning", Json::object()), Contains("name a run"));
    CHECK_THAT(it.error("release_dunning", {{"run", run.at("run_id")}, {"date", "2026-03-03"}}),
               Contains("ahead of time"));
    CHECK_THAT(it.error("release_dunning", it.name_of(draft, {{"date", "2026-03-01"}})),
               Contains("dated 2026-03-02"));
    it.call("place_claim", it.about("I1", {{"kind", "dispute"}, {"amount", "10"}}));
    CHECK_THAT(it.error("release_dunning", it.name_of(draft)), Contains("under a claim (dispute)"));
    const auto standing = it.call("dunning_letter_standing", it.name_of(draft));
    CHECK(standing.at("may_go") == false);
    CHECK_THAT(standing.at("reason").get<std::string>(), Contains("draft"));
    it.dun("2026-03-02", {{"refresh", true}});
    CHECK(it.call("release_dunning", it.name_of(draft)).at("released") == 1);
    CHECK(it.letter("released").at("total") == "90.00");
}

TEST_CASE("a released letter may go until something of it is settled, disputed or cancelled") {
    DunningBook it(dunning_store());
    const auto letter = released(it);
    const auto standing = [&] {
        return it.call("dunning_letter_standing", it.name_of(letter))
            .at("reason")
            .get<std::string>();
    };
    CHECK(standing().empty());
    const auto claim = it.call("place_claim", it.about("I1", {{"kind", "dispute"}}));
    CHECK_THAT(standing(), Contains("invoice I1 is under a claim"));
    it.call("lift_claim",
            {{"customer", letter.at("customer_id")}, {"claim", claim.at("claim_id")}});
    CHECK(standing().empty());
    const auto block = it.call("block_dunning", it.about("", {{"reason", "a friend"}}));
    CHECK_THAT(standing(), Contains("blocked"));
    it.call("unblock_dunning", it.about("", {{"block", block.at("block_id")}}));
    it.book.payment("P1", "100", "2026-03-02");
    CHECK_THAT(standing(), Contains("not applied"));
    it.book.allocation("A1", "P1", "I1", "30");
    CHECK_THAT(standing(), Contains("another open amount"));
    it.book.allocation("A2", "P1", "I1", "70");
    CHECK_THAT(standing(), Contains("voided"));
}

TEST_CASE("what is settled here before it was sent is voided; what was sent stays") {
    DunningBook it(dunning_store());
    auto letter = released(it);
    const bool is_sent = GENERATE(false, true);
    if (is_sent) it.call("dunning_letter_sent", it.name_of(letter));
    it.book.payment("P1", "100", "2026-03-02");
    const auto customer = letter.at("customer_id"), payment = Json(it.book.id("payment", "P1"));
    const Json line{{"item", it.book.id("invoice", "I1")}, {"amount", "100"}};
    if (GENERATE(false, true)) {
        it.call("apply_cash", {{"customer", customer}, {"payment", payment}, {"lines", {line}}});
    } else {
        it.call("allocate", {{"customer", customer},
                             {"source", payment},
                             {"target", line.at("item")},
                             {"amount", "100"}});
    }

    letter = it.call("dunning_letter", it.name_of(letter));
    CHECK(letter.at("state") == (is_sent ? "released" : "voided"));
    CHECK(letter.at("resolved") == true);
    CHECK(it.events("dunning_letter_voided") == (is_sent ? 0 : 1));
}

TEST_CASE("voiding a letter takes its level and its charges back, once") {
    DunningBook it(dunning_store());
    const Json level{{"fee", {{"fixed", {{"EUR", "10"}}}}}};
    const auto letter = released(it, level, {{"sequential", true}});
    CHECK(letter.at("total") == "110.00");
    CHECK_THAT(it.error("void_dunning_letter", it.name_of(letter, {{"reason", ""}})),
               Contains("reason"));
    it.call("void_dunning_letter", it.name_of(letter, {{"reason", "wrong address"}}));
    CHECK_THAT(it.error("void_dunning_letter", it.name_of(letter, {{"reason", "again"}})),
               Contains("wrong address"));
    CHECK(it.call("charges").at("rows").at(0).at("state") == "voided");
    CHECK(it.events("dunning_letter_voided") == 1);

    it.dun("2026-03-02", {{"refresh", true}});
    CHECK(it.letters() == Lines{"1 voided 110.00", "1 draft 110.00"});
}

TEST_CASE("I1_tryton: charges go from letter to letter until somebody waives them with a reason") {
    DunningBook it(dunning_store());
    it.book.invoice("I1", "100", "2026-01-01", "2026-02-15");
    it.procedure(
        {{5, {{"fee", {{"fixed", {{"EUR", "10"}}}}}}}, {10, {{"fee", {{"percent", "15"}}}}}});
    it.release(it.dun("2026-02-20"), "2026-02-20");
    it.release(it.dun("2026-02-25"), "2026-02-25");
    CHECK(it.letters() == Lines{"1 released 110.00", "2 released 125.00"});
    auto charges = it.call("charges");
    CHECK(charges.at("claimable").at(0).at("amount") == "25.00");
    const auto& fee = charges.at("rows").at(0);
    const Json waive{{"customer", fee.at("customer_id")}, {"charge", fee.at("charge_id")}};
    auto with_reason = waive;
    with_reason["reason"] = "goodwill";
    CHECK(it.book.instance().status_of("receivables.waive_charge", waive) == DUNLIN_E_INVALID);
    it.call("waive_charge", with_reason);
    CHECK_THAT(it.error("waive_charge", with_reason), Contains("waived") && Contains("goodwill"));
    charges = it.call("charges");
    CHECK(charges.at("claimable").at(0).at("amount") == "15.00");
    CHECK(charges.at("rows").at(0).at("end_reason") == "goodwill");
}

TEST_CASE("I2_erpnext #33: interest and fee stay claimable when only the principal is paid") {
    DunningBook it(dunning_store());
    it.call("set_charges",
            {{"name", "ten"}, {"charges", {{"rate", "10"}}}, {"valid_from", "2020-01-01"}});
    const auto letter = released(it, {{"interest", true}, {"fee", {{"fixed", {{"EUR", "10"}}}}}},
                                 {{"charges", "ten"}});
    CHECK(letter.at("interest") == "0.41");
    CHECK(letter.at("total") == "110.41");
    it.call("dunning_letter_sent", it.name_of(letter));
    it.book.payment("P1", "100", "2026-03-02");
    it.book.allocation("A1", "P1", "I1", "100");
    auto now = it.call("dunning_letter", it.name_of(letter));
    CHECK(now.at("resolved") == true);
    CHECK(it.call("charges").at("claimable").at(0).at("amount") == "10.41");
    // The payment bounces.
    it.book.put("payment", {{{"external_id", "P1"},
                             {"customer", "C1"},
                             {"currency", "EUR"},
                             {"amount", "100"},
                             {"date", "2026-03-02"},
                             {"status", "reversed"},
                             {"reversed_on", "2026-03-02"}}});
    now = it.call("dunning_letter", it.name_of(letter));
    CHECK(now.at("resolved") == false);
    CHECK(now.at("lines").size() == 1);
}

TEST_CASE("I2_erpnext: a credit note resolves the letter of its invoice, one of its own does not") {
    DunningBook it(dunning_store());
    const auto letter = released(it);
    it.call("dunning_letter_sent", it.name_of(letter));
    const auto is_resolved = [&] {
        return it.call("dunning_letter", it.name_of(letter)).at("resolved").get<bool>();
    };
    const auto credit = [&](const char* id, const Json& more) {
        Json row{{"kind", "credit_note"}};
        row.update(more);
        return it.book.invoice(id, "100", "2026-03-02", "2026-03-02", row).rejects.empty();
    };
    REQUIRE(credit("K1", Json::object()));  // It stands on the account for itself.
    CHECK_FALSE(is_resolved());
    REQUIRE(credit("K2", {{"corrects", "I1"}}));
    it.book.allocation("A1", "K2", "I1", "100", {{"source_kind", "credit_note"}});
    CHECK(is_resolved());
    REQUIRE(credit("K2",
                   {{"corrects", "I1"}, {"status", "cancelled"}, {"cancelled_on", "2026-03-02"}}));
    CHECK_FALSE(is_resolved());
}

TEST_CASE("I2_erpnext: of terms 50/50 only the overdue part is in the letter") {
    DunningBook it(dunning_store());
    it.book.invoice("I1", "100", "2026-02-24", "2026-03-06");
    it.book.put("instalment", {{{"external_id", "T1"},
                                {"invoice", "I1"},
                                {"sequence", 1},
                                {"due_date", "2026-03-01"},
                                {"amount", "50"}},
                               {{"external_id", "T2"},
                                {"invoice", "I1"},
                                {"sequence", 2},
                                {"due_date", "2026-03-06"},
                                {"amount", "50"}}});
    it.procedure({{1, {}}});
    it.release(it.dun("2026-03-02"));
    auto letter = it.call("dunning_letter", it.name_of(it.letter("released")));
    REQUIRE(letter.at("lines").size() == 1);
    CHECK(letter.at("lines").at(0).at("open") == "50.00");
    CHECK(letter.at("lines").at(0).at("part") == 1);
}

TEST_CASE("a claim suspends the charges of its item, and they are back when it is lifted") {
    DunningBook it(dunning_store());
    const auto letter = released(it, {{"fee", {{"fixed", {{"EUR", "10"}}}}}});
    const auto is_suspended = [&] {
        return it.call("charges").at("rows").at(0).at("suspended").get<bool>();
    };
    CHECK_FALSE(is_suspended());
    const auto claim = it.call("place_claim", it.about("I1", {{"kind", "dispute"}}));
    CHECK(is_suspended());
    it.call("lift_claim",
            {{"customer", letter.at("customer_id")}, {"claim", claim.at("claim_id")}});
    CHECK_FALSE(is_suspended());
}

TEST_CASE("#20: an item taken out of a draft lowers its level and total, and stays out") {
    DunningBook it(dunning_store());
    it.book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    it.book.invoice("I2", "50", "2026-01-01", "2026-02-20");
    it.procedure({{5, {}}, {20, {{"fee", {{"fixed", {{"EUR", "9"}}}}}}}}, {{"sequential", false}});
    it.dun("2026-03-02");
    CHECK(it.letters() == Lines{"2 draft 159.00"});
    const auto draft = it.letter("draft");
    const auto item = [&](const char* id) {
        return it.name_of(draft, {{"item", it.book.id("invoice", id)}});
    };
    const auto left = it.call("remove_from_dunning", item("I1"));
    CHECK(left.at("letter").at("total") == "50.00");
    CHECK(left.at("letter").at("level") == 1);
    CHECK_THAT(it.error("remove_from_dunning", item("I1")), Contains("not about"));
    it.dun("2026-03-02", {{"refresh", true}});
    CHECK(it.letters() == Lines{"1 draft 50.00"});
    CHECK(it.call("remove_from_dunning", item("I2")).at("is_left") == false);
    CHECK(it.letters().empty());
}

TEST_CASE("#28: a block ends by itself, keeps its history, and lifting it sends nothing") {
    DunningBook it(dunning_store());
    it.book.invoice("I1", "100", "2026-01-01", "2026-01-31");
    it.procedure({{5, {}}}, {{"stale_after_days", nullptr}});
    CHECK_THAT(it.error("block_dunning", it.about("", {{"reason", "r"}, {"until", "2026-03-02"}})),
               Contains("until"));
    const auto first = it.call("block_dunning",
                               it.about("I1", {{"reason", "complaint"}, {"until", "2026-03-05"}}));
    CHECK(it.dun("2026-03-02").at("held").at(0).at("reason") == "blocked");
    it.call("unblock_dunning",
            it.about("", {{"block", first.at("block_id")}, {"reason", "settled"}}));
    CHECK(it.letters().empty());
    CHECK(it.dun("2026-03-02", {{"refresh", true}}).at("letters") == 1);
    it.call("block_dunning", it.about("", {{"reason", "holiday"}, {"until", "2026-03-05"}}));
    CHECK(it.dun("2026-03-02", {{"refresh", true}}).at("letters") == 0);
    it.book.instance().restart("2026-03-05T09:00:00Z");
    CHECK(it.dun("2026-03-05").at("letters") == 1);
    CHECK(it.call("dunning_blocks").at("rows").empty());
    const auto history = it.call("dunning_blocks", it.about("", {{"history", true}})).at("rows");
    REQUIRE(history.size() == 2);
    CHECK(history[0].at("lift_reason") == "settled");
}

TEST_CASE("a letter that its sender holds back counts for nothing until it is sent") {
    DunningBook it(dunning_store());
    const Json level{{"fee", {{"fixed", {{"EUR", "10"}}}}}};
    it.book.invoice("I1", "100", "2026-01-01", "2026-02-15");
    it.procedure({{5, level}, {10, level}}, {{"sequential", true}});
    const auto run = it.dun("2026-03-01");
    const Json why{{"reason", "no address"}};
    CHECK_THAT(it.error("dunning_letter_held", it.name_of(it.letter("draft"), why)),
               Contains("draft"));
    it.release(run, "2026-03-01");
    const auto letter = it.letter("released");
    for (int i = 0; i < 2; ++i) {  // Said twice it is the same.
        CHECK(it.call("dunning_letter_held", it.name_of(letter, why)).at("state") == "held");
    }
    CHECK(it.call("dunning_letter_standing", it.name_of(letter)).at("may_go") == true);
    CHECK(it.call("charges").at("claimable").empty());
    it.dun("2026-03-02");
    CHECK(it.letters() == Lines{"1 held 110.00"});

    it.call("dunning_letter_sent", it.name_of(letter));
    CHECK_THAT(it.error("dunning_letter_held", it.name_of(letter, why)),
               Contains("went on 2026-03-02"));
    CHECK(it.letter("released").at("released_on") == "2026-03-02");
    CHECK(it.call("charges").at("claimable").at(0).at("amount") == "10.00");
    it.dun("2026-03-02", {{"refresh", true}});
    CHECK(it.letters() == Lines{"1 released 110.00", "2 draft 120.00"});
}
