// SPDX-License-Identifier: Apache-2.0
#include "host.hpp"
#include "http_client/http_client.hpp"

#include "plugins/services.hpp"

#include <dunlin/entry.hpp>

namespace dunlin::host {

namespace {

bool is_granted(const dunlin_ctx& context, const std::string& origin) {
    for (const auto& url : granted_settings(*context.host, *context.plugin, "uri")) {
        if (HttpClient::origin_of(url) == origin) return true;
    }
    const auto egress = "egress:" + origin.substr(origin.find("://") + 3);
    return origin.starts_with("https://") && context.plugin->manifest.permissions.count(egress) > 0;
}

void send(dunlin_ctx* context, const dunlin_http_request* in, dunlin_cancel* cancel,
          dunlin_http_response* out) {
    need_no_transaction("a request to another system was made");
    HttpRequest request;
    request.method = to_view(in->method);
    request.url = to_view(in->url);
    const auto headers = to_view(in->headers_json);
    if (!headers.empty()) request.headers = Json::parse(headers).get<HttpHeaders>();
    request.body = to_view(in->body);
    request.timeout = std::chrono::milliseconds(in->timeout_ms);
    request.body_limit = in->body_limit;

    const auto& id = context->plugin->id();
    const auto origin = HttpClient::origin_of(request.url);
    if (!is_granted(*context, origin)) {
        throw Error(DUNLIN_E_DENIED,
                    "the plugin " + id + " may not reach " + origin +
                        "; name this address in one of its settings, if it should");
    }
    auto& client = context->host->http_client();
    const auto stops = [&] { return cancel && (cancel->requested || cancel->is_late()); };
    client.rates().wait(*context->host, *context->plugin, origin, stops);
    const auto reply =
        client.send(request, stops, [&](std::string_view piece) { write_to(&out->body, piece); });
    context->host->metrics().add(
        "dunlin_http_client_requests_total",
        "plugin=\"" + id + "\",status=\"" + std::to_string(reply.status) + "\"");
    out->http_status = reply.status;
    out->retry_after_ms = reply.retry_after ? reply.retry_after->count() : -1;
    write_to(&out->headers_json,
             Json(reply.headers).dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

const dunlin_http_client_v1 http_client_service = {sizeof http_client_service, 0, entry<send>};

}  // namespace dunlin::host
