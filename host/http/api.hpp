// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "store/store.hpp"

#include <dunlin/json.hpp>

#include <string>
#include <string_view>
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
    std::vector<std::pair<std::string, std::string>> headers = {};  // Names in lower case.
};

/// Where messages of other systems arrive: /hooks/<source>.
constexpr std::string_view hooks_path = "/hooks/";

struct HttpReply {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers = {};
};

/// An RFC 9457 problem document; `more` are further members of it.
HttpReply problem(int status, const char* code, const char* title, const std::string& detail,
                  const std::string& instance = {}, Json more = Json::object());

/// What each path answers. Knows nothing of sockets, and never throws: whatever goes wrong becomes
/// a problem document. Thread-safe.
HttpReply answer(Host& host, const HttpRequest& request) noexcept;

/// OpenAPI 3.0.3 of the commands that running plugins offer.
Json openapi(Host& host);

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Finding, name, state, message, remedy)
/// How the store is, each plugin, and what they say of themselves.
std::vector<Finding> health(Host& host);

}  // namespace dunlin::host
