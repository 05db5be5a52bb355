// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>

#include <functional>
#include <string>
#include <utility>

namespace dunlin::test {

/// What a web server says to a request.
using WebAnswer =
    std::function<void(Poco::Net::HTTPServerRequest&, Poco::Net::HTTPServerResponse&)>;

/// A web server on loopback that answers as a test wants it to.
class Web {
public:
    explicit Web(WebAnswer answer, const Poco::Net::ServerSocket& socket = at_any_port())
        : port_(socket.address().port()),
          server_(new Factory(std::move(answer)), socket, new Poco::Net::HTTPServerParams) {
        server_.start();
    }
    ~Web() { server_.stopAll(true); }
    std::string url(const std::string& path = "/", const std::string& scheme = "http") const {
        return scheme + "://127.0.0.1:" + std::to_string(port_) + path;
    }
    int connections() const { return server_.totalConnections(); }

    static Poco::Net::ServerSocket at_any_port() {
        return Poco::Net::ServerSocket(Poco::Net::SocketAddress("127.0.0.1", 0));
    }

private:
    struct Handler : Poco::Net::HTTPRequestHandler {
        explicit Handler(const WebAnswer& a) : answer(a) {}
        void handleRequest(Poco::Net::HTTPServerRequest& in,
                           Poco::Net::HTTPServerResponse& out) override {
            answer(in, out);
        }
        const WebAnswer& answer;
    };
    struct Factory : Poco::Net::HTTPRequestHandlerFactory {
        explicit Factory(WebAnswer a) : answer(std::move(a)) {}
        Poco::Net::HTTPRequestHandler* createRequestHandler(
            const Poco::Net::HTTPServerRequest&) override {
            return new Handler(answer);
        }
        WebAnswer answer;
    };
    uint16_t port_;
    Poco::Net::HTTPServer server_;
};

inline void say(Poco::Net::HTTPServerResponse& out, const std::string& text) {
    out.setContentLength64(static_cast<Poco::Int64>(text.size()));
    out.send() << text;
}

}  // namespace dunlin::test
