// SPDX-License-Identifier: Apache-2.0
// Each message goes out once, whatever the server does and whoever dies.
#include <dunlin/base64.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <iostream>
#include <map>
#include <regex>
#include <thread>

#include "desk.hpp"
#include "host/sync/flow.hpp"

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;

namespace {

Dialect any_store() {
    return GENERATE(Dialect::sqlite, Dialect::postgresql);
}

/// How often each message arrived, by its Message-ID.
std::map<std::string, int> arrivals(const SmtpSink& sink) {
    std::map<std::string, int> out;
    for (const auto& one : sink.taken()) {
        std::smatch found;
        const auto mime = one.at("mime").get<std::string>();
        REQUIRE(std::regex_search(mime, found, std::regex("Message-ID: <m(\\d+)\\.(\\d+)\\.")));
        ++out[found[2].str()];
    }
    return out;
}

}  // namespace

TEST_CASE("an e-mail arrives once, from its sender, with its letter, and is kept as sent") {
    Desk desk(any_store());
    desk.customer("C1", "anna");
    desk.book().invoice("R-17", "1190", "2026-01-01", "2026-01-31");
    const auto row = desk.call("statement", {{"customer", desk.book().id("customer", "C1")}});
    desk.run_jobs();
    desk.run_jobs();
    const auto taken = desk.sink().taken();
    REQUIRE(taken.size() == 1);
    CHECK(taken[0].at("from") == "bounces@dunlin.example");
    CHECK(taken[0].at("to") == Json{"anna@there.example"});
    const auto kept = desk.act("message", row, {{"with_bytes", true}});
    CHECK(kept.at("state") == "sent");
    CHECK(kept.at("attempts") == 1);
    std::string mime, pdf;
    from_base64(kept.at("mime_base64").get<std::string>(), [&](auto piece) { mime += piece; });
    from_base64(kept.at("pdf_base64").get<std::string>(), [&](auto piece) { pdf += piece; });
    CHECK(mime == taken[0].at("mime"));
    CHECK(pdf == "%PDF-1.7 made up");
    CHECK_THAT(mime, Contains("filename=\"statement-") && Contains("From: \"Dunlin Ltd\""));
    CHECK(desk.instance().cell("SELECT count(*) FROM dunlin_event WHERE topic ="
                               " 'correspondence.message_settled'") == 1);
}

TEST_CASE(
    "an SMTP server that refuses for now is asked again later, one that refuses for good not") {
    Desk desk(any_store());
    desk.customer("C1", "later");
    desk.customer("C2", "refused");
    desk.customer("C3", "full");
    const auto later = desk.note("C1"), refused = desk.note("C2"), full = desk.note("C3");
    desk.run_jobs();
    CHECK(desk.state(later) == "queued");
    CHECK_THAT(desk.now(later).at("reason").get<std::string>(), Contains("greylisted"));
    CHECK(desk.now(later).at("attempts") == 1);
    CHECK(desk.state(refused) == "failed");
    CHECK_THAT(desk.now(refused).at("reason").get<std::string>(), Contains("no such mailbox"));
    CHECK(desk.state(full) == "failed");
    desk.run_jobs();
    CHECK(desk.now(later).at("attempts") == 1);  // Not before its time.
    desk.instance().restart("2026-03-02T09:10:00Z");
    desk.run_jobs();
    CHECK(desk.now(later).at("attempts") == 2);
    // As if most of the attempts were over.
    desk.instance().exec("UPDATE correspondence_message SET attempts = 9 WHERE attempts = 2");
    desk.instance().restart("2026-03-03T09:00:00Z");
    desk.run_jobs();
    CHECK(desk.state(later) == "failed");
    CHECK(desk.now(later).at("attempts") == 10);
    CHECK(desk.sink().taken().empty());
}

