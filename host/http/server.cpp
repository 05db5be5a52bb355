// SPDX-License-Identifier: Apache-2.0
#include "http/server.hpp"

#include "host.hpp"
#include "http/api.hpp"
#include "http/watchdog.hpp"

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServerConnection.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/TCPServer.h>
#include <Poco/ThreadPool.h>
#include <Poco/URI.h>

namespace dunlin::host {

namespace net = Poco::Net;

namespace {

constexpr std::size_t url_bytes_max = 8192;

HttpReply refuse(int status, const char* code, const char* title, const std::string& detail) {
    return problem(status, code, title, detail, "");
}

/// A page of another site must not reach the host through a name that it points at 127.0.0.1.
bool is_own_name(const std::string& header) {
    const auto name = header.substr(0, header.rfind(':'));
    return header.empty() || name == "127.0.0.1" || name == "localhost" || header == "127.0.0.1" ||
           header == "localhost";
}

std::string read_body(net::HTTPServerRequest& in, int64_t bytes_max) {
    auto& stream = in.stream();
    std::string out;
    char buffer[16384];
    const auto wanted = static_cast<std::size_t>(bytes_max);
    // A little more is read than is taken, so that the refusal is seen before the connection ends.
    while (out.size() <= wanted && stream.good()) {
        stream.read(buffer, sizeof buffer);
        out.append(buffer, static_cast<std::size_t>(stream.gcount()));
    }
    return out;
}

class Handler : public net::HTTPRequestHandler {
public:
    Handler(Host& host, Api& api, int64_t bytes_max)
        : host_(host), api_(api), bytes_max_(bytes_max) {}

    void handleRequest(net::HTTPServerRequest& in, net::HTTPServerResponse& out) override {
        HttpReply reply;
        try {
            reply = answer(in);
        } catch (const net::NetException&) {
            reply = broken();
        } catch (const Poco::TimeoutException&) {
            reply = broken();
        } catch (const Poco::Exception&) {
            reply = refuse(400, "invalid", "Not a request", "the URL or a header is malformed");
        }
        Watch::done();
        host_.metrics().add("dunlin_http_requests_total",
                            "status=\"" + std::to_string(reply.status) + "\"");
        out.setStatusAndReason(static_cast<net::HTTPResponse::HTTPStatus>(reply.status));
        out.setContentType(reply.content_type);
        out.setContentLength64(static_cast<Poco::Int64>(reply.body.size()));
        out.set("Cache-Control", "no-store");
        out.set("X-Content-Type-Options", "nosniff");
        out.set("Content-Security-Policy", "default-src 'none'");
        for (const auto& [name, value] : reply.headers) out.set(name, value);
        auto& stream = out.send();
        if (in.getMethod() != net::HTTPRequest::HTTP_HEAD) stream << reply.body;
        stream.flush();
    }

private:
    static HttpReply broken() {
        return refuse(408, "timeout", "The request came too slowly",
                      "send the whole request within the time limit");
    }

    HttpReply answer(net::HTTPServerRequest& in) {
        if (in.getURI().size() > url_bytes_max) {
            return refuse(414, "limit", "The URL is too long", "send the request by POST");
        }
        if (!is_own_name(in.get("Host", ""))) {
            return refuse(421, "denied", "Another host was meant",
                          "this host answers to 127.0.0.1 and localhost");
        }
        const bool is_chunked = in.getChunkedTransferEncoding();
        if (in.has("Transfer-Encoding") && (!is_chunked || in.hasContentLength())) {
            return refuse(400, "invalid", "Not a request",
                          "send either Content-Length or Transfer-Encoding: chunked");
        }
        HttpRequest request;
        const Poco::URI uri(in.getURI());
        request.method = in.getMethod();
        request.path = uri.getPath();
        request.query = uri.getQueryParameters();
        request.authorization = in.get("Authorization", "");
        request.content_type = in.getContentType();
        request.idempotency_key = in.get("Idempotency-Key", "");
        request.today = in.get("X-Dunlin-Today", "");
        if (request.method == net::HTTPRequest::HTTP_POST) {
            if (!is_chunked && !in.hasContentLength()) {
                return refuse(411, "invalid", "A length is needed", "send Content-Length");
            }
            // An announced giant is refused before a byte of it is read.
            const bool is_giant = in.hasContentLength() && in.getContentLength64() > bytes_max_;
            if (!is_giant) request.body = read_body(in, bytes_max_);
            if (is_giant || static_cast<int64_t>(request.body.size()) > bytes_max_) {
                return refuse(413, "limit", "The body is too large",
                              "a body may have " + std::to_string(bytes_max_) +
                                  " bytes; [http] body_bytes_max of dunlin.toml says so");
            }
            const auto size = static_cast<Poco::Int64>(request.body.size());
            if (Watch::has_expired() || (!is_chunked && size < in.getContentLength64())) {
                return broken();
            }
        }
        Watch::done();
        return api_.handle(request);
    }

