// SPDX-License-Identifier: Apache-2.0
#include "pull.hpp"

#include <algorithm>
#include <charconv>

namespace dunlin::tryton {
namespace {

/// Written or created at or after a moment, the record itself or what it refers to by a path.
Json changed_since(const std::vector<std::string>& paths, int64_t since_us) {
    auto any = Json::array({"OR"});
    for (const auto& path : paths) {
        const auto prefix = path.empty() ? path : path + ".";
        for (const auto* field : {"write_date", "create_date"}) {
            any.push_back(Json::array({prefix + field, ">=", instant_json(since_us)}));
        }
    }
    return any;
}

/// The number behind an external id when it begins with one of the prefixes.
std::optional<int64_t> number_of(const std::string& id, const std::vector<std::string>& prefixes) {
    for (const auto& prefix : prefixes) {
        if (id.compare(0, prefix.size(), prefix) != 0) continue;
        int64_t number = 0;
        const auto* end = id.data() + id.size();
        const auto read = std::from_chars(id.data() + prefix.size(), end, number);
        if (read.ec == std::errc() && read.ptr == end && number > 0) return number;
    }
    return std::nullopt;
}

}  // namespace

TrytonPull::Place TrytonPull::Place::parse(const std::string& text) {
    Place out;
    if (text.empty()) return out;
    unsigned long company = 0, feed = 0;
    long last = 0;
    if (std::sscanf(text.c_str(), "%lu:%lu:%ld", &company, &feed, &last) != 3) {
        throw Error(DUNLIN_E_INVALID, "the run cannot go on at " + in_quotes(text) +
                                          "; begin the sync of this entity anew");
    }
    out.company = company;
    out.feed = feed;
    out.last = last;
    return out;
}

std::string TrytonPull::Place::text() const {
    return std::to_string(company) + ":" + std::to_string(feed) + ":" + std::to_string(last);
}

TrytonPull::TrytonPull(Client& client, PullPlan plan, Cancel cancel)
    : client_(client),
      plan_(std::move(plan)),
      cancel_(cancel),
      place_(Place::parse(plan_.request.resume)),
      server_us_(client.server_us()) {
    // Rows that all companies share are read once, with the rights in the first.
    if (is_shared(plan_.entity.name) && plan_.companies.size() > 1) {
        // Credit limits and terms are those of the first company.
        shared_with_ = plan_.companies;
        plan_.companies.resize(1);
    }
    is_done_ = place_.company >= plan_.companies.size();
}

std::vector<Feed> TrytonPull::feeds(const Company& company) const {
    if (plan_.request.mode == PullRequest::Mode::ids) {
        return listings_of(plan_.entity.name, company.id);
    }
    const bool is_whole = plan_.request.mode == PullRequest::Mode::changes && !plan_.since_us;
    return feeds_of(plan_.entity.name, company.id, is_whole);
}

Reading TrytonPull::reading(const Company& company) const {
    Reading out{client_,
                company.id,
                {},
                company.currency,
                plan_.request.mode == PullRequest::Mode::changes && !plan_.since_us,
                cancel_};
    for (const auto& one : shared_with_.empty() ? plan_.companies : shared_with_) {
        out.companies.push_back(one.id);
    }
    return out;
}

int64_t TrytonPull::page_rows(const Feed& feed) const {
    return feed.limit ? std::min(feed.limit, plan_.page_rows) : plan_.page_rows;
}

Json TrytonPull::domain_of(const Feed& feed) const {
    auto domain = feed.domain;
    if (place_.last > 0) domain.push_back(Json::array({"id", ">", place_.last}));
    const bool is_changes = plan_.request.mode == PullRequest::Mode::changes;
    if (is_changes && plan_.since_us) {
        domain.push_back(changed_since(feed.changes, *plan_.since_us));
    }
    return domain;
}

bool TrytonPull::advance() {
    const auto& company = plan_.companies[place_.company];
    place_.last = 0;
    if (++place_.feed < feeds(company).size()) return true;
    place_.feed = 0;
    return ++place_.company < plan_.companies.size();
}

bool TrytonPull::read_changes(Page& page) {
    const auto& company = plan_.companies[place_.company];
    const auto all = feeds(company);
    const auto& feed = all.at(place_.feed);
    const auto limit = page_rows(feed);
    const auto records =
        client_.read({feed.model, domain_of(feed), feed.fields, limit, company.id}, cancel_);
    Rows rows(plan_.entity);
    feed.make(reading(company), records, rows);
    rows.finish(page);
    records_ += static_cast<int64_t>(records.size());
    if (!records.empty()) place_.last = id_at(records.back(), "id");
    if (static_cast<int64_t>(records.size()) < limit && !advance()) is_done_ = true;
    page.next_cursor = place_.text();
    page.done = records_;
    return true;
}

bool TrytonPull::read_ids(Page& page) {
    const auto& company = plan_.companies[place_.company];
    const auto all = feeds(company);
    const auto& feed = all.at(place_.feed);
    // Ids are small: a listing takes few requests.
    const auto limit = plan_.page_rows * 10;
    const auto ids = client_.ids({feed.model, domain_of(feed), {}, limit, company.id}, cancel_);
    BatchBuilder batch({{"external_id", Type::text}});
    for (const auto id : ids) {
        for (const auto& prefix : feed.prefixes) batch[0].add(prefix + std::to_string(id));
    }
    page.rows = batch.finish();
    records_ += static_cast<int64_t>(ids.size());
    if (!ids.empty()) place_.last = ids.back();
    if (static_cast<int64_t>(ids.size()) < limit && !advance()) is_done_ = true;
    page.next_cursor = place_.text();
    page.done = records_;
    return true;
}

bool TrytonPull::read_by_id(Page& page) {
    const auto& wanted = plan_.request.ids;
    Rows rows(plan_.entity);
    rows.only({wanted.begin(), wanted.end()});
    for (const auto& company : plan_.companies) {
        for (const auto& feed : feeds(company)) {
            auto numbers = Json::array();
            for (const auto& id : wanted) {
                if (const auto number = number_of(id, feed.prefixes)) numbers.push_back(*number);
            }
            if (numbers.empty()) continue;
            auto domain = feed.domain;
            domain.push_back(Json::array({feed.by_id, "in", numbers}));
            const auto records =
                client_.read({feed.model, domain, feed.fields, 0, company.id}, cancel_);
            feed.make(reading(company), records, rows);
        }
    }
    // The server answered for each of them, so what did not come is not there.
    for (const auto& id : wanted) rows.gone(id, std::nullopt);
    rows.finish(page);
    is_done_ = true;
    page.next_cursor = Place{plan_.companies.size(), 0, 0}.text();
    page.done = page.total = static_cast<int64_t>(wanted.size());
    return true;
}

bool TrytonPull::next(Page& page) {
    if (is_done_) return false;
    cancel_.throw_if_requested();
    page.server_us = server_us_;
    switch (plan_.request.mode) {
        case PullRequest::Mode::ids: return read_ids(page);
        case PullRequest::Mode::by_id: return read_by_id(page);
        case PullRequest::Mode::changes: break;
    }
    return read_changes(page);
}

}  // namespace dunlin::tryton
