// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/abi/http_client.h>
#include <dunlin/services.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunlin {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// A text as part of an address or a form: everything but RFC 3986's unreserved characters as %XX.
inline std::string percent_encoded(std::string_view text) {
    static constexpr std::string_view hex = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool is_plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                              (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_' ||
                              c == '~';
        if (is_plain) {
            out += c;
        } else {
            out += {'%', hex[byte >> 4U], hex[byte & 15U]};
        }
    }
    return out;
}

struct HttpRequest {
    std::string method = "GET";
    std::string url;
    HttpHeaders headers{};  // No Host and no Content-Length.
    std::string body{};
    std::chrono::milliseconds timeout{0};  // Of the whole exchange; 0: the operator's default.
    int64_t body_limit = 0;                // Of the reply, in bytes; 0: the operator's default.
};

struct HttpReply {
    int32_t status = 0;   // 200, 404, …
    HttpHeaders headers;  // Names in lower case.
    std::string body;
    std::optional<std::chrono::milliseconds> retry_after;

    /// The value of a header, empty when it is not there. `name` in lower case.
    std::string header(std::string_view name) const {
        for (const auto& [key, value] : headers) {
            if (key == name) return value;
        }
        return {};
    }
};

/// The way out to other systems, see abi/http_client.h for what is granted and the errors.
class HttpClient {
public:
    explicit HttpClient(const Services& services)
        : host_(services.host()),
          table_(&services.table<dunlin_http_client_v1>(DUNLIN_SVC_HTTP_CLIENT)) {}

    /// Every HTTP status is a reply; throws when there is none.
    HttpReply send(const HttpRequest& request, const Cancel& cancel) const {
        HttpReply reply;
        std::string headers_json;
        const StringWriter headers(headers_json), body(reply.body);
        const auto sent_headers =
            request.headers.empty() ? std::string() : Json(request.headers).dump();
        const dunlin_http_request out{sizeof out,
                                      static_cast<int32_t>(request.timeout.count()),
                                      to_abi(request.method),
                                      to_abi(request.url),
                                      to_abi(sent_headers),
                                      to_abi(request.body),
                                      request.body_limit};
        dunlin_http_response in{sizeof in, 0, -1, *headers.abi(), *body.abi()};
        ErrorSink err;
        err.check(table_->send(host_->ctx, &out, cancel.abi(), &in, err.sink()), "send");
        reply.status = in.http_status;
        reply.headers = Json::parse(headers_json).get<HttpHeaders>();
        if (in.retry_after_ms >= 0)
            reply.retry_after = std::chrono::milliseconds(in.retry_after_ms);
        return reply;
    }

private:
    const dunlin_host* host_;
    const dunlin_http_client_v1* table_;
};

}  // namespace dunlin
