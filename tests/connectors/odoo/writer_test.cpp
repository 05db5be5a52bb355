// SPDX-License-Identifier: Apache-2.0
#include "fake_odoo.hpp"

namespace dunlin::odoo::test {
namespace {

HttpReply reply(int32_t status, const Json& body) {
    HttpReply out;
    out.status = status;
    out.body = body.dump();
    out.headers = {{"content-type", "application/json"}};
    return out;
}

HttpReply load_message(const std::string& text) {
    return reply(200, {{"result",
                        {{"ids", false}, {"messages", {{{"type", "error"}, {"message", text}}}}}}});
}

HttpReply odoo_error(const std::string& name, const std::string& message) {
    return reply(200, {{"error", {{"data", {{"name", name}, {"message", message}}}}}});
}

WriteBack note() {
    return {"k:1", "note", "customer", "11", {{"text", "called"}}, nullptr};
}

WriteBack email(const std::string& value, const Json& base) {
    return {"k:2", "contact", "contact_point", "11:email", {{"value", value}}, base};
}

dunlin_status status_of(OdooSource& source, const WriteBack& write) {
    try {
        source.push(write, no_cancel);
        return DUNLIN_OK;
    } catch (const Error& e) {
        return e.status();
    }
}

}  // namespace

TEST_CASE("only what certainly did not happen is tried again") {
    FakeOdoo odoo;
    auto source = odoo.source();
    const std::vector<std::pair<int, dunlin_status>> cases{{429, DUNLIN_E_UNAVAILABLE},
                                                           {503, DUNLIN_E_UNAVAILABLE},
                                                           {500, DUNLIN_E_TIMEOUT},
                                                           {502, DUNLIN_E_TIMEOUT},
                                                           {504, DUNLIN_E_TIMEOUT}};
    for (const auto& [status, wanted] : cases) {
        odoo.next["mail.message.load"] = {reply(status, "")};
        CAPTURE(status);
        CHECK(status_of(source, note()) == wanted);
    }
    odoo.next["res.partner.write"] = {
        odoo_error("psycopg2.errors.SerializationFailure", "could not serialize access")};
    CHECK(status_of(source, email("a@x.example", nullptr)) == DUNLIN_E_UNAVAILABLE);
    CHECK(odoo.changed.empty());
}

TEST_CASE("who is overtaken looks again, and makes nothing when it is there") {
    FakeOdoo odoo;
    auto source = odoo.source();
    const auto overtaken = load_message("could not serialize access due to concurrent update\n");
    odoo.next["mail.message.load"] = {overtaken, overtaken};
    CHECK(source.push(note(), no_cancel).state == Receipt::State::confirmed);
    CHECK(odoo.changed.size() == 1);
    const auto again = source.push(note(), no_cancel);
    CHECK(again.remote_id == "mail.message,901");
    CHECK(odoo.changed.size() == 1);
    odoo.records["ir.model.data"].clear();
    odoo.next["mail.message.load"] = {5, overtaken};
    CHECK(status_of(source, note()) == DUNLIN_E_UNAVAILABLE);
}

TEST_CASE("a refusal is Odoo's sentence, on one line") {
    FakeOdoo odoo;
    auto source = odoo.source();
    odoo.next["mail.message.load"] = {load_message(
        "Unknown error during import: <class 'odoo.exceptions.AccessError'>: You are not\n\n"
        "allowed:\n\t- Contact Creation\n")};
    const auto refused = source.push(note(), no_cancel);
    CHECK(refused.state == Receipt::State::rejected);
    CHECK(refused.reason == "Odoo refuses it: You are not allowed: - Contact Creation ");
    odoo.next["res.partner.write"] = {odoo_error("odoo.exceptions.ValidationError", "No.")};
    CHECK(source.push(email("a", nullptr), no_cancel).reason == "Odoo refuses it: No.");
    CHECK(source.find(note(), no_cancel).state == Receipt::State::absent);
}

TEST_CASE("what a person wrote since is not overwritten") {
    FakeOdoo odoo;
    odoo.records["res.partner"][11]["email"] = "theirs@x.example";
    auto source = odoo.source();
    const auto conflict =
        source.push(email("ours@x.example", {{"value", "seen@x.example"}}), no_cancel);
    CHECK(conflict.state == Receipt::State::conflict);
    CHECK_THAT(conflict.reason,
               Catch::Contains("theirs@x.example") && Catch::Contains("seen@x.example"));
    CHECK(odoo.changed.empty());
    const auto done =
        source.push(email("ours@x.example", {{"value", "theirs@x.example"}}), no_cancel);
    CHECK(done.state == Receipt::State::confirmed);
    CHECK(done.touched.at(0).external_id == "11:email");
    CHECK(source.push(email("ours@x.example", {{"value", "old"}}), no_cancel).state ==
          Receipt::State::confirmed);
    CHECK(odoo.changed.size() == 1);
}

TEST_CASE("a kind or a target that has no place in Odoo is rejected with a reason") {
    FakeOdoo odoo;
    auto source = odoo.source();
    const Json body = Json::object();
    const std::vector<std::pair<WriteBack, std::string>> cases{
        {{"k", "fax", "customer", "11", body, nullptr}, "of the kind \"fax\""},
        {{"k", "note", "customer", "99", {{"text", ""}}, nullptr}, "customer 99 is not in Odoo"},
        {{"k", "note", "payment", "11", {{"text", ""}}, nullptr}, "entity customer or invoice"},
        {{"k", "note", "customer", "11", {{"text", 7}}, nullptr}, "\"text\" is no text"},
        {{"k", "contact", "contact_point", "11:email", body, {{"value", "x"}}}, "\"base\" names"},
        {{"k", "contact", "contact_point", "11:email", {{"city", "x"}}, nullptr}, "no \"city\""}};
    for (const auto& [write, part] : cases) {
        const auto receipt = source.push(write, no_cancel);
        CHECK(receipt.state == Receipt::State::rejected);
        CHECK_THAT(receipt.reason, Catch::Contains(part));
    }
    CHECK(odoo.changed.empty());
}

}  // namespace dunlin::odoo::test
