// SPDX-License-Identifier: Apache-2.0
#include "mail/mail.hpp"
#include "host/sync/flow.hpp"
#include "plugins/services.hpp"
#include "support/smtp_sink.hpp"

#include <dunlin/mail.hpp>

#include <catch2/catch.hpp>

using namespace dunlin;
using namespace dunlin::test;
using Catch::Contains;

namespace {

constexpr const char* letter = "Subject: Hello\r\n\r\n.a dot\r\n..and two\r\nÄ\r\n";

InstanceOptions with_account(const std::string& lines) {
    auto options = flow_options();
    options.toml += "[mail.accounts.post]\nsender = \"from@dunlin.example\"\n" + lines + "\n";
    return options;
}

/// A plugin's services without the plugin, and a server to send to.
struct Posting {
    std::vector<std::string> wants;
    std::string lines = "tls = \"none\"\ntimeout_seconds = 1\n";
    SmtpSink sink{wants};
    Instance instance{Dialect::sqlite,
                      with_account("server = \"" + sink.server() + "\"\n" + lines)};
    host::Plugin plugin = granted();
    dunlin_ctx context{&instance.host(), &plugin};
    Services services{host::host_table(&context)};
    Mail mail{services};

    host::Plugin granted() {
        auto out = *instance.host().plugins().by_id("flow");
        out.manifest.services.insert(DUNLIN_SVC_MAIL);
        out.manifest.permissions.insert("mail.submit");
        return out;
    }
    Json submit(std::vector<std::string> recipients, const std::string& mime = letter) {
        return mail.submit({"post", "", std::move(recipients), mime},
                           Cancel(services.cancel_table(), nullptr));
    }
    std::pair<dunlin_status, std::string> failure(std::vector<std::string> recipients,
                                                  const std::string& mime = letter) {
        try {
            submit(std::move(recipients), mime);
        } catch (const Error& e) {
            return {e.status(), e.what()};
        }
        return {DUNLIN_OK, ""};
    }
};

}  // namespace

TEST_CASE("a message that a server refuses says whether it is for good, and is not there") {
    Posting p;
    CHECK(p.failure({"refused@there.example"}).first == DUNLIN_E_DATA);
    CHECK_THAT(p.failure({"refused@there.example"}).second, Contains("no such mailbox"));
    CHECK(p.failure({"later@there.example"}).first == DUNLIN_E_UNAVAILABLE);
    CHECK(p.failure({"refused@there.example", "later@there.example"}).first ==
          DUNLIN_E_UNAVAILABLE);
    CHECK(p.failure({"full@there.example"}).first == DUNLIN_E_DATA);
    CHECK(p.failure({"busy@there.example"}).first == DUNLIN_E_UNAVAILABLE);
    CHECK(p.sink.taken().empty());
}

TEST_CASE("a server that says nothing after the message leaves open whether it went out") {
    Posting p;
    for (const auto* who : {"silent@there.example", "dies@there.example"}) {
        const auto [status, message] = p.failure({who});
        CHECK(status == DUNLIN_E_TIMEOUT);
        CHECK_THAT(message, Contains("not known"));
    }
    CHECK(p.sink.taken().size() == 2);
}

TEST_CASE("what is no address, no message or no account never reaches a server") {
    Posting p;
    for (const auto* who : {"", "a", "a@", "a b@c", "a@b\r\nRCPT TO:<x@y>", "<a@b>"}) {
        CAPTURE(who);
        CHECK(p.failure({who}).first == DUNLIN_E_INVALID);
    }
    CHECK(p.failure({}).first == DUNLIN_E_INVALID);
    CHECK(p.failure({"a@b.example"}, std::string(26 << 20, 'x')).first == DUNLIN_E_LIMIT);
    CHECK_THAT(error_of([&] {
                   p.mail.submit({"other", "", {"a@b.example"}, letter},
                                 Cancel(p.services.cancel_table(), nullptr));
               }),
               Contains("[mail.accounts.other]"));
    p.plugin.manifest.permissions.erase("mail.submit");
    CHECK(p.failure({"a@b.example"}).first == DUNLIN_E_DENIED);
    CHECK(p.sink.taken().empty());
}

TEST_CASE("a message arrives as it was, for those who were taken") {
    Posting p;
    const auto receipt = p.submit({"refused@there.example", "anna@there.example"});
    CHECK(receipt.at("accepted") == Json{"anna@there.example"});
    CHECK(receipt.at("refused")[0].at("address") == "refused@there.example");
    CHECK_THAT(receipt.at("reply").get<std::string>(), Contains("taken as 1"));
    const auto taken = p.sink.taken();
    REQUIRE(taken.size() == 1);
    CHECK(taken[0].at("from") == "from@dunlin.example");
    CHECK(taken[0].at("mime") == letter);
}

TEST_CASE("no message is sent inside a transaction") {
    Posting p;
    auto tx = p.services.begin(DUNLIN_TX_WRITE);
    CHECK(p.failure({"a@b.example"}).first == DUNLIN_OK);  // Outside of any call into a plugin.
    host::call_plugin(p.instance.host(), p.plugin, "a job", [&](dunlin_err*) {
        auto own = p.services.begin(DUNLIN_TX_READ);
        CHECK(p.failure({"a@b.example"}).first == DUNLIN_E_INVALID);
        return DUNLIN_OK;
    });
}

TEST_CASE("a server without encryption is refused unless it is this machine") {
    Posting p{{}, "timeout_seconds = 1\n"};
    const auto [status, message] = p.failure({"anna@there.example"});
    CHECK(status == DUNLIN_E_UNAVAILABLE);
    CHECK_THAT(message, Contains("STARTTLS"));
    CHECK(p.sink.taken().empty());
    CHECK_THAT(error_of([] {
                   Instance wrong(Dialect::sqlite,
                                  with_account("server = \"smtp.example:25\"\ntls = \"none\""));
               }),
               Contains("this machine only"));
}

TEST_CASE("a certificate that nobody vouches for is refused, one of ours is taken with its user") {
    const auto folder = std::filesystem::temp_directory_path() / "dunlin-mail-tls";
    std::filesystem::create_directories(folder);
    const auto key = (folder / "key.pem").string(), pem = (folder / "cert.pem").string();
    const auto make =
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost "
        "-addext subjectAltName=DNS:localhost -keyout " +
        key + " -out " + pem + " 2>/dev/null";
    REQUIRE(std::system(make.c_str()) == 0);
    SmtpSink sink({"--tls", pem, key, "--user", "post:pass word"});
    const auto send = [&](const std::string& extra, const std::string& password,
                          const std::string& host_name) {
        host::MailAccount account;
        account.server = host_name + ":" + std::to_string(sink.port());
        account.user = "post";
        account.sender = "from@dunlin.example";
        const Instance trusting(Dialect::sqlite, [&] {
            auto options = flow_options();
            options.toml += extra;
            return options;
        }());
        return error_of(
            [&] { host::submit_mail(account, password, "", {"anna@there.example"}, letter); });
    };
    const auto trust = "[http_client]\nca_file = \"" + pem + "\"\n";
    CHECK_THAT(send("", "pass word", "localhost"), Contains("ca_file"));
    CHECK_THAT(send(trust, "wrong", "localhost"), Contains("535"));
    CHECK_THAT(send(trust, "pass word", "127.0.0.1"), Contains("ca_file"));  // Another name.
    CHECK(sink.taken().empty());
    CHECK(send(trust, "pass word", "localhost") == "");
    REQUIRE(sink.taken().size() == 1);
    CHECK(sink.taken()[0].at("tls") == true);
}
