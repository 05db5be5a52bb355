// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/connector.hpp>

#include <memory>
#include <set>
#include <string>

#include "streams.hpp"

namespace dunlin::stripe {

/// One run over one stream.
///
/// The first one lists everything, newest first. Later ones ask which events there were and read
/// the objects they name as they are now: an event is only a hint. What happens while the list is
/// read is named by events after its begin, where the next run begins.
class StripePull : public Pull {
public:
    StripePull(const Stream& stream, const PullRequest& request, const Reading& reading,
               Client client, Cancel cancel);

    bool next(Page& page) override;

private:
    /// Part and object, or event, behind which to go on.
    struct Position {
        std::size_t part = 0;
        std::string after;
        static Position parse(const std::string& text);
        std::string text() const;
    };

    bool next_listed(Page& page);
    bool next_events(Page& page);
    bool by_id(Page& page);
    Json list(const Part& part);
    Form expansions(const Part& part, const std::string& path) const;
    /// Reads an object and maps it; a row of one that is gone for each of its ids.
    void read(const Part& part, const std::string& id, std::optional<int64_t> at_us, Rows& rows);
    /// The objects of a part that an event is about.
    std::vector<std::string> named_by(const Part& part, const Json& event);
    void map(const Part& part, const Json& object, Rows& rows);
    void finish(Rows& rows, Page& page);

    const Stream& stream_;
    PullRequest request_;
    Reading reading_;
    Client client_;
    Cancel cancel_;
    Reader reader_;
    Position position_;
    std::set<std::string> seen_;  // What this pull has read because of an event.
    int64_t done_ = 0;
    bool is_finished_ = false;
};

}  // namespace dunlin::stripe
