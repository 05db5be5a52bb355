// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/connector.hpp>
#include <dunlin/http.hpp>

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunlin::tryton {

/// Sends a request and gives the reply; throws when there is none. The host's HTTP client, or
/// another one in a test.
using HttpSend = std::function<HttpReply(const HttpRequest&, const Cancel&)>;

/// Where the server is and who asks.
struct Account {
    std::string url;  // "https://erp.example.com", without a slash at the end.
    std::string database;
    std::string user;
    std::function<std::string()> password;  // Asked for at each login, so that it may change.
};

/// Which records of a model, seen from which company.
struct Query {
    std::string model;
    Json domain = Json::array();
    std::vector<std::string> fields{};
    int64_t limit = 0;  // 0: all.
    int64_t company = 0;
};

/// An error that a method of Tryton answered with: DENIED where it refuses, INVALID where it does
/// not know what was asked.
class Refused : public Error {
public:
    using Error::Error;
};

/// Tryton's JSON-RPC: login, session, calls and what its errors mean. The only file that speaks it.
/// Any thread.
class Client {
public:
    Client(Account account, HttpSend send);

    /// A method's result. UNAVAILABLE and TIMEOUT can be tried again; DENIED and INVALID carry a
    /// sentence for a person.
    Json call(std::string_view method, Json params, const Cancel& cancel);

    /// A method that changes something. Throws Rejected with Tryton's sentence when it refuses,
    /// UNAVAILABLE only when nothing was changed, and CONFLICT when a record is another one than
    /// "_timestamp" of the context says.
    Json change(std::string_view method, Json params, const Cancel& cancel);

    /// Records in the order of their ids.
    Json read(const Query& query, const Cancel& cancel);
    std::vector<int64_t> ids(const Query& query, const Cancel& cancel);
    int64_t count(const Query& query, const Cancel& cancel);

    /// The server's version; needs no login.
    std::string version(const Cancel& cancel);
    /// By the server's clock when it last answered, to the second. Nothing before that.
    std::optional<int64_t> server_us() const;

    const Account& account() const { return account_; }

private:
    HttpReply post(const std::string& path, const Json& body, const std::string& session,
                   const Cancel& cancel);
    std::string login(const Cancel& cancel);
    std::string session(const Cancel& cancel);
    void forget(const std::string& session);
    Json ask(std::string_view method, Json params, bool is_change, const Cancel& cancel);
    Json result_of(const HttpReply& reply, std::string_view method, bool is_change = false) const;
    [[noreturn]] void refuse_login(const HttpReply& reply) const;
    [[noreturn]] void refuse(const HttpReply& reply, std::string_view method,
                             bool is_change = false) const;
    void note_clock(const HttpReply& reply);

    Account account_;
    HttpSend send_;
    mutable std::mutex mutex_;
    std::string session_;  // The value of the header; empty: not logged in.
    // Asked once: a server locks those out who try a wrong password again and again.
    std::optional<Error> refusal_;
    std::optional<int64_t> server_us_;
};

}  // namespace dunlin::tryton
