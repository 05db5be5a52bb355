// SPDX-License-Identifier: Apache-2.0
#include "http_client/http_client.hpp"

#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeParser.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/RejectCertificateHandler.h>
#include <Poco/Net/SSLException.h>
#include <Poco/Net/SSLManager.h>
#include <Poco/URI.h>
#include <boost/algorithm/string.hpp>

#include <chrono>
#include <mutex>

namespace dunlin::host {

namespace net = Poco::Net;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr milliseconds idle_max{4000};  // Servers close after five and more.
constexpr milliseconds connect_max{10'000};

using Session = std::unique_ptr<net::HTTPClientSession>;

Poco::URI parse(const std::string& url) {
    try {
        Poco::URI out(url);
        const bool is_web = out.getScheme() == "http" || out.getScheme() == "https";
        if (is_web && !out.getHost().empty() && out.getUserInfo().empty()) return out;
    } catch (const Poco::SyntaxException&) {  // Said below.
    }
    throw Error(DUNLIN_E_INVALID,
                "an address for a request must be like https://erp.example:8000/path, without a "
                "user or password in it");
}

/// Until when an exchange may last, and whether somebody wants it to stop.
struct Patience {
    const std::function<bool()>& stops;
    std::string where;
    steady_clock::time_point end;

    void check() const {
        if (stops()) throw Error(DUNLIN_E_CANCELLED, "stopped on request");
        if (steady_clock::now() < end) return;
        throw Error(DUNLIN_E_TIMEOUT, where +
                                          " did not answer in time; whether the request took "
                                          "effect is not known");
    }
    Poco::Timespan left(milliseconds most) const {
        const auto rest = std::chrono::duration_cast<milliseconds>(end - steady_clock::now());
        return {std::max<int64_t>(1, std::min(rest, most).count()) * 1000};
    }
};

std::optional<milliseconds> wait_of(const net::HTTPResponse& response) {
    const auto text = response.get("Retry-After", "");
    if (text.empty()) return std::nullopt;
    if (text.size() <= 9 && std::all_of(text.begin(), text.end(), boost::is_digit())) {
        return std::chrono::seconds(std::stoll(text));
    }
    Poco::DateTime then;
    int zone = 0;
    if (!text.ends_with(" GMT") ||  // The parser takes almost anything.
        !Poco::DateTimeParser::tryParse(Poco::DateTimeFormat::HTTP_FORMAT, text, then, zone)) {
        return std::nullopt;
    }
    const auto away = (then.timestamp() - Poco::Timestamp()) / 1000;
    return milliseconds(std::max<int64_t>(0, away));
}

void need_clean(const std::string& text) {
    if (text.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos) return;
    throw Error(DUNLIN_E_INVALID, "a request's method and headers hold no line breaks");
}

}  // namespace

struct HttpClient::Impl {
    struct Idle {
        Session session;
        steady_clock::time_point since;
    };
    net::Context::Ptr context;
    milliseconds timeout;
    int64_t body_limit;
    std::mutex mutex;
    std::multimap<std::string, Idle> idle;

    Session make(const Poco::URI& url, const Patience& patience) const {
        Session out;
        if (url.getScheme() == "https") {
            out = std::make_unique<net::HTTPSClientSession>(url.getHost(), url.getPort(), context);
        } else {
            out = std::make_unique<net::HTTPClientSession>(url.getHost(), url.getPort());
        }
        out->setKeepAlive(true);
        out->setTimeout(patience.left(connect_max));
        return out;
    }

    /// An open connection that nobody uses and the other side has not closed.
    Session take(const std::string& origin) {
        const std::lock_guard lock(mutex);
        for (auto it = idle.find(origin); it != idle.end() && it->first == origin;) {
            auto one = std::move(it->second);
            it = idle.erase(it);
            const bool is_fresh = steady_clock::now() - one.since < idle_max;
            // Readable without a question asked: it was closed.
            if (is_fresh && !one.session->socket().poll(0, net::Socket::SELECT_READ)) {
                return std::move(one.session);
            }
        }
        return nullptr;
    }

    void give(const std::string& origin, Session session) {
        const std::lock_guard lock(mutex);
        const auto now = steady_clock::now();
        std::erase_if(idle, [&](const auto& one) { return now - one.second.since > idle_max; });
        idle.emplace(origin, Idle{std::move(session), now});
    }

