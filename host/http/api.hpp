// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/error.hpp>
#include <dunlin/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace dunlin::host {

class Host;

/// A request after the wire: whole, decoded, within the limits.
struct HttpRequest {
    std::string method, path;  // The path without its query.
    std::vector<std::pair<std::string, std::string>> query;
    std::string authorization, content_type, idempotency_key, today;
    std::string body;
};

struct HttpReply {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
};

/// An RFC 9457 problem document.
HttpReply problem(int status, const char* code, const std::string& title, const std::string& detail,
                  const std::string& instance);

/// What each path answers. Knows nothing of sockets. Thread-safe.
class Api {
public:
    explicit Api(Host& host) : host_(host) {}
    /// Never throws: whatever goes wrong becomes a problem document.
    HttpReply handle(const HttpRequest& request) noexcept;

private:
    HttpReply route(const HttpRequest& request);
    HttpReply command(const HttpRequest& request, const std::string& name);
    HttpReply of_host(const HttpRequest& request, const std::string& name);
    HttpReply from_error(const Error& error, const HttpRequest& request);
    HttpReply metrics();
    Host& host_;
};

/// OpenAPI 3.0.3 of the commands that running plugins offer.
Json openapi(Host& host);

/// {"status":"ok|warn|fail","checks":[{"name","state","message","remedy"}]}: the store, the plugins
/// and what they say of themselves.
Json health(Host& host);

}  // namespace dunlin::host
