// SPDX-License-Identifier: Apache-2.0
// Post that came in: filed to its customer, or left to a person; and what comes back.
#include <dunlin/base64.hpp>

#include <catch2/catch.hpp>

#include <regex>

#include "desk.hpp"

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;

namespace {

Dialect any_store() {
    return GENERATE(Dialect::sqlite, Dialect::postgresql);
}

/// Brings messages as a mailbox does; how many were new.
int64_t bring(Desk& desk, const std::vector<Json>& messages) {
    std::vector<ColumnSpec> columns{{"received_at", Type::timestamp}, {"size", Type::i64}};
    for (const auto* name :
         {"external_id", "kind", "sender", "sender_name", "recipients", "subject", "message_id",
          "refs", "automatic", "reported_id", "reports", "body", "media_type", "raw"}) {
        columns.push_back({name, Type::text});
    }
    std::vector<std::vector<Json>> rows;
    for (const auto& message : messages) {
        auto& row = rows.emplace_back();
        row = {int64_t{1772442000} * 1'000'000, 5};
        for (std::size_t i = 2; i < columns.size(); ++i) {
            row.push_back(message.value(columns[i].name, ""));
        }
    }
    return desk.instance().apply("post", "message", columns, rows).counts.inserted;
}

/// What came of the one message with this subject.
Json filed(Desk& desk, const std::string& subject) {
    const auto all = desk.call("inbound", {{"limit", 1000}});
    for (const auto& row : all.at("rows")) {
        if (row.at("subject") == subject) return row;
    }
    throw std::runtime_error("nothing came in as " + subject);
}

/// The Message-ID of what went to an address last.
std::string mail_id(Desk& desk) {
    std::smatch found;
    const auto taken = desk.sink().taken();
    const auto mime = taken.at(taken.size() - 1).at("mime").get<std::string>();
    REQUIRE(std::regex_search(mime, found, std::regex("Message-ID: <([^>]+)>")));
    return found[1].str();
}

Json tasks(Desk& desk, const std::string& customer) {
    return desk.book()
        .call("tasks", {{"customer", desk.book().id("customer", customer)}})
        .at("rows");
}

/// A mail from Anna, with something else about it.
Json from_anna(const std::string& subject, const Json& more = Json::object()) {
    Json out{{"external_id", "x-" + subject},
             {"kind", "email"},
             {"sender", "anna@there.example"},
             {"subject", subject},
             {"raw", "raw of " + subject}};
    out.update(more);
    return out;
}

}  // namespace

TEST_CASE("nobody files into another's account by an address, a number or a mark that is guessed") {
    Desk desk(any_store());
    desk.customer("C1", "anna");
    desk.customer("C2", "bert");
    desk.book().invoice("INV-2001", "100", "2026-01-01", "2026-01-31", {{"customer", "C2"}});
    const auto note = desk.note("C2");
    desk.run_jobs();
    const auto id = mail_id(desk);
    auto forged = id;
    auto& digit = forged[forged.find('@') - 1];
    digit = digit == '0' ? '1' : '0';
    const auto other_message = std::regex_replace(id, std::regex("\\.[0-9]+\\."), ".17.",
                                                  std::regex_constants::format_first_only);
    bring(desk,
          {from_anna("forged", {{"refs", forged}, {"sender", "eve@evil.example"}}),
           from_anna("other", {{"refs", other_message}, {"sender", "eve@evil.example"}}),
           from_anna("stolen", {{"refs", id}}), from_anna("number", {{"body", "about INV-2001"}}),
           from_anna("nobody", {{"sender", "eve@evil.example"}, {"body", "hello 17"}}),
           from_anna("report", {{"reported_id", forged},
                                {"automatic", "delivery-status"},
                                {"reports", R"([{"action":"failed","recipient":"x"}])"}})});
    for (const auto* subject : {"forged", "other", "stolen", "number", "nobody", "report"}) {
        INFO(subject);
        const auto row = filed(desk, subject);
        CHECK(row.at("state") == "waiting");
        CHECK(row.at("customer_id") == "0");
        CHECK(row.at("message_id") == "0");
    }
    CHECK(filed(desk, "stolen").at("candidates").size() == 2);
    CHECK_THAT(filed(desk, "stolen").at("reason").get<std::string>(),
               Contains("another's address"));
    CHECK(filed(desk, "nobody").at("candidates").empty());
    CHECK(desk.state(note) == "sent");
    CHECK(tasks(desk, "C1").empty());
    CHECK(tasks(desk, "C2").empty());
}

