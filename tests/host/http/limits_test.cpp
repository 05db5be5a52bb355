// SPDX-License-Identifier: Apache-2.0
#include "host/http/client.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>

using namespace dunlin;
using namespace dunlin::test;
using namespace std::chrono_literals;

namespace {
const std::string post = "POST /api/v1/hello_c.remember HTTP/1.1\r\nHost: localhost\r\n";
}

TEST_CASE("a body over the limit is refused, announced or not") {
    Served served({.body_bytes_max = 1024});

    const auto announced = served.raw(post + "Content-Length: 10000000\r\n\r\n");
    const auto chunked = served.raw(post + "Transfer-Encoding: chunked\r\n\r\n1000\r\n" +
                                    std::string(4096, 'x') + "\r\n0\r\n\r\n");

    CHECK(announced.status == 413);
    CHECK_THAT(announced.body, Catch::Contains("body_bytes_max"));
    CHECK(chunked.status == 413);
}

TEST_CASE("a body without a length, or with two, is refused") {
    Served served;

    CHECK(served.raw(post + "\r\n").status == 411);
    CHECK(served.raw(post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}").status ==
          400);
    CHECK(served.raw(post + "Content-Length: two\r\n\r\n{}").status != 200);
}

TEST_CASE("a body that comes too slowly ends with 408 and holds nobody up") {
    Served served({.read_max = 300ms});

    const auto slow = served.raw(post + "Content-Length: 10\r\n\r\n{", 700, "\"");

    CHECK(slow.status == 408);
    CHECK(served.get("/health").status == 200);
}

TEST_CASE("headers that trickle in end with the connection") {
    Served served({.read_max = 300ms});
    const auto begun = std::chrono::steady_clock::now();

    const auto slow = served.raw("GET /health HTTP/1.1\r\nHost: loc");

    CHECK(slow.status != 200);
    CHECK(std::chrono::steady_clock::now() - begun < 10s);
}

TEST_CASE("an endless URL or header is refused") {
    Served served;

    CHECK(served.get("/" + std::string(9000, 'a')).status == 414);
    CHECK(served.get("/health", "X-Long: " + std::string(20000, 'a') + "\r\n").status != 200);
    CHECK(served.raw("nonsense\r\n\r\n").status != 200);
    CHECK(served.get("/health").status == 200);
}

TEST_CASE("a page of another site cannot reach the host by a name of its own") {
    Served served;

    const auto answer = served.raw("GET /health HTTP/1.1\r\nHost: evil.example:80\r\n\r\n");

    CHECK(answer.status == 421);
}

TEST_CASE("the port is open on 127.0.0.1 and nowhere else") {
    Served served;
    std::ostringstream port;
    port << std::uppercase << std::hex << std::setw(4) << std::setfill('0') << served.server.port();

    std::ifstream table("/proc/self/net/tcp");
    std::ostringstream all;
    all << table.rdbuf();

    CHECK_THAT(all.str(), Catch::Contains("0100007F:" + port.str() + " 00000000:0000 0A"));
    CHECK_THAT(all.str(), !Catch::Contains("00000000:" + port.str() + " 00000000:0000 0A"));
}

TEST_CASE("a port that is taken is refused with the remedy") {
    Served served;

    CHECK_THROWS_WITH(host::HttpServer(served.instance.host(), {.port = served.server.port()}),
                      Catch::Contains("[http] port"));
}

TEST_CASE("a stopped server answers nobody, and stopping twice is harmless") {
    Served served;

    served.server.stop();
    served.server.stop();

    CHECK_THROWS(served.get("/health"));
}
