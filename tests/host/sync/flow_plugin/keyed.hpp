// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/connector.hpp>

#include <algorithm>
#include <fstream>

namespace dunlin::test {

/// Another system that keeps rows by their time of change, as a JSON object has it:
/// {"rows": [[id, value, changed_us], …], "server_us": N, "page": 2, "asked": "file",
///  "bad": [id, …], "extra": "a column", "fail": {"behind": 1, "status": N, "wait_ms": N}}. Each
///  request is noted in the
/// file "asked", one line each.
class KeyedPull : public Pull {
public:
    KeyedPull(Json system, PullRequest request)
        : system_(std::move(system)), request_(std::move(request)) {
        std::ofstream asked(system_.value("asked", ""), std::ios::app);
        asked << Json{{"mode", request_.mode},
                      {"resume", request_.resume},
                      {"since", request_.since_us ? Json(*request_.since_us) : Json()},
                      {"ids", request_.ids}}
                     .dump()
              << '\n';
        for (const auto& row : system_["rows"]) {
            const auto id = row[0].get<std::string>();
            const auto is_asked = request_.mode != PullRequest::Mode::by_id ||
                                  std::count(request_.ids.begin(), request_.ids.end(), id) > 0;
            const auto is_new = !request_.since_us || row[2] >= *request_.since_us;
            if (is_asked && is_new) rows_.push_back(row);
        }
        std::sort(rows_.begin(), rows_.end(), [](const Json& a, const Json& b) {
            return std::pair(a[2].get<int64_t>(), a[0].get<std::string>()) <
                   std::pair(b[2].get<int64_t>(), b[0].get<std::string>());
        });
        while (at_ < rows_.size() && key(rows_[at_]) != request_.resume) ++at_;
        at_ = request_.resume.empty() ? 0 : at_ + 1;
    }

    bool next(Page& page) override {
        if (at_ >= rows_.size()) return false;
        if (const auto fail = system_.find("fail");
            fail != system_.end() && at_ >= fail->at("behind")) {
            throw Error(fail->at("status"), "the other system is busy",
                        Json{{"retry_after_ms", fail->value("wait_ms", 0)}}.dump());
        }
        const bool is_ids = request_.mode == PullRequest::Mode::ids;
        std::vector<ColumnSpec> columns{{"external_id", Type::text}};
        if (!is_ids) columns.push_back({"value", Type::i64});
        const auto extra = system_.value("extra", "");
        if (!extra.empty()) columns.push_back({extra, Type::text});
        BatchBuilder out(columns);
        const auto bad = system_.value("bad", Json::array());
        const auto end = std::min(rows_.size(), at_ + system_.value("page", std::size_t{2}));
        for (; at_ < end; ++at_) {
            const auto& row = rows_[at_];
            page.changed_max_us = row[2].get<int64_t>();
            page.next_cursor = key(row);
            if (!is_ids && std::count(bad.begin(), bad.end(), row[0]) > 0) {
                page.errors.push_back({row[0], "", "unreadable", "it cannot be read", ""});
                continue;
            }
            out[0].add(std::string_view(row[0].get_ref<const std::string&>()));
            if (!is_ids) out[1].add(row[1].get<int64_t>());
            if (!extra.empty()) out[is_ids ? 1 : 2].add("blue");
        }
        page.rows = out.finish();
        page.server_us = system_.at("server_us").get<int64_t>();
        return true;
    }

private:
    static std::string key(const Json& row) {
        return row[2].dump() + "/" + row[0].get<std::string>();
    }

    Json system_;
    PullRequest request_;
    std::vector<Json> rows_;
    std::size_t at_ = 0;
};

}  // namespace dunlin::test
