// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "source.hpp"

#include <optional>
#include <vector>

namespace dunlin::tryton {

/// What one run over one entity has to read, fixed when it begins.
struct PullPlan {
    const Entity& entity;
    PullRequest request;
    std::optional<int64_t> since_us;
    std::vector<Company> companies;
    int64_t page_rows = 0;
};

/// Reads company by company and feed by feed, each in the order of its ids. An id never changes, so
/// no row that moves in time is skipped or given twice; what changes behind the place a run has
/// reached changed after the run began, and belongs to the next one.
class TrytonPull : public Pull {
public:
    TrytonPull(Client& client, PullPlan plan, Cancel cancel);
    bool next(Page& page) override;

private:
    /// "1:0:345": the company, the feed and the last id that were read.
    struct Place {
        std::size_t company = 0, feed = 0;
        int64_t last = 0;
        static Place parse(const std::string& text);
        std::string text() const;
    };
    std::vector<Feed> feeds(const Company& company) const;
    bool read_changes(Page& page);
    bool read_ids(Page& page);
    bool read_by_id(Page& page);
    Reading reading(const Company& company) const;
    Json domain_of(const Feed& feed) const;
    int64_t page_rows(const Feed& feed) const;
    /// To the next feed, or the next company's first. False at the end.
    bool advance();

    Client& client_;
    PullPlan plan_;
    Cancel cancel_;
    Place place_;
    std::vector<Company> shared_with_;  // All of the source, where rows are not of one company.
    bool is_done_ = false;
    int64_t records_ = 0;
    std::optional<int64_t> server_us_;
};

}  // namespace dunlin::tryton
