// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.hpp"
#include "http_client/rates.hpp"

#include <dunlin/http.hpp>

#include <functional>
#include <memory>

namespace Poco::Net {
class HTTPClientSession;
}

namespace dunlin::host {

/// Requests to other systems. Connections are kept open for a few seconds and shared by all who
/// ask for the same scheme, host and port. Thread-safe.
class HttpClient {
public:
    /// Where a reply goes while it comes.
    using Body = std::function<void(std::string_view)>;

    explicit HttpClient(const Config& config);
    ~HttpClient();

    /// Status, headers and wait of the reply; the body goes to `body` in pieces. Errors as
    /// dunlin.http_client/1 has them. `stops` is asked several times a second.
    HttpReply send(const HttpRequest& request, const std::function<bool()>& stops,
                   const Body& body);

    /// How many requests plugins may send; whoever calls send() for one waits there before.
    RequestRates& rates() { return rates_; }

    /// "https://erp.example:8069" of a URL. Error invalid when it is none, or holds a password.
    static std::string origin_of(const std::string& url);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
    RequestRates rates_;
};

extern const dunlin_http_client_v1 http_client_service;

}  // namespace dunlin::host
