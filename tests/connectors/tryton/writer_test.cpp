// SPDX-License-Identifier: Apache-2.0
#include "fake_tryton.hpp"

#include <algorithm>

namespace dunlin::tryton::test {
namespace {

const Json party{{"id", 7},        {"code", "C7"},        {"name", "Seven"},
                 {"active", true}, {"_timestamp", "1.0"}, {"dunning_procedure", nullptr}};

WriteBack note() {
    return {"k:1", "note", "customer", "7", {{"text", "called"}}, nullptr};
}

WriteBack email(const std::string& value, const Json& base) {
    return {"k:2", "contact", "contact_point", "m3", {{"value", value}}, base};
}

int64_t count(const FakeTryton& server, const std::string& method) {
    return std::count(server.asked.begin(), server.asked.end(), method);
}

dunlin_status status_of(TrytonSource& source, const WriteBack& write) {
    try {
        source.push(write, no_cancel());
        return DUNLIN_OK;
    } catch (const Error& e) {
        return e.status();
    }
}

Json refusal(const std::string& kind, const std::string& text) {
    return {{"error", {kind, {text, "", nullptr}}}};
}

}  // namespace

TEST_CASE("a note that is there by its key is not made again") {
    FakeTryton server;
    server.add("party.party", party);
    server.answers["model.ir.note.create"] = {4};
    auto source = server.source();
    CHECK(source->find(note(), no_cancel()).state == Receipt::State::absent);
    CHECK(source->push(note(), no_cancel()).remote_id == "ir.note,4");
    // "[k:1" begins another key, too.
    server.add("ir.note", {{"id", 3}, {"resource", "party.party,7"}, {"message", "x\n[k:10]"}});
    CHECK(source->find(note(), no_cancel()).state == Receipt::State::absent);
    server.add("ir.note", {{"id", 4}, {"resource", "party.party,7"}, {"message", "x\n[k:1]"}});
    CHECK(source->push(note(), no_cancel()).remote_id == "ir.note,4");
    CHECK(count(server, "model.ir.note.create") == 1);
}

TEST_CASE("a credit note is found again when its invoice could not be credited any more") {
    FakeTryton server;
    add_invoice(server, 1);
    server.records["account.invoice"][0].update({{"company", 1}, {"state", "cancelled"}});
    auto source = server.source();
    const WriteBack credit{
        "k:4", "credit_note", "invoice", "1", {{"amount", "5.00"}, {"currency", "USD"}}, nullptr};
    CHECK(source->find(credit, no_cancel()).state == Receipt::State::absent);
    CHECK_THAT(source->push(credit, no_cancel()).reason, Catch::Contains("not posted"));
    server.add("account.invoice",
               {{"id", 9}, {"type", "out"}, {"company", 1}, {"party", 7}, {"comment", "[k:4]"}});
    CHECK(source->find(credit, no_cancel()).remote_id == "account.invoice,9");
    CHECK(source->push(credit, no_cancel()).touched.at(0).external_id == "9");
    CHECK(count(server, "model.account.invoice.create") == 0);
}

TEST_CASE("of two that were made at the same time the later one goes") {
    FakeTryton server;
    server.add("party.party", party);
    auto source = server.source();
    const auto other = source->find(note(), no_cancel());
    server.answers["model.ir.note.delete"] = nullptr;
    // What the search sees after the create: ours and one that was faster.
    server.answers["model.ir.note.create"] = {5};
    auto seen = 0;
    const auto send = server.send();
    TrytonSource racing(
        "erp",
        Settings::parse({{"url", "http://erp.test:8000"},
                         {"database", "books"},
                         {"user", "dunlin"},
                         {"password", "erp_password"}},
                        [](const std::string&) { return "good"; }),
        [&](const HttpRequest& request, const Cancel& cancel) {
            if (request.body.find("ir.note.create") != std::string::npos && !seen++) {
                for (const int id : {4, 5}) {
                    server.add(
                        "ir.note",
                        {{"id", id}, {"resource", "party.party,7"}, {"message", "x\n[k:1]"}});
                }
            }
            return send(request, cancel);
        });
    CHECK(other.state == Receipt::State::absent);
    CHECK(racing.push(note(), no_cancel()).remote_id == "ir.note,4");
    REQUIRE(count(server, "model.ir.note.delete") == 1);
    CHECK(server.bodies.back()["params"][0] == Json{5});
}

TEST_CASE("only what certainly did not happen is tried again") {
    FakeTryton server;
    server.add("party.party", party);
    auto source = server.source();
    source->find(note(), no_cancel());
    const auto send = server.send();
    for (const auto& [status, wanted] :
         std::vector<std::pair<int, dunlin_status>>{{429, DUNLIN_E_UNAVAILABLE},
                                                    {503, DUNLIN_E_UNAVAILABLE},
                                                    {500, DUNLIN_E_TIMEOUT},
                                                    {502, DUNLIN_E_TIMEOUT}}) {
        TrytonSource failing("erp",
                             Settings::parse({{"url", "http://erp.test:8000"},
                                              {"database", "books"},
                                              {"user", "dunlin"},
                                              {"password", "erp_password"}},
                                             [](const std::string&) { return "good"; }),
                             [&, code = status](const HttpRequest& request, const Cancel& cancel) {
                                 const bool is_it =
                                     request.body.find("ir.note.create") != std::string::npos;
                                 return is_it ? reply_of(code, "") : send(request, cancel);
                             });
        CAPTURE(status);
        CHECK(status_of(failing, note()) == wanted);
    }
}

TEST_CASE("a field is written only as long as it is the one that was seen") {
    FakeTryton server;
    auto& mechanism = server.add("party.contact_mechanism", {{"id", 3},
                                                             {"party", 7},
                                                             {"type", "email"},
                                                             {"active", true},
                                                             {"value", "theirs@x.example"},
                                                             {"_timestamp", "5.5"}});
    server.answers["model.party.contact_mechanism.write"] = nullptr;
    auto source = server.source();
    const auto conflict =
        source->push(email("ours@x.example", {{"value", "seen@x.example"}}), no_cancel());
    CHECK(conflict.state == Receipt::State::conflict);
    CHECK_THAT(conflict.reason, Catch::Contains("theirs@x.example"));
    CHECK(count(server, "model.party.contact_mechanism.write") == 0);

    const auto wanted = email("ours@x.example", {{"value", "theirs@x.example"}});
    CHECK(source->find(wanted, no_cancel()).state == Receipt::State::absent);
    CHECK(source->push(wanted, no_cancel()).touched.at(0).external_id == "m3");
    const auto context = server.bodies.back()["params"].back();
    CHECK(context["_timestamp"] == Json{{"party.contact_mechanism,3", "5.5"}});

    server.answers["model.party.contact_mechanism.write"] = {
        {"error", {"ConcurrencyException", "Records were modified in the meanwhile"}}};
    CHECK(status_of(*source, wanted) == DUNLIN_E_UNAVAILABLE);
    mechanism["value"] = "ours@x.example";
    CHECK(source->push(wanted, no_cancel()).state == Receipt::State::confirmed);
}

TEST_CASE("a refusal is Tryton's sentence, and without its dunning nothing can be blocked") {
    FakeTryton server;
    server.add("party.party", party);
    server.answers["model.ir.note.create"] = refusal("UserError", "You are not allowed.");
    auto source = server.source();
    const auto refused = source->push(note(), no_cancel());
    CHECK(refused.state == Receipt::State::rejected);
    CHECK(refused.reason == "Tryton refuses it: You are not allowed.");
    server.answers["model.account.dunning.search"] = {{"error", {"'account.dunning'", ""}}};
    const auto blocked = source->push(
        {"k:3", "dunning_block", "customer", "7", {{"on", true}}, nullptr}, no_cancel());
    CHECK(blocked.state == Receipt::State::rejected);
    CHECK_THAT(blocked.reason, Catch::Contains("account_dunning is not active"));
    CHECK(count(server, "model.ir.note.create") == 1);
}

}  // namespace dunlin::tryton::test
