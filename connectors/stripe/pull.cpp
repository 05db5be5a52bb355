// SPDX-License-Identifier: Apache-2.0
#include "pull.hpp"

#include <charconv>

namespace dunlin::stripe {
namespace {

constexpr int64_t second_us = 1'000'000;
constexpr std::size_t raw_bytes_max = 4096;

std::string path_of(const Part& part) {
    return "/v1/" + part.resource;
}

BadRow bad_row(const Part& part, const Json& object, const std::string& code,
               const std::string& reason) {
    const auto id = object.value("id", std::string());
    BadRow out;
    out.external_id = id + (part.suffixes.empty() ? "" : part.suffixes.front());
    out.position = part.resource + " " + id;
    out.code = code;
    out.reason = reason;
    out.raw = object.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, raw_bytes_max);
    return out;
}

}  // namespace

StripePull::Position StripePull::Position::parse(const std::string& text) {
    Position out;
    if (text.empty()) return out;
    const auto colon = text.find(':');
    const auto* end = text.data() + std::min(colon, text.size());
    const auto part = std::from_chars(text.data(), end, out.part);
    if (colon == std::string::npos || part.ec != std::errc() || part.ptr != end) {
        throw Error(DUNLIN_E_INVALID, "\"" + text.substr(0, 40) + "\" is no place of this stream");
    }
    out.after = text.substr(colon + 1);
    return out;
}

std::string StripePull::Position::text() const {
    return std::to_string(part) + ":" + after;
}

StripePull::StripePull(const Stream& stream, const PullRequest& request, const Reading& reading,
                       Client client, Cancel cancel)
    : stream_(stream),
      request_(request),
      reading_(reading),
      client_(std::move(client)),
      cancel_(cancel),
      reader_(client_, reading_),
      position_(Position::parse(request.resume)) {}

bool StripePull::next(Page& page) {
    cancel_.throw_if_requested();
    if (request_.mode == PullRequest::Mode::ids) {
        throw Error(DUNLIN_E_UNSUPPORTED, "Stripe's deletions come as events");
    }
    if (request_.mode == PullRequest::Mode::by_id) return by_id(page);
    return request_.since_us && !stream_.is_whole ? next_events(page) : next_listed(page);
}

Form StripePull::expansions(const Part& part, const std::string& path) const {
    Form out;
    for (const auto& field : part.expand) out.emplace_back("expand[]", path + field);
    if (!reading_.since_us) return out;
    for (const auto& field : part.expand_since) out.emplace_back("expand[]", path + field);
    return out;
}

Json StripePull::list(const Part& part) {
    auto query = expansions(part, "data.");
    query.emplace_back("limit", std::to_string(reading_.page_rows));
    if (reading_.since_us && part.is_invoice) {
        query.emplace_back("created[gte]", std::to_string(*reading_.since_us / second_us));
    }
    if (position_.after.empty()) return client_.get(path_of(part), query);
    query.emplace_back("starting_after", position_.after);
    try {
        return client_.get(path_of(part), query);
    } catch (const NotFound&) {
        // The last one of the page before was deleted meanwhile.
        query.pop_back();
        return client_.get(path_of(part), query);
    }
}

bool StripePull::next_listed(Page& page) {
    if (is_finished_ || position_.part >= stream_.parts.size()) return false;
    const auto& part = stream_.parts[position_.part];
    Rows rows(stream_.columns);
    if (stream_.is_whole) {
        map(part, client_.get(path_of(part)), rows);
        is_finished_ = true;
    } else {
        const auto answer = list(part);
        const auto& objects = answer.at("data");
        for (const auto& object : objects) map(part, object, rows);
        if (flag_of(answer, "has_more") && !objects.empty()) {
            position_.after = objects.back().at("id").get<std::string>();
        } else {
            position_ = {position_.part + 1, ""};
        }
    }
    finish(rows, page);
    return true;
}

