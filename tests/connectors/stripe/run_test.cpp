// SPDX-License-Identifier: Apache-2.0
#include "fake_stripe.hpp"

#include <dunlin/hmac.hpp>
#include <dunlin/money.hpp>

#include <cstdlib>
#include <sstream>

#include "host/http/client.hpp"
#include "support/web.hpp"

namespace dunlin::stripe::test {
namespace {

using dunlin::test::Answer;
using dunlin::test::Dialect;
using dunlin::test::Instance;
using dunlin::test::InstanceOptions;
using dunlin::test::Web;
namespace net = Poco::Net;

constexpr int64_t day_s = 86'400;

/// A Stripe on a socket, a host with the connector and the ledger, and what one owes the other.
struct World {
    FakeStripe stripe;
    std::atomic<int> answers_left{1'000'000};  // Until the connection breaks.
    Web web{[this](auto& in, auto& out) { serve(in, out); }};
    dunlin::test::Served served{GENERATE(Dialect::sqlite, Dialect::postgresql), options(), {}};
    Instance& instance = served.instance;

    World() {
        stripe.put("customers", "cus_1", {{"name", "Acme"}, {"email", "pay@acme.example"}});
        stripe.put("customers", "cus_2", {{"name", "Bolt"}});
        stripe.put("customers", "cus_3", {{"name", "Gone"}, {"deleted", true}});
    }

    InstanceOptions options() const {
        ::setenv("DUNLIN_TEST_STRIPE_KEY", "rk_key", 1);
        ::setenv("DUNLIN_TEST_STRIPE_HOOK", "whsec_1", 1);
        InstanceOptions out;
        out.now = "2026-09-21T14:13:20Z";
        out.toml =
            "[sources.bill]\nconnector = \"stripe\"\nrequests_per_second = 10000\n"
            "[sources.bill.settings]\napi_key = \"bill\"\nwebhook_secret = \"hook\"\n"
            "page_rows = 3\napi_url = \"" +
            web.url("") +
            "\"\n[secrets]\nbill = \"env:DUNLIN_TEST_STRIPE_KEY\"\n"
            "hook = \"env:DUNLIN_TEST_STRIPE_HOOK\"\n";
        return out;
    }

    void serve(net::HTTPServerRequest& in, net::HTTPServerResponse& out) {
        HttpRequest request;
        request.method = in.getMethod();
        request.url = "http://stripe.example" + in.getURI();
        for (const auto& [name, value] : in) request.headers.emplace_back(name, value);
        std::ostringstream body;
        body << in.stream().rdbuf();
        request.body = body.str();
        auto reply = stripe.answer(request);
        if (--answers_left < 0) reply.status = 500;
        out.setStatusAndReason(static_cast<net::HTTPResponse::HTTPStatus>(reply.status));
        for (const auto& [name, value] : reply.headers) out.set(name, value);
        dunlin::test::say(out, reply.body);
    }

