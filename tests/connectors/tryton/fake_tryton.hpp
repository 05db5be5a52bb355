// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "source.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <string>
#include <vector>

namespace dunlin::tryton::test {

/// A server in memory that answers as Tryton 6.0 does, as far as the connector asks: logins,
/// searches over ids and plain fields, rights and preferences. Conditions it does not know hold.
class FakeTryton {
public:
    FakeTryton();

    std::map<std::string, std::vector<Json>> records;  // By model; each has an id.
    std::map<std::string, Json> answers;               // By method, before anything else.
    std::vector<HttpReply> next_replies;               // Given first, whatever is asked.
    std::vector<std::string> asked;                    // Methods, in order.
    std::vector<Json> bodies;
    std::string password = "good";
    int logins = 0;
    bool can_write = true;

    HttpSend send();
    /// A source on it; `settings` over url, database, user and password.
    std::unique_ptr<TrytonSource> source(const Json& settings = Json::object());
    Json& add(const std::string& model, Json record);
    /// Forgets the sessions, as a server does after a while.
    void end_sessions() { session_ = "gone"; }

private:
    HttpReply answer(const HttpRequest& request);
    Json search(const std::string& model, const Json& params, bool with_fields);

    std::string session_ = "none";
};

HttpReply reply_of(int status, const Json& body);
Json decimal(const std::string& text);
Json date(int year, unsigned month, unsigned day);
Json moment(int year, unsigned month, unsigned day, int hour = 0, int microsecond = 0);

inline Cancel no_cancel() {
    return {nullptr, nullptr};
}

/// An invoice of 100 USD for party 7 with its due line; id, move and line follow from `n`.
void add_invoice(FakeTryton& server, int n, const std::string& amount = "100.00");
/// A line on the receivable account; negative amounts are credits.
Json& add_line(FakeTryton& server, int id, int move, const std::string& debit,
               const std::string& credit, const std::string& journal_type);

/// All rows of an entity as "external_id|column|column…", read page by page.
std::vector<std::string> rows_of(TrytonSource& source, const PullRequest& request,
                                 const std::vector<std::string>& columns,
                                 std::vector<BadRow>* errors = nullptr);

}  // namespace dunlin::tryton::test