TEST_CASE("an answer is filed by its mark, its numbers or its sender, once, as it came") {
    Desk desk(any_store());
    desk.customer("C1", "anna");
    desk.customer("C2", "bert");
    desk.book().invoice("INV-1001", "100", "2026-01-01", "2026-01-31");
    const auto note = desk.note("C1");
    desk.run_jobs();
    const std::vector<Json> messages{
        from_anna("mark", {{"refs", "other@x " + mail_id(desk)},
                           {"sender", "secretary@there.example"},
                           {"body", "Thank you.\n> please pay INV-9999"}}),
        from_anna("number", {{"sender", "books@there.example"}, {"body", "Re: inv-1001."}}),
        from_anna("sender"),
        from_anna("scan.pdf", {{"kind", "letter"}, {"sender", ""}, {"body", "INV-1001"}}),
        from_anna("away", {{"automatic", "auto-replied"}, {"body", "I dispute nothing"}})};
    CHECK(bring(desk, messages) == 5);
    CHECK(bring(desk, messages) == 0);
    const auto mark = filed(desk, "mark");
    CHECK(mark.at("how") == "token");
    CHECK(mark.at("message_id") == note.at("message_id"));
    CHECK_THAT(mark.at("reason").get<std::string>(), Contains("not known"));
    CHECK(filed(desk, "number").at("how") == "reference");
    CHECK(filed(desk, "sender").at("how") == "address");
    CHECK(filed(desk, "scan.pdf").at("how") == "reference");
    for (const auto* subject : {"mark", "number", "sender", "scan.pdf", "away"}) {
        INFO(subject);
        CHECK(filed(desk, subject).at("customer_id") == desk.book().id("customer", "C1"));
        CHECK((filed(desk, subject).at("task_id") != "0") == (std::string(subject) != "away"));
    }
    CHECK(filed(desk, "away").at("suggestions").empty());
    CHECK(tasks(desk, "C1").size() == 4);
    const auto shown =
        desk.call("inbound_message", {{"inbound", mark.at("inbound_id")}, {"with_bytes", true}});
    std::string raw;
    from_base64(shown.at("raw_base64").get<std::string>(), [&](auto piece) { raw += piece; });
    CHECK(raw == "raw of mark");
    CHECK(desk.call("inbound", {{"message", note.at("message_id")}}).at("rows").size() == 1);
}

TEST_CASE("what fits nobody is filed by a person, whose customer keeps and loses it") {
    Desk desk(any_store());
    desk.customer("C1", "anna");
    desk.customer("C2", "bert");
    bring(desk, {from_anna("lost", {{"sender", "eve@evil.example"}, {"body", "I dispute this."}})});
    const auto lost = filed(desk, "lost").at("inbound_id");
    const auto file = [&](const std::string& customer) {
        return desk.call("file_inbound",
                         {{"inbound", lost}, {"customer", desk.book().id("customer", customer)}});
    };
    CHECK_THAT(error_of([&] {
                   desk.call("file_inbound", {{"inbound", lost}, {"customer", "17"}});
               }),
               Contains("no customer 17"));
    CHECK(file("C1").at("state") == "filed");
    REQUIRE(tasks(desk, "C1").size() == 1);
    CHECK_THAT(tasks(desk, "C1")[0].at("title").get<std::string>(), Contains("disputes something"));
    CHECK(file("C1").at("how") == "person");
    CHECK(tasks(desk, "C1").size() == 1);
    // It was the other one's.
    CHECK(file("C2").at("customer_id") == desk.book().id("customer", "C2"));
    CHECK(tasks(desk, "C1").empty());
    CHECK(tasks(desk, "C2").size() == 1);
    CHECK_THAT(error_of([&] {
                   desk.call("dismiss_inbound", {{"inbound", lost}, {"reason", "spam"}});
               }),
               Contains("only one that waits"));
    CHECK(desk.instance().cell("SELECT count(*) FROM dunlin_blob") == 1);
    desk.book().call("forget_source", {{"source", "erp"}, {"confirm", true}});
    desk.instance().host().events().deliver_pending();
    CHECK(desk.instance().cell("SELECT count(*) FROM correspondence_inbound") == 0);
    CHECK(desk.instance().cell("SELECT count(*) FROM dunlin_blob") == 0);
    // And does not come back.
    CHECK(bring(desk, {from_anna("lost")}) == 0);
}

