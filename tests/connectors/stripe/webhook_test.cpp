// SPDX-License-Identifier: Apache-2.0
#include "fake_stripe.hpp"

#include <dunlin/hmac.hpp>

#include "webhook.hpp"

namespace dunlin::stripe::test {
namespace {

constexpr int64_t now = 1'790'000'000;
const std::string secret = "whsec_test", body = R"({"type":"x"})";

std::string signature(int64_t time, const std::string& by = secret,
                      const std::string& content = body) {
    return hmac_sha256_of(by, {std::to_string(time), ".", content});
}

/// What verify() says of a message with this header.
dunlin_status verdict(const std::string& header) {
    try {
        verify({{{"stripe-signature", header}}, body, now * 1'000'000}, secret);
    } catch (const Error& e) {
        return e.status();
    }
    return DUNLIN_OK;
}

Json event(const std::string& type, const Json& object) {
    return {{"type", type}, {"data", {{"object", object}}}};
}

/// What an event names of one entity.
Json named(const Json& event, const std::string& entity, const std::string& account = {}) {
    const auto said = changed_by(event.dump(), account);
    for (const auto& one : said.at("changed")) {
        if (one["entity"] == entity) return one.value("external_ids", Json());
    }
    return {};
}

}  // namespace

TEST_CASE("a message counts only when Stripe signed exactly it, within five minutes") {
    const auto at = "t=" + std::to_string(now);
    CHECK(verdict("") == DUNLIN_E_DENIED);
    CHECK(verdict(at) == DUNLIN_E_DENIED);
    CHECK(verdict("v1=" + signature(now)) == DUNLIN_E_DENIED);
    CHECK(verdict("t=soon,v1=" + signature(now)) == DUNLIN_E_DENIED);
    CHECK(verdict(at + ",v1=" + signature(now, "whsec_other")) == DUNLIN_E_DENIED);
    CHECK(verdict(at + ",v1=" + signature(now, secret, body + " ")) == DUNLIN_E_DENIED);
    CHECK(verdict(at + ",v0=" + signature(now)) == DUNLIN_E_DENIED);
    CHECK(verdict("t=" + std::to_string(now + 1) + ",v1=" + signature(now)) == DUNLIN_E_DENIED);
    CHECK(verdict(at + ",v1=" + signature(now)) == DUNLIN_OK);
    CHECK(verdict("v0=x," + at + ",v1=" + std::string(64, 'a') + ",v1=" + signature(now)) ==
          DUNLIN_OK);
    for (const int64_t away : {-301, 301, -300, 300}) {
        const auto header = "t=" + std::to_string(now + away) + ",v1=" + signature(now + away);
        CHECK(verdict(header) == (std::abs(away) > 300 ? DUNLIN_E_DENIED : DUNLIN_OK));
    }
}

TEST_CASE("a message without a secret to check it is taken by nobody") {
    FakeStripe stripe;
    auto source = stripe.source();
    try {
        source.hook({{}, body, 0});
        FAIL("it was taken");
    } catch (const Error& e) {
        CHECK(e.status() == DUNLIN_E_UNSUPPORTED);
    }
    auto signed_source = stripe.source({{"webhook_secret", secret}});
    const auto text = event("customer.updated", {{"object", "customer"}, {"id", "cus_1"}}).dump();
    const Hook hook{
        {{"stripe-signature", "t=" + std::to_string(now) + ",v1=" + signature(now, secret, text)}},
        text,
        now * 1'000'000};
    CHECK(signed_source.hook(hook)["changed"].size() == 2);
}

TEST_CASE("an event names every row that its object is") {
    const auto paid = event("invoice.paid", {{"object", "invoice"}, {"id", "in_1"}});
    CHECK(named(paid, "invoice") == Json{"in_1"});
    CHECK(named(paid, "adjustment") == Json{"in_1:balance", "in_1:uncollectible"});
    CHECK(named(paid, "payment") == Json{"in_1:outside"});
    CHECK(named(paid, "invoice_line").is_null());
    const auto refunded =
        event("charge.refunded", {{"object", "charge"},
                                  {"id", "ch_1"},
                                  {"refunds", {{"data", {{{"id", "re_1"}}, {{"id", "re_2"}}}}}}});
    CHECK(named(refunded, "payment") == Json{"re_1", "re_2"});
    const auto dispute = event("charge.dispute.closed", {{"object", "dispute"}, {"id", "dp_1"}});
    CHECK(named(dispute, "payment") == Json{"dp_1"});
    CHECK(changed_by(event("plan.created", {{"object", "plan"}}).dump(), "")["changed"].empty());
}

TEST_CASE("an event of another account names nothing, and what is none is refused") {
    auto paid = event("invoice.paid", {{"object", "invoice"}, {"id", "in_1"}});
    CHECK(named(paid, "invoice", "acct_1").is_null());
    paid["account"] = "acct_1";
    CHECK(named(paid, "invoice", "acct_1") == Json{"in_1"});
    CHECK(named(paid, "invoice").is_null());
    for (const auto* text : {"", "[]", "{}", "{\"type\":\"x\"}", "{\"type\":3}", "nonsense"}) {
        CHECK_THROWS_AS(changed_by(text, ""), Error);
    }
}

}  // namespace dunlin::stripe::test
