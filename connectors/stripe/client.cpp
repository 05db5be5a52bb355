// SPDX-License-Identifier: Apache-2.0
#include "client.hpp"

#include <dunlin/connector.hpp>
#include <dunlin/http_date.hpp>

#include "value.hpp"

namespace dunlin::stripe {
namespace {

constexpr int too_many = 429;
constexpr int broken = 500;

std::string first_line(const std::string& text) {
    const auto line = text.substr(0, text.find('\n'));
    return line.size() > 300 ? line.substr(0, 300) + "…" : line;
}

}  // namespace

std::string encoded(const Form& form) {
    std::string out;
    for (const auto& [name, value] : form) {
        out += (out.empty() ? "" : "&") + percent_encoded(name) + "=" + percent_encoded(value);
    }
    return out;
}

Json Client::get(const std::string& path, const Form& query) {
    HttpRequest request;
    request.url = account_.url + path + (query.empty() ? "" : "?" + encoded(query));
    return send(std::move(request));
}

Json Client::post(const std::string& path, const Form& form, const std::string& idempotency_key) {
    HttpRequest request;
    request.method = "POST";
    request.url = account_.url + path;
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                       {"Idempotency-Key", idempotency_key}};
    request.body = encoded(form);
    return send(std::move(request));
}

Json Client::all(const std::string& path, Form query) {
    auto out = Json::array();
    query.emplace_back("limit", "100");
    for (std::string after;;) {
        auto page_query = query;
        if (!after.empty()) page_query.emplace_back("starting_after", after);
        const auto page = get(path, page_query);
        const auto& data = page.at("data");
        for (const auto& one : data) out.push_back(one);
        if (!flag_of(page, "has_more") || data.empty()) return out;
        after = data.back().at("id").get<std::string>();
    }
}

Json Client::send(HttpRequest request) {
    request.headers.emplace_back("Authorization", "Bearer " + account_.key);
    request.headers.emplace_back("Stripe-Version", version);
    if (!account_.account.empty()) {
        request.headers.emplace_back("Stripe-Account", account_.account);
    }
    request.timeout = std::chrono::minutes(2);
    HttpReply reply;
    try {
        reply = send_(request);
    } catch (const Error& e) {
        const std::string why = std::string(" (") + e.what() + ")";
        if (e.status() == DUNLIN_E_UNAVAILABLE) {
            const bool is_budget = !e.detail_json().empty();
            throw Error(e.status(),
                        is_budget ? std::string(e.what())
                                  : "Stripe cannot be reached at " + account_.url +
                                        "; see that this machine may connect there" + why,
                        e.detail_json());
        }
        if (e.status() == DUNLIN_E_TIMEOUT) {
            throw Error(e.status(), "Stripe at " + account_.url + " does not answer in time" + why,
                        e.detail_json());
        }
        throw;
    }
    if (!server_us_) server_us_ = parse_http_date(reply.header("date"));
    return answer_of(request, reply);
}

Json Client::answer_of(const HttpRequest& request, const HttpReply& reply) const {
    if (reply.status != 200) refuse(request, reply);
    auto answer = Json::parse(reply.body, nullptr, /*allow_exceptions=*/false);
    if (answer.is_object()) return answer;
    throw Error(DUNLIN_E_INVALID, "what answers at " + account_.url +
                                      " is not Stripe: it sends no JSON; correct \"api_url\"");
}

void Client::refuse(const HttpRequest& request, const HttpReply& reply) const {
    const auto answer = Json::parse(reply.body, nullptr, /*allow_exceptions=*/false);
    const auto& error = object_of(answer, "error");
    const auto said =
        first_line(error.value("message", std::string("HTTP ") + std::to_string(reply.status)));
    const bool is_post = request.method == "POST";
    const auto code = "HTTP " + std::to_string(reply.status);
    if (reply.status == too_many) {
        throw unavailable(
            "Stripe was asked too often; set requests_per_second lower if that goes "
            "on",
            reply.retry_after);
    }
    if (reply.status == 409) {
        throw unavailable("Stripe is busy with the same object: " + said, reply.retry_after);
    }
    if (reply.status >= broken) {
        const auto message = "Stripe answers " + code + "; see status.stripe.com";
        if (!is_post) throw unavailable(message, reply.retry_after);
        throw Error(DUNLIN_E_TIMEOUT, message + "; whether the request took effect is not known");
    }
    if (reply.status == 401) {
        throw Error(DUNLIN_E_DENIED,
                    "Stripe does not accept the API key; put a current one into "
                    "the secret \"" +
                        account_.secret + "\"");
    }
    if (reply.status == 403) {
        throw Error(DUNLIN_E_DENIED, "the API key in the secret \"" + account_.secret +
                                         "\" may not do this; change its rights in Stripe "
                                         "(Developers, API keys): " +
                                         said);
    }
    if (error.empty()) {
        throw Error(DUNLIN_E_INVALID, "what answers at " + account_.url +
                                          " is not Stripe: it sends " + code +
                                          "; correct \"api_url\"");
    }
    if (reply.status == 404) throw NotFound("Stripe has no such object: " + said);
    const auto param = text_of(error, "param");
    throw Refused("Stripe refuses " + (param.empty() ? "this" : "\"" + param + "\"") + ": " + said);
}

}  // namespace dunlin::stripe