    Json& invoice(const std::string& id, const std::string& customer, int64_t total,
                  const std::string& currency = "eur") {
        return stripe.put("invoices", id,
                          {{"status", "open"},
                           {"customer", customer},
                           {"customer_name", "Name " + customer},
                           {"currency", currency},
                           {"number", "N-" + id},
                           {"total", total},
                           {"amount_due", total},
                           {"amount_remaining", total},
                           {"due_date", stripe.now + day_s},
                           {"status_transitions", {{"finalized_at", stripe.now}}}});
    }
    /// Pays an invoice by a charge.
    void pay(const std::string& id, const std::string& charge) {
        const auto of = stripe.at("invoices", id);
        stripe.put("charges", charge,
                   {{"status", "succeeded"},
                    {"captured", true},
                    {"invoice", id},
                    {"amount", of["total"]},
                    {"amount_captured", of["total"]},
                    {"customer", of["customer"]},
                    {"currency", of["currency"]}});
        stripe.tell("charge.succeeded", {{"object", "charge"}, {"id", charge}});
        stripe.change("invoices", id,
                      {{"status", "paid"},
                       {"paid", true},
                       {"amount_remaining", 0},
                       {"charge", charge},
                       {"amount_paid", of["total"]}},
                      "invoice.paid");
    }
    Json sync() {
        const auto report = instance.host().sync().run("bill", nullptr);
        UNSCOPED_INFO(report.dump(1));
        return report;
    }
    /// Ours against Stripe's, after a run.
    void check_books() {
        const auto report = sync();
        CHECK(report["state"] == "ok");
        CHECK(report["quarantine_open"] == 0);
        INFO(instance.call("receivables.reconcile").dump(1));
        CHECK(instance.call("receivables.reconcile")["agrees"] == true);
        INFO(instance.call("receivables.verify").dump(1));
        CHECK(instance.call("receivables.verify")["ok"] == true);
        // What is allocated is taken from one item and given to another.
        const auto day = std::to_string(stripe.now / day_s);
        std::map<std::string, int64_t> ours;
        for (const auto& row :
             instance.sql("SELECT currency, CAST(sum(amount) AS bigint) FROM receivables_item WHERE"
                          " posted_on <= " +
                          day + " AND void_on > " + day + " GROUP BY currency")) {
            ours[row[0]] = row[1];
        }
        for (const auto& one : report["source_totals"]) {
            CHECK(ours[one["currency"]] == Money::parse_units(one["open"].get<std::string>()));
        }
    }
    Json entity(const Json& report, const std::string& name) const {
        for (const auto& one : report["entities"]) {
            if (one["entity"] == name) return one;
        }
        return {};
    }
    std::string open_of(const std::string& number) {
        const auto said = instance.call("receivables.items", {{"as_of", "2026-12-31"}});
        for (const auto& item : said.at("rows")) {
            if (item["number"] == number) return item["open"]["amount"];
        }
        return "none";
    }
    void fill() {
        for (int i = 1; i <= 5; ++i) {
            invoice("in_" + std::to_string(i), i % 2 ? "cus_1" : "cus_2", 1000 * i);
        }
        invoice("in_yen", "cus_2", 700, "jpy");
        invoice("in_gone", "cus_3", 4200);
        invoice("in_void", "cus_1", 900)
            .merge_patch({{"status", "void"},
                          {"amount_remaining", 0},
                          {"status_transitions", {{"voided_at", stripe.now}}}});
        invoice("in_draft", "cus_1", 1).merge_patch({{"status", "draft"}});
        invoice("in_lost", "cus_2", 300)
            .merge_patch({{"status", "uncollectible"},
                          {"status_transitions", {{"marked_uncollectible_at", stripe.now}}}});
        invoice("in_credit", "cus_1", 2000)
            .merge_patch({{"starting_balance", -500},
                          {"ending_balance", 0},
                          {"amount_due", 1500},
                          {"amount_remaining", 1500}});
        pay("in_1", "ch_1");
        pay("in_2", "py_2");
        stripe.put("credit_notes", "cn_3",
                   {{"invoice", "in_3"},
                    {"customer", "cus_1"},
                    {"currency", "eur"},
                    {"total", 500},
                    {"amount", 500},
                    {"voided_at", nullptr}});
        stripe.at("invoices", "in_3")["amount_remaining"] = 2500;
        stripe.put("refunds", "re_1", {{"charge", "ch_1"}, {"amount", 400}, {"currency", "eur"}});
        stripe.put("refunds", "re_2", {{"charge", "py_2"}, {"amount", 2000}, {"currency", "eur"}});
        stripe.put("credit_notes", "cn_2",
                   {{"invoice", "in_2"},
                    {"customer", "cus_2"},
                    {"currency", "eur"},
                    {"type", "post_payment"},
                    {"refund", "re_2"},
                    {"total", 2500},
                    {"amount", 2500},
                    {"voided_at", nullptr}});
        stripe.events.clear();
    }
};

}  // namespace

TEST_CASE("a whole account comes over with books that agree, and every change with the next run") {
    World world;
    world.fill();
    world.check_books();
    CHECK(world.open_of("N-in_3") == "25.00");
    CHECK(world.open_of("N-in_credit") == "15.00");
    CHECK(world.instance.cell("SELECT count(*) FROM receivables_customer") == 3);

    world.stripe.now += 700;
    world.invoice("in_new", "cus_1", 1234);
    world.stripe.tell("invoice.finalized", {{"object", "invoice"}, {"id", "in_new"}});
    world.pay("in_5", "ch_5");
    world.stripe.change("invoices", "in_lost",
                        {{"status", "paid"},
                         {"amount_remaining", 0},
                         {"paid_out_of_band", true},
                         {"status_transitions", {{"paid_at", world.stripe.now}}}},
                        "invoice.paid");
    world.stripe.put(
        "disputes", "dp_1",
        {{"charge", "ch_1"}, {"currency", "eur"}, {"amount", 1000}, {"status", "needs_response"}});
    world.stripe.tell("charge.dispute.created", {{"object", "dispute"}, {"id", "dp_1"}});
    world.stripe.change("customers", "cus_2", {{"deleted", true}}, "customer.deleted");
    world.stripe.urls.clear();
    world.check_books();
    CHECK(world.open_of("N-in_new") == "12.34");
    CHECK(world.instance.cell("SELECT status FROM receivables_customer WHERE number = 'cus_2'") ==
          "inactive");
    for (const auto& url : world.stripe.urls) {
        CHECK_THAT(url, !Catch::Contains("/v1/customers?"));
    }

    const auto again = world.sync();
    CHECK(world.entity(again, "invoice")["updated"] == 0);
    CHECK(world.entity(again, "invoice")["inserted"] == 0);
}

TEST_CASE("a run that is cut goes on where it was, with the same books in the end") {
    World world;
    world.fill();
    int cuts = 0;
    for (int answers = 3;; answers += 5) {
        world.answers_left = answers;
        // A page is asked for a few times before the run gives up: that is not waited for here.
        dunlin_cancel cancel;
        std::thread impatient([&] {
            while (world.answers_left >= 0 && !cancel.requested) {
                std::this_thread::sleep_for(std::chrono::milliseconds(5));
            }
            cancel.requested = true;
        });
        const auto report = world.instance.host().sync().run("bill", nullptr, &cancel);
        cancel.requested = true;
        impatient.join();
        if (report["state"] == "ok") break;
        ++cuts;
        REQUIRE(cuts < 30);
    }
    world.answers_left = 1'000'000;
    CHECK(cuts > 2);
    world.check_books();
}

TEST_CASE("when events are older than Stripe keeps them, everything is read again") {
    World world;
    world.fill();
    world.sync();
    world.stripe.now += 40 * day_s;
    world.stripe.at("invoices", "in_4")["amount_remaining"] = 1;
    world.stripe.at("invoices", "in_4")["pre_payment_credit_notes_amount"] = 3999;
    world.stripe.put("credit_notes", "cn_4",
                     {{"invoice", "in_4"},
                      {"customer", "cus_2"},
                      {"currency", "eur"},
                      {"total", 3999},
                      {"amount", 3999},
                      {"voided_at", nullptr}});
    world.instance.restart("2026-10-31T14:13:20Z");

    const auto report = world.sync();

    CHECK_THAT(world.entity(report, "invoice")["note"].get<std::string>(),
               Catch::Contains("longer ago"));
    CHECK(world.open_of("N-in_4") == "0.01");
    world.check_books();
}

TEST_CASE("a signed message has what it names read at once") {
    World world;
    world.fill();
    world.sync();
    world.pay("in_4", "ch_4");
    const auto send = [&](const Json& event, const std::string& secret) {
        const auto body = event.dump(), time = std::to_string(world.stripe.now);
        return world.served.post("/hooks/bill", body,
                                 "Stripe-Signature: t=" + time +
                                     ",v1=" + hmac_sha256_of(secret, {time, ".", body}) + "\r\n");
    };
    CHECK(send(world.stripe.events.back(), "whsec_2").status == 401);
    CHECK(world.instance.host().jobs().run_due() == 0);
    for (const auto& event : world.stripe.events) CHECK(send(event, "whsec_1").status == 200);

    world.instance.host().jobs().run_due();

    CHECK(world.instance.cell("SELECT count(*) FROM receivables_item WHERE reference = 'ch_4'") ==
          1);
    CHECK(world.open_of("N-in_4") == "none");
    CHECK(world.instance.call("receivables.reconcile")["agrees"] == true);
}

}  // namespace dunlin::stripe::test
