// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http_client/http_client.hpp"

#include <dunlin/batch_json.hpp>
#include <dunlin/connector.hpp>

#include <functional>
#include <iostream>
#include <memory>
#include <string>

namespace dunlin::live {

using Send = std::function<HttpReply(const HttpRequest&, const Cancel&)>;
using Open = std::function<std::unique_ptr<Source>(const Json& settings, const std::string& secret,
                                                   const Send& send)>;

/// The rows of a stream as they are now, by their ids.
inline Json rows_by_id(Source& source, const Json& asked, const Cancel& cancel) {
    PullRequest request;
    request.mode = PullRequest::Mode::by_id;
    request.entity = asked.at("entity");
    request.ids = asked.at("ids").get<std::vector<std::string>>();
    const auto pull = source.pull(request, cancel);
    auto out = Json::array();
    for (Page page; pull->next(page); page = Page{}) {
        const BatchView rows(page.rows);
        for (int64_t i = 0; i < rows.rows(); ++i) out.push_back(row_to_json(rows, i));
    }
    return out;
}

/// Asks a connector without the host: a source's settings on the first line of the input, then one
/// {"push":…}, {"find":…}, {"check":…} or {"rows":…} a line; an answer a line.
inline int answer_lines(const Open& open) {
    std::string line;
    std::getline(std::cin, line);
    const auto given = Json::parse(line);
    host::Config config;
    config.http_client_ca_file = given.value("ca_file", std::string());
    host::HttpClient http(config);
    const Send send = [&](const HttpRequest& request, const Cancel&) {
        std::string body;
        auto reply = http.send(
            request, [] { return false; }, [&](std::string_view part) { body += part; });
        reply.body = std::move(body);
        return reply;
    };
    const Cancel cancel{nullptr, nullptr};
    const auto source = open(given.at("settings"), given.at("secret"), send);
    const auto to_write = [](const Json& json) -> WriteBack {
        const auto& target = json.at("target");
        return {json.at("key"),           json.at("kind"), target.at("entity"),
                target.at("external_id"), json.at("body"), json.value("base", Json())};
    };
    while (std::getline(std::cin, line)) {
        Json answer;
        try {
            const auto asked = Json::parse(line);
            if (asked.contains("push")) answer = source->push(to_write(asked["push"]), cancel);
            if (asked.contains("find")) answer = source->find(to_write(asked["find"]), cancel);
            if (asked.contains("check")) answer = source->check(cancel);
            if (asked.contains("rows")) answer = rows_by_id(*source, asked["rows"], cancel);
        } catch (const Error& e) {
            answer = {{"error", status_name(e.status())}, {"message", e.what()}};
        }
        std::cout << answer.dump() << std::endl;
    }
    return 0;
}

}  // namespace dunlin::live
