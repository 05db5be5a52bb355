// SPDX-License-Identifier: Apache-2.0
#include "../sync/flow.hpp"

#include "http_client/http_client.hpp"
#include "support/web.hpp"

#include <Poco/Net/Context.h>
#include <Poco/Net/SecureServerSocket.h>
#include <catch2/catch.hpp>

#include <atomic>
#include <cstdlib>

using namespace dunlin;
using namespace dunlin::test;
namespace net = Poco::Net;

namespace {

struct Fetched {
    HttpReply reply;
    std::string body;
};

Fetched fetch(
    host::HttpClient& client, const HttpRequest& request,
    const std::function<bool()>& stops = [] { return false; }) {
    Fetched out;
    out.reply = client.send(request, stops, [&](std::string_view piece) { out.body += piece; });
    return out;
}

dunlin_status status_of(const std::function<void()>& body) {
    try {
        body();
    } catch (const Error& e) {
        INFO(e.what());
        return e.status();
    }
    return DUNLIN_OK;
}

host::Config config() {
    host::Config out;
    out.http_client_timeout_s = 5;
    return out;
}

}  // namespace

TEST_CASE("a request brings the reply, whatever its status, over a connection that is kept") {
    Web web([](auto& in, auto& out) {
        out.setStatus(in.getURI() == "/none" ? "404" : "200");
        out.set("X-Seen", in.get("X-Asked", ""));
        say(out, in.getMethod() + " " + in.getURI());
    });
    host::HttpClient client(config());

    const auto first = fetch(client, {"POST", web.url("/a?b=1"), {{"X-Asked", "yes"}}, "body"});
    const auto second = fetch(client, {"GET", web.url("/none")});

    CHECK(first.body == "POST /a?b=1");
    CHECK(first.reply.header("x-seen") == "yes");
    CHECK(second.reply.status == 404);
    CHECK(web.connections() == 1);
}

TEST_CASE("what cannot be sent is refused with its reason") {
    Web web([](auto&, auto& out) { say(out, "x"); });
    host::HttpClient client(config());
    const auto to = [&](const std::string& url) {
        return status_of([&] { fetch(client, {"GET", url}); });
    };
    CHECK(to("ftp://127.0.0.1/") == DUNLIN_E_INVALID);
    CHECK(to("http://") == DUNLIN_E_INVALID);
    CHECK(to("http://me:secret@127.0.0.1/") == DUNLIN_E_INVALID);
    CHECK(to("http://127.0.0.1:1/") == DUNLIN_E_UNAVAILABLE);
    CHECK(to("http://no-such-host.invalid/") == DUNLIN_E_UNAVAILABLE);
    CHECK(status_of([&] {
              fetch(client, {"GET", web.url(), {{"X", "a\r\nY: b"}}});
          }) == DUNLIN_E_INVALID);
}

TEST_CASE("a reply may be late, large, broken off or not wanted any more") {
    std::atomic<bool> is_over{false};
    Web web([&](auto& in, auto& out) {
        if (in.getURI() == "/late") waits_until([&] { return is_over.load(); });
        if (in.getURI().starts_with("/short")) {
            if (in.getURI() == "/short-and-gone") out.setKeepAlive(false);
            out.setContentLength64(1000);
            out.send() << "only this" << std::flush;
            return;
        }
        if (in.getURI() == "/drip") {
            out.setContentLength64(30);
            auto& body = out.send();
            for (int i = 0; i < 30 && !is_over; ++i) {
                body << 'x' << std::flush;
                std::this_thread::sleep_for(std::chrono::milliseconds(100));
            }
            return;
        }
        say(out, std::string(5000, 'x'));
    });
    host::HttpClient client(config());
    HttpRequest drip{"GET", web.url("/drip")};
    drip.timeout = std::chrono::milliseconds(500);
    HttpRequest late{"GET", web.url("/late")};
    late.timeout = std::chrono::milliseconds(300);
    HttpRequest large{"GET", web.url("/large")};
    large.body_limit = 4999;

    CHECK(status_of([&] { fetch(client, late); }) == DUNLIN_E_TIMEOUT);
    CHECK(status_of([&] { fetch(client, drip); }) == DUNLIN_E_TIMEOUT);
    CHECK(status_of([&] { fetch(client, large); }) == DUNLIN_E_LIMIT);
    for (const auto* path : {"/short", "/short-and-gone"}) {
        CHECK(status_of([&] { fetch(client, {"GET", web.url(path)}); }) == DUNLIN_E_TIMEOUT);
    }
    late.timeout = std::chrono::milliseconds(0);
    CHECK(status_of([&] { fetch(client, late, [] { return true; }); }) == DUNLIN_E_CANCELLED);
    is_over = true;
}

