// SPDX-License-Identifier: Apache-2.0
#include "fake_stripe.hpp"

namespace dunlin::stripe::test {
namespace {

const Cancel no_cancel{nullptr, nullptr};

/// One of everything, each with something that makes the connector ask further.
void fill(FakeStripe& stripe) {
    stripe.put("customers", "cus_1", {{"name", "Acme"}});
    stripe.put("customers", "cus_2", {{"name", "Gone"}, {"deleted", true}});
    const Json owed{{"status", "open"}, {"customer", "cus_1"}, {"currency", "eur"}};
    auto& invoice = stripe.put("invoices", "in_1", owed);
    invoice["lines"]["has_more"] = true;
    invoice["all_lines"] = invoice["lines"]["data"];
    stripe.put("invoices", "in_2", {{"status", "open"}, {"customer", "cus_2"}});
    auto& note = stripe.put("credit_notes", "cn_1",
                            {{"invoice", "in_1"}, {"customer", "cus_1"}, {"currency", "eur"}});
    note["lines"]["has_more"] = true;
    note["all_lines"] = note["lines"]["data"];
    stripe.put("charges", "ch_1",
               {{"status", "succeeded"},
                {"captured", true},
                {"amount_captured", 100},
                {"customer", "cus_1"},
                {"invoice", "in_1"}});
    stripe.put("refunds", "re_1", {{"charge", "ch_1"}});
    stripe.put("disputes", "dp_1", {{"charge", "ch_1"}});
    for (const auto& stream : streams()) {
        for (const auto& part : stream.parts) {
            for (const auto& type : part.events) {
                const auto& object = stripe.objects[part.resource][0];
                stripe.tell(type,
                            type == "charge.refunded" ? stripe.at("charges", "ch_1") : object);
            }
        }
    }
}

void ask_everything(FakeStripe& stripe, const Json& settings) {
    auto source = stripe.source(settings);
    source.check(no_cancel);
    for (const auto& stream : streams()) {
        const std::string entity(stream.entity);
        CHECK(read_all(source, changes(entity)).errors.empty());
        CHECK(read_all(source, changes(entity, 1'700'000'000'000'000)).errors.empty());
        read_all(source, by_id(entity, {"cus_1", "cus_2", "in_1", "in_1:balance", "in_1/il_1",
                                        "cn_1", "ch_1", "re_1", "dp_1", "in_none"}));
    }
    if (!settings.contains("payments")) source.totals(no_cancel);
    for (const auto& [entity, id] :
         std::map<std::string, std::string>{{"customer", "cus_1"},
                                            {"contact_point", "cus_1:email"},
                                            {"invoice", "in_1"},
                                            {"payment", "ch_1"},
                                            {"adjustment", "cn_1:given"},
                                            {"allocation", "re_1"}}) {
        for (const auto& [kind, body] :
             std::map<std::string, Json>{{"note", {{"text", "a"}}}, {"metadata", {{"a", "b"}}}}) {
            const WriteBack write{entity + kind, kind, entity, id, body, nullptr};
            source.find(write, no_cancel);
            source.push(write, no_cancel);
        }
    }
    const WriteBack dispute{"d", "note", "payment", "dp_1", {{"text", "a"}}, nullptr};
    source.push(dispute, no_cancel);
    for (const auto* status : {"open", "paid"}) {
        stripe.at("invoices", "in_1")["status"] = status;
        const WriteBack credit{settings.dump() + status,
                               "credit_note",
                               "invoice",
                               "in_1",
                               {{"amount", "1.00"}, {"reason", "a"}},
                               nullptr};
        CHECK(source.push(credit, no_cancel).state == Receipt::State::confirmed);
    }
}

/// Whether Stripe's document lies beside the tree.
bool has_document() {
    if (!Specification::is_there()) WARN("skipped: ../shared/data/specs is not there");
    return Specification::is_there();
}

/// What ours has that Stripe's own example has not, or not as the same kind of value.
std::string difference(const Json& ours, const Json& theirs, const std::string& path) {
    for (const auto& [name, value] : ours.items()) {
        const auto at = path + "." + name;
        const auto found = theirs.find(name);
        if (found == theirs.end()) return at + " is not Stripe's";
        if (value.is_null() || found->is_null()) continue;
        if (value.type_name() != std::string(found->type_name())) return at + " is another kind";
        const auto within = value.is_object() ? difference(value, *found, at) : "";
        if (!within.empty()) return within;
    }
    return {};
}

}  // namespace

TEST_CASE("our examples are Stripe's, with fewer fields") {
    if (!has_document()) return;
    CHECK(difference({{"a", {{"b", 1}}}}, {{"a", {{"b", "1"}}}}, "") == ".a.b is another kind");
    CHECK(difference({{"a", 1}}, {{"b", 1}}, "") == ".a is not Stripe's");
    for (const auto& [object, ours] : Specification::get().own_examples().items()) {
        CHECK(difference(ours, Specification::get().example(object), object) == "");
    }
}

TEST_CASE("Stripe's document knows what it does not know") {
    if (!has_document()) return;
    const auto mistake = [](const std::string& method, const std::string& rest,
                            const std::string& body = {}) {
        HttpRequest request;
        request.method = method;
        request.url = "https://api.stripe.com/v1/" + rest;
        request.body = body;
        std::string operation;
        return Specification::get().mistake_in(request, operation);
    };
    CHECK(mistake("GET", "invoices?limit=3&created%5Bgte%5D=5&expand%5B%5D=data.customer") == "");
    CHECK(mistake("GET", "invoice") != "");
    CHECK(mistake("GET", "invoices?limit=abc") != "");
    CHECK(mistake("GET", "invoices?limits=3") != "");
    CHECK(mistake("GET", "invoices?created%5Bfrom%5D=5") != "");
    CHECK(mistake("GET", "invoices?status=late") != "");
    CHECK(mistake("GET", "invoices?expand%5B%5D=data.number") != "");
    CHECK(mistake("GET", "invoices?expand%5B%5D=data.custom") != "");
    CHECK(mistake("GET", "credit_notes?created%5Bgte%5D=5") != "");
    CHECK(mistake("POST", "credit_notes", "invoice=in_1&amount=5&metadata%5Ba%5D=b") == "");
    CHECK(mistake("POST", "credit_notes", "amount=5") != "");
    CHECK(mistake("POST", "credit_notes", "invoice=in_1&amount=5.5") != "");
    CHECK(mistake("POST", "credit_notes", "invoice=in_1&note=a") != "");
    CHECK(mistake("POST", "credit_notes", "invoice=in_1&reason=damaged") != "");
    CHECK(mistake("POST", "events/evt_1", "metadata%5Ba%5D=b") != "");
}

TEST_CASE("every request the connector can make is one that Stripe documents") {
    if (!has_document()) return;
    FakeStripe stripe;
    fill(stripe);
    ask_everything(stripe, Json::object());
    ask_everything(stripe, {{"since", "2020-01-01"}, {"account", "acct_1"}, {"page_rows", 2}});
    ask_everything(stripe, {{"payments", "all"}});

    CHECK(stripe.mistakes.empty());
    // Nothing of this may be left out above, and nothing may come without being added here.
    const std::set<std::string> known{"GET /v1/account",
                                      "GET /v1/charges",
                                      "GET /v1/charges/{charge}",
                                      "GET /v1/credit_notes",
                                      "GET /v1/credit_notes/{credit_note}/lines",
                                      "GET /v1/credit_notes/{id}",
                                      "GET /v1/customers",
                                      "GET /v1/customers/{customer}",
                                      "GET /v1/disputes",
                                      "GET /v1/disputes/{dispute}",
                                      "GET /v1/events",
                                      "GET /v1/invoices",
                                      "GET /v1/invoices/{invoice}",
                                      "GET /v1/invoices/{invoice}/lines",
                                      "GET /v1/refunds",
                                      "GET /v1/refunds/{refund}",
                                      "POST /v1/charges/{charge}",
                                      "POST /v1/credit_notes",
                                      "POST /v1/credit_notes/{id}",
                                      "POST /v1/customers/{customer}",
                                      "POST /v1/disputes/{dispute}",
                                      "POST /v1/invoices/{invoice}",
                                      "POST /v1/refunds/{refund}"};
    CHECK(stripe.asked == known);
    for (const auto& stream : streams()) CHECK(stream.event_types().size() <= 20);
}

}  // namespace dunlin::stripe::test
