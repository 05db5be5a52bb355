// SPDX-License-Identifier: Apache-2.0
#include "fake_stripe.hpp"

namespace dunlin::stripe::test {
namespace {

constexpr int64_t second_us = 1'000'000;

/// Seven invoices of one customer.
struct Seven {
    FakeStripe stripe;

    Seven() {
        stripe.put("customers", "cus_1", {{"name", "Acme"}});
        for (int i = 1; i <= 7; ++i) put("in_" + std::to_string(i));
    }
    void put(const std::string& id) {
        stripe.put("invoices", id,
                   {{"status", "open"}, {"customer", "cus_1"}, {"number", id}, {"total", 1000}});
    }
    int64_t now_us() const { return stripe.now * second_us; }
};

}  // namespace

TEST_CASE("an unknown entity and a broken place are refused") {
    Seven world;
    auto source = world.stripe.source();
    const Cancel no_cancel{nullptr, nullptr};
    CHECK_THROWS_WITH(source.pull(changes("ledger"), no_cancel), Catch::Contains("\"ledger\""));
    for (const char* place : {"x", "1", ":in_1", "1x:in_1"}) {
        auto request = changes("invoice");
        request.resume = place;
        CHECK_THROWS_AS(source.pull(request, no_cancel), Error);
    }
}

TEST_CASE("everything is listed page by page, and goes on behind any of them") {
    Seven world;
    auto source = world.stripe.source({{"page_rows", 3}});
    const auto whole = read_all(source, changes("invoice"));
    CHECK(whole.rows.size() == 7);
    CHECK(whole.pages == 4);  // The last one is of credit notes.
    CHECK(whole.changed_max_us == world.now_us());
    CHECK(whole.server_us == world.now_us());

    auto request = changes("invoice");
    const auto first = read_all(source, request, 1);
    request.resume = first.last_cursor;
    world.put("in_8");  // Comes as an event with the next run, not here.
    const auto rest = read_all(source, request);
    CHECK(first.rows.size() == 3);
    CHECK(rest.rows.size() == 4);
    CHECK(rest.rows.count("in_8") == 0);
}

TEST_CASE("a page whose last customer was deleted meanwhile is no end of the list") {
    FakeStripe stripe;
    for (int i = 1; i <= 5; ++i) stripe.put("customers", "cus_" + std::to_string(i), {});
    auto source = stripe.source({{"page_rows", 2}});
    auto request = changes("customer");
    request.resume = read_all(source, request, 1).last_cursor;
    stripe.at("customers", "cus_4")["deleted"] = true;

    const auto rest = read_all(source, request);
    CHECK(rest.rows.count("cus_3") + rest.rows.count("cus_2") + rest.rows.count("cus_1") == 3);
}

TEST_CASE("an event has its object read as it is now, once") {
    Seven world;
    auto source = world.stripe.source({{"page_rows", 2}});
    world.stripe.now += 1000;
    for (int i = 1; i <= 5; ++i) {
        world.stripe.change("invoices", "in_3", {{"total", 1000 + i}}, "invoice.updated");
    }
    world.stripe.change("invoices", "in_4", {{"total", 5000}}, "invoice.finalized");
    world.stripe.tell("customer.updated", {{"object", "customer"}, {"id", "cus_1"}});
    world.stripe.urls.clear();

    const auto since = (world.stripe.now - 600) * second_us;
    const auto pulled = read_all(source, changes("invoice", since));

    CHECK(pulled.rows.size() == 2);
    CHECK(pulled.rows.at("in_3")["total"] == 1005 * 100);
    CHECK(pulled.changed_max_us == world.now_us());
    const auto reads = [&](const std::string& part) {
        return std::count_if(world.stripe.urls.begin(), world.stripe.urls.end(),
                             [&](const auto& url) { return url.find(part) != std::string::npos; });
    };
    CHECK(reads("/v1/invoices/in_3") == 1);
    CHECK(reads("/v1/invoices?") == 0);
    CHECK(reads("customers") == 0);
    CHECK(reads("created%5Bgte%5D=" + std::to_string(world.stripe.now - 600)) == 3);
}

TEST_CASE("a run without an event still says how far it came") {
    Seven world;
    auto source = world.stripe.source();
    const auto pulled = read_all(source, changes("invoice", world.now_us()));
    CHECK(pulled.pages == 1);
    CHECK(pulled.rows.empty());
    CHECK(pulled.changed_max_us == world.now_us());
}

TEST_CASE("what an event names and is gone takes all its rows along") {
    Seven world;
    world.stripe.tell("customer.deleted", {{"object", "customer"}, {"id", "cus_9"}});
    auto source = world.stripe.source();
    const auto contacts = read_all(source, changes("contact_point", world.now_us())).rows;
    CHECK(contacts.size() == 3);
    CHECK(contacts.at("cus_9:email")["deleted"] == true);
}

TEST_CASE("only a definite answer makes a row gone") {
    Seven world;
    auto source = world.stripe.source();
    world.stripe.broken.status = 500;
    CHECK_THROWS_AS(read_all(source, by_id("invoice", {"in_1"})), Error);
    world.stripe.broken.status = 0;
    const auto asked = read_all(source, by_id("invoice", {"in_1", "in_99", "cn_9"})).rows;
    CHECK(asked.at("in_1")["number"] == "in_1");
    CHECK(asked.at("in_99")["deleted"] == true);
    CHECK(asked.at("cn_9")["deleted"] == true);
}

TEST_CASE("a refund is announced by its charge") {
    Seven world;
    world.stripe.put("charges", "ch_1",
                     {{"status", "succeeded"},
                      {"captured", true},
                      {"amount_captured", 1000},
                      {"customer", "cus_1"},
                      {"invoice", "in_1"}});
    world.stripe.put("refunds", "re_1", {{"charge", "ch_1"}});
    world.stripe.tell("charge.refunded", {{"object", "charge"}, {"id", "ch_1"}});
    auto source = world.stripe.source();
    CHECK(read_all(source, changes("payment", world.now_us())).rows.count("re_1") == 1);
}

TEST_CASE("with a first day, what belongs to earlier invoices is left out") {
    FakeStripe stripe;
    stripe.put("customers", "cus_1", {});
    const auto charge = [&](const std::string& id, const std::string& invoice) {
        stripe.put("charges", id,
                   {{"status", "succeeded"},
                    {"captured", true},
                    {"amount_captured", 1000},
                    {"customer", "cus_1"},
                    {"invoice", invoice}});
        stripe.put("refunds", "re_" + id, {{"charge", id}});
        stripe.put("credit_notes", "cn_" + id, {{"invoice", invoice}, {"customer", "cus_1"}});
    };
    const Json open{{"status", "open"}, {"customer", "cus_1"}};
    stripe.put("invoices", "in_old", open);
    stripe.now += 10 * 86'400;  // 2026-10-01
    stripe.put("invoices", "in_new", open);
    charge("ch_old", "in_old");
    charge("ch_new", "in_new");
    auto source = stripe.source({{"since", "2026-10-01"}});
    const auto ids = [&](const std::string& entity) {
        std::string out;
        for (const auto& row : read_all(source, changes(entity)).rows) {
            if (!row.second.value("deleted", false)) out += row.first + " ";
        }
        return out;
    };
    CHECK(ids("invoice") == "cn_ch_new in_new ");
    CHECK(ids("payment") == "ch_new re_ch_new ");
    CHECK(ids("allocation") == "ch_new cn_ch_new re_ch_new ");
    CHECK(ids("adjustment") == "re_ch_new ");
}

TEST_CASE("the company is the account, by its own name or by ours") {
    FakeStripe stripe;
    auto source = stripe.source();
    CHECK(read_all(source, changes("company")).rows.at("account")["currency"] == "USD");
    auto named = stripe.source({{"company_name", "Acme Inc"}, {"account", "acct_1"}});
    CHECK(read_all(named, changes("company")).rows.at("acct_1")["name"] == "Acme Inc");
}

TEST_CASE("a check names the rights that are missing, and a wrong key") {
    Seven world;
    auto source = world.stripe.source();
    const Cancel no_cancel{nullptr, nullptr};
    world.stripe.forbidden = {"disputes", "events"};
    CHECK_THROWS_WITH(source.check(no_cancel), Catch::Contains("may not read disputes, events;"));
    world.stripe.forbidden.clear();
    auto wrong = world.stripe.source({{"api_key", "rk_wrong"}});
    CHECK_THROWS_WITH(wrong.check(no_cancel), Catch::Contains("the secret \"rk_wrong\""));
    const auto said = source.check(no_cancel);
    CHECK_THAT(said["warnings"].dump(), Catch::Contains("test data"));
    CHECK(said["webhooks"] == false);
}

}  // namespace dunlin::stripe::test