TEST_CASE("an SMTP server that times out after DATA, or accepts and dies, leaves it to a person") {
    Desk desk(any_store());
    desk.customer("C1", "silent");
    desk.customer("C2", "dies");
    desk.customer("C3", "anna");
    const auto silent = desk.note("C1"), dies = desk.note("C2");
    desk.run_jobs();
    for (const auto& one : {silent, dies}) {
        CHECK(desk.state(one) == "unknown");
        CHECK_THAT(error_of([&] { desk.act("release", one); }), Contains("unknown"));
        CHECK_THAT(error_of([&] {
                       desk.act("void", one, {{"reason", "x"}});
                   }),
                   Contains("unknown"));
    }
    desk.instance().restart("2026-03-04T09:00:00Z");
    desk.run_jobs();
    CHECK(desk.sink().taken().size() == 2);  // Never again by itself.
    CHECK(desk.act("resolve", silent, {{"outcome", "sent"}}).at("state") == "sent");
    CHECK(desk.act("resolve", dies, {{"outcome", "resend"}}).at("state") == "queued");
    desk.run_jobs();
    CHECK(desk.sink().taken().size() == 3);
    const auto fine = desk.note("C3");
    desk.run_jobs();
    CHECK_THAT(error_of([&] {
                   desk.act("resolve", fine, {{"outcome", "resend"}});
               }),
               Contains("its outcome is known"));
}

TEST_CASE("a server that breaks off before it has the message gets it again") {
    Desk desk(any_store());
    desk.customer("C1", "busy");
    const auto note = desk.note("C1");
    desk.run_jobs();
    CHECK(desk.state(note) == "queued");
    CHECK(desk.act("hold", note, {{"reason", "wait"}}).at("state") == "held");
    desk.instance().restart("2026-03-03T09:00:00Z");
    desk.run_jobs();
    CHECK(desk.now(note).at("attempts") == 1);
    CHECK(desk.now(note).at("reason") == "wait");
}

TEST_CASE("a host that ends while it sends leaves the message unknown") {
    Desk desk(any_store());
    desk.customer("C1", "anna");
    const auto note = desk.note("C1");
    // As the host left it: the job under way, the message claimed by it.
    desk.instance().exec(
        "UPDATE correspondence_message SET state = 'sending', attempts = 1, attempt_id ="
        " (SELECT id FROM dunlin_job WHERE kind = 'correspondence.send')");
    desk.instance().exec(
        "UPDATE dunlin_job SET state = 'running', attempts = 1, fence = 1, lease_until_us = 1");
    desk.run_jobs();
    CHECK(desk.state(note) == "unknown");
    CHECK_THAT(desk.now(note).at("reason").get<std::string>(), Contains("correspondence.resolve"));
    desk.run_jobs();
    CHECK(desk.sink().taken().empty());
}

TEST_CASE("without a mail account or a renderer a message is held with the remedy") {
    Desk desk(any_store(), {.is_set_up = false});
    desk.customer("C1", "anna");
    const auto mail = desk.note("C1"), letter = desk.note("C1", "letter");
    desk.run_jobs();
    CHECK(desk.state(mail) == "held");
    CHECK_THAT(desk.now(mail).at("reason").get<std::string>(), Contains("[mail.accounts]"));
    CHECK(desk.state(letter) == "held");
    CHECK_THAT(desk.now(letter).at("reason").get<std::string>(), Contains("[tools.pdf]"));
    CHECK_THAT(error_of([&] { desk.act("hold", mail, {{"reason", "x"}}); }), Contains("held"));
    CHECK_THAT(error_of([&] {
                   desk.act("release", {{"customer_id", "1"}, {"message_id", "2"}});
               }),
               Contains("has no message 2"));
}

TEST_CASE("two hosts that send at once send each message once") {
    Desk desk(Dialect::postgresql);
    desk.customer("C1", "anna");
    constexpr int n = 30;
    for (int i = 0; i < n; ++i) desk.note("C1");
    auto other = second_host(desk.instance());
    const auto began = std::chrono::steady_clock::now();
    std::jthread second([&] { other->jobs().run_due(); });
    desk.run_jobs();
    second.join();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    std::cout << "delivery: " << n / took.count() << " e-mails per second, two hosts\n";
    desk.run_jobs();
    const auto arrived = arrivals(desk.sink());
    CHECK(arrived.size() == n);
    for (const auto& [id, times] : arrived) CHECK(times == 1);
    CHECK(desk.call("messages", {{"state", "sent"}}).at("rows").size() == n);
}
