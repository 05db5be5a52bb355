// SPDX-License-Identifier: Apache-2.0
#include "fake_stripe.hpp"

namespace dunlin::stripe::test {
namespace {

using State = Receipt::State;
const Cancel no_cancel{nullptr, nullptr};

WriteBack write(const std::string& kind, const std::string& entity, const std::string& id,
                const Json& body, const Json& base = nullptr) {
    return {"dunlin:books:17:g1", kind, entity, id, body, base};
}

Json& open_invoice(FakeStripe& stripe) {
    stripe.put("customers", "cus_1", {{"name", "Acme"}});
    return stripe.put("invoices", "in_1",
                      {{"status", "open"},
                       {"customer", "cus_1"},
                       {"currency", "eur"},
                       {"total", 1000},
                       {"amount_remaining", 1000}});
}

}  // namespace

TEST_CASE("what Stripe would never take is rejected with its reason") {
    FakeStripe stripe;
    open_invoice(stripe);
    auto source = stripe.source();
    const auto reason = [&](const WriteBack& one) {
        const auto receipt = source.push(one, no_cancel);
        CHECK(receipt.state == State::rejected);
        CHECK(source.find(one, no_cancel).state == State::absent);
        return receipt.reason;
    };
    using Catch::Contains;
    CHECK_THAT(reason(write("note", "invoice", "in_1", {{"text", ""}})), Contains("no text"));
    CHECK_THAT(reason(write("note", "invoice", "in_9", {{"text", "x"}})), Contains("No such"));
    CHECK_THAT(reason(write("note", "instalment", "1", {{"text", "x"}})), Contains("instalment"));
    CHECK_THAT(reason(write("note", "invoice", "in_1", {{"text", std::string(4001, 'x')}})),
               Contains("4000 characters"));
    CHECK_THAT(reason(write("call", "invoice", "in_1", {})), Contains("\"call\""));
    CHECK_THAT(reason(write("metadata", "invoice", "in_1", {{"a[b]", "x"}})), Contains("brackets"));
    CHECK_THAT(reason(write("metadata", "invoice", "in_1", {{"a", 3}})), Contains("no text"));
    CHECK_THAT(reason(write("credit_note", "customer", "cus_1", {{"amount", "1.00"}})),
               Contains("about an invoice"));
    CHECK_THAT(reason(write("credit_note", "invoice", "in_1", {{"amount", "1.001"}})),
               Contains("above zero"));
    CHECK_THAT(reason(write("credit_note", "invoice", "in_1", {{"amount", "-1"}})),
               Contains("above zero"));
    CHECK_THAT(
        reason(write("credit_note", "invoice", "in_1", {{"amount", "1.00"}, {"currency", "USD"}})),
        Contains("in USD, the invoice in EUR"));
    stripe.at("invoices", "in_1")["status"] = "void";
    CHECK_THAT(reason(write("credit_note", "invoice", "in_1", {{"amount", "1.00"}})),
               Contains("void"));
    CHECK(stripe.objects["credit_notes"].empty());
}

TEST_CASE("a note goes into the metadata of what it is about, once, and is found again") {
    FakeStripe stripe;
    open_invoice(stripe);
    auto source = stripe.source();
    std::string text = "Promised to pay: ";
    for (int i = 0; i < 300; ++i) text += "ä€";
    const auto note = write("note", "invoice", "in_1", {{"text", text}});
    CHECK(source.find(note, no_cancel).state == State::absent);

    const auto first = source.push(note, no_cancel);
    CHECK(first.state == State::confirmed);
    CHECK(first.remote_id == "in_1");
    CHECK(source.push(note, no_cancel).state == State::confirmed);
    CHECK(source.find(note, no_cancel).state == State::confirmed);

    const auto& metadata = stripe.at("invoices", "in_1")["metadata"];
    REQUIRE(metadata.size() == 2);
    std::string whole;
    for (const auto& [name, value] : metadata.items()) {
        CHECK(name.size() <= 40);
        whole += value.get<std::string>();
    }
    CHECK(whole == text);
    auto about_customer = write("note", "contact_point", "cus_1:email", {{"text", "x"}});
    about_customer.key = "dunlin:books:18:g1";
    CHECK(source.push(about_customer, no_cancel).remote_id == "cus_1");
}

TEST_CASE("metadata that somebody changed meanwhile is a conflict, not overwritten") {
    FakeStripe stripe;
    open_invoice(stripe)["metadata"] = {{"stage", "two"}};
    auto source = stripe.source();

    const auto stale =
        write("metadata", "invoice", "in_1", {{"stage", "three"}}, {{"stage", "one"}});
    const auto conflict = source.push(stale, no_cancel);
    CHECK(conflict.state == State::conflict);
    CHECK_THAT(conflict.reason, Catch::Contains("\"two\"") && Catch::Contains("\"one\""));
    CHECK(stripe.at("invoices", "in_1")["metadata"]["stage"] == "two");

    const auto right =
        write("metadata", "invoice", "in_1", {{"stage", "three"}}, {{"stage", "two"}});
    CHECK(source.find(right, no_cancel).state == State::absent);
    CHECK(source.push(right, no_cancel).state == State::confirmed);
    CHECK(stripe.at("invoices", "in_1")["metadata"]["stage"] == "three");
    CHECK(source.find(right, no_cancel).state == State::confirmed);
    CHECK(source.push(right, no_cancel).state == State::confirmed);
}

TEST_CASE("a credit note whose answer is lost is found by its key and not made twice") {
    FakeStripe stripe;
    open_invoice(stripe);
    auto source = stripe.source();
    const auto credit =
        write("credit_note", "invoice", "in_1", {{"amount", "2.50"}, {"reason", "damaged"}});

    stripe.loses_answer = true;
    CHECK_THROWS_AS(source.push(credit, no_cancel), Error);
    stripe.loses_answer = false;
    const auto found = source.find(credit, no_cancel);
    CHECK(found.state == State::confirmed);
    CHECK(source.push(credit, no_cancel).remote_id == found.remote_id);

    REQUIRE(stripe.objects["credit_notes"].size() == 1);
    const auto& note = stripe.objects["credit_notes"][0];
    CHECK(note["total"] == 250);
    CHECK(note["memo"] == "damaged");
    REQUIRE(found.touched.size() == 4);
    CHECK(found.touched[0].external_id == note["id"]);
    CHECK(found.touched[3].external_id == "in_1");
}

TEST_CASE("what was paid already is credited to the customer's balance") {
    FakeStripe stripe;
    open_invoice(stripe)["status"] = "paid";
    auto source = stripe.source();
    const auto credit = write("credit_note", "invoice", "in_1", {{"amount", "2.50"}});
    CHECK(source.push(credit, no_cancel).state == State::confirmed);
    CHECK(stripe.objects["credit_notes"][0]["type"] == "post_payment");
}

}  // namespace dunlin::stripe::test
