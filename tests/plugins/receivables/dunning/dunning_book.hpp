// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <catch2/catch.hpp>

#include "plugins/receivables/book.hpp"

namespace dunlin::test {

/// A book with one customer and a procedure "p" that is the one for everything.
struct DunningBook {
    explicit DunningBook(Dialect dialect, const std::string& now = "2026-03-02T09:00:00Z")
        : book(dialect, at(now)) {
        book.customer("C1");
    }
    static InstanceOptions at(const std::string& now) {
        InstanceOptions options;
        options.now = now;
        return options;
    }
    /// Levels as {days from due, more}; intervals are out of the way.
    void procedure(const std::vector<std::pair<int, Json>>& levels, Json more = Json::object()) {
        more["levels"] = Json::array();
        for (const auto& [days, rest] : levels) {
            Json level{{"level", more["levels"].size() + 1},
                       {"days", days},
                       {"channel", "email"},
                       {"template", "t"}};
            if (rest.is_object()) level.update(rest);
            more["levels"].push_back(level);
        }
        for (const char* key : {"item_interval_days", "customer_interval_days"}) {
            if (!more.contains(key)) more[key] = 0;
        }
        call("set_dunning_procedure",
             {{"name", "p"}, {"procedure", more}, {"valid_from", "2020-01-01"}});
        call("assign_dunning", {{"procedure", "p"}, {"valid_from", "2020-01-01"}});
    }
    Json call(const std::string& command, const Json& request = Json::object()) {
        return book.call(command, request);
    }
    std::string error(const std::string& command, const Json& request) {
        return error_of([&] { call(command, request); });
    }
    Json dun(const std::string& as_of, const Json& more = Json::object()) {
        Json request{{"as_of", as_of}};
        request.update(more);
        return call("dun", request);
    }
    Json release(const Json& run, const std::string& date = "") {
        Json request{{"run", run.at("run_id")}};
        if (!date.empty()) request["date"] = date;
        return call("release_dunning", request);
    }
    /// "level state total" of each letter.
    std::vector<std::string> letters(const Json& request = Json::object()) {
        std::vector<std::string> out;
        const auto found = call("dunning_letters", request);
        for (const auto& row : found.at("rows")) {
            out.push_back(row.at("level").dump() + " " + row.at("state").get<std::string>() + " " +
                          row.at("total").get<std::string>());
        }
        return out;
    }
    /// The one letter in a state.
    Json letter(const std::string& state) {
        const auto rows = call("dunning_letters", {{"state", state}}).at("rows");
        if (rows.size() != 1) throw std::runtime_error("not one letter: " + rows.dump());
        return rows[0];
    }
    static Json name_of(const Json& letter, const Json& more = Json::object()) {
        Json out{{"customer", letter.at("customer_id")}, {"letter", letter.at("letter_id")}};
        out.update(more);
        return out;
    }
    Json about(const std::string& invoice, const Json& more = Json::object()) {
        Json out{{"customer", book.id("customer", "C1")}};
        if (!invoice.empty()) out["item"] = book.id("invoice", invoice);
        out.update(more);
        return out;
    }
    int64_t events(const std::string& topic) {
        return book.instance()
            .cell("SELECT count(*) FROM dunlin_event WHERE topic = 'receivables." + topic + "'")
            .get<int64_t>();
    }
    int64_t count(const std::string& from) {
        return book.instance().cell("SELECT count(*) FROM receivables_" + from).get<int64_t>();
    }
    Book book;
};

inline Dialect dunning_store() {
    return GENERATE(Dialect::sqlite, Dialect::postgresql);
}

}  // namespace dunlin::test
