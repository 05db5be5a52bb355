// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/base64.hpp>
#include <dunlin/connector.hpp>
#include <dunlin/http.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace dunlin {

/// Where another system changes a refresh token for an access token (OAuth 2, RFC 6749 §6).
struct TokenEndpoint {
    std::string url;              // From a setting of the format "uri".
    std::string client_id{};      // How this program is known there; may be empty.
    std::string client_secret{};  // The name of that secret; empty for a public client.
    bool is_in_header = true;     // The client names itself by HTTP Basic, else in the body.
    std::chrono::milliseconds timeout{30'000};  // Below the two minutes a secret is held.
};

/// Requests with an access token that lasts for an hour or so, renewed by a refresh token that many
/// systems replace at each use: who uses the former one a second time has to sign in again. So one
/// at a time renews, in all processes of the instance; the others wait and take what it got; and
/// nothing is used before it was kept.
///
/// The operator's secret is the refresh token, or {"refresh_token":…,"access_token":…}; it is kept
/// as the latter. One sign-in is for one instance: a copy of it needs its own.
class RotatingToken {
public:
    /// `secret`: its name, from a setting of the format "secret". `services` must outlive this.
    RotatingToken(const Services& services, std::string secret, TokenEndpoint endpoint)
        : services_(services), secret_(std::move(secret)), endpoint_(std::move(endpoint)) {}

    /// Sends it with "Authorization: Bearer …"; a reply of 401 is answered with a new token, once.
    /// A second 401 is the caller's. Until it was sent with the new one, nothing was carried out:
    /// what passes is unavailable then, also when writing. Error denied, with what a person has to
    /// do, only when the other system takes the refresh token no more.
    HttpReply send(const HttpRequest& request, const Cancel& cancel) const {
        auto tokens = parsed(services_.secret(secret_));
        if (tokens.access.empty()) tokens = renewed_after("", cancel);
        auto reply = send_with(tokens.access, request, cancel);
        if (reply.status != 401) return reply;
        return send_with(renewed_after(tokens.access, cancel).access, request, cancel);
    }

private:
    struct Tokens {
        std::string access, refresh;
    };

    Tokens parsed(const std::string& value) const {
        const auto json = Json::parse(value, nullptr, /*allow_exceptions=*/false);
        if (!json.is_object()) return {"", value};
        Tokens out{json.value("access_token", ""), json.value("refresh_token", "")};
        if (!out.refresh.empty()) return out;
        throw Error(DUNLIN_E_DENIED, "the secret \"" + secret_ +
                                         "\" has no refresh_token; sign in and put it there");
    }

    HttpReply send_with(const std::string& access, HttpRequest request,
                        const Cancel& cancel) const {
        request.headers.emplace_back("Authorization", "Bearer " + access);
        return HttpClient(services_).send(request, cancel);
    }

    Tokens renewed_after(const std::string& failed, const Cancel& cancel) const {
        try {
            return renewed(failed, cancel);
        } catch (const Error& e) {
            const bool is_passing =
                e.status() == DUNLIN_E_TIMEOUT || e.status() == DUNLIN_E_CONFLICT;
            if (!is_passing) throw;
            throw unavailable(e.what());
        }
    }

    /// `failed`: the access token that is refused.
    Tokens renewed(const std::string& failed, const Cancel& cancel) const {
        std::optional<Tokens> made;
        std::string used;
        for (int attempt = 1;; ++attempt) {
            auto held = services_.hold_secret(secret_, cancel);
            const auto current = parsed(held.value());
            // Somebody else was faster.
            if (made ? current.refresh != used
                     : !current.access.empty() && current.access != failed) {
                return current;
            }
            if (!made) {
                used = current.refresh;
                made = ask(used, cancel);
            }
            try {
                held.keep(
                    Json{{"access_token", made->access}, {"refresh_token", made->refresh}}.dump());
                return *made;
            } catch (const Error& e) {
                // Taken over while the answer was on its way: ours counts unless there is another.
                if (e.status() != DUNLIN_E_CONFLICT || attempt == 3) throw;
            }
        }
    }

    Tokens ask(const std::string& refresh, const Cancel& cancel) const {
        HttpRequest request{"POST", endpoint_.url};
        request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                           {"Accept", "application/json"}};
        request.body = "grant_type=refresh_token&refresh_token=" + percent_encoded(refresh);
        request.timeout = endpoint_.timeout;
        add_client(request);
        const auto reply = HttpClient(services_).send(request, cancel);
        const auto answer = Json::parse(reply.body, nullptr, /*allow_exceptions=*/false);
        if (reply.status != 200) refuse(reply, answer);
        const auto text = [&](const char* key) {
            const auto found = answer.is_object() ? answer.find(key) : answer.end();
            return found != answer.end() && found->is_string() ? found->get<std::string>() : "";
        };
        // A proxy's page for people, or half an answer.
        if (text("access_token").empty()) {
            throw unavailable(endpoint_.url + " answers with what is no token");
        }
        // Who sends no new refresh token goes on with the old one.
        const auto next = text("refresh_token");
        return {text("access_token"), next.empty() ? refresh : next};
    }

    void add_client(HttpRequest& request) const {
        const auto id = percent_encoded(endpoint_.client_id);
        const auto secret = endpoint_.client_secret.empty()
                                ? std::string()
                                : percent_encoded(services_.secret(endpoint_.client_secret));
        if (endpoint_.is_in_header && !secret.empty()) {
            request.headers.emplace_back("Authorization", "Basic " + to_base64(id + ":" + secret));
            return;
        }
        if (!id.empty()) request.body += "&client_id=" + id;
        if (!secret.empty()) request.body += "&client_secret=" + secret;
    }

    [[noreturn]] void refuse(const HttpReply& reply, const Json& answer) const {
        const auto found = answer.is_object() ? answer.find("error") : answer.end();
        const auto code =
            found != answer.end() && found->is_string() ? found->get<std::string>() : "";
        const auto said = endpoint_.url + " answers HTTP " + std::to_string(reply.status) +
                          (code.empty() ? "" : " (" + code + ")");
        if (reply.status == 408 || reply.status == 429 || reply.status >= 500) {
            throw unavailable(said, reply.retry_after);
        }
        if (code == "invalid_client") {
            throw Error(DUNLIN_E_DENIED,
                        said + "; correct the client id and its secret in the settings");
        }
        if (reply.status == 401 || code == "invalid_grant") {
            throw Error(DUNLIN_E_DENIED, said +
                                             ": the sign-in has ended; sign in there again and "
                                             "put the new refresh token in place of the secret \"" +
                                             secret_ + "\"");
        }
        throw Error(DUNLIN_E_INVALID, said + "; correct the address or the client of the tokens");
    }

    const Services& services_;
    std::string secret_;
    TokenEndpoint endpoint_;
};

}  // namespace dunlin
