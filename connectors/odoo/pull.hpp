// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/connector.hpp>

#include <memory>
#include <set>
#include <string>

#include "streams.hpp"

namespace dunlin::odoo {

/// How a source wants to be read.
struct Reading {
    int64_t page_rows = 2000;
    int64_t extra_overlap_us = 0;  // Beyond what describe() promises.
};

/// One run over one stream. Records are read in the order of their ids, which never change: a
/// record that is changed meanwhile is neither skipped nor lost, because it changed after this
/// run's beginning and comes with the next run. Odoo cuts change times to the second but compares
/// microseconds, so an order by time has no end that could be named.
class OdooPull : public Pull {
public:
    OdooPull(const Stream& stream, const PullRequest& request, const Reading& reading,
             std::unique_ptr<Client> client, Cancel cancel);

    bool next(Page& page) override;

private:
    /// Part and record behind which to go on.
    struct Position {
        std::size_t part = 0;
        int64_t after = 0;
        static Position parse(const std::string& text);
        std::string text() const;
    };

    bool next_rows(Page& page);
    bool next_ids(Page& page);
    bool by_id(Page& page);
    /// Records of the current part behind the position, which moves on; nothing when it is read.
    Json next_records();
    Json records_of_customers(const Part& part);
    const std::vector<int64_t>& customers();
    Domain conditions(const Part& part) const;
    /// Ids of the current part behind the position.
    std::vector<int64_t> next_record_ids(const Domain& domain, int64_t limit);
    void map(const Part& part, const Json& records, Rows& rows);
    void finish(Rows& rows, Page& page) const;

    const Stream& stream_;
    PullRequest request_;
    Reading reading_;
    std::unique_ptr<Client> client_;
    Cancel cancel_;
    Books books_;
    Position position_;
    std::optional<std::vector<int64_t>> customers_;
    int64_t done_ = 0, total_ = -1;
    bool is_finished_ = false;
    std::optional<int64_t> changed_max_us_;
};

}  // namespace dunlin::odoo
