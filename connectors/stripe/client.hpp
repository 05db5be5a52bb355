// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/http.hpp>
#include <dunlin/json.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dunlin::stripe {

using HttpSend = std::function<HttpReply(const HttpRequest&)>;
/// Names and values of a query or a form, in order: {"expand[]", "data.customer"}.
using Form = std::vector<std::pair<std::string, std::string>>;

/// Where Stripe is and who asks it.
struct Account {
    std::string url = "https://api.stripe.com";  // Without a slash at its end.
    std::string key;
    std::string secret;   // The name the key goes by, for a person.
    std::string account;  // The connected account, or empty.
};

/// The answer of Stripe's that there is no such object.
class NotFound : public Error {
public:
    explicit NotFound(const std::string& message) : Error(DUNLIN_E_NOT_FOUND, message) {}
};

/// A request that Stripe will never carry out as it is; the message is Stripe's own.
class Refused : public Error {
public:
    explicit Refused(const std::string& message) : Error(DUNLIN_E_DATA, message) {}
};

/// The whole of Stripe's interface over HTTP: GET with a query, POST with a form.
///
/// Errors are one sentence that says what to do. DENIED: key or rights. INVALID: wrong address.
/// UNAVAILABLE passes and nothing happened; TIMEOUT passes too, but a POST may have taken effect.
class Client {
public:
    /// The version of the interface that is spoken, whatever the account's own is.
    static constexpr const char* version = "2020-08-27";

    Client(Account account, HttpSend send) : account_(std::move(account)), send_(std::move(send)) {}

    const Account& account() const { return account_; }
    /// "/v1/invoices/in_1"
    Json get(const std::string& path, const Form& query = {});
    /// The same key has one effect, however often it is sent.
    Json post(const std::string& path, const Form& form, const std::string& idempotency_key);
    /// Every object of a list, page by page.
    Json all(const std::string& path, Form query);

    /// Stripe's clock at the first answer.
    std::optional<int64_t> server_us() const { return server_us_; }

private:
    Json send(HttpRequest request);
    Json answer_of(const HttpRequest& request, const HttpReply& reply) const;
    [[noreturn]] void refuse(const HttpRequest& request, const HttpReply& reply) const;

    Account account_;
    HttpSend send_;
    std::optional<int64_t> server_us_;
};

/// As a query and a form have it.
std::string encoded(const Form& form);

}  // namespace dunlin::stripe
