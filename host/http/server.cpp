// SPDX-License-Identifier: Apache-2.0
#include "http/server.hpp"

#include "host.hpp"
#include "http/api.hpp"

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServerConnectionFactory.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/StreamSocketImpl.h>
#include <Poco/Net/TCPServer.h>
#include <Poco/String.h>
#include <Poco/ThreadPool.h>
#include <Poco/URI.h>

#include <unistd.h>

#include <algorithm>
#include <atomic>

namespace dunlin::host {

namespace net = Poco::Net;

namespace {

constexpr std::size_t url_bytes_max = 8192;
constexpr int64_t hook_bytes_max = 256 * 1024;

/// A page of another site must not reach the host through a name that it points at 127.0.0.1.
bool is_own_name(const std::string& header) {
    const auto name = header.substr(0, header.rfind(':'));
    return header.empty() || name == "127.0.0.1" || name == "localhost";
}

std::string read_body(std::istream& stream, int64_t bytes_max) {
    std::string out;
    char buffer[16384];
    // A little more is read than is taken, so that the refusal is seen before the connection ends.
    while (static_cast<int64_t>(out.size()) <= bytes_max && stream.good()) {
        stream.read(buffer, sizeof buffer);
        out.append(buffer, static_cast<std::size_t>(stream.gcount()));
    }
    return out;
}

class Handler : public net::HTTPRequestHandler {
public:
    Handler(Host& host, int64_t bytes_max) : host_(host), bytes_max_(bytes_max) {}

    void handleRequest(net::HTTPServerRequest& in, net::HTTPServerResponse& out) override {
        HttpReply reply;
        try {
            reply = reply_to(in);
        } catch (const Poco::Exception&) {
            reply = problem(400, "invalid", "Not a request", "the URL or a header is malformed");
        }
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
    HttpReply reply_to(net::HTTPServerRequest& in) {
        if (in.getURI().size() > url_bytes_max) {
            return problem(414, "limit", "The URL is too long", "send the request by POST");
        }
        if (!is_own_name(in.get("Host", ""))) {
            return problem(421, "denied", "Another host was meant",
                           "this host answers to 127.0.0.1 and localhost");
        }
        const bool is_chunked = in.getChunkedTransferEncoding();
        if (in.has("Transfer-Encoding") && (!is_chunked || in.hasContentLength())) {
            return problem(400, "invalid", "Not a request",
                           "send either Content-Length or Transfer-Encoding: chunked");
        }
        const Poco::URI uri(in.getURI());
        HttpRequest request{in.getMethod(),
                            uri.getPath(),
                            uri.getQueryParameters(),
                            in.get("Authorization", ""),
                            in.getContentType(),
                            in.get("Idempotency-Key", ""),
                            in.get("X-Dunlin-Today", ""),
                            ""};
        const bool is_hook = request.path.starts_with(hooks_path);
        for (const auto& [name, value] : in) {
            if (is_hook) request.headers.emplace_back(Poco::toLower(name), value);
        }
        if (request.method == net::HTTPRequest::HTTP_POST) {
            if (!is_chunked && !in.hasContentLength()) {
                return problem(411, "invalid", "A length is needed", "send Content-Length");
            }
            // An announced giant is refused before a byte of it is read.
            const auto most = is_hook ? std::min(hook_bytes_max, bytes_max_) : bytes_max_;
            const bool is_giant = in.hasContentLength() && in.getContentLength64() > most;
            if (!is_giant) request.body = read_body(in.stream(), most);
            const auto size = static_cast<int64_t>(request.body.size());
            if (is_giant || size > most) {
                return problem(413, "limit", "The body is too large",
                               "a body may have " + std::to_string(most) +
                                   " bytes here; [http] body_bytes_max of dunlin.toml limits those "
                                   "of commands");
            }
            if (in.stream().bad() || (!is_chunked && size < in.getContentLength64())) {
                return problem(408, "timeout", "The request came too slowly",
                               "send the whole request within the time limit");
            }
        }
        return answer(host_, request);
    }

    Host& host_;
    int64_t bytes_max_;
};

class Handlers : public net::HTTPRequestHandlerFactory {
public:
    Handlers(Host& host, int64_t bytes_max) : host_(host), bytes_max_(bytes_max) {}
    net::HTTPRequestHandler* createRequestHandler(const net::HTTPServerRequest&) override {
        return new Handler(host_, bytes_max_);  // The server deletes it.
    }

private:
    Host& host_;
    int64_t bytes_max_;
};

/// A connection whose request is there whole before a deadline, however lively each byte looks, or
/// not at all. A server that stops waits for nobody's request.
class TimedSocket : public net::StreamSocketImpl {
public:
    TimedSocket(int fd, std::chrono::milliseconds read_max, const std::atomic<bool>& is_stopping)
        : StreamSocketImpl(fd),
          deadline_(std::chrono::steady_clock::now() + read_max),
          is_stopping_(is_stopping) {}

    bool poll(const Poco::Timespan&, int mode) override {
        const Poco::Timespan step(0, 100'000);
        while (!is_stopping_ && std::chrono::steady_clock::now() < deadline_) {
            if (StreamSocketImpl::poll(step, mode)) return true;
        }
        return false;
    }
    int receiveBytes(void* buffer, int length, int flags) override {
        if (!poll({}, SELECT_READ)) throw Poco::TimeoutException("the request is not whole");
        return StreamSocketImpl::receiveBytes(buffer, length, flags);
    }

private:
    std::chrono::steady_clock::time_point deadline_;
    const std::atomic<bool>& is_stopping_;
};

class Connections : public net::HTTPServerConnectionFactory {
public:
    Connections(net::HTTPServerParams::Ptr params, net::HTTPRequestHandlerFactory::Ptr handlers,
                std::chrono::milliseconds read_max, const std::atomic<bool>& is_stopping)
        : HTTPServerConnectionFactory(std::move(params), std::move(handlers)),
          read_max_(read_max),
          is_stopping_(is_stopping) {}
    /// Called by the thread that is going to read the request.
    net::TCPServerConnection* createConnection(const net::StreamSocket& socket) override {
        net::StreamSocket timed(
            new TimedSocket(::dup(socket.impl()->sockfd()), read_max_, is_stopping_));
        timed.setSendTimeout(Poco::Timespan(read_max_.count() * 1000));  // Who reads must read on.
        return HTTPServerConnectionFactory::createConnection(timed);
    }

private:
    std::chrono::milliseconds read_max_;
    const std::atomic<bool>& is_stopping_;
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

net::HTTPServerParams::Ptr server_params() {
    net::HTTPServerParams::Ptr params = new net::HTTPServerParams;
    // One request a connection: its deadline is then the connection's.
    params->setKeepAlive(false);
    params->setMaxThreads(16);
    params->setMaxQueued(64);
    return params;
}

}  // namespace

struct HttpServer::Impl {
    Impl(Host& host, const Options& options)
        : socket(listen_on(options.port)),
          port(socket.address().port()),
          params(server_params()),
          server(new Connections(params, new Handlers(host, options.body_bytes_max),
                                 options.read_max, is_stopping),
                 pool, socket, params) {
        server.start();
    }

    std::atomic<bool> is_stopping{false};
    Poco::ThreadPool pool{"http", 2, 17};
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
    impl_->is_stopping = true;
    impl_->pool.joinAll();
}

}  // namespace dunlin::host
