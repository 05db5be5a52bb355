// SPDX-License-Identifier: Apache-2.0
#include "fake_tryton.hpp"

#include <dunlin/base64.hpp>

namespace dunlin::tryton::test {
namespace {

constexpr const char* report = "report.account.invoice.execute";

struct Asked {
    std::string bytes, refusal;
    dunlin_status status = DUNLIN_OK;
};

Asked ask(FakeTryton& server, const std::string& id, const std::string& entity = "invoice") {
    Asked out;
    try {
        server.source()->document(
            entity, id, [&](std::string_view piece) { out.bytes += piece; }, no_cancel());
    } catch (const Error& e) {
        out.refusal = e.what();
        out.status = e.status();
    }
    return out;
}

/// As Tryton writes bytes: with a line end after every 76 digits.
Json encoded(const std::string& bytes) {
    auto text = to_base64(bytes);
    for (std::size_t at = 76; at < text.size(); at += 77) text.insert(at, "\n");
    return {{"__class__", "bytes"}, {"base64", text + "\n"}};
}

Json invoice(int id, const char* state, const Json& stored = Json()) {
    return {{"id", id}, {"type", "out"}, {"state", state}, {"invoice_report_cache", stored}};
}

}  // namespace

TEST_CASE("what is no posted invoice has no document, and the reason is said") {
    FakeTryton server;
    server.add("account.invoice", invoice(1, "draft"));
    server.add("account.invoice", invoice(2, "cancelled"));
    server.add("account.invoice", {{"id", 3}, {"type", "in"}, {"state", "posted"}});

    CHECK(ask(server, "1").refusal ==
          "Tryton has no document of invoice \"1\": it is draft, not posted");
    CHECK_THAT(ask(server, "2").refusal, Catch::Contains("cancelled"));
    for (const char* id : {"3", "4", "l12", "", "-1", "9999999999999999999"}) {
        CAPTURE(id);
        CHECK(ask(server, id).status == DUNLIN_E_NOT_FOUND);
    }
    CHECK(ask(server, "1", "payment").status == DUNLIN_E_UNSUPPORTED);
    CHECK(std::count(server.asked.begin(), server.asked.end(), report) == 0);
}

TEST_CASE("a document is what Tryton stored, and its report only where nothing is stored") {
    FakeTryton server;
    std::string bytes("%PDF-\0\xff\n", 8);
    for (int i = 0; i < 100'000; ++i) bytes += static_cast<char>(i * 7);
    server.add("account.invoice", invoice(1, "posted", encoded(bytes)));
    server.add("account.invoice", invoice(2, "cancelled", encoded("a")));
    server.add("account.invoice", invoice(3, "paid"));
    server.answers[report] = {"odt", encoded("PK odt"), false, "Invoice - 3"};

    CHECK((ask(server, "1").bytes == bytes));
    CHECK(ask(server, "2").bytes == "a");
    CHECK(std::count(server.asked.begin(), server.asked.end(), report) == 0);
    CHECK(ask(server, "3").bytes == "PK odt");
    CHECK(server.bodies.back()["params"][0] == Json::array({3}));
    CHECK(server.bodies.back()["params"][2]["company"] == 1);
    server.answers[report] = {"txt", "plain", false, "Invoice - 3"};
    CHECK(ask(server, "3").bytes == "plain");
}

TEST_CASE("an answer that is no document is refused") {
    FakeTryton server;
    server.add("account.invoice", invoice(1, "posted", {{"__class__", "bytes"}, {"base64", "a"}}));
    server.add("account.invoice", invoice(2, "posted"));
    CHECK(ask(server, "1").status == DUNLIN_E_DATA);
    server.answers[report] = Json::array({"odt"});
    CHECK(ask(server, "2").status == DUNLIN_E_DATA);
    server.answers[report] = {
        {"error", {"UserError", {"Calling report is not allowed!", "", nullptr}}}};
    CHECK_THAT(ask(server, "2").refusal, Catch::Contains("Calling report is not allowed!"));
}

}  // namespace dunlin::tryton::test
