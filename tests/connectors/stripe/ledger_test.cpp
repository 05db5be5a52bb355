// SPDX-License-Identifier: Apache-2.0
#include "fake_stripe.hpp"

namespace dunlin::stripe::test {
namespace {

constexpr int64_t day_s = 86'400;

/// An account with one customer.
struct Books {
    FakeStripe stripe;
    std::string today = date_text(stripe.now);

    Books() { stripe.put("customers", "cus_1", {{"name", "Acme"}}); }
    static std::string date_text(int64_t seconds) {
        return Date(static_cast<int32_t>(seconds / day_s)).text();
    }
    Json& invoice(const std::string& id, const Json& fields) {
        auto all = Json{{"status", "open"},
                        {"customer", "cus_1"},
                        {"currency", "eur"},
                        {"total", 10000},
                        {"amount_due", 10000},
                        {"amount_remaining", 10000},
                        {"number", "A-" + id},
                        {"due_date", stripe.now + 30 * day_s},
                        {"status_transitions",
                         {{"finalized_at", stripe.now},
                          {"paid_at", nullptr},
                          {"voided_at", nullptr},
                          {"marked_uncollectible_at", nullptr}}}};
        if (fields.is_object()) all.merge_patch(fields);
        return stripe.put("invoices", id, all);
    }
    Json& charge(const std::string& id, const Json& fields) {
        auto all = Json{{"status", "succeeded"},    {"captured", true},    {"amount", 10000},
                        {"amount_captured", 10000}, {"customer", "cus_1"}, {"currency", "eur"}};
        if (fields.is_object()) all.merge_patch(fields);
        return stripe.put("charges", id, all);
    }
    Pulled read(const std::string& entity, Json settings = Json::object()) {
        auto source = stripe.source(std::move(settings));
        return read_all(source, changes(entity));
    }
    Json row(const std::string& entity, const std::string& id) {
        const auto pulled = read(entity);
        for (const auto& bad : pulled.errors) UNSCOPED_INFO(bad.position << ": " << bad.reason);
        const auto found = pulled.rows.find(id);
        return found == pulled.rows.end() ? Json() : found->second;
    }
};

bool is_gone(const Json& row) {
    return row.value("deleted", false);
}

}  // namespace

TEST_CASE("an object that cannot be read is set aside with its reason, the rest goes on") {
    Books books;
    books.invoice("in_1", {{"currency", "zzz"}});
    books.invoice("in_2", {{"total", 10.5}});
    books.invoice("in_3", {}).erase("total");
    books.invoice("in_4", {{"due_date", -5}});
    books.invoice("in_5", {{"number", 17}});
    books.invoice("in_6", {{"total", INT64_MAX}});
    books.invoice("in_7", {});

    const auto pulled = books.read("invoice");

    REQUIRE(pulled.errors.size() == 6);
    CHECK(pulled.errors[5].external_id == "in_1");
    CHECK(pulled.errors[5].code == "currency");
    CHECK(pulled.errors[5].position == "invoices in_1");
    CHECK_THAT(pulled.errors[4].reason, Catch::Contains("total is 10.5"));
    CHECK_THAT(pulled.errors[4].raw, Catch::Contains("10.5"));
    CHECK(pulled.rows.size() == 1);
    CHECK(pulled.rows.at("in_7")["total"] == 1'000'000);
}

TEST_CASE("an invoice is what is owed; a draft is nothing yet, a void one ends on its day") {
    Books books;
    books.invoice("in_open", {{"amount_remaining", 4000},
                              {"description", "May"},
                              {"custom_fields", {{{"name", "PO Number"}, {"value", "4711"}}}}});
    books.invoice("in_draft", {{"status", "draft"}});
    books.invoice("in_void", {{"status", "void"},
                              {"status_transitions", {{"voided_at", books.stripe.now + day_s}}}});
    books.invoice("in_yen", {{"currency", "jpy"}});
    const auto pulled = books.read("invoice");

    const auto& open = pulled.rows.at("in_open");
    CHECK(open["customer"] == "cus_1");
    CHECK(open["company"] == "account");
    CHECK(open["number"] == "A-in_open");
    CHECK(open["status"] == "posted");
    CHECK(open["issue_date"] == books.today);
    CHECK(open["due_date"] == Books::date_text(books.stripe.now + 30 * day_s));
    CHECK(open["currency"] == "EUR");
    CHECK(open["open_amount"] == 400'000);
    CHECK(open["po_number"] == "4711");
    CHECK(open["reference"] == "May");
    CHECK(pulled.rows.count("in_draft") == 0);
    const auto& gone = pulled.rows.at("in_void");
    CHECK(gone["status"] == "cancelled");
    CHECK(gone["cancelled_on"] == Books::date_text(books.stripe.now + day_s));
    CHECK(pulled.rows.at("in_yen")["total"] == 100'000'000);
}

TEST_CASE("what the customer's balance settled is an adjustment, what it adds is owed") {
    Books books;
    books.invoice("in_credit", {{"starting_balance", -3000}, {"ending_balance", 0}});
    books.invoice("in_debit", {{"starting_balance", 500}, {"ending_balance", 0}});
    books.invoice(
        "in_small",
        {{"total", 30}, {"amount_remaining", 0}, {"ending_balance", 30}, {"status", "paid"}});
    books.invoice("in_back", {{"total", -700}, {"ending_balance", -700}, {"status", "paid"}});
    books.invoice("in_void", {{"status", "void"}, {"ending_balance", 0}, {"starting_balance", -1}});

    const auto adjustments = books.read("adjustment").rows;
    const auto invoices = books.read("invoice").rows;

    const auto& credit = adjustments.at("in_credit:balance");
    CHECK(credit["amount"] == -300'000);
    CHECK(credit["invoice"] == "in_credit");
    CHECK(credit["kind"] == "journal");
    CHECK(credit["date"] == books.today);
    CHECK(adjustments.count("in_debit:balance") == 0);
    CHECK(invoices.at("in_debit")["total"] == 1'050'000);
    CHECK(adjustments.at("in_small:balance")["amount"] == -3000);
    CHECK(invoices.count("in_back") == 0);
    CHECK(is_gone(adjustments.at("in_void:balance")));
}

TEST_CASE("what is marked uncollectible is written off, and back when it is paid after all") {
    Books books;
    auto& invoice = books.invoice(
        "in_1", {{"status", "uncollectible"},
                 {"amount_remaining", 6000},
                 {"status_transitions", {{"marked_uncollectible_at", books.stripe.now + day_s}}}});
    const auto lost = books.row("adjustment", "in_1:uncollectible");
    CHECK(lost["kind"] == "write_off");
    CHECK(lost["amount"] == -600'000);
    CHECK(lost["date"] == Books::date_text(books.stripe.now + day_s));
    CHECK(books.row("invoice", "in_1")["open_amount"] == 0);

    invoice.merge_patch({{"status", "paid"}, {"amount_remaining", 0}});
    CHECK(is_gone(books.row("adjustment", "in_1:uncollectible")));
}

TEST_CASE("a charge of an invoice pays it; others are nobody's debt unless asked for") {
    Books books;
    books.invoice("in_1", {});
    books.charge("ch_1", {{"invoice", "in_1"},
                          {"receipt_number", "1234-5678"},
                          {"billing_details", {{"name", "Jo Payer"}}}});
    books.charge("py_2", {});
    books.charge("ch_guest", {{"customer", nullptr}, {"invoice", "in_1"}});
    books.charge("ch_failed", {{"status", "failed"}, {"invoice", "in_1"}});
    books.charge("ch_held", {{"captured", false}, {"invoice", "in_1"}});

    const auto pulled = books.read("payment");
    CHECK(pulled.rows.size() == 2);
    const auto& paid = pulled.rows.at("ch_1");
    CHECK(paid["amount"] == 1'000'000);
    CHECK(paid["reference"] == "1234-5678");
    CHECK(paid["method"] == "card");
    CHECK(paid["payer_name"] == "Jo Payer");
    CHECK(paid["date"] == books.today);
    CHECK(is_gone(pulled.rows.at("ch_failed")));
    const auto allocations = books.read("allocation").rows;
    CHECK(allocations.size() == 1);
    CHECK(allocations.at("ch_1") == Json{{"source", "ch_1"},
                                         {"source_kind", "payment"},
                                         {"invoice", "in_1"},
                                         {"amount", 1'000'000}});
    CHECK(books.read("payment", {{"payments", "all"}}).rows.count("py_2") == 1);
}

TEST_CASE("what was paid outside of Stripe is a payment on the day it was marked so") {
    Books books;
    books.invoice("in_1", {{"status", "paid"},
                           {"paid_out_of_band", true},
                           {"pre_payment_credit_notes_amount", 1000},
                           {"ending_balance", 0},
                           {"starting_balance", -2000},
                           {"status_transitions", {{"paid_at", books.stripe.now + day_s}}}});
    const auto paid = books.row("payment", "in_1:outside");
    CHECK(paid["amount"] == 700'000);
    CHECK(paid["date"] == Books::date_text(books.stripe.now + day_s));
    CHECK(books.row("allocation", "in_1:outside")["invoice"] == "in_1");
}

TEST_CASE("a credit note of an open invoice settles it, a void one ends") {
    Books books;
    books.invoice("in_1", {});
    auto& note = books.stripe.put("credit_notes", "cn_1",
                                  {{"invoice", "in_1"},
                                   {"customer", "cus_1"},
                                   {"number", "ABCD-1234-CN-01"},
                                   {"total", 1690},
                                   {"currency", "eur"},
                                   {"voided_at", nullptr}});
    const auto row = books.row("invoice", "cn_1");
    CHECK(row["kind"] == "credit_note");
    CHECK(row["total"] == 169'000);
    CHECK(row["number"] == "ABCD-1234-CN-01");
    CHECK(row["corrects"] == "in_1");
    const auto allocation = books.row("allocation", "cn_1");
    CHECK(allocation["source_kind"] == "credit_note");
    CHECK(allocation["invoice"] == "in_1");
    CHECK(allocation["amount"] == 169'000);

    note.merge_patch({{"status", "void"}, {"voided_at", books.stripe.now}});
    CHECK(books.row("invoice", "cn_1")["cancelled_on"] == books.today);
    CHECK(books.row("allocation", "cn_1").is_null());
}

TEST_CASE("a credit note of a paid invoice is what was given back, by refund and otherwise") {
    Books books;
    books.invoice("in_1", {{"status", "paid"}});
    books.charge("ch_1", {{"invoice", "in_1"}});
    books.stripe.put("refunds", "re_1", {{"charge", "ch_1"}, {"amount", 600}, {"currency", "eur"}});
    books.stripe.put("credit_notes", "cn_1",
                     {{"invoice", "in_1"},
                      {"customer", "cus_1"},
                      {"total", 1000},
                      {"currency", "eur"},
                      {"type", "post_payment"},
                      {"refund", "re_1"},
                      {"out_of_band_amount", 100},
                      {"voided_at", nullptr}});
    const auto allocations = books.read("allocation").rows;
    CHECK(allocations.at("cn_1:refund")["invoice"] == "re_1");
    CHECK(allocations.at("cn_1:refund")["amount"] == 60'000);
    CHECK(allocations.at("cn_1:given")["invoice"] == "cn_1:given");
    CHECK(allocations.at("cn_1:given")["amount"] == 40'000);
    CHECK(is_gone(allocations.at("re_1")));
    const auto adjustments = books.read("adjustment").rows;
    CHECK(adjustments.at("cn_1:given")["amount"] == 40'000);
    CHECK(is_gone(adjustments.at("re_1")));
}

TEST_CASE("a refund without a credit note is money sent back that nobody owes") {
    Books books;
    books.invoice("in_1", {{"status", "paid"}});
    books.charge("ch_1", {{"invoice", "in_1"}});
    auto& refund = books.stripe.put("refunds", "re_1",
                                    {{"charge", "ch_1"}, {"amount", 600}, {"currency", "eur"}});
    const auto sent = books.row("payment", "re_1");
    CHECK(sent["amount"] == -60'000);
    CHECK(sent["customer"] == "cus_1");
    CHECK(books.row("adjustment", "re_1")["amount"] == -60'000);
    const auto allocation = books.row("allocation", "re_1");
    CHECK(allocation["source_kind"] == "adjustment");
    CHECK(allocation["invoice"] == "re_1");

    refund["status"] = "failed";
    CHECK(books.row("payment", "re_1")["status"] == "reversed");
    CHECK(is_gone(books.row("adjustment", "re_1")));
}

TEST_CASE("a chargeback is owed again from its day, until the dispute is won") {
    Books books;
    books.invoice("in_1", {{"status", "paid"}});
    books.charge("ch_1", {{"invoice", "in_1"}});
    auto& dispute = books.stripe.put("disputes", "dp_1", {{"charge", "ch_1"}, {"currency", "eur"}});
    CHECK(books.row("payment", "dp_1").is_null());  // A question of the bank's so far.

    const auto at = books.stripe.now + 2 * day_s;
    dispute.merge_patch({{"status", "needs_response"},
                         {"balance_transactions", {{{"amount", -1000}, {"created", at}}}}});
    const auto taken = books.row("payment", "dp_1");
    CHECK(taken["amount"] == -100'000);
    CHECK(taken["date"] == Books::date_text(at));
    CHECK(taken["status"] == "posted");
    CHECK(taken["method"] == "chargeback");

    dispute["status"] = "won";
    dispute["balance_transactions"].push_back({{"amount", 1000}, {"created", at + 9 * day_s}});
    const auto back = books.row("payment", "dp_1");
    CHECK(back["status"] == "reversed");
    CHECK(back["reversed_on"] == Books::date_text(at + 9 * day_s));
}

TEST_CASE("a customer that was deleted in Stripe stays as long as it has invoices") {
    Books books;
    books.stripe.put("customers", "cus_2", {{"name", "Gone"}, {"deleted", true}});
    books.stripe.put("customers", "cus_3", {{"name", "Never billed"}, {"deleted", true}});
    books.invoice("in_1", {{"customer", "cus_2"}, {"customer_name", "Gone Ltd"}});
    const auto listed = books.read("customer").rows;
    CHECK(listed.size() == 2);
    CHECK(listed.at("cus_2")["name"] == "Gone Ltd");
    CHECK(listed.at("cus_2")["status"] == "inactive");

    auto source = books.stripe.source();
    const auto asked = read_all(source, by_id("customer", {"cus_2", "cus_3", "cus_4"})).rows;
    CHECK(asked.at("cus_2")["name"] == "Gone Ltd");
    CHECK(is_gone(asked.at("cus_3")));
    CHECK(is_gone(asked.at("cus_4")));
}

TEST_CASE("a customer brings its contacts, and takes away those that it has no more") {
    Books books;
    books.stripe.put("customers", "cus_2",
                     {{"email", "a@b.example"},
                      {"address",
                       {{"line1", "Main 1"},
                        {"line2", "Back"},
                        {"city", "Bern"},
                        {"country", "CH"},
                        {"postal_code", "3000"}}}});
    const auto contacts = books.read("contact_point").rows;
    CHECK(contacts.size() == 6);
    CHECK(contacts.at("cus_2:email")["value"] == "a@b.example");
    CHECK(contacts.at("cus_2:postal")["street"] == "Main 1, Back");
    CHECK(is_gone(contacts.at("cus_2:phone")));
    CHECK(is_gone(contacts.at("cus_1:email")));
    CHECK(books.row("customer", "cus_2")["name"] == "a@b.example");
}

TEST_CASE("every line of a document is read, also those that it came without") {
    Books books;
    auto& invoice = books.invoice("in_1", {});
    auto line = invoice["lines"]["data"][0];
    line["price"]["product"] = "prod_1";
    auto all = Json::array();
    for (int i = 0; i < 230; ++i) {
        all.push_back(line);
        all.back()["id"] = "il_" + std::to_string(i);
    }
    invoice["lines"]["has_more"] = true;
    invoice["all_lines"] = all;
    const auto lines = books.read("invoice_line").rows;
    REQUIRE(lines.size() == 230);
    CHECK(lines.at("in_1/il_0")["sequence"] == 1);
    CHECK(lines.at("in_1/il_229")["sequence"] == 230);
    CHECK(lines.at("in_1/il_229")["amount"] == 100'000);
    CHECK(lines.at("in_1/il_229")["product"] == "prod_1");
}

TEST_CASE("the totals are what open invoices and lost chargebacks leave") {
    Books books;
    books.invoice("in_1", {{"amount_remaining", 4000}});
    books.invoice("in_2", {{"amount_remaining", 500}, {"currency", "jpy"}});
    books.invoice("in_3", {{"status", "paid"}, {"amount_remaining", 0}});
    books.charge("ch_1", {{"invoice", "in_3"}});
    books.stripe.put("disputes", "dp_1",
                     {{"charge", "ch_1"}, {"currency", "eur"}, {"status", "lost"}});
    auto source = books.stripe.source();
    const auto totals = source.totals({nullptr, nullptr});
    CHECK(totals == Json::array({{{"company", "account"}, {"currency", "EUR"}, {"open", "50.00"}},
                                 {{"company", "account"}, {"currency", "JPY"}, {"open", "500"}}}));
}

}  // namespace dunlin::stripe::test