    /// Connects and sends; nothing has arrived when it throws.
    void ask(net::HTTPClientSession& session, const HttpRequest& request, const Poco::URI& url,
             const std::string& origin) const {
        const auto path = url.getPathAndQuery();
        net::HTTPRequest out(request.method, path.empty() ? "/" : path, net::HTTPMessage::HTTP_1_1);
        for (const auto& [name, value] : request.headers) {
            need_clean(name + value);
            out.add(name, value);
        }
        need_clean(request.method);
        out.setContentLength64(static_cast<Poco::Int64>(request.body.size()));
        try {
            session.sendRequest(out) << request.body << std::flush;
        } catch (const net::SSLException& e) {
            throw Error(DUNLIN_E_DENIED,
                        origin + " shows a certificate that is not trusted (" + e.displayText() +
                            "); name the authority's file as ca_file in [http_client]");
        } catch (const Poco::Exception& e) {
            throw Error(DUNLIN_E_UNAVAILABLE, origin + " cannot be reached (" + e.displayText() +
                                                  "); check the address, and that the server runs");
        }
    }

    /// How much it was.
    int64_t read_body(net::HTTPClientSession& session, std::istream& in, const Patience& patience,
                      int64_t limit, const Body& body) const {
        char buffer[65536];
        for (int64_t sum = 0;;) {
            patience.check();
            session.setTimeout(patience.left(milliseconds(3'600'000)));
            if (in.peek() == std::istream::traits_type::eof()) {
                if (in.bad()) throw net::NetException("the connection broke");
                return sum;
            }
            // What has come, without waiting for more: who sends slowly is looked at in between.
            in.read(buffer, std::min<std::streamsize>(in.rdbuf()->in_avail(), sizeof buffer));
            const auto got = in.gcount();
            if ((sum += got) > limit) {
                throw Error(DUNLIN_E_LIMIT, "the reply of " + patience.where + " is larger than " +
                                                std::to_string(limit) + " bytes");
            }
            body({buffer, static_cast<std::size_t>(got)});
        }
    }

    HttpReply receive(net::HTTPClientSession& session, const Patience& patience,
                      const HttpRequest& request, const Body& body, bool& keeps) const {
        while (!session.socket().poll(patience.left(milliseconds(200)), net::Socket::SELECT_READ)) {
            patience.check();
        }
        session.setTimeout(patience.left(milliseconds(3'600'000)));
        net::HTTPResponse in;
        auto& stream = session.receiveResponse(in);
        HttpReply out;
        out.status = in.getStatus();
        out.retry_after = wait_of(in);
        for (const auto& [name, value] : in) {
            out.headers.emplace_back(boost::to_lower_copy(name), value);
        }
        const auto limit = request.body_limit > 0 ? request.body_limit : body_limit;
        const auto got = read_body(session, stream, patience, limit, body);
        const bool has_body = request.method != "HEAD" && out.status != 204 && out.status != 304;
        // Poco ends a body quietly where the connection ends.
        if (has_body && in.hasContentLength() && got < in.getContentLength64()) {
            throw net::NetException("it sent less than it had announced");
        }
        keeps = in.getKeepAlive();
        return out;
    }
};

HttpClient::HttpClient(const Config& config) : impl_(std::make_unique<Impl>()) {
    net::initializeSSL();
    net::Context::Ptr context(new net::Context(
        net::Context::TLS_CLIENT_USE, "", "", config.http_client_ca_file,
        net::Context::VERIFY_STRICT, /*verificationDepth=*/9, /*loadDefaultCAs=*/true));
    context->requireMinimumProtocol(net::Context::PROTO_TLSV1_2);
    net::SSLManager::instance().initializeClient(
        nullptr, new net::RejectCertificateHandler(/*handleErrorsOnServerSide=*/false), context);
    impl_->context = context;
    impl_->timeout = std::chrono::seconds(config.http_client_timeout_s);
    impl_->body_limit = config.http_client_body_bytes_max;
}

HttpClient::~HttpClient() {
    impl_.reset();
    net::uninitializeSSL();
}

std::string HttpClient::origin_of(const std::string& url) {
    const auto parsed = parse(url);
    return parsed.getScheme() + "://" + parsed.getHost() + ":" + std::to_string(parsed.getPort());
}

HttpReply HttpClient::send(const HttpRequest& request, const std::function<bool()>& stops,
                           const Body& body) {
    const auto url = parse(request.url);
    const auto origin = origin_of(request.url);
    const auto timeout = request.timeout.count() > 0 ? request.timeout : impl_->timeout;
    const Patience patience{stops, origin, steady_clock::now() + timeout};
    patience.check();
    auto session = impl_->take(origin);
    if (!session) session = impl_->make(url, patience);
    impl_->ask(*session, request, url, origin);
    try {
        bool keeps = false;
        auto reply = impl_->receive(*session, patience, request, body, keeps);
        if (keeps) impl_->give(origin, std::move(session));
        return reply;
    } catch (const Poco::Exception& e) {
        throw Error(DUNLIN_E_TIMEOUT, origin + " broke off before it had answered (" +
                                          e.displayText() +
                                          "); whether the request took effect is not known");
    }
}

}  // namespace dunlin::host
