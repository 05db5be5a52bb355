// SPDX-License-Identifier: Apache-2.0
#include "http/api.hpp"

#include "host.hpp"

#include <algorithm>

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

HttpReply json_reply(int status, const Json& body) {
    HttpReply out;
    out.status = status;
    // A path may hold bytes that are no text; they are answered, not choked on.
    out.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
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

std::string token_of(const std::string& authorization) {
    constexpr std::string_view scheme = "bearer ";
    const auto is_same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
    if (authorization.size() <= scheme.size() ||
        !std::equal(scheme.begin(), scheme.end(), authorization.begin(), is_same)) {
        return {};
    }
    return authorization.substr(scheme.size());
}

bool is_utf8(const std::string& text) {
    return Json(text).dump(-1, ' ', false, Json::error_handler_t::ignore) ==
           Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool is_json(const std::string& content_type) {
    return content_type.rfind("application/json", 0) == 0 &&
           (content_type.size() == 16 || content_type[16] == ';' || content_type[16] == ' ');
}

}  // namespace

HttpReply problem(int status, const char* code, const std::string& title, const std::string& detail,
                  const std::string& instance) {
    auto out = json_reply(status, {{"type", std::string("urn:dunlin:problem:") + code},
                                   {"title", title},
                                   {"status", status},
                                   {"detail", detail},
                                   {"instance", instance},
                                   {"dunlin_status", code}});
    out.content_type = "application/problem+json";
    return out;
}

HttpReply Api::handle(const HttpRequest& request) noexcept {
    try {
        return route(request);
    } catch (const Error& e) {
        return from_error(e, request);
    } catch (const std::exception& e) {
        return from_error(Error(DUNLIN_E_INTERNAL, e.what()), request);
    }
}

HttpReply Api::from_error(const Error& error, const HttpRequest& request) {
    const auto [status, title] = answer_for(error.status());
    if (status == 500) {
        // What went wrong inside is for the log, not for whoever asks.
        const auto reference = std::to_string(host_.ids().next());
        host_.log().error("http", error.what(), {{"path", request.path}, {"reference", reference}});
        return problem(500, "internal", title,
                       "the host could not answer; its log says why under reference " + reference,
                       request.path);
    }
    auto out = problem(status, status_name(error.status()), title, host_.log().redact(error.what()),
                       request.path);
    const auto detail = Json::parse(error.detail_json(), nullptr, /*allow_exceptions=*/false);
    if (detail.is_object() || detail.is_array()) {
        auto body = Json::parse(out.body);
        if (detail.is_array()) body["violations"] = detail;
        if (detail.is_object()) {
            for (const auto& [key, value] : detail.items()) {
                if (!body.contains(key)) body[key] = value;
            }
        }
        out.body = host_.log().redact(body.dump());
    }
    if (status == 503) out.headers.emplace_back("Retry-After", "2");
    return out;
}

HttpReply Api::route(const HttpRequest& request) {
    const auto& path = request.path;
    constexpr std::string_view commands = "/api/v1/";
    if (path.rfind(commands, 0) == 0) {
        const auto name = path.substr(commands.size());
        return name.rfind("host.", 0) == 0 ? of_host(request, name) : command(request, name);
    }
    const bool is_open = path == "/health" || path == "/metrics" || path == "/api/openapi.json";
    if (is_open && request.method != "GET" && request.method != "HEAD") {
        return not_allowed(request, "GET, HEAD");
    }
    if (path == "/health") {
        const auto state = health(host_);
        return json_reply(state["status"] == "fail" ? 503 : 200, state);
    }
    if (path == "/metrics") return metrics();
    if (path == "/api/openapi.json") return json_reply(200, openapi(host_));
    return problem(404, "not_found", "There is no such path",
                   "try /api/openapi.json, /api/v1/<command>, /health or /metrics", path);
}

HttpReply Api::command(const HttpRequest& request, const std::string& name) {
    const auto principal = host_.authenticate(token_of(request.authorization));
    if (!principal) return no_token(request);
    const auto* spec = host_.plugins().command(name);
    if (!spec) {
        throw Error(DUNLIN_E_NOT_FOUND,
                    "no running plugin has a command of that name; /api/openapi.json lists them");
    }
    const bool is_get = request.method == "GET" && !spec->is_action;
    if (!is_get && request.method != "POST") {
        return not_allowed(request, spec->is_action ? "POST" : "GET, POST");
    }

    CallOptions options;
    options.idempotency_key = request.idempotency_key;
    auto today = request.today;
    auto texts = request.query;
    for (const auto& [key, value] : texts) {
        if (!is_utf8(key + value)) throw Error(DUNLIN_E_INVALID, "the query is not UTF-8");
    }
    const auto& own = spec->request.value("properties", Json::object());
    if (!own.contains("today")) {
        for (const auto& [key, value] : texts) {
            if (key == "today") today = value;
        }
        std::erase_if(texts, [](const auto& pair) { return pair.first == "today"; });
    }
    if (!today.empty()) options.today = Date::parse(today);
    if (options.idempotency_key.size() > 200) {
        throw Error(DUNLIN_E_INVALID, "Idempotency-Key has more than 200 characters; shorten it");
    }

    HttpReply out;
    if (is_get) {
        const auto document = host_.commands().request_from_texts(*spec, texts);
        out.body = host_.commands().call(*principal, name, document.dump(), options);
        return out;
    }
    if (!texts.empty()) {
        throw Error(DUNLIN_E_INVALID, "a POST takes its request from the body, not the query");
    }
    if (!is_json(request.content_type)) {
        return problem(415, "unsupported", "Not the right kind of body",
                       "send \"Content-Type: application/json\"", request.path);
    }
    if (!Json::accept(request.body)) {
        return problem(400, "invalid", "The body is not JSON",
                       "send one JSON object in UTF-8, for example {}", request.path);
    }
    out.body = host_.commands().call(*principal, name, request.body, options);
    return out;
}

HttpReply Api::of_host(const HttpRequest& request, const std::string& name) {
    if (!host_.authenticate(token_of(request.authorization))) return no_token(request);
    if (request.method != "GET") return not_allowed(request, "GET");
    // Counters and names only: every token may see how far a run is.
    if (name == "host.sync_progress") return json_reply(200, host_.sync().progress());
    if (name == "host.sync_status") return json_reply(200, host_.sync().status());
    if (name == "host.events_status") return json_reply(200, host_.events().status());
    if (name == "host.plugins") {
        auto list = Json::array();
        for (const auto* plugin : host_.plugins().in_order()) {
            list.push_back({{"id", plugin->id()},
                            {"version", plugin->manifest.version},
                            {"state", name_of(plugin->state)}});
        }
        return json_reply(200, {{"plugins", list}});
    }
    throw Error(DUNLIN_E_NOT_FOUND,
                "the host answers host.sync_progress, host.sync_status, host.events_status and "
                "host.plugins");
}

HttpReply Api::metrics() {
    for (const auto* plugin : host_.plugins().in_order()) {
        host_.metrics().set("dunlin_plugin_up", "plugin=\"" + plugin->id() + "\"",
                            plugin->is_running() ? 1 : 0);
    }
    HttpReply out;
    out.content_type = "text/plain; version=0.0.4; charset=utf-8";
    out.body = host_.metrics().text();
    return out;
}

}  // namespace dunlin::host