TEST_CASE("an e-mail that comes back is bounced, once, and its address becomes a task") {
    Desk desk(any_store());
    desk.customer("C1", "anna");
    const auto note = desk.note("C1");
    desk.run_jobs();
    const auto report = [&](const std::string& name, const std::string& action) {
        return from_anna(name, {{"sender", "mailer-daemon@mx.example"},
                                {"automatic", "delivery-status"},
                                {"reported_id", mail_id(desk)},
                                {"reports", Json::array({{{"recipient", "anna@there.example"},
                                                          {"action", action},
                                                          {"status", "5.1.1"},
                                                          {"diagnostic", "550 no such user"}}})
                                                .dump()}});
    };
    bring(desk, {report("late", "delayed")});
    CHECK(desk.state(note) == "sent");
    bring(desk, {report("back", "failed"), report("again", "failed")});
    CHECK(desk.state(note) == "bounced");
    CHECK_THAT(desk.now(note).at("reason").get<std::string>(), Contains("550 no such user"));
    CHECK(tasks(desk, "C1").size() == 1);
    CHECK(desk.instance().cell("SELECT count(*) FROM dunlin_event WHERE topic ="
                               " 'correspondence.address_failed'") == 1);
    // The next one waits for a person, who may send it all the same.
    const auto next = desk.note("C1");
    CHECK(next.at("state") == "held");
    CHECK_THAT(next.at("reason").get<std::string>(), Contains("came back"));
    desk.act("release", next);
    desk.run_jobs();
    CHECK(desk.state(next) == "sent");
    CHECK(desk.note("C1").at("state") == "queued");
}

TEST_CASE("a letter that comes back is returned; an e-mail or one that was not printed cannot") {
    Desk desk(any_store());
    desk.customer("C1", "anna");
    const auto letter = desk.note("C1", "letter"), mail = desk.note("C1");
    const auto come_back = [&](const Json& message) {
        return desk.act("returned_mail", message, {{"reason", "moved"}, {"note", "sticker"}});
    };
    CHECK_THAT(error_of([&] { come_back(letter); }), Contains("only a letter that was printed"));
    desk.run_jobs();
    desk.call("print_batch");
    desk.run_jobs();
    CHECK_THAT(error_of([&] { come_back(mail); }), Contains("as email"));
    REQUIRE(desk.state(letter) == "sent");
    CHECK(come_back(letter).at("state") == "returned");
    CHECK(desk.now(letter).at("reason") == "it came back: moved: sticker");
    CHECK_THAT(error_of([&] { come_back(letter); }), Contains("is returned"));
    CHECK(tasks(desk, "C1").size() == 1);
}

TEST_CASE("a number is found however it is written, and a date or a part of it is none") {
    Desk desk(any_store());
    desk.customer("C1", "anna");
    desk.book().invoice("RE-2024-17", "100", "2026-01-01", "2026-01-31");
    desk.book().invoice("20260102", "100", "2026-01-01", "2026-01-31");
    const std::vector<std::string> right{"about re-2024 17", "RE 2024 17", "re2024/17 please",
                                         "(Re_2024_17)", "RE.2024.17."},
        wrong{"RE-2024",       "RE\n2024\n17", "RE, 2024-17",
              "on 2026-01-02", "pre-2024-17",  "RE-2024-171"};
    std::vector<Json> messages;
    for (const auto& text : right) {
        messages.push_back(from_anna(text, {{"sender", "eve@evil.example"}}));
    }
    for (const auto& text : wrong) {
        messages.push_back(from_anna("w" + std::to_string(messages.size()),
                                     {{"sender", "eve@evil.example"}, {"body", text}}));
    }
    bring(desk, messages);
    for (const auto& text : right) {
        INFO(text);
        CHECK(filed(desk, text).at("how") == "reference");
        CHECK(filed(desk, text).at("customer_id") == desk.book().id("customer", "C1"));
    }
    for (std::size_t i = right.size(); i < messages.size(); ++i) {
        INFO(wrong[i - right.size()]);
        CHECK(filed(desk, "w" + std::to_string(i)).at("state") == "waiting");
    }
}