    Host& host_;
    Api& api_;
    int64_t bytes_max_;
};

class Handlers : public net::HTTPRequestHandlerFactory {
public:
    Handlers(Host& host, Api& api, int64_t bytes_max)
        : host_(host), api_(api), bytes_max_(bytes_max) {}
    net::HTTPRequestHandler* createRequestHandler(const net::HTTPServerRequest&) override {
        return new Handler(host_, api_, bytes_max_);  // The server deletes it.
    }

private:
    Host& host_;
    Api& api_;
    int64_t bytes_max_;
};

class WatchedConnection : public net::HTTPServerConnection {
public:
    WatchedConnection(const net::StreamSocket& socket, net::HTTPServerParams::Ptr params,
                      net::HTTPRequestHandlerFactory::Ptr handlers, Watchdog& watchdog)
        : HTTPServerConnection(socket, std::move(params), std::move(handlers)),
          watchdog_(watchdog) {}
    void run() override {
        const Watch watch(watchdog_, socket().impl()->sockfd());
        try {
            HTTPServerConnection::run();
        } catch (const Poco::Exception&) {
            // The other side went away; there is nobody to tell.
        }
    }

private:
    Watchdog& watchdog_;
};

class Connections : public net::TCPServerConnectionFactory {
public:
    Connections(net::HTTPServerParams::Ptr params, net::HTTPRequestHandlerFactory::Ptr handlers,
                Watchdog& watchdog)
        : params_(std::move(params)), handlers_(std::move(handlers)), watchdog_(watchdog) {}
    net::TCPServerConnection* createConnection(const net::StreamSocket& socket) override {
        return new WatchedConnection(socket, params_, handlers_, watchdog_);
    }

private:
    net::HTTPServerParams::Ptr params_;
    net::HTTPRequestHandlerFactory::Ptr handlers_;
    Watchdog& watchdog_;
};

net::ServerSocket listen_on(int port) {
    const net::SocketAddress address("127.0.0.1", static_cast<Poco::UInt16>(port));
    try {
        net::ServerSocket socket;
        // With reusePort a second host would quietly take a part of the requests.
        socket.bind(address, /*reuseAddress=*/true, /*reusePort=*/false);
        socket.listen(64);
        return socket;
    } catch (const Poco::Exception&) {
        throw Error(DUNLIN_E_UNAVAILABLE, "port " + std::to_string(port) +
                                              " of 127.0.0.1 is taken; set another [http] port in "
                                              "dunlin.toml, or 0 for a free one");
    }
}

net::HTTPServerParams::Ptr params_for(const HttpServer::Options& options) {
    net::HTTPServerParams::Ptr params = new net::HTTPServerParams;
    // One request a connection: what is read is then watched from its first byte to its last.
    params->setKeepAlive(false);
    params->setTimeout(Poco::Timespan(options.read_max.count() * 1000));
    params->setMaxThreads(16);
    params->setMaxQueued(64);
    return params;
}

}  // namespace

struct HttpServer::Impl {
    Impl(Host& host, const Options& options)
        : api(host),
          watchdog(options.read_max),
          pool("http", 2, 17),
          socket(listen_on(options.port)),
          port(socket.address().port()),
          params(params_for(options)),
          server(new Connections(params, new Handlers(host, api, options.body_bytes_max), watchdog),
                 pool, socket, params) {
        server.start();
    }

    Api api;
    Watchdog watchdog;
    Poco::ThreadPool pool;
    net::ServerSocket socket;
    int port;
    net::HTTPServerParams::Ptr params;
    net::TCPServer server;
};

HttpServer::HttpServer(Host& host, Options options)
    : impl_(std::make_unique<Impl>(host, options)) {}

HttpServer::~HttpServer() {
    stop();
}

int HttpServer::port() const {
    return impl_->port;
}

void HttpServer::stop() {
    impl_->server.stop();
    impl_->socket.close();
    impl_->watchdog.expire_all();
    impl_->pool.joinAll();
}

}  // namespace dunlin::host
