// SPDX-License-Identifier: Apache-2.0
#include "http/api.hpp"

#include "host.hpp"

#include <dunlin/utf8.hpp>

#include <Poco/Net/MediaType.h>
#include <boost/algorithm/string/predicate.hpp>

namespace dunlin::host {

namespace {

struct Answer {
    int status;
    const char* title;
};

/// What the status asks of the caller, in the words of HTTP.
Answer answer_for(dunlin_status status) {
    switch (status) {
        case DUNLIN_E_INVALID: return {422, "The request is not valid"};
        case DUNLIN_E_NOT_FOUND: return {404, "There is no such thing"};
        case DUNLIN_E_EXISTS: return {409, "It exists already"};
        case DUNLIN_E_CONFLICT: return {409, "The state says no"};
        case DUNLIN_E_DENIED: return {403, "Not permitted"};
        case DUNLIN_E_UNSUPPORTED: return {501, "Not supported here"};
        case DUNLIN_E_UNAVAILABLE: return {503, "Not available just now"};
        case DUNLIN_E_TIMEOUT: return {504, "It took too long"};
        case DUNLIN_E_CANCELLED: return {503, "Stopped before its end"};
        case DUNLIN_E_LIMIT: return {413, "Too large"};
        case DUNLIN_E_DATA: return {422, "The data is broken"};
        default: return {500, "A mistake inside"};
    }
}

HttpReply json_reply(const Json& body, int status = 200) {
    // A path may hold bytes that are no text; they are answered, not choked on.
    return {status, "application/json", body.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

HttpReply from_error(Host& host, const Error& error, const std::string& path) {
    const auto [status, title] = answer_for(error.status());
    if (status == 500) {
        // What went wrong inside is for the log, not for whoever asks.
        const auto reference = std::to_string(host.ids().next());
        host.log().error("http", error.what(), {{"path", path}, {"reference", reference}});
        return problem(500, "internal", title,
                       "the host could not answer; its log says why under reference " + reference,
                       path);
    }
    auto more = Json::parse(error.detail_json(), nullptr, /*allow_exceptions=*/false);
    if (more.is_array()) more = {{"violations", more}};
    if (!more.is_object()) more = Json::object();
    auto out = problem(status, status_name(error.status()), title, host.log().redact(error.what()),
                       path, std::move(more));
    out.body = host.log().redact(out.body);
    if (status == 503) out.headers.emplace_back("Retry-After", "2");
    return out;
}

HttpReply not_allowed(const HttpRequest& request, const char* allowed) {
    auto out = problem(405, "unsupported", "The method does not fit",
                       "this path answers " + std::string(allowed) + " only", request.path);
    out.headers.emplace_back("Allow", allowed);
    return out;
}

HttpReply no_token(const HttpRequest& request) {
    auto out = problem(401, "denied", "A token is needed",
                       "send \"Authorization: Bearer <token>\" with a token of this instance; "
                       "dunlin token create makes one",
                       request.path);
    out.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"dunlin\"");
    return out;
}

std::optional<Principal> principal_of(Host& host, const HttpRequest& request) {
    constexpr std::string_view scheme = "Bearer ";
    const bool has_token = boost::istarts_with(request.authorization, scheme);
    return host.authenticate(has_token ? request.authorization.substr(scheme.size()) : "");
}

HttpReply health_reply(Host& host) {
    const auto checks = health(host);
    const auto any_is = [&](const char* state) {
        return std::any_of(checks.begin(), checks.end(),
                           [&](const Finding& one) { return one.state == state; });
    };
    const auto* status = any_is("fail") ? "fail" : any_is("warn") ? "warn" : "ok";
    return json_reply({{"status", status}, {"checks", checks}}, any_is("fail") ? 503 : 200);
}

HttpReply metrics_reply(Host& host) {
    for (const auto* plugin : host.plugins().in_order()) {
        host.metrics().set("dunlin_plugin_up", "plugin=\"" + plugin->id() + "\"",
                           plugin->is_running() ? 1 : 0);
    }
    return {200, "text/plain; version=0.0.4; charset=utf-8", host.metrics().text()};
}

HttpReply plugins_reply(Host& host) {
    auto list = Json::array();
    for (const auto* plugin : host.plugins().in_order()) {
        list.push_back({{"id", plugin->id()},
                        {"version", plugin->manifest.version},
                        {"state", name_of(plugin->state)}});
    }
    return json_reply({{"plugins", list}});
}

constexpr std::string_view commands = "/api/v1/";  // What is below needs a token.
/// What the host answers itself. Counters and names only: every token may see how far a run is.
const std::map<std::string, std::function<HttpReply(Host&)>> routes{
    {"/health", health_reply},
    {"/metrics", metrics_reply},
    {"/api/openapi.json", [](Host& host) { return json_reply(openapi(host)); }},
    {"/api/v1/host.plugins", plugins_reply},
    {"/api/v1/host.sync_progress", [](Host& h) { return json_reply(h.sync().progress()); }},
    {"/api/v1/host.sync_status", [](Host& h) { return json_reply(h.sync().status()); }},
    {"/api/v1/host.write_backs", [](Host& h) { return json_reply(h.write_backs().counts()); }},
    {"/api/v1/host.events_status", [](Host& h) { return json_reply(h.events().status()); }},
};

/// What stands beside the request itself; takes "today" out of the query unless it is the
/// command's.
CallOptions options_of(HttpRequest& request, const CommandSpec& command) {
    CallOptions out;
    for (const auto& [key, value] : request.query) {
        if (!is_utf8(key + value)) throw Error(DUNLIN_E_INVALID, "the query is not UTF-8");
    }
    if (!command.request.value("properties", Json::object()).contains("today")) {
        std::erase_if(request.query, [&](const auto& pair) {
            if (pair.first == "today") request.today = pair.second;
            return pair.first == "today";
        });
    }
    if (!request.today.empty()) out.today = Date::parse(request.today);
    out.idempotency_key = request.idempotency_key;
    if (out.idempotency_key.size() > 200) {
        throw Error(DUNLIN_E_INVALID, "Idempotency-Key has more than 200 characters; shorten it");
    }
    return out;
}

HttpReply call(Host& host, const Principal& principal, HttpRequest request) {
    const auto name = request.path.substr(commands.size());
    const auto* spec = host.plugins().command(name);
    if (!spec) {
        throw Error(DUNLIN_E_NOT_FOUND,
                    "no running plugin has a command of that name; /api/openapi.json lists them");
    }
    const bool is_get = request.method == "GET" && !spec->is_action;
    if (!is_get && request.method != "POST") {
        return not_allowed(request, spec->is_action ? "POST" : "GET, POST");
    }
    const auto options = options_of(request, *spec);
    if (is_get) {
        request.body = host.commands().request_from_texts(*spec, request.query).dump();
    } else if (!request.query.empty()) {
        throw Error(DUNLIN_E_INVALID, "a POST takes its request from the body, not the query");
    } else if (!Poco::Net::MediaType(request.content_type).matches("application", "json")) {
        return problem(415, "unsupported", "Not the right kind of body",
                       "send \"Content-Type: application/json\"", request.path);
    } else if (!Json::accept(request.body)) {
        return problem(400, "invalid", "The body is not JSON",
                       "send one JSON object in UTF-8, for example {}", request.path);
    }
    return {200, "application/json", host.commands().call(principal, name, request.body, options)};
}

/// Whoever sends it need not know more than whether it was taken; the log says why not.
HttpReply take_hook(Host& host, const HttpRequest& request) {
    if (request.method != "POST") return not_allowed(request, "POST");
    const auto refused = [&](int status, const char* code, const char* why) {
        return problem(status, code, "The message was not taken", why, request.path);
    };
    try {
        host.sync().hook(request.path.substr(hooks_path.size()), request.headers, request.body);
    } catch (const Error& e) {
        switch (e.status()) {
            case DUNLIN_E_NOT_FOUND:
            case DUNLIN_E_UNSUPPORTED:
                return refused(404, "not_found", "no source of that name takes messages");
            case DUNLIN_E_DENIED: return refused(401, "denied", "its signature is not right");
            case DUNLIN_E_INVALID:
            case DUNLIN_E_DATA: return refused(400, "invalid", "it cannot be read");
            case DUNLIN_E_LIMIT: {
                auto out = refused(429, "limit", "too many messages in a minute");
                out.headers.emplace_back("Retry-After", "60");
                return out;
            }
            default: throw;
        }
    }
    return json_reply(Json::object());
}

HttpReply route(Host& host, const HttpRequest& request) {
    const bool is_command = request.path.starts_with(commands);
    const auto principal = is_command ? principal_of(host, request) : std::nullopt;
    if (is_command && !principal) return no_token(request);
    if (const auto found = routes.find(request.path); found != routes.end()) {
        const bool is_read = request.method == "GET" || request.method == "HEAD";
        return is_read ? found->second(host) : not_allowed(request, "GET, HEAD");
    }
    if (is_command) return call(host, *principal, request);
    if (request.path.starts_with(hooks_path)) return take_hook(host, request);
    return problem(404, "not_found", "There is no such path",
                   "try /api/openapi.json, /api/v1/<command>, /health or /metrics", request.path);
}

}  // namespace

HttpReply problem(int status, const char* code, const char* title, const std::string& detail,
                  const std::string& instance, Json more) {
    more.update({{"type", std::string("urn:dunlin:problem:") + code},
                 {"title", title},
                 {"status", status},
                 {"detail", detail},
                 {"instance", instance},
                 {"dunlin_status", code}});
    auto out = json_reply(more, status);
    out.content_type = "application/problem+json";
    return out;
}

HttpReply answer(Host& host, const HttpRequest& request) noexcept {
    try {
        return route(host, request);
    } catch (const Error& e) {
        return from_error(host, e, request.path);
    } catch (const std::exception& e) {
        return from_error(host, Error(DUNLIN_E_INTERNAL, e.what()), request.path);
    }
}

}  // namespace dunlin::host
