// SPDX-License-Identifier: Apache-2.0
#include <netinet/in.h>
#include <sys/socket.h>

#include <support/drop_folder.hpp>
#include <support/loaded_connector.hpp>

#include <thread>

#include "source.hpp"

using namespace dunlin;
using namespace dunlin::mailbox;
using namespace dunlin::test;
using Catch::Contains;

namespace {

const Lines shown{"kind", "sender", "subject"};

/// A maildir, or a folder of scans.
struct Post {
    DropFolder folder;
    Json settings{{"settle_seconds", 0}};

    explicit Post(const std::string& kind) {
        settings["kind"] = kind;
        settings["folder"] = folder.path().string();
        for (const auto* place : {"new", "cur", "tmp"}) {
            if (kind == "maildir") std::filesystem::create_directory(folder.path() / place);
        }
    }
    MailSource source() const {
        return {Settings::parse(settings, [](const std::string& name) { return name; }),
                [] { return int64_t{1'800'000'000} * 1'000'000; }};
    }
    void mail(const std::string& name, const std::string& subject, std::size_t more = 0) const {
        folder.put(name, "From: Anna <anna@there.example>\nSubject: " + subject + "\n\n" +
                             std::string(more, 'x') + "\n");
    }
    Harvest read(const std::string& cursor = {}, const Lines& columns = shown) const {
        auto from = source();
        return harvest(from, "message", columns, cursor);
    }
};

/// A server that says one line to whoever comes, then answers as it is told until it is left.
class Server {
public:
    explicit Server(std::vector<std::string> lines) : lines_(std::move(lines)) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* plain = reinterpret_cast<sockaddr*>(&address);
        if (::bind(listener_, plain, size) != 0 || ::listen(listener_, 5) != 0) std::abort();
        ::getsockname(listener_, plain, &size);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    ~Server() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }
    std::string name() const { return "127.0.0.1:" + std::to_string(port_); }

private:
    /// Each connection goes on in the script; an empty line of it ends the connection.
    void serve() {
        std::size_t at = 0;
        for (int peer = 0; at < lines_.size(); ::close(peer)) {
            peer = ::accept(listener_, nullptr, nullptr);
            if (peer < 0) return;
            char buffer[1000];
            for (; at < lines_.size() && !lines_[at].empty(); ++at) {
                ::send(peer, lines_[at].data(), lines_[at].size(), MSG_NOSIGNAL);
                if (::recv(peer, buffer, sizeof buffer, 0) <= 0) break;
            }
            if (at < lines_.size()) ++at;
        }
    }

    std::vector<std::string> lines_;
    int listener_ = -1;
    int port_ = 0;
    std::thread thread_;
};

Json at(const std::string& server, const std::string& tls = "none") {
    return {{"kind", "pop3"}, {"server", server}, {"tls", tls}, {"user", "box"}, {"password", "p"}};
}

std::string refusal(const Json& settings, dunlin_status status) {
    MailSource source(Settings::parse(settings, [](const std::string& name) { return name; }),
                      [] { return int64_t{0}; });
    try {
        source.check(never_cancelled());
    } catch (const Error& e) {
        CHECK(e.status() == status);
        return e.what();
    }
    return {};
}

const std::string greeting = "+OK ready\r\n", capabilities = "+OK\r\nUSER\r\nUIDL\r\n.\r\n";
const std::string user_ok = "+OK\r\n";

}  // namespace

TEST_CASE("settings that do not go together are refused with the one that is missing") {
    const auto secret = [](const std::string& name) { return name; };
    CHECK_THAT(refusal_of([&] {
                   Settings::parse({{"kind", "maildir"}}, secret);
               }),
               Contains("needs the setting \"folder\""));
    CHECK_THAT(refusal_of([&] {
                   Settings::parse({{"kind", "pop3"}, {"server", "x"}, {"user", "y"}}, secret);
               }),
               Contains("\"password\""));
    Post none("maildir");
    none.settings["folder"] = "/no/where";
    CHECK_THAT(refusal_of([&] { none.read(); }), Contains("/no/where has no new/"));
    CHECK_THAT(refusal_of([&] { Post("maildir").read("{}x"); }), Contains("reset it"));
    auto source = none.source();
    CHECK_THAT(refusal_of([&] { source.pull({"invoice"}, never_cancelled()); }),
               Contains("invoice"));
}

TEST_CASE("a server that is down, lets nobody in or has its box open elsewhere says what to do") {
    CHECK_THAT(refusal(at("127.0.0.1:1"), DUNLIN_E_UNAVAILABLE), Contains("127.0.0.1:1"));
    {
        const Server wrong({greeting, capabilities, user_ok, "-ERR [AUTH] wrong password\r\n"});
        CHECK_THAT(refusal(at(wrong.name()), DUNLIN_E_DENIED),
                   Contains("wrong password") && Contains("secret"));
    }
    {
        const Server busy({greeting, capabilities, user_ok, "-ERR [IN-USE] locked\r\n"});
        CHECK_THAT(refusal(at(busy.name()), DUNLIN_E_UNAVAILABLE), Contains("locked"));
    }
    {
        const Server plain({greeting, capabilities});
        CHECK_THAT(refusal(at(plain.name(), "starttls"), DUNLIN_E_INVALID), Contains("STARTTLS"));
    }
    const Server no_tls({greeting});
    CHECK_THAT(refusal(at(no_tls.name(), "tls"), DUNLIN_E_INVALID), Contains("\"tls\""));
}

TEST_CASE("a connection that breaks off is not read on under numbers of another one") {
    const std::string list = "+OK\r\n1 a\r\n2 b\r\n.\r\n";
    const std::string mail = "+OK\r\nSubject: one\r\n\r\n.\r\n";
    const Server server({greeting, capabilities, user_ok, user_ok, list, mail, "", greeting,
                         capabilities, user_ok, user_ok, mail});
    MailSource source(Settings::parse(at(server.name()), [](const auto& name) { return name; }),
                      [] { return int64_t{0}; });
    const auto pull = source.pull({"message"}, never_cancelled());
    Page page;
    try {
        pull->next(page);
        FAIL("it read on");
    } catch (const Error& e) {
        CHECK(e.status() == DUNLIN_E_UNAVAILABLE);
    }
}

TEST_CASE("each message of a maildir comes once, wherever mail programs move it, and stays there") {
    Post post("maildir");
    post.mail("new/1.host", "one");
    post.mail("cur/2.host:2,S", "two");
    post.mail("tmp/3.host", "unfinished");
    const auto first = post.read();
    auto found = first.rows;
    std::sort(found.begin(), found.end());
    CHECK(found == Lines{"email|anna@there.example|one", "email|anna@there.example|two"});
    std::filesystem::rename(post.folder.path() / "new/1.host",
                            post.folder.path() / "cur/1.host:2,S");
    post.mail("new/4.host", "four");
    const auto second = post.read(first.cursors.back());
    CHECK(second.rows == Lines{"email|anna@there.example|four"});
    CHECK(post.read(second.cursors.back()).rows.empty());
    // A run that breaks off goes on behind the page that was kept.
    post.settings["page_messages"] = 1;
    const auto pages = post.read();
    REQUIRE(pages.cursors.size() == 3);
    CHECK(post.read(pages.cursors[1]).rows == Lines{pages.rows[2]});
    CHECK(pages.done == 3);
    CHECK(std::filesystem::exists(post.folder.path() / "cur/2.host:2,S"));
}

TEST_CASE("of a mail of 30 MiB the beginning comes, and says so; the same mail has the same id") {
    Post post("maildir");
    post.mail("new/1.host", "large", std::size_t{30} << 20U);
    const auto found = post.read({}, {"subject", "size", "problem"});
    REQUIRE(found.rows.size() == 1);
    CHECK_THAT(found.rows[0],
               Contains("large|3145") && Contains("of which the first 262144 were taken"));
    const auto id = post.read({}, {"external_id"}).rows;
    std::filesystem::rename(post.folder.path() / "new/1.host", post.folder.path() / "new/9.host");
    CHECK(post.read({}, {"external_id"}).rows == id);
}

TEST_CASE("a scan comes with what was read in it; what is none is set aside and tried again") {
    Post post("scans");
    post.folder.put("letter.pdf", "%PDF-1.7 x");
    post.folder.put("letter.txt", "Rechnung R-17\x0c");
    post.folder.put("half.pdf.part", "%PDF-");
    post.folder.put("fake.pdf", "MZ");
    post.folder.put("notes.docx", "PK");
    const auto found = post.read({}, {"kind", "subject", "media_type", "body", "sender"});
    CHECK(found.rows == Lines{"letter|letter.pdf|application/pdf|Rechnung R-17|-"});
    REQUIRE(found.errors.size() == 1);
    CHECK(found.errors[0].position == "fake.pdf");
    CHECK_THAT(found.errors[0].reason, Contains("neither PDF nor"));
    CHECK(post.read(found.cursors.back()).rows.empty());
    CHECK(post.read(found.cursors.back()).errors.size() == 1);
    auto source = post.source();
    CHECK(source.check(never_cancelled()).at("ignored") == Json{"notes.docx"});
    post.folder.put("fake.pdf", "%PDF-1.4 now it is");
    CHECK(post.read(found.cursors.back()).rows.size() == 1);
}

TEST_CASE("the module gives a message with its bytes through the C contract") {
    const LoadedConnector mailbox("mailbox");
    CHECK(mailbox.description()["entities"][0]["name"] == "message");
    Post post("maildir");
    post.mail("new/1.host", "one");
    const auto page = mailbox.only_page(post.settings, "message");
    const BatchView rows(page.rows);
    REQUIRE(rows.rows() == 1);
    CHECK_THAT(std::string(rows.required("raw").text(0)), Contains("Subject: one"));
}
