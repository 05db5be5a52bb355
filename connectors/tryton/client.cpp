// SPDX-License-Identifier: Apache-2.0
#include "client.hpp"

#include "value.hpp"

#include <dunlin/base64.hpp>
#include <dunlin/field_change.hpp>
#include <dunlin/http_date.hpp>

namespace dunlin::tryton {
namespace {

constexpr int unauthorized = 401, forbidden = 403, not_found = 404, too_many = 429;

/// What kind of error a method of Tryton answered with, and its text.
struct Answered {
    std::string kind;
    std::string text;
};

Answered answered(const Json& error) {
    Answered out;
    if (!error.is_array() || error.empty()) return {"", error.dump()};
    out.kind = error[0].is_string() ? error[0].get<std::string>() : error[0].dump();
    const auto& detail = error.size() > 1 ? error[1] : Json();
    const auto& text = detail.is_array() && !detail.empty() ? detail[0] : detail;
    out.text = text.is_string() ? text.get<std::string>() : text.dump();
    // An exception comes as its text and a trace, which is no business of anybody's log.
    const bool is_known = out.kind == "UserError" || out.kind == "UserWarning" ||
                          out.kind == "ConcurrencyException" || out.kind == "LoginException";
    return is_known ? out : Answered{"Exception", out.kind};
}

}  // namespace

Client::Client(Account account, HttpSend send)
    : account_(std::move(account)), send_(std::move(send)) {}

HttpReply Client::post(const std::string& path, const Json& body, const std::string& session,
                       const Cancel& cancel) {
    HttpRequest request;
    request.method = "POST";
    request.url = account_.url + path;
    request.headers = {{"Content-Type", "application/json"}};
    if (!session.empty()) request.headers.emplace_back("Authorization", "Session " + session);
    request.body = body.dump();
    auto reply = send_(request, cancel);
    note_clock(reply);
    return reply;
}

void Client::note_clock(const HttpReply& reply) {
    const auto now = parse_http_date(reply.header("date"));
    const std::lock_guard lock(mutex_);
    if (now) server_us_ = now;
}

std::optional<int64_t> Client::server_us() const {
    const std::lock_guard lock(mutex_);
    return server_us_;
}

void Client::refuse_login(const HttpReply& reply) const {
    const auto who = in_quotes(account_.user);
    if (reply.status == unauthorized) {
        throw Error(DUNLIN_E_DENIED, "Tryton refuses the login of " + who + " to the database " +
                                         in_quotes(account_.database) +
                                         "; correct \"user\" or the secret behind \"password\"");
    }
    if (reply.status == not_found) {
        throw Error(DUNLIN_E_INVALID, "Tryton at " + account_.url + " has no database " +
                                          in_quotes(account_.database) +
                                          "; correct \"database\" in the source");
    }
    if (reply.status == too_many) {
        throw unavailable("Tryton lets " + who +
                              " wait after too many failed logins; correct \"user\" or the secret "
                              "behind \"password\", or wait",
                          reply.retry_after);
    }
    refuse(reply, "login");
}

void Client::refuse(const HttpReply& reply, std::string_view method, bool is_change) const {
    const auto what =
        "Tryton answered " + std::string(method) + " with HTTP " + std::to_string(reply.status);
    constexpr int not_now = 503;
    if (is_change && (reply.status >= 500 || reply.status == 408) && reply.status != not_now) {
        throw Error(DUNLIN_E_TIMEOUT, what + "; whether it did what it was asked is not known");
    }
    if (reply.status == forbidden) {
        throw Error(DUNLIN_E_INVALID,
                    what +
                        ": it does not know that; is the module that has it activated in the "
                        "database " +
                        in_quotes(account_.database) + "?");
    }
    if (reply.status == too_many || reply.status == 408 || reply.status >= 500) {
        throw unavailable(what + "; it is tried again", reply.retry_after);
    }
    throw Error(DUNLIN_E_INVALID,
                what + "; is \"url\" the address of a Tryton server, without a path?");
}

std::string Client::login(const Cancel& cancel) {
    const auto reply =
        post("/" + percent_encoded(account_.database) + "/",
             {{"id", 1},
              {"method", "common.db.login"},
              {"params", Json::array({account_.user, {{"password", account_.password()}}, "en"})}},
             {}, cancel);
    if (reply.status != 200) refuse_login(reply);
    const auto answer = result_of(reply, "login");
    if (!answer.is_array() || answer.size() < 2) {
        throw Error(DUNLIN_E_DENIED, "Tryton wants more than a password from " +
                                         in_quotes(account_.user) +
                                         "; use a user that logs in with a password alone");
    }
    const auto& key = answer[1].get_ref<const std::string&>();
    return to_base64(account_.user + ":" + answer[0].dump() + ":" + key);
}

std::string Client::session(const Cancel& cancel) {
    {
        const std::lock_guard lock(mutex_);
        if (!session_.empty()) return session_;
        if (refusal_) throw Error(*refusal_);
    }
    try {
        auto fresh = login(cancel);
        const std::lock_guard lock(mutex_);
        session_ = fresh;
        return fresh;
    } catch (const Error& e) {
        const std::lock_guard lock(mutex_);
        if (e.status() == DUNLIN_E_DENIED) refusal_ = e;
        throw;
    }
}

void Client::forget(const std::string& session) {
    const std::lock_guard lock(mutex_);
    if (session_ == session) session_.clear();
}

Json Client::result_of(const HttpReply& reply, std::string_view method, bool is_change) const {
    auto answer = Json::parse(reply.body, nullptr, /*allow_exceptions=*/false);
    if (!answer.is_object()) {
        throw Error(DUNLIN_E_INVALID, account_.url + " does not answer " + std::string(method) +
                                          " as Tryton does; correct \"url\" in the source");
    }
    const auto error = answer.find("error");
    if (error == answer.end()) return std::move(answer["result"]);
    const auto said = answered(*error);
    const auto text = "Tryton refuses " + std::string(method) + ": " + said.text.substr(0, 400);
    if (said.kind == "ConcurrencyException") throw Error(DUNLIN_E_CONFLICT, text);
    if (said.text.find("could not serialize") != std::string::npos) throw unavailable(text);
    if (is_change && said.kind != "LoginException") {
        throw Rejected("Tryton refuses it: " + said.text.substr(0, 400));
    }
    if (said.kind == "LoginException") throw Error(DUNLIN_E_DENIED, text);
    if (said.kind == "UserError") throw Refused(DUNLIN_E_DENIED, text);
    if (said.kind == "UserWarning") throw Error(DUNLIN_E_CONFLICT, text);
    throw Refused(DUNLIN_E_INVALID, text);
}

Json Client::call(std::string_view method, Json params, const Cancel& cancel) {
    return ask(method, std::move(params), /*is_change=*/false, cancel);
}

Json Client::change(std::string_view method, Json params, const Cancel& cancel) {
    return ask(method, std::move(params), /*is_change=*/true, cancel);
}

Json Client::ask(std::string_view method, Json params, bool is_change, const Cancel& cancel) {
    const Json body{{"id", 1}, {"method", method}, {"params", std::move(params)}};
    const auto path = "/" + percent_encoded(account_.database) + "/";
    for (bool is_second = false;; is_second = true) {
        cancel.throw_if_requested();
        const auto current = session(cancel);
        const auto reply = post(path, body, current, cancel);
        if (reply.status == 200) return result_of(reply, method, is_change);
        if (reply.status != unauthorized) refuse(reply, method, is_change);
        // A session ends by itself; the second refusal is meant.
        forget(current);
        if (is_second) refuse_login(reply);
    }
}

Json Client::read(const Query& query, const Cancel& cancel) {
    const Json context{{"company", query.company ? Json(query.company) : Json()},
                       {"language", "en"}};
    return call("model." + query.model + ".search_read",
                Json::array({query.domain, 0, query.limit ? Json(query.limit) : Json(),
                             Json::array({Json::array({"id", "ASC"})}), query.fields, context}),
                cancel);
}

std::vector<int64_t> Client::ids(const Query& query, const Cancel& cancel) {
    const Json context{{"company", query.company ? Json(query.company) : Json()}};
    return call("model." + query.model + ".search",
                Json::array({query.domain, 0, query.limit ? Json(query.limit) : Json(),
                             Json::array({Json::array({"id", "ASC"})}), context}),
                cancel)
        .get<std::vector<int64_t>>();
}

int64_t Client::count(const Query& query, const Cancel& cancel) {
    const Json context{{"company", query.company ? Json(query.company) : Json()}};
    return call("model." + query.model + ".search_count", Json::array({query.domain, context}),
                cancel)
        .get<int64_t>();
}

std::string Client::version(const Cancel& cancel) {
    const auto reply =
        post("/", {{"id", 1}, {"method", "common.server.version"}, {"params", Json::array()}}, {},
             cancel);
    if (reply.status != 200) refuse(reply, "common.server.version");
    const auto answer = result_of(reply, "common.server.version");
    return answer.is_string() ? answer.get<std::string>() : answer.dump();
}

}  // namespace dunlin::tryton
