// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/server.hpp"
#include "support/instance.hpp"

#include <Poco/Net/StreamSocket.h>

#include <string>

namespace dunlin::test {

struct Answer {
    int status = 0;  // 0: the connection ended without one.
    std::string head, body;
    Json json() const { return Json::parse(body); }
};

/// A served instance with the plugin in C, and a client that sends whatever bytes it is given.
class Served {
public:
    explicit Served(host::HttpServer::Options options = {})
        : Served(host::Dialect::sqlite, with_hello_c(), options) {
        token = instance.host().create_token("t", {"hello_c_writer"}, {});
    }
    Served(host::Dialect dialect, const InstanceOptions& made, host::HttpServer::Options options)
        : instance(dialect, made), server(instance.host(), options) {}

    Answer raw(const std::string& bytes, int wait_ms = 0, const std::string& rest = {}) {
        Poco::Net::StreamSocket socket(
            Poco::Net::SocketAddress("127.0.0.1", static_cast<Poco::UInt16>(server.port())));
        socket.setReceiveTimeout(Poco::Timespan(20, 0));
        socket.sendBytes(bytes.data(), static_cast<int>(bytes.size()));
        if (wait_ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(wait_ms));
        if (!rest.empty()) socket.sendBytes(rest.data(), static_cast<int>(rest.size()));
        return read(socket);
    }
    /// `headers`: further lines, each with its end.
    Answer get(const std::string& path, const std::string& headers = {}) {
        return raw("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n");
    }
    Answer post(const std::string& path, const std::string& body, const std::string& headers = {},
                const std::string& type = "application/json") {
        return raw("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + type +
                   "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers +
                   "\r\n" + body);
    }
    std::string bearer() const { return "Authorization: Bearer " + token + "\r\n"; }

    Instance instance;
    host::HttpServer server;
    std::string token;

private:
    static InstanceOptions with_hello_c() {
        InstanceOptions options;
        options.has_shipped_plugins = false;
        options.test_plugins = {"hello_c"};
        return options;
    }
    static Answer read(Poco::Net::StreamSocket& socket) {
        std::string all;
        char buffer[4096];
        try {
            for (int n = 1; n > 0;) {
                n = socket.receiveBytes(buffer, sizeof buffer);
                all.append(buffer, static_cast<std::size_t>(n));
            }
        } catch (const Poco::Exception&) {
            // Reset by the host behind its answer.
        }
        Answer out;
        const auto end = all.find("\r\n\r\n");
        if (end == std::string::npos) return out;
        out.status = std::stoi(all.substr(9, 3));
        out.head = all.substr(0, end);
        out.body = all.substr(end + 4);
        return out;
    }
};

}  // namespace dunlin::test
