// SPDX-License-Identifier: Apache-2.0
#include "fake_odoo.hpp"

namespace dunlin::odoo::test {
namespace {

/// Journal items 1 (invoice 50, owed) and 2 (payment), and what reconciles them.
class Reconciled : public FakeOdoo {
public:
    Reconciled() {
        put("account.move", 50,
            {{"name", "INV/50"}, {"move_type", "out_invoice"}, {"commercial_partner_id", 11}});
        put("account.move", 60, {{"name", "BNK/60"}, {"move_type", "entry"}});
        put("account.move", 70, {{"name", "EXCH/70"}, {"move_type", "entry"}});
        line(1, 50, 11, 1, 100);
        line(2, 60, 11, 1, -100)["payment_id"] = 9;
    }

    Json& line(int64_t id, int64_t move, int64_t partner, int64_t currency, const Json& amount) {
        return put("account.move.line", id,
                   {{"move_id", move},
                    {"partner_id", partner},
                    {"currency_id", currency},
                    {"amount_currency", amount},
                    {"matched_debit_ids", Json::array()},
                    {"matched_credit_ids", Json::array()}});
    }

    void partial(int64_t id, int64_t debit, int64_t credit, const Json& debit_amount,
                 const Json& credit_amount) {
        put("account.partial.reconcile", id,
            {{"debit_move_id", debit},
             {"credit_move_id", credit},
             {"company_id", 1},
             {"debit_amount_currency", debit_amount},
             {"credit_amount_currency", credit_amount},
             {"max_date", "2026-01-09"},
             {"write_date", "2026-01-09 10:00:00"}});
        records["account.move.line"][debit]["matched_credit_ids"].push_back(id);
        records["account.move.line"][credit]["matched_debit_ids"].push_back(id);
    }

    /// external id: source kind source > target amount.
    std::vector<std::string> allocations() {
        std::vector<std::string> out;
        for (const auto& [id, row] : pull("allocation").rows) {
            out.push_back(id + ": " + row["source_kind"].get<std::string>() + " " +
                          row["source"].get<std::string>() + " > " +
                          row["invoice"].get<std::string>() + " " + row["amount"].dump());
        }
        return out;
    }
    std::vector<std::string> transfers() {
        std::vector<std::string> out;
        for (const auto& [id, row] : pull("adjustment").rows) {
            if (id.rfind("partial-", 0) != 0) continue;
            out.push_back(id + " " + row["customer"].get<std::string>() + " " +
                          row["currency"].get<std::string>() + " " + row["amount"].dump() + " " +
                          row["kind"].get<std::string>());
        }
        return out;
    }
    Pulled pull(const std::string& entity) {
        auto from = source();
        PullRequest request;
        request.entity = entity;
        return read_all(from, request);
    }
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a reconciliation with an item that Odoo does not show is set aside") {
    Reconciled odoo;
    odoo.partial(5, 1, 2, 40, 40);
    odoo.records["account.move.line"].erase(2);
    const auto pulled = odoo.pull("allocation");
    CHECK(pulled.rows.empty());
    REQUIRE(pulled.errors.size() == 1);
    CHECK(pulled.errors[0].code == "unknown_entry");
}

TEST_CASE("a reconciliation of two items of one sign is set aside") {
    Reconciled odoo;
    odoo.line(3, 70, 11, 1, 10);
    odoo.partial(6, 3, 1, 10, 10);
    const auto pulled = odoo.pull("allocation");
    CHECK(pulled.rows.empty());
    REQUIRE(pulled.errors.size() == 1);
    CHECK(pulled.errors[0].code == "direction");
}

TEST_CASE("a payment settles the instalment of its invoice") {
    Reconciled odoo;
    odoo.partial(5, 1, 2, 40.25, 40.25);
    odoo.partial(6, 1, 2, 0, 0);  // A difference of rates.
    CHECK(odoo.allocations() == Lines{"5: payment line-2 > 50 402500"});
    CHECK(odoo.pull("allocation").rows.at("5")["instalment"] == "1");
    CHECK(odoo.transfers().empty());
}

TEST_CASE("a credit note settles an invoice, and a journal item a payment sent back") {
    Reconciled odoo;
    odoo.put("account.move", 51, {{"move_type", "out_refund"}, {"commercial_partner_id", 11}});
    odoo.line(3, 51, 11, 1, -30);
    odoo.partial(5, 1, 3, 30, 30);
    odoo.line(4, 60, 11, 1, 20)["payment_id"] = 10;
    odoo.line(7, 70, 11, 1, -20);
    odoo.partial(6, 4, 7, 20, 20);
    CHECK(odoo.allocations() ==
          Lines{"5: credit_note 51 > 50 300000", "6: adjustment line-7 > line-4 200000"});
}

TEST_CASE("money of another currency leads over two adjustments") {
    Reconciled odoo;
    odoo.records["account.move.line"][2]["currency_id"] = 2;
    odoo.partial(5, 1, 2, 100, 120.5);
    CHECK(odoo.transfers() ==
          Lines{"partial-5:c 11 USD 1205000 fx", "partial-5:d 11 EUR -1000000 fx"});
    CHECK(odoo.allocations() == Lines{"5:c: payment line-2 > partial-5:c 1205000",
                                      "5:d: adjustment partial-5:d > 50 1000000"});
}

TEST_CASE("money of another customer leads over two adjustments") {
    Reconciled odoo;
    odoo.records["account.move.line"][2]["partner_id"] = 12;
    odoo.partial(5, 1, 2, 100, 100);
    CHECK(odoo.transfers() ==
          Lines{"partial-5:c 12 EUR 1000000 journal", "partial-5:d 11 EUR -1000000 journal"});
}

TEST_CASE("a journal item without a partner belongs to whom it is reconciled with") {
    Reconciled odoo;
    odoo.line(3, 70, 0, 1, -15)["partner_id"] = false;
    odoo.line(4, 70, 0, 1, -16)["partner_id"] = false;
    for (const int64_t id : {3, 4}) {
        odoo.records["account.move.line"][id].update(
            {{"parent_state", "posted"}, {"company_id", 1}, {"date", "2026-01-09"}});
    }
    odoo.partial(5, 1, 3, 15, 15);
    const auto pulled = odoo.pull("adjustment");
    CHECK(pulled.rows.at("line-3")["customer"] == "11");
    CHECK(pulled.rows.count("line-4") == 0);
    CHECK(odoo.allocations() == Lines{"5: adjustment line-3 > 50 150000"});
}

TEST_CASE("a cent that a conversion took too much settles the difference that gives it back") {
    Reconciled odoo;
    odoo.records["account.move.line"][2]["currency_id"] = 2;
    odoo.partial(5, 1, 2, 100.01, 120.5);
    odoo.line(3, 70, 11, 1, 0.01);
    odoo.partial(6, 3, 1, 0.01, 0.01);
    CHECK(odoo.allocations() == Lines{"5:c: payment line-2 > partial-5:c 1205000",
                                      "5:d: adjustment partial-5:d > 50 1000000",
                                      "6: adjustment partial-5:d > line-3 100"});
}

TEST_CASE("a cent that was taken too much from a payment comes from the difference") {
    Reconciled odoo;
    odoo.partial(5, 1, 2, 100.01, 100.01);
    odoo.records["account.move.line"][1]["amount_currency"] = 100.01;
    odoo.line(3, 70, 11, 1, -0.01);
    odoo.partial(6, 2, 3, 0.01, 0.01);
    CHECK(odoo.allocations() ==
          Lines{"5: payment line-2 > 50 1000000", "6: adjustment line-3 > 50 100"});
}

}  // namespace dunlin::odoo::test
