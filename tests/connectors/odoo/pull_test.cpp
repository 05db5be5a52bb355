// SPDX-License-Identifier: Apache-2.0
#include "fake_odoo.hpp"

namespace dunlin::odoo::test {
namespace {

PullRequest changes(const std::string& entity, std::optional<int64_t> since = std::nullopt) {
    PullRequest out;
    out.entity = entity;
    out.since_us = since;
    return out;
}

}  // namespace

TEST_CASE("a record that cannot be read is set aside with its reason, the rest goes on") {
    FakeOdoo odoo;
    odoo.put("account.move", 1, invoice("INV/1", 10));
    odoo.put("account.move", 2, invoice("INV/2", 0.123456));
    odoo.put("account.move", 3, invoice("INV/3", 30))["state"] = "hidden";
    odoo.put("account.move", 4, invoice("INV/4", 40))["currency_id"] = false;
    odoo.put("account.move", 5, invoice("INV/5", 50))["invoice_date"] = "2026-02-30";
    odoo.put("account.move", 6, invoice("INV/6", 60.5));
    odoo.put("account.move", 7, invoice("INV/7", 70))["commercial_partner_id"] = Json::object();
    auto source = odoo.source();
    const auto pulled = read_all(source, changes("invoice"));
    REQUIRE(pulled.errors.size() == 5);
    CHECK(pulled.errors[0].code == "amount");
    CHECK(pulled.errors[0].external_id == "2");
    CHECK(pulled.errors[0].position == "account.move 2 INV/2");
    CHECK_THAT(pulled.errors[0].raw, Catch::Contains("0.123456"));
    CHECK(pulled.errors[1].code == "status");
    CHECK(pulled.errors[2].code == "currency");
    CHECK(pulled.errors[3].code == "date");
    CHECK(pulled.errors[4].code == "reference");
    CHECK(pulled.rows.size() == 2);
    CHECK(pulled.rows.at("6")["total"] == 605000);
}

TEST_CASE("an unknown entity and a broken place are refused") {
    FakeOdoo odoo;
    auto source = odoo.source();
    CHECK_THROWS_WITH(source.pull(changes("ledger"), no_cancel), Catch::Contains("\"ledger\""));
    auto request = changes("invoice");
    for (const char* place : {"x", "1", "0:", "0:-5", "0:5x"}) {
        request.resume = place;
        CHECK_THROWS_AS(source.pull(request, no_cancel), Error);
    }
}

TEST_CASE("a document is what Odoo's type and state say, with positive totals") {
    FakeOdoo odoo;
    odoo.put("account.move", 1, invoice("INV/1", 100.1))["amount_residual"] = 60;
    auto& note = odoo.put("account.move", 2, invoice("RINV/1", 20));
    note["move_type"] = "out_refund";
    note["reversed_entry_id"] = 1;
    auto& draft = odoo.put("account.move", 3, invoice("/", -5));
    draft["state"] = "draft";
    draft["invoice_date"] = false;
    odoo.put("account.move", 4, invoice("INV/4", 7))["state"] = "cancel";
    auto source = odoo.source();
    const auto rows = read_all(source, changes("invoice")).rows;
    CHECK(rows.at("1")["open_amount"] == 600000);
    CHECK(rows.at("1")["kind"] == "invoice");
    CHECK(rows.at("1")["customer"] == "11");
    CHECK(rows.at("2")["kind"] == "credit_note");
    CHECK(rows.at("2")["total"] == 200000);
    CHECK(rows.at("2")["corrects"] == "1");
    CHECK(rows.at("3")["kind"] == "credit_note");
    CHECK(rows.at("3")["issue_date"] == "2026-01-05");
    CHECK_FALSE(rows.at("3").contains("number"));
    CHECK_FALSE(rows.at("3").contains("open_amount"));
    CHECK(rows.at("4")["cancelled_on"] == "2026-01-05");
    CHECK(rows.at("4")["open_amount"] == 0);
}

TEST_CASE("pages follow the ids, a run goes on behind the last one, and changes are asked for") {
    FakeOdoo odoo;
    for (int64_t id = 1; id <= 25; ++id) {
        odoo.put("account.move", id, invoice("INV/" + std::to_string(id), id));
    }
    odoo.put("account.move", 7, invoice("INV/7", 7))["write_date"] = "2026-03-01 00:00:00";
    auto source = odoo.source({{"page_rows", 10}});
    auto request = changes("invoice");
    const auto all = read_all(source, request);
    CHECK(all.rows.size() == 25);
    CHECK(all.cursors == std::vector<std::string>{"0:10", "0:20", "0:25"});
    CHECK(all.server_us == 1795324851000000);
    request.resume = "0:20";
    CHECK(read_all(source, request).rows.size() == 5);
    const auto changed = read_all(source, changes("invoice", 1772323200000000));
    CHECK(changed.rows.size() == 1);
    CHECK(changed.changed_max_us == 1772323200000000);
    CHECK_THAT(odoo.searched.back(),
               Catch::Contains("[\"write_date\",\">=\",\"2026-03-01 00:00:00\"]"));
}

TEST_CASE("a longer overlap reaches further back") {
    FakeOdoo odoo;
    odoo.put("account.move", 1, invoice("INV/1", 1));
    auto source = odoo.source({{"overlap_minutes", 65}});
    read_all(source, changes("invoice", 1772323200000000));
    CHECK_THAT(odoo.searched.back(), Catch::Contains("\"2026-02-28 23:00:00\""));
}

TEST_CASE("rows asked for by id come, and one that is gone comes as deleted") {
    FakeOdoo odoo;
    odoo.put("account.move", 5, invoice("INV/5", 50));
    odoo.put("account.move", 6, invoice("INV/6", 60))["state"] = "hidden";
    auto source = odoo.source();
    auto request = changes("invoice");
    request.mode = PullRequest::Mode::by_id;
    request.ids = {"5", "6", "99", "line-5", "5:d"};
    const auto pulled = read_all(source, request);
    CHECK(pulled.rows.at("5")["number"] == "INV/5");
    CHECK(pulled.rows.count("6") == 0);
    CHECK(pulled.errors.size() == 1);
    for (const char* gone : {"99", "line-5", "5:d"}) CHECK(pulled.rows.at(gone)["deleted"] == true);
}

TEST_CASE("the ids of a stream name every row that it can give") {
    FakeOdoo odoo;
    odoo.put("account.partial.reconcile", 3, Json::object());
    odoo.put("account.move.line", 8, Json::object());
    auto source = odoo.source();
    auto request = changes("allocation");
    request.mode = PullRequest::Mode::ids;
    const auto names = [&](const char* entity) {
        request.entity = entity;
        std::string out;
        for (const auto& [id, row] : read_all(source, request).rows) out += id + " ";
        return out;
    };
    CHECK(names("allocation") == "3 3:c 3:d ");
    CHECK(names("adjustment") == "line-8 partial-3:c partial-3:d ");
    CHECK(names("payment") == "line-8 ");
    CHECK(names("contact_point") ==
          "11:email 11:mobile 11:phone 11:postal 12:email 12:mobile 12:phone 12:postal ");
}

TEST_CASE("a contact gives one row for each way to reach it, and takes back what was emptied") {
    FakeOdoo odoo;
    odoo.put("res.partner", 20,
             {{"name", "Ann"},
              {"commercial_partner_id", 11},
              {"type", "invoice"},
              {"active", true},
              {"email", "ann@example.com"},
              {"street", "Road 1"},
              {"street2", "Yard"},
              {"write_date", "2026-01-05 10:00:00"}});
    odoo.put("res.partner", 21,
             {{"name", "Left"},
              {"commercial_partner_id", 11},
              {"type", "contact"},
              {"active", false},
              {"email", "left@example.com"}});
    auto source = odoo.source();
    const auto rows = read_all(source, changes("contact_point")).rows;
    CHECK(rows.at("20:email")["value"] == "ann@example.com");
    CHECK(rows.at("20:email")["role"] == "billing");
    CHECK(rows.at("20:email")["preferred"] == true);
    CHECK(rows.at("20:email")["person"] == "Ann");
    CHECK(rows.at("20:postal")["street"] == "Road 1, Yard");
    CHECK(rows.at("20:phone")["deleted"] == true);
    CHECK(rows.at("21:email")["deleted"] == true);
}

TEST_CASE("a payment out of the books, and a journal item without an amount, are taken back") {
    FakeOdoo odoo;
    const Json line{{"move_id", 30},
                    {"partner_id", 11},
                    {"currency_id", 2},
                    {"company_id", 1},
                    {"journal_id", 4},
                    {"amount_currency", -70.5},
                    {"date", "2026-01-09"},
                    {"ref", "thanks"},
                    {"parent_state", "posted"},
                    {"write_date", "2026-01-09 10:00:00"}};
    odoo.put("account.move.line", 1, line);
    odoo.put("account.move.line", 2, line)["parent_state"] = "draft";
    odoo.put("account.move.line", 3, line)["amount_currency"] = 0;
    odoo.put("account.move.line", 4, line)["partner_id"] = false;
    auto source = odoo.source();
    const auto pulled = read_all(source, changes("payment"));
    CHECK(pulled.rows.at("line-1")["amount"] == 705000);
    CHECK(pulled.rows.at("line-1")["reference"] == "thanks");
    CHECK(pulled.rows.at("line-2")["deleted"] == true);
    CHECK(pulled.rows.at("line-3")["deleted"] == true);
    REQUIRE(pulled.errors.size() == 1);
    CHECK(pulled.errors[0].external_id == "line-4");
    CHECK(pulled.errors[0].code == "no_partner");
}

}  // namespace dunlin::odoo::test