TEST_CASE("what the other side asks to wait is read in seconds and as a date") {
    Web web([](auto& in, auto& out) {
        out.setStatus("429");
        out.set("Retry-After", in.getURI() == "/date"  ? "Fri, 31 Dec 2100 23:59:59 GMT"
                               : in.getURI() == "/odd" ? "soon"
                                                       : "7");
        say(out, "");
    });
    host::HttpClient client(config());

    CHECK(fetch(client, {"GET", web.url("/")}).reply.retry_after == std::chrono::seconds(7));
    CHECK(*fetch(client, {"GET", web.url("/date")}).reply.retry_after > std::chrono::hours(1000));
    CHECK_FALSE(fetch(client, {"GET", web.url("/odd")}).reply.retry_after);
}

TEST_CASE("a certificate counts only when an authority that is known has signed it") {
    const std::filesystem::path folder = DUNLIN_BINARY_DIR;
    const auto key = (folder / "web.key").string(), cert = (folder / "web.pem").string();
    const auto made =
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
        " -addext subjectAltName=IP:127.0.0.1 -keyout " +
        key + " -out " + cert + " 2>/dev/null";
    REQUIRE(std::system(made.c_str()) == 0);
    net::initializeSSL();
    const net::Context::Ptr context(
        new net::Context(net::Context::TLS_SERVER_USE, key, cert, "", net::Context::VERIFY_NONE));
    Web web([](auto&, auto& out) { say(out, "safe"); },
            net::SecureServerSocket(net::SocketAddress("127.0.0.1", 0), 64, context));

    {
        host::HttpClient stranger(config());
        CHECK(status_of([&] {
                  fetch(stranger, {"GET", web.url("/", "https")});
              }) == DUNLIN_E_DENIED);
    }
    auto knows = config();
    knows.http_client_ca_file = cert;
    host::HttpClient friendly(knows);
    CHECK(fetch(friendly, {"GET", web.url("/", "https")}).body == "safe");
}

TEST_CASE("a plugin reaches what its settings name, and nothing from inside a transaction") {
    Web web([](auto&, auto& out) { say(out, "hello"); });
    Web other([](auto&, auto& out) { say(out, "secret"); });
    auto options = flow_options();
    options.toml +=
        "[sources.web]\nconnector = \"flow\"\n[sources.web.settings]\n"
        "pages_path = \"in.json\"\nurl = \"" +
        web.url("/api") + "\"\n";
    Instance instance(Dialect::sqlite, options);
    auto& host = instance.host();
    const auto work = [&](const std::string& name, const Json& args) {
        instance.call("flow.work", {{"dedup_key", name}, {"args", args}});
        host.jobs().run_due();
    };

    work("named", {{"name", "named"}, {"fetch", web.url("/deeper")}});
    work("other", {{"name", "other"}, {"fetch", other.url()}});
    work("inside", {{"name", "inside"}, {"fetch", web.url()}, {"inside", true}});

    CHECK(Json(instance.sql("SELECT name FROM flow_ran ORDER BY n")).dump() ==
          R"([["named: 200 hello"],["other: denied"],["inside: invalid"]])");
    CHECK(other.connections() == 0);
}