bool StripePull::next_events(Page& page) {
    if (is_finished_) return false;
    Form query{{"limit", std::to_string(reading_.page_rows)},
               {"created[gte]", std::to_string(*request_.since_us / second_us)}};
    for (const auto& type : stream_.event_types()) query.emplace_back("types[]", type);
    if (!position_.after.empty()) query.emplace_back("starting_after", position_.after);
    const auto answer = client_.get("/v1/events", query);
    const auto& events = answer.at("data");
    Rows rows(stream_.columns);
    for (const auto& event : events) {
        cancel_.throw_if_requested();
        const auto* part = stream_.part_of_event(text_of(event, "type"));
        if (!part) continue;
        for (const auto& id : named_by(*part, event)) {
            // Newest first: what was read for a later event is newer than this one.
            if (!seen_.insert(part->resource + "/" + id).second) continue;
            read(*part, id, instant_of(event, "created"), rows);
        }
    }
    if (!events.empty()) position_.after = events.back().at("id").get<std::string>();
    is_finished_ = events.empty() || !flag_of(answer, "has_more");
    finish(rows, page);
    return true;
}

std::vector<std::string> StripePull::named_by(const Part& part, const Json& event) {
    const auto& object = object_of(object_of(event, "data"), "object");
    const auto id = text_of(object, "id");
    if (text_of(object, "object") == part.object) return {id};
    std::vector<std::string> out;  // A charge that was refunded.
    for (const auto& refund : client_.all("/v1/refunds", {{"charge", id}})) {
        out.push_back(refund.at("id").get<std::string>());
    }
    return out;
}

void StripePull::read(const Part& part, const std::string& id, std::optional<int64_t> at_us,
                      Rows& rows) {
    Json object;
    try {
        object = client_.get(path_of(part) + "/" + percent_encoded(id), expansions(part, ""));
    } catch (const NotFound&) {
        for (const auto& suffix : part.suffixes) rows.absent(id + suffix, at_us);
        return;
    }
    map(part, object, rows);
}

bool StripePull::by_id(Page& page) {
    if (is_finished_) return false;
    is_finished_ = true;
    const std::set<std::string> wanted(request_.ids.begin(), request_.ids.end());
    Rows rows(stream_.columns);
    std::set<std::string> read_already;
    for (const auto& external_id : wanted) {
        cancel_.throw_if_requested();
        const auto* part = stream_.part_of(external_id);
        const auto id = object_id_of(external_id);
        if (!part || !read_already.insert(id).second) continue;
        if (stream_.is_whole) {
            map(*part, client_.get(path_of(*part)), rows);
        } else {
            read(*part, id, std::nullopt, rows);
        }
    }
    // Lines are also asked for by their document, when that could not be read before.
    rows.keep([&](const Row& row) {
        return wanted.count(row.external_id()) + wanted.count(object_id_of(row.external_id())) > 0;
    });
    std::set<std::string> found;
    for (const auto& row : rows.rows()) found.insert(row.external_id());
    for (const auto& bad : rows.errors()) found.insert(bad.external_id);
    for (const auto& external_id : wanted) {
        if (found.count(external_id) == 0) rows.absent(external_id);
    }
    finish(rows, page);
    return true;
}

void StripePull::map(const Part& part, const Json& object, Rows& rows) {
    const auto rows_before = rows.rows().size();
    ++done_;
    try {
        part.map(object, reader_, rows);
    } catch (const BadValue& e) {
        rows.truncate(rows_before);
        rows.errors().push_back(bad_row(part, object, e.code(), e.what()));
    } catch (const Json::exception& e) {
        rows.truncate(rows_before);
        rows.errors().push_back(bad_row(
            part, object, "shape",
            std::string("the object is not of the shape that Stripe documents: ") + e.what()));
    }
}

void StripePull::finish(Rows& rows, Page& page) {
    page.errors = std::move(rows.errors());
    page.rows = rows.finish();
    page.next_cursor = position_.text();
    page.done = done_;
    page.server_us = client_.server_us();
    // Every event up to now is in, or comes within the overlap.
    page.changed_max_us = page.server_us;
}

}  // namespace dunlin::stripe
