// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <catch2/catch.hpp>

#include <dunlin/batch_json.hpp>
#include <dunlin/batch_view.hpp>

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "source.hpp"
#include "specification.hpp"

namespace dunlin::stripe::test {

/// As much of a Stripe as the connector asks, made of Stripe's own examples. A request that Stripe
/// does not document fails the test.
class FakeStripe {
public:
    std::map<std::string, std::vector<Json>> objects;  // By resource, oldest first.
    std::vector<Json> events;                          // Oldest first.
    int64_t now = 1'790'000'000;                       // 2026-09-21.
    std::set<std::string> asked;                       // "GET /v1/invoices/{invoice}".
    std::vector<std::string> mistakes;                 // Requests that Stripe would not know.
    std::vector<std::string> urls;
    /// Sent instead of an answer, once it has a status.
    HttpReply broken;
    /// Takes effect, and the answer is lost.
    bool loses_answer = false;
    /// What the key may not read.
    std::set<std::string> forbidden;

    ~FakeStripe();
    /// An object like Stripe's example but for these fields, created now.
    Json& put(const std::string& resource, const std::string& id, const Json& fields);
    Json& at(const std::string& resource, const std::string& id);
    /// Changes it, and says so in an event.
    void change(const std::string& resource, const std::string& id, const Json& fields,
                const std::string& event);
    Json& tell(const std::string& type, const Json& object);

    HttpReply answer(const HttpRequest& request);
    StripeSource source(Json settings = Json::object());

private:
    using Query = std::vector<std::pair<std::string, std::string>>;
    HttpReply reply(const Json& body, int status = 200) const;
    HttpReply error(int status, const std::string& message, const std::string& param = {}) const;
    HttpReply get(const std::vector<std::string>& path, const Query& query);
    HttpReply post(const HttpRequest& request, const std::vector<std::string>& path);
    HttpReply list(const std::vector<Json>& all, const Query& query);
    Json made_credit_note(const Query& form);
    Json* find(const std::string& resource, const std::string& id);
    void expand(Json& object, const std::string& path);

    std::mutex mutex_;
    std::map<std::string, std::pair<std::string, HttpReply>> posted_;  // By idempotency key.
    int made_ = 0;
};

/// "Mon, 21 Sep 2026 14:13:20 GMT"
std::string http_date_text(int64_t seconds);

/// What a pull brought.
struct Pulled {
    std::map<std::string, Json> rows;  // By external id; null columns left out.
    std::vector<BadRow> errors;
    int pages = 0;
    std::string last_cursor;
    std::optional<int64_t> changed_max_us, server_us;
};
Pulled read_all(StripeSource& source, const PullRequest& request, int pages_max = 1000);

inline PullRequest changes(const std::string& entity, std::optional<int64_t> since = {}) {
    PullRequest out;
    out.entity = entity;
    out.since_us = since;
    return out;
}
inline PullRequest by_id(const std::string& entity, std::vector<std::string> ids) {
    PullRequest out;
    out.entity = entity;
    out.mode = PullRequest::Mode::by_id;
    out.ids = std::move(ids);
    return out;
}

}  // namespace dunlin::stripe::test
